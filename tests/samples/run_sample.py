#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a sample under `ipctrace record` and compare what it predicts with what `ipctrace print` says.

    run_sample.py IPCTRACE SAMPLE CALL

The sample's standard output is the prediction. 0: it came true; 1: it did not, the difference is on stderr;
77: the machine cannot do what the sample shows. Nothing of the trace is known here.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile

SKIP = 77
SECONDS = 25
SHOWN = 8000


def fail(message):
    print(message[:SHOWN], file=sys.stderr)
    sys.exit(1)


def run(command, folder):
    try:
        return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                              encoding='utf-8', errors='backslashreplace')
    except subprocess.TimeoutExpired as late:
        fail(f'{command[0]} {command[1]}: not done after {SECONDS} s\n{late.stderr or b""}\n{late.stdout or b""}')


def main():
    ipctrace, sample, call = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory(prefix='ipctrace-sample-') as folder:
        trace = os.path.join(folder, 'sample.ipct')
        work = os.path.join(folder, 'work')
        os.mkdir(work)
        recorded = run([ipctrace, 'record', '-q', '-o', trace, '-e', call, '--', sample], work)
        if recorded.returncode == SKIP:
            print(recorded.stderr.strip(), file=sys.stderr)
            sys.exit(SKIP)
        if recorded.returncode:
            fail(f'the sample ended with {recorded.returncode}: {recorded.stderr}\n{recorded.stdout}')
        if recorded.stderr:
            fail(f'ipctrace record: {recorded.stderr}')
        expected = recorded.stdout.splitlines()
        if not any(line.startswith(call + '(') for line in expected):
            fail(f'the sample predicts no call of {call}')
        printed = run([ipctrace, 'print', '-e', call, trace], folder)
    if printed.returncode or printed.stderr:
        fail(f'ipctrace print ended with {printed.returncode}: {printed.stderr}')
    # who made the call is said only where there are several who could
    found = [re.sub(r'^\[pid \d+\] ', '', line) for line in printed.stdout.splitlines()]
    if found != expected:
        fail('\n'.join(difflib.unified_diff(expected, found, 'predicted', 'printed', lineterm='', n=1)))


main()
