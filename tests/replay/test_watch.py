#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""replay --print: the lines of print, at the recorded pace, scaled, cut short, as fast as possible. Argument: the command."""
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

IPCTRACE = sys.argv[1]
PROGRAM = '''import socket, time
a, b = socket.socketpair()
for i in range(5):
    a.sendall(b"tick %d" % i)
    time.sleep(0.2)
'''
TICKS = ['-e', 'send', '-y']


def run(*argv, status=0):
    begun = time.monotonic()
    done = subprocess.run([IPCTRACE, *map(str, argv)], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f'{argv}: status {done.returncode}: {done.stderr}'
    return done.stdout, done.stderr, time.monotonic() - begun


def lateness(text):
    found = re.search(r'late by ([\d.]+) (ns|us|ms|s) \(median\), .* \(99 %\), .* \(most\)', text)
    assert found, text
    return float(found[1]) * {'ns': 1e-9, 'us': 1e-6, 'ms': 1e-3, 's': 1}[found[2]]


with tempfile.TemporaryDirectory() as folder:
    log = pathlib.Path(folder) / 'ticks.ipct'
    run('record', '-q', '-o', log, '--', '/usr/bin/python3', '-S', '-c', PROGRAM)
    wanted = run('print', *TICKS, log)[0]
    assert wanted.count('tick') == 5
    # Never early; on a loaded machine lines may be late, but not three times in a row by half a second.
    for options, least in ([], 0.8), (['--speed', '4'], 0.2), (['--speed=0.5'], 1.6), (['--max-gap', '50ms'], 0.2), (['--speed', 'max'], 0):
        for attempt in range(3):
            said, told, took = run('replay', '--print', *options, *TICKS, log)
            assert said == wanted and '5 calls in' in told and took >= least, (options, took, told)
            if took < least + 0.5:
                break
        else:
            raise AssertionError(f'{options}: {took:.2f} s')
        assert ('late by' in told) == ('max' not in options) and (not least or lateness(told) < 0.5), told
    for bad in ['--speed', '-1'], ['--speed', 'fast'], ['--max-gap', 'long']:
        _, told, _ = run('replay', '--print', *bad, log, status=2)
        assert told.count('\n') == 1 and bad[1] in told, told
    _, told, _ = run('replay', '--print', log.with_name('none'), status=2)
    assert told.count('\n') == 1, told

    watched = subprocess.Popen([IPCTRACE, 'replay', '--print', *TICKS, log], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert 'tick 0' in watched.stdout.readline()
    watched.send_signal(signal.SIGINT)
    said, told = watched.communicate(timeout=30)
    assert watched.returncode == 0 and 'interrupted' in told and 'tick 4' not in said, (watched.returncode, said, told)
