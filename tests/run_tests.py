#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run the tests of a build folder, all or those whose suite or name has a word, and close with one plain line."""
import json
import pathlib
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
word = sys.argv[2] if len(sys.argv) > 2 else None
names = []
if word:
    for test in json.loads(subprocess.check_output(['meson', 'introspect', '--tests', str(build)])):
        if word in test['name'] or any(word in suite for suite in test['suite']):
            names.append(test['name'])
    if not names:
        sys.exit(f"no test has '{word}' in its name or suite")
run = subprocess.run(['meson', 'test', '-C', str(build), '--print-errorlogs', '--num-processes', '2', *names])
counts = {'OK': 0, 'FAIL': 0, 'SKIP': 0}
for line in (build / 'meson-logs' / 'testlog.json').read_text().splitlines():
    result = json.loads(line)['result']
    counts[result if result in ('OK', 'SKIP') else 'FAIL'] += 1
if counts['OK'] == 0 and run.returncode == 0:
    run.returncode = 1
print(f"{counts['OK']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
sys.exit(run.returncode)
