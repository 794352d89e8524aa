#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Fuzz each target for some seconds, from fresh seeds and corpus/: run_fuzz.py BUILD SECONDS [TARGET...].  0 when nothing was found."""
import os
import pathlib
import subprocess
import sys
import tempfile

TARGETS = ['log', 'frame', 'catalogue', 'record', 'live', 'salvage', 'print', 'rule']
CORPUS = pathlib.Path(__file__).resolve().parent / 'corpus'

# a long memory of what was freed costs many runs: frames are large
ENVIRONMENT = {'ASAN_OPTIONS': 'quarantine_size_mb=1:malloc_context_size=1', **os.environ}

build, seconds = pathlib.Path(sys.argv[1]) / 'tests/fuzz', int(sys.argv[2])
failed = []
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([build / 'make_seeds', folder], check=True)
    for target in sys.argv[3:] or TARGETS:
        # what is new goes to the first folder
        run = subprocess.run([build / f'fuzz_{target}', f'-max_total_time={seconds}', '-rss_limit_mb=1024', '-timeout=30', '-max_len=200000',
                              '-close_fd_mask=3', f'-artifact_prefix={build}/{target}-', f'{folder}/{target}', CORPUS / target],
                             stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, errors='replace')
        print(f'{target}: {run.stderr.strip().splitlines()[-1]}')
        if run.returncode:
            print(run.stderr[-4000:])
            failed.append(target)
sys.exit(1 if failed else 0)
