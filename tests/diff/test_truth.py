#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real programs, run again and again without a change and with one: identical runs are the same, one against one and against
what was learned from four; a change is found, classed and named first.

  test_truth.py IPCTRACE WORKSHOP [--runs N] [PROGRAM...]     N identical runs are held back for each program (2)
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import programs  # noqa: E402

LEARNED = 4


def diff(ipctrace, *arguments):
    done = subprocess.run([ipctrace, 'diff', '--json', '--latency', 'off', *map(str, arguments)], capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        raise AssertionError(f'diff {arguments}: status {done.returncode}: {done.stderr}')
    assert lines[0]['status'] == done.returncode, (lines[0], done.returncode)
    return lines[0], [line for line in lines[1:] if line['counts']]


def headline(difference):
    return ' '.join(str(difference[key]) for key in ('class', 'call', 'object', 'times', 'field', 'old_value', 'new_value'))


class Table:
    """The rows of the truth table; each is a claim that holds or does not."""

    def __init__(self):
        self.wrong = 0

    def row(self, program, claim, holds, text=''):
        self.wrong += not holds
        print(f'{"ok    " if holds else "WRONG "} {program:12} {claim:34} {text}', flush=True)


def try_identical(table, ipctrace, name, program, folder, held):
    runs = [program.record(folder / f'run{i}.ipct') for i in range(LEARNED + held)]
    for i, run in enumerate(runs[1:], 1):
        verdict, found = diff(ipctrace, runs[0], run)
        table.row(name, f'run {i} is the same', verdict['verdict'] == 'same', '; '.join(map(headline, found[:3])))
    baseline = folder / 'baseline'
    learned = subprocess.run([ipctrace, 'baseline', 'learn', '-o', baseline, *runs[:LEARNED]], capture_output=True, text=True)
    table.row(name, 'a baseline is learned', learned.returncode == 0, learned.stderr.strip())
    for i, run in enumerate(runs[LEARNED:], LEARNED):
        verdict, found = diff(ipctrace, '--baseline', baseline, run)
        table.row(name, f'run {i} fits the baseline', verdict['verdict'] == 'same', '; '.join(map(headline, found[:3])))
    return runs[0], baseline


def try_changes(table, ipctrace, name, program, folder, first, baseline):
    for change, (wanted_class, wanted_call) in program.changes.items():
        changed = program.record(folder / f'{change}.ipct', change)
        for against in ([first], ['--baseline', baseline]):
            verdict, found = diff(ipctrace, *against, changed)
            top = found[0] if found else {'class': None, 'call': None}
            holds = verdict['verdict'] == 'different' and wanted_class in (None, top['class']) and wanted_call in (None, top['call'])
            table.row(name, f'{change} is found{" by the baseline" if len(against) > 1 else ""}', holds,
                      headline(top) if found else 'nothing found')


def main():
    words = sys.argv[1:]
    held = int(words.pop(words.index('--runs') + 1)) if '--runs' in words else 2
    words = [word for word in words if word != '--runs']
    ipctrace, workshop, *chosen = words
    programs.Workshop.program = str(pathlib.Path(workshop).resolve())
    table, began = Table(), time.monotonic()
    for name, kind in programs.PROGRAMS.items():
        if chosen and name not in chosen:
            continue
        with tempfile.TemporaryDirectory(prefix='ipctrace-diff-') as place:
            folder = pathlib.Path(place)
            folder.chmod(0o777)
            try:
                program = kind(ipctrace, folder / 'work')
                first, baseline = try_identical(table, ipctrace, name, program, folder, held)
                try_changes(table, ipctrace, name, program, folder, first, baseline)
            except programs.Skip as reason:
                print(f'skipped {name}: {reason}')
    print(f'{table.wrong} wrong, {time.monotonic() - began:.0f} s')
    return 1 if table.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
