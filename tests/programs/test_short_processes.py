#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Processes that live a moment: two hundred of them are one readable log, and each costs little more than untraced.

  test_short_processes.py IPCTRACE GREET [ROUNDS]    a program that writes once; ROUNDS of the measurement, which is printed
"""
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

COUNT = 200
# Far above what is measured, for loaded machines: it only catches what has gone badly wrong.
RATIO_MAX = 8


def events_of(ipctrace, log):
    text = subprocess.check_output([ipctrace, 'print', '--json', log], text=True, stderr=subprocess.STDOUT)
    return [json.loads(line) for line in text.splitlines()]


def expect_whole(ipctrace, log, said):
    assert ' 0 lost -> ' in said, said
    assert subprocess.run([ipctrace, 'check', '-q', log]).returncode == 0, 'the log is not whole'


def record_many(ipctrace, folder, script):
    """COUNT processes of `script`, each of which writes once; each is in the log, with its call."""
    log = folder / 'many.ipct'
    done = subprocess.run([ipctrace, 'record', '-o', log, 'sh', '-c', script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'greetings\n' * COUNT, done.stdout
    expect_whole(ipctrace, log, done.stderr)
    writers = collections.Counter(event['pid'] for event in events_of(ipctrace, log)
                                  if event['call'] == 'write' and event['args']['fd'] == 1)
    assert len(writers) == COUNT and set(writers.values()) == {1}, writers
    info = json.loads(subprocess.check_output([ipctrace, 'info', '--json', log]))
    return len(info['processes'])


def spawn(environment):
    start = time.perf_counter()
    pid = os.posix_spawn('/bin/true', ['true'], environment)
    os.waitpid(pid, 0)
    return time.perf_counter() - start


def measure(ipctrace, folder, rounds):
    """Milliseconds of /bin/true by itself and traced, in turns."""
    log = folder / 'true.ipct'
    command = [ipctrace, 'record', '-o', log, 'sh', '-c', 'echo $LD_PRELOAD $IPCTRACE_LIVE; read end; :']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as recorder:
        library, live = recorder.stdout.readline().split()
        alone = dict(os.environ)
        traced = alone | {'LD_PRELOAD': library, 'IPCTRACE_LIVE': live}
        times = {'alone': [], 'traced': []}
        for _ in range(rounds):
            times['alone'].append(spawn(alone))
            times['traced'].append(spawn(traced))
        recorder.stdin.write('end\n')
        recorder.stdin.flush()
        said = recorder.stderr.read()
    expect_whole(ipctrace, log, said)
    assert f'{rounds + 1:,} processes' in said, said
    return [statistics.median(times[which]) * 1000 for which in ('alone', 'traced')]


def main():
    (ipctrace, greet), rounds = map(os.path.realpath, sys.argv[1:3]), int(sys.argv[3]) if len(sys.argv) > 3 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        one_by_one = f'for i in $(seq 0 {COUNT - 1}); do {greet}; done; true'
        together = f'for i in $(seq 0 {COUNT - 1}); do {greet} & done; wait'
        for script in (one_by_one, together):
            processes = record_many(ipctrace, folder, script)
            assert processes >= COUNT + 1, f'the log knows of {processes} processes'
        alone, traced = measure(ipctrace, folder, rounds)
    print(f'true: alone {alone:.3f} ms, traced {traced:.3f} ms: {traced - alone:.3f} ms more, {traced / alone:.2f} times')
    assert traced / alone < RATIO_MAX


if __name__ == '__main__':
    main()
