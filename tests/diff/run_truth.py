#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether `ipctrace diff` finds what is different, and nothing else, in logs of real programs.

  run_truth.py IPCTRACE MUTATE_LOG IPC_WORKERS [--short] [--runs N] [--seeds N] [--only PROGRAM,...] [--keep FOLDER]
               [--recall SHARE] [--precision SHARE]

Every program is recorded several times. Runs that are the same, and runs to which only noise was done, must compare as the same.
Runs with a true change, and runs to which a change of behaviour was done, must compare as different, and the first difference must be
of the right class and name the right call or object. Changes are done to another run than the one they are compared with, but for
those of time: one run against one proves nothing about time.
"""
import argparse
import collections
import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / 'programs'))
from series import Series, Skip  # noqa: E402

PATIENCE = 120
SAME, DIFFERENT, TROUBLE, SLOWER = 0, 1, 2, 3

# What may be said first about a change: classes, calls (or None) and a pattern for the object (or None); one of the two must fit.
Truth = collections.namedtuple('Truth', 'classes calls object', defaults=(None, None))

WORKERS = {
    'lost': Truth({'removed'}, {'msgsnd', 'msgrcv'}, 'msgq'),
    'flag': Truth({'arguments'}, {'semop'}, 'semset'),
    'write': Truth({'arguments', 'removed', 'added'}, {'send', 'write'}, r'unix-pair#0\.a'),
    'socket': Truth({'arguments', 'removed', 'added', 'moved'}, {'send'}, r'unix-pair#[01]\.a'),
    'reorder': Truth({'reordered', 'reordered-causal', 'moved', 'payload'}, {'msgsnd', 'msgrcv'}, 'msgq'),
    'leak': Truth({'leak'}, {'close', 'socketpair'}, r'unix-pair#1\.b'),
    'errno': Truth({'result'}, {'connect'}, 'nobody.sock'),
}

# Name, module, its options, its true changes, whether in the short form. `{workers}` is the program built for it.
PROGRAMS = [
    ('fixed threads', 'ipc_workers', ('{workers}', 'fixed', 'threads'), WORKERS, True),
    ('fixed processes', 'ipc_workers', ('{workers}', 'fixed', 'processes'), WORKERS, False),
    ('competing threads', 'ipc_workers', ('{workers}', 'competing', 'threads'), WORKERS, True),
    ('competing processes', 'ipc_workers', ('{workers}', 'competing', 'processes'), WORKERS, True),
    ('redis', 'redis_script', (), {'appendonly': Truth({'added', 'arguments', 'structure', 'leak'}, None, 'append')}, True),
    ('http.server', 'http_server', (), {
        'missing-file': Truth({'arguments', 'removed', 'payload', 'bytes', 'result'}, None, 'tcp-server|large|small|nothing')}, True),
    ('nginx', 'nginx_workers', (), {
        'sendfile-off': Truth({'removed', 'added', 'arguments'}, {'sendfile', 'pread', 'pread64', 'read', 'writev'})}, True),
    ('git clone', 'git_clone', (), {'shallow': Truth({'payload', 'bytes', 'added', 'removed', 'arguments', 'structure'})}, False),
    ('curl', 'curl_get', (), {'http-1.0': Truth({'payload', 'bytes'}, {'send', 'write', 'sendto'}, 'tcp-client')}, True),
    ('postgres', 'postgres_sql', (), {'one-row-more': Truth({'payload', 'bytes', 'added'}, None, None)}, False),
]

# What a change by mutate-log may be called. A call less or more on a stream shows in the bytes of its neighbours.
KINDS = {
    'drop': {'removed', 'leak', 'bytes', 'payload', 'count', 'short-io'},
    'duplicate': {'added', 'bytes', 'payload', 'count'},
    'reorder': {'reordered', 'reordered-causal', 'moved', 'payload', 'bytes'},
    'errno': {'result'},
    'size': {'short-io', 'bytes', 'payload', 'result'},
    'payload': {'payload'},
    'wrong-object': {'arguments', 'moved', 'removed', 'added', 'bytes', 'payload'},
    'flag': {'arguments'},
    'slow': {'latency', 'wait'},
}
NOISE = ['pids', 'ports', 'addresses', 'interleaving', 'segmentation', 'workers', 'times']


class Tally:
    """The verdicts on one program."""

    def __init__(self):
        self.found = self.injected = self.clean = self.noise = 0
        self.trouble = []

    def add(self, other):
        for name in ('found', 'injected', 'clean', 'noise'):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def recall(self):
        return self.found / self.injected if self.injected else 1

    @property
    def precision(self):
        """Of all that was said to be different, how much was."""
        false = self.noise - self.clean
        return self.found / (self.found + false) if self.found + false else 1


class Judge:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.seconds = 0
        self.compared = 0

    def diff(self, old, new, *how):
        began = time.monotonic()
        done = subprocess.run([self.options.ipctrace, 'diff', '--json', *how, old, new], capture_output=True, text=True, timeout=PATIENCE)
        self.seconds += time.monotonic() - began
        self.compared += 1
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [line for line in lines[1:] if line['counts']], done.stderr.strip()

    def mutate(self, log, kind, seed):
        """Another log, and what was done to it; None when there is nothing it could be done to."""
        changed = self.folder / 'changed.ipct'
        done = subprocess.run([self.options.mutate_log, log, changed, f'--seed={seed}', kind], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode == 1:
            return None, None
        assert done.returncode == 0, done.stderr
        return changed, json.loads(done.stdout.splitlines()[0])

    def expect_same(self, tally, what, old, new):
        status, differences, said = self.diff(old, new)
        tally.noise += 1
        tally.clean += status == SAME
        if status != SAME:
            tally.trouble.append(f'{what}: status {status}, {shown(differences) or said}')

    def expect_different(self, tally, what, old, new, truth):
        status, differences, said = self.diff(old, new)
        tally.injected += 1
        right = status == DIFFERENT and differences and is_right(differences[0], truth)
        tally.found += bool(right)
        if not right:
            tally.trouble.append(f'{what}: status {status}, {shown(differences) or said}')


    def expect_slower(self, tally, what, old, new, truth):
        """Who waits for a slow call is slow as well, so it may be any of those that are named."""
        status, differences, said = self.diff(old, new, '--latency=fail')
        tally.injected += 1
        right = status == SLOWER and any(is_right(difference, truth) for difference in differences)
        tally.found += right
        if not right:
            tally.trouble.append(f'{what}: status {status}, {shown(differences) or said}')


def is_right(difference, truth):
    """Its class, and the call or the object."""
    if difference['class'] not in truth.classes:
        return False
    if not truth.calls and not truth.object:
        return True
    if truth.calls and difference['call'] in truth.calls:
        return True
    return bool(truth.object and re.search(truth.object, difference['object'] or ''))


def shown(differences):
    if not differences:
        return ''
    first = differences[0]
    return f'{len(differences)} sorts, first {first["class"]} {first["call"]} on {first["object"]}'


def truth_of(change):
    """What a line of mutate-log lets one expect."""
    calls = {change.get('call'), *re.findall(r'\w+', change['old'] or '' if change['field'] in ('order', 'call') else '')} - {None}
    objects = [change.get('object'), *((change['old'], change['new']) if change['kind'] == 'wrong-object' else ())]
    return Truth(KINDS[change['kind']], calls, '|'.join(re.escape(name) for name in objects if name) or None)


def judge_program(judge, row, tally):
    name, module, options, changes, _ = row
    settings = judge.options
    folder = judge.folder / name.replace(' ', '-')
    shutil.rmtree(folder, ignore_errors=True)
    series = Series(importlib.import_module(module), settings.ipctrace, folder / 'run',
                    *(option.format(workers=settings.workers) for option in options))
    runs = [series.record(folder / f'run{number}.ipct') for number in range(settings.runs)]
    for number, run in enumerate(runs[1:], 1):
        judge.expect_same(tally, f'run {number}', runs[0], run)
    for change, truth in changes.items():
        judge.expect_different(tally, change, runs[0], series.record(folder / f'{change}.ipct', change), truth)
    for seed in range(settings.seeds):
        victim = runs[1 + seed % (len(runs) - 1)]
        for kind in NOISE + list(KINDS):
            changed, change = judge.mutate(victim, kind, seed)
            if not changed:
                continue
            what = f'{kind} seed {seed}' + (f' ({change["call"]} on {change["object"]})' if 'call' in change else '')
            if kind in NOISE:
                judge.expect_same(tally, what, runs[0], changed)
            elif kind == 'slow':
                judge.expect_slower(tally, what, victim, changed, truth_of(change))
            else:
                judge.expect_different(tally, what, runs[0], changed, truth_of(change))


def percent(share):
    return f'{100 * share:.1f} %'


def print_table(tallies, out):
    rows = [('program', 'same', 'found', 'recall', 'precision')]
    total = Tally()
    for name, tally in tallies.items():
        total.add(tally)
        rows.append((name, f'{tally.clean}/{tally.noise}', f'{tally.found}/{tally.injected}', percent(tally.recall), percent(tally.precision)))
    rows.append(('all', f'{total.clean}/{total.noise}', f'{total.found}/{total.injected}', percent(total.recall), percent(total.precision)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:])), sep='  ', file=out)
    return total


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('ipctrace', type=os.path.realpath)
    parser.add_argument('mutate_log', type=os.path.realpath)
    parser.add_argument('workers', type=os.path.realpath)
    parser.add_argument('--short', action='store_true', help='few runs and programs')
    parser.add_argument('--runs', type=int, help='of each program')
    parser.add_argument('--seeds', type=int, help='changes of each kind')
    parser.add_argument('--only', help='programs, by comma')
    parser.add_argument('--keep', type=pathlib.Path, help='a folder for the logs')
    parser.add_argument('--recall', type=float, default=0.99)
    parser.add_argument('--precision', type=float, default=1.0)
    options = parser.parse_args()
    options.runs = max(options.runs or (2 if options.short else 6), 2)
    options.seeds = options.seeds or (2 if options.short else 10)
    return options


def judge_all(options, folder):
    judge, tallies = Judge(options, folder), {}
    for row in PROGRAMS:
        if options.only and row[0] not in options.only.split(',') or options.short and not options.only and not row[4]:
            continue
        tally = Tally()
        try:
            judge_program(judge, row, tally)
        except Skip as reason:
            print(f'{row[0]}: skipped: {reason}')
            continue
        tallies[row[0]] = tally
        for line in tally.trouble:
            print(f'{row[0]}: {line}', flush=True)
    total = print_table(tallies, sys.stdout)
    print(f'{judge.compared} comparisons in {judge.seconds:.1f} s')
    is_enough = total.injected and total.noise and total.recall >= options.recall and total.precision >= options.precision
    return 0 if is_enough else 1


def main():
    options = parse()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return judge_all(options, options.keep.resolve())
    with tempfile.TemporaryDirectory(prefix='ipctrace-truth-') as folder:
        os.chmod(folder, 0o755)
        return judge_all(options, pathlib.Path(folder))


if __name__ == '__main__':
    sys.exit(main())
