#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether `ipctrace diff` finds what is different, and nothing else, in logs of real programs.

  run_truth.py IPCTRACE MUTATE_LOG IPC_WORKERS [--short] [--only PROGRAM,...] [--keep FOLDER] [--help]

Every program is recorded many times with the same work, and once with each true change. Then:
- runs are the same as the first one, and fit the baseline that was learned from the first four;
- so do runs to which only noise was done;
- a run with a true change, or to which a change of behaviour was done, is different, and the first difference said is of the right
  class and names the right call or object. Changes are done to another run than the one they are compared with, but for those of
  time: one run against one proves nothing about time.
"""
import argparse
import collections
import importlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / 'programs'))
from series import Series, Skip  # noqa: E402

PATIENCE = 120
SAME, DIFFERENT, TROUBLE, SLOWER = 0, 1, 2, 3
LEARNED = 4

# What may be said first about a change: classes, calls (or None) and a pattern for the object (or None); one of the two must fit.
Truth = collections.namedtuple('Truth', 'classes calls object', defaults=(None, None))
# Module, its options, its true changes, whether in the short form. `{workers}` is the program built for it.
Program = collections.namedtuple('Program', 'module options changes is_short')

WORKERS = {
    'lost': Truth({'removed'}, {'msgsnd', 'msgrcv'}),
    'twice': Truth({'added'}, {'msgsnd'}),
    'changed': Truth({'payload'}, {'msgsnd'}),
    'flag': Truth({'arguments'}, {'semop'}),
    'write': Truth({'arguments'}, {'send', 'write'}),
    'socket': Truth({'arguments'}, {'send'}),
    'reorder': Truth({'reordered-causal'}, {'msgsnd'}),
    'swap': Truth({'reordered-causal'}, {'send'}),
    'leak': Truth({'leak'}, {'close', 'socketpair'}),
    'segment': Truth({'leak'}, {'shmctl', 'shmget'}),
    'errno': Truth({'result'}, {'connect'}),
}

PROGRAMS = {
    'fixed threads': Program('ipc_workers', ('{workers}', 'fixed', 'threads'), WORKERS, True),
    'competing threads': Program('ipc_workers', ('{workers}', 'competing', 'threads'), WORKERS, True),
    'fixed processes': Program('ipc_workers', ('{workers}', 'fixed', 'processes'), WORKERS, False),
    'competing processes': Program('ipc_workers', ('{workers}', 'competing', 'processes'), WORKERS, True),
    'redis': Program('redis_script', (), {
        'appendonly': Truth({'added', 'arguments', 'structure', 'leak'}, None, 'append')}, True),
    'nginx': Program('nginx_workers', (), {
        'sendfile-off': Truth({'removed', 'added', 'arguments'}, {'sendfile', 'pread', 'pread64', 'read', 'writev'})}, True),
    'http.server': Program('http_server', (), {
        'missing-file': Truth({'arguments', 'removed', 'payload', 'bytes', 'result'}, None, 'tcp-server|large|small|nothing'),
        'other-port': Truth({'arguments'}, {'bind'})}, True),
    'git clone': Program('git_clone', (), {
        'shallow': Truth({'payload', 'bytes', 'added', 'removed', 'arguments', 'structure', 'leak'})}, True),
    'curl': Program('curl_get', (), {'http-1.0': Truth({'payload', 'bytes'}, {'send', 'write', 'sendto'})}, True),
    'postgres': Program('postgres_sql', (), {'one-row-more': Truth({'payload', 'bytes', 'added'})}, True),
}

# Recorded only when the rules were thought to be done.
FURTHER = {
    'memcached': Program('memcached_text', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'asyncio echo': Program('asyncio_echo', (), {'one-less': Truth({'bytes', 'payload', 'removed'})}, False),
    'rsync': Program('rsync_daemon', (), {'checksums': Truth({'bytes', 'payload', 'added', 'removed', 'arguments'})}, False),
    'dash pipeline': Program('dash_pipeline', (), {'other-field': Truth({'arguments', 'payload', 'bytes'})}, False),
    'dbus-daemon': Program('dbus_calls', (), {'one-more': Truth({'added', 'bytes', 'payload', 'structure'})}, False),
    'make': Program('make_jobs', (), {'one-more': Truth({'structure', 'added', 'bytes', 'payload', 'arguments'})}, False),
    'pool': Program('pool_workers', (), {'one-more': Truth({'added', 'bytes', 'payload'})}, False),
    'perl': Program('perl_forking', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'node': Program('node_http', (), {'other-path': Truth({'bytes', 'payload'})}, False),
    'socat': Program('socat_relay', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'dnsmasq': Program('dnsmasq_names', (), {'other-name': Truth({'bytes', 'payload'})}, False),
    'sqlite': Program('sqlite_writers', (), {'one-more': Truth({'structure', 'added', 'arguments', 'payload'})}, False),
    'haproxy': Program('haproxy_balance', (), {'other-path': Truth({'bytes', 'payload'})}, False),
    'lighttpd': Program('lighttpd_files', (), {'other-file': Truth({'bytes', 'payload', 'arguments'})}, False),
    'mosquitto': Program('mosquitto_topics', (), {'other-message': Truth({'bytes', 'payload'})}, False),
    'sshd': Program('sshd_command', (), {'other-command': Truth({'arguments', 'bytes', 'payload', 'added', 'structure'})}, False),
    'stunnel': Program('stunnel_relay', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'php': Program('php_server', (), {'other-word': Truth({'bytes', 'payload'})}, False),
    'ruby': Program('ruby_threads', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'tinyproxy': Program('tinyproxy_relay', (), {'other-path': Truth({'bytes', 'payload'})}, False),
    'named': Program('named_zone', (), {'other-name': Truth({'bytes', 'payload'})}, False),
    'beanstalkd': Program('beanstalkd_jobs', (), {'other-job': Truth({'bytes', 'payload'})}, False),
    'ninja': Program('ninja_jobs', (), {'other-command': Truth({'bytes', 'payload', 'arguments'})}, False),
    'xargs': Program('xargs_jobs', (), {'one-more': Truth({'structure', 'added', 'bytes', 'payload', 'arguments'})}, False),
    'parallel': Program('parallel_jobs', (), {'other-word': Truth({'bytes', 'payload', 'arguments'})}, False),
    'vsftpd': Program('vsftpd_files', (), {'other-file': Truth({'bytes', 'payload', 'arguments'})}, False),
    'tmux': Program('tmux_panes', (), {'other-word': Truth({'bytes', 'payload', 'arguments'})}, False),
    'openssl': Program('openssl_server', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'ncat': Program('ncat_exec', (), {'other-line': Truth({'bytes', 'payload'})}, False),
    'xinetd': Program('xinetd_services', (), {'other-line': Truth({'bytes', 'payload'})}, False),
    'mini_httpd': Program('mini_httpd_files', (), {'other-file': Truth({'bytes', 'payload', 'arguments', 'structure'})}, False),
    'busybox': Program('busybox_httpd', (), {'other-file': Truth({'bytes', 'payload', 'arguments', 'structure'})}, False),
    'ngircd': Program('ngircd_channel', (), {'other-word': Truth({'bytes', 'payload'})}, False),
    'atftpd': Program('atftpd_files', (), {'other-file': Truth({'bytes', 'payload', 'arguments'})}, False),
    'slapd': Program('slapd_entries', (), {'one-more': Truth({'bytes', 'payload', 'added'})}, False),
    'aiohttp': Program('aiohttp_pages', (), {'other-page': Truth({'bytes', 'payload'})}, False),
    'mariadb': Program('mariadb_sql', (), {'one-row-more': Truth({'bytes', 'payload', 'added'})}, False),
    'squid': Program('squid_cache', (), {'other-path': Truth({'bytes', 'payload'})}, False),
    'gearmand': Program('gearman_jobs', (), {'other-word': Truth({'bytes', 'payload'})}, False),
    'pure-ftpd': Program('pure_ftpd_files', (), {'other-name': Truth({'bytes', 'payload'})}, False),
}

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
    """The verdicts on one program: for each sort of question how often it was right, of how many."""

    COLUMNS = {'alone': 'same as one', 'learned': 'same as learned', 'noise': 'noise', 'changes': 'changes', 'mutations': 'mutations'}

    def __init__(self):
        self.right, self.asked = collections.Counter(), collections.Counter()
        self.trouble = []

    def answer(self, column, is_right, what):
        self.asked[column] += 1
        self.right[column] += bool(is_right)
        if not is_right:
            self.trouble.append(what)

    def add(self, other):
        self.right += other.right
        self.asked += other.asked

    def wrong(self, *columns):
        return sum(self.asked[column] - self.right[column] for column in columns)

    @property
    def recall(self):
        found, injected = (sum(counts[column] for column in ('changes', 'mutations')) for counts in (self.right, self.asked))
        return found / injected if injected else 1

    @property
    def precision(self):
        """Of all that was said to be different, how much was."""
        found, false = sum(self.right[column] for column in ('changes', 'mutations')), self.wrong('alone', 'learned', 'noise')
        return found / (found + false) if found + false else 1

    def row(self, name):
        cells = [f'{self.right[column]}/{self.asked[column]}' if self.asked[column] else '' for column in self.COLUMNS]
        return [name, *cells, percent(self.recall), percent(self.precision)]


class Judge:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.seconds = 0
        self.compared = 0

    def diff(self, *how):
        began = time.monotonic()
        done = subprocess.run([self.options.ipctrace, 'diff', '--json', *map(str, how)], capture_output=True, text=True, timeout=PATIENCE)
        self.seconds += time.monotonic() - began
        self.compared += 1
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [line for line in lines[1:] if line['counts']], done.stderr.strip()

    def mutate(self, log, kind, seed):
        """Another log, and what was done to it; None when there is nothing it could be done to."""
        changed = self.folder / f'changed{os.getpid()}.ipct'
        done = subprocess.run([self.options.mutate_log, log, changed, f'--seed={seed}', kind], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode == 1:
            return None, None
        assert done.returncode == 0, done.stderr
        return changed, json.loads(done.stdout.splitlines()[0])

    def learn(self, runs, baseline):
        done = subprocess.run([self.options.ipctrace, 'baseline', 'learn', '-o', baseline, *runs], capture_output=True, text=True,
                              timeout=PATIENCE)
        return done.returncode, done.stderr.strip()

    def expect_same(self, tally, column, what, *how):
        status, differences, said = self.diff(*how)
        tally.answer(column, status == SAME, f'{what}: status {status}, {shown(differences) or said}')

    def expect_different(self, tally, column, what, truth, *how):
        status, differences, said = self.diff(*how)
        is_right = status == DIFFERENT and differences and fits(differences[0], truth)
        tally.answer(column, is_right, f'{what}: status {status}, {shown(differences) or said}')

    def expect_slower(self, tally, what, truth, *how):
        """Who waits for a slow call is slow as well, so it may be any of those that are named."""
        status, differences, said = self.diff('--latency=fail', *how)
        is_right = status == SLOWER and any(fits(difference, truth) for difference in differences)
        tally.answer('mutations', is_right, f'{what}: status {status}, {shown(differences) or said}')


def fits(difference, truth):
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
    values = f' {first["field"]} {first["old_value"]} -> {first["new_value"]}' if first['field'] else ''
    return f'{len(differences)} sorts, first {first["class"]} {first["call"]} on {first["object"]}{values}'


def truth_of(change):
    """What a line of mutate-log lets one expect."""
    calls = {change.get('call'), *re.findall(r'\w+', change['old'] or '' if change['field'] in ('order', 'call') else '')} - {None}
    objects = [change.get('object'), *((change['old'], change['new']) if change['kind'] == 'wrong-object' else ())]
    # which port it is stands for the name, not the number
    patterns = [re.sub(r':\d+$', r':(\\d+|<port.*>)', re.escape(name)) for name in objects if name]
    return Truth(KINDS[change['kind']], calls, '|'.join(patterns) or None)


class Recordings:
    """The logs of one program, made when they are not there yet."""

    def __init__(self, judge, program, folder):
        self.judge, self.program, self.folder = judge, program, folder
        self.series = None
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, name, change=None):
        log = self.folder / f'{name}.ipct'
        if not log.exists():
            settings = self.judge.options
            self.series = self.series or Series(importlib.import_module(self.program.module), settings.ipctrace, self.folder / 'work',
                                                *(option.format(workers=settings.workers) for option in self.program.options))
            self.series.record(log, change)
        return log


def judge_program(judge, name, program, tally):
    settings = judge.options
    recordings = Recordings(judge, program, judge.folder / name.replace(' ', '-'))
    runs = [recordings.get(f'run{number}') for number in range(settings.runs)]
    changed = {change: recordings.get(change, change) for change in program.changes}
    if settings.record:
        return
    for number, run in enumerate(runs[1:], 1):
        judge.expect_same(tally, 'alone', f'run {number}', runs[0], run)
    judge_learned(judge, recordings, runs, changed, program, tally)
    for change, truth in program.changes.items():
        judge.expect_different(tally, 'changes', change, truth, runs[0], changed[change])
    for seed in range(settings.seeds):
        judge_mutations(judge, runs, seed, tally)


def judge_learned(judge, recordings, runs, changed, program, tally):
    if len(runs) <= LEARNED:
        return
    baseline = recordings.folder / 'baseline'
    status, said = judge.learn(runs[:LEARNED], baseline)
    tally.answer('learned', status == 0, f'learning: status {status}, {said}')
    for number, run in enumerate(runs[LEARNED:], LEARNED):
        judge.expect_same(tally, 'learned', f'run {number} against what was learned', '--baseline', baseline, run)
    for change, truth in program.changes.items():
        judge.expect_different(tally, 'changes', f'{change} against what was learned', truth, '--baseline', baseline, changed[change])


def judge_mutations(judge, runs, seed, tally):
    victim = runs[1 + seed % (len(runs) - 1)]
    for kind in NOISE + list(KINDS):
        changed, change = judge.mutate(victim, kind, seed)
        if not changed:
            continue
        what = f'{kind} seed {seed}' + (f' ({change["call"]} on {change["object"]})' if 'call' in change else '')
        if kind in NOISE:
            judge.expect_same(tally, 'noise', what, runs[0], changed)
        elif kind == 'slow':
            judge.expect_slower(tally, what, truth_of(change), victim, changed)
        else:
            judge.expect_different(tally, 'mutations', what, truth_of(change), runs[0], changed)


def percent(share):
    return f'{100 * share:.1f} %'


def print_table(tallies, out):
    rows = [['program', *Tally.COLUMNS.values(), 'recall', 'precision']]
    total = Tally()
    for name, tally in tallies.items():
        total.add(tally)
        rows.append(tally.row(name))
    rows.append(total.row('all'))
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
    parser.add_argument('--runs', type=int, help='of each program (24; 2 with --short)')
    parser.add_argument('--seeds', type=int, help='changes of each kind (10; 1 with --short)')
    parser.add_argument('--only', help='programs, by comma')
    parser.add_argument('--keep', type=pathlib.Path, help='a folder for the logs; those that are there are used')
    parser.add_argument('--record', action='store_true', help='only record, with --keep')
    parser.add_argument('--recall', type=float, default=0.99)
    parser.add_argument('--precision', type=float, default=1.0)
    options = parser.parse_args()
    options.runs = max(options.runs or (2 if options.short else LEARNED + 20), 2)
    options.seeds = (1 if options.short else 10) if options.seeds is None else options.seeds
    return options


def judge_all(options, folder):
    judge, tallies = Judge(options, folder), {}
    for name, program in (PROGRAMS | FURTHER).items():
        if options.only and name not in options.only.split(',') or options.short and not options.only and not program.is_short:
            continue
        tally = Tally()
        try:
            judge_program(judge, name, program, tally)
        except Skip as reason:
            print(f'{name}: skipped: {reason}')
            continue
        tallies[name] = tally
        for line in tally.trouble:
            print(f'{name}: {line}', flush=True)
    total = print_table(tallies, sys.stdout)
    print(f'{judge.compared} comparisons in {judge.seconds:.1f} s')
    return 0 if total.recall >= options.recall and total.precision >= options.precision else 1


def main():
    options = parse()
    # some programs are ended by it, and what runs in the background inherits that it is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return judge_all(options, options.keep.resolve())
    with tempfile.TemporaryDirectory(prefix='ipctrace-truth-') as folder:
        os.chmod(folder, 0o755)
        return judge_all(options, pathlib.Path(folder))


if __name__ == '__main__':
    sys.exit(main())
