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


def run_meson(tests):
    """The results by test name; what a log says of a test that ran more than once is its worst."""
    subprocess.run(['meson', 'test', '-C', str(build), '--print-errorlogs', '--num-processes', '2', *tests])
    results = {}
    for line in (build / 'meson-logs' / 'testlog.json').read_text().splitlines():
        test = json.loads(line)
        results.setdefault(test['name'], []).append(test['result'])
    return results


def failed(results):
    return sorted(name for name, outcomes in results.items() if any(outcome not in ('OK', 'SKIP') for outcome in outcomes))


results = run_meson(names)
again = [name.split(' / ')[-1].split(':')[-1].strip() for name in failed(results)]
if again and len(again) <= 5:
    # Many tests are about time, and two run at once: a few failures get one more chance, alone, and are named.
    print('once more:', ', '.join(again), flush=True)
    second = subprocess.run(['meson', 'test', '-C', str(build), '--print-errorlogs', '--num-processes', '1', *again])
    if second.returncode == 0:
        print('passed only at the second try:', ', '.join(again))
        for name in failed(results):
            results[name] = ['OK']
counts = {'OK': 0, 'FAIL': 0, 'SKIP': 0}
for outcomes in results.values():
    for outcome in outcomes:
        counts[outcome if outcome in ('OK', 'SKIP') else 'FAIL'] += 1
print(f"{counts['OK']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
sys.exit(1 if counts['FAIL'] or not counts['OK'] else 0)
