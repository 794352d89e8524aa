#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The demo of the project shows both ends of a conversation, with redis and with the project's own sample pair.

  test_demo.py IPCTRACE DEMO    the command in its build folder, and demo.sh
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# What the shell script needs, when only redis is to be missing.
TOOLS = ['sh', 'sed', 'grep', 'mktemp', 'mkdir', 'mkfifo', 'rm', 'cat', 'sleep', 'dirname', 'kill']


def demo_run(ipctrace, demo, path):
    before = set(os.listdir('/tmp'))
    run = subprocess.run(['/bin/sh', demo, ipctrace], env={'PATH': path, 'HOME': '/'}, stdin=subprocess.DEVNULL, text=True,
                         capture_output=True, timeout=60, cwd=ipctrace.parent)
    assert run.returncode == 0, f'status {run.returncode}: {run.stderr}'
    assert ', 0 lost -> demo/demo.ipct' in run.stderr, run.stderr
    trace = ipctrace.parent / 'demo' / 'demo.ipct'
    assert subprocess.run([ipctrace, 'check', trace], capture_output=True).returncode == 0
    assert not [name for name in set(os.listdir('/tmp')) - before if (pathlib.Path('/tmp') / name / 'both.sh').exists()]
    return run.stdout


def check_verdicts(output):
    """The same once more is the same; with another question it is different, and the first difference is what was asked."""
    compared = output.split('5. Compare', 1)[1].splitlines()
    verdicts = [line for line in compared if line.startswith(('same:', 'different:', 'incomplete:'))]
    assert len(verdicts) == 2 and verdicts[0].startswith('same: 0 differences') and verdicts[1].startswith('different:'), output
    assert any(line.startswith('1. ') for line in compared), output


def check(output, sent, answered, who):
    check_verdicts(output)
    lines = output.splitlines()
    assert len(lines) < 90, f'{len(lines)} lines are too many'
    for word in (sent, answered):
        assert sum(word in line for line in lines if '[pid ' in line) >= 2, f'{word} is not seen at both ends:\n{output}'
    assert any('<->' in line and f'({who})' in line for line in lines), f'nobody talks to {who}:\n{output}'
    assert '1 of 1 messages matched, 0 masked: same; the program exited with 0' in output, output
    assert 'diverged at ' in output and '0 of 1 messages matched' in output, output


def main():
    ipctrace, demo = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        for tool in TOOLS:
            if shutil.which(tool):
                os.symlink(shutil.which(tool), pathlib.Path(folder) / tool)
        check(demo_run(ipctrace, demo, folder), 'who is there?', 'WHO IS THERE?', 'echo-server')
    if shutil.which('redis-server') and shutil.which('redis-cli'):
        check(demo_run(ipctrace, demo, os.environ['PATH']), 'city', 'Praha', 'redis-server')


if __name__ == '__main__':
    main()
