#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Records one sample program and compares what is printed of its call with what the sample says must be printed.

  run_sample.py IPCTRACE SAMPLE CALL    run by meson; 77 when the sample cannot be made on this machine
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77


def lines_of(text):
    """Without the columns that the printer aligns, and without who called."""
    return [re.sub(r' +(= |<unfinished)', r' \1', re.sub(r'^\[pid +\d+\] ', '', line)) for line in text.splitlines()]


def main():
    command, sample, call = (*(str(pathlib.Path(path).resolve()) for path in sys.argv[1:3]), sys.argv[3])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('IPCTRACE_', 'LD_'))}
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / 'sample.ipct'
        record = subprocess.run([command, 'record', '-o', log, '--', sample], cwd=folder, env=environment, text=True,
                                capture_output=True, timeout=60)
        if record.returncode == SKIPPED:
            print(record.stderr)
            return SKIPPED
        # How the sample ends is its own affair: it may be about exits and kills.
        shown = subprocess.run([command, 'print', '-e', call, log], env=environment, text=True, capture_output=True, timeout=60)
    expected, got = lines_of(record.stdout), lines_of(shown.stdout)
    if not expected:
        print('the sample expects nothing')
    if shown.returncode != 0 or shown.stderr:
        print(f'print: status {shown.returncode}: {shown.stderr}')
    for line in difflib.unified_diff(expected, got, 'expected', 'printed', lineterm='', n=9):
        print(line)
    return 0 if expected and expected == got and shown.returncode == 0 and not shown.stderr else 1


if __name__ == '__main__':
    sys.exit(main())
