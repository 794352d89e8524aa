# SPDX-License-Identifier: MIT
"""A foreign test suite: run natively twice and traced once, and compared test by test.

What differs between native runs is left out of the comparison, and counted. Where the traced run differs, more native ones
show whether chance decides the test. This file knows no suite by name: run_suites.py has those that Debian packages bring,
run_built.py those of which somebody has built the sources.
"""
import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

# Namespaces of their own: what a suite does to queues, addresses and processes of the machine ends there, and so does it.
ALONE = ('unshare', '--net', '--ipc', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--',
         'sh', '-c', 'ip link set lo up; "$@"; exit $?', 'alone')

# family: whose figures are added up with it; judge(status, text): a dictionary of tests and how each ended;
# folder: where it runs, None for an empty one of its own; is_alone: whether it gets namespaces of its own
Suite = collections.namedtuple('Suite', 'family command judge timeout environment folder is_alone', defaults=({}, None, False))
Result = collections.namedtuple('Result', 'tests text is_late events lost excess', defaults=(0, 0, False))
# How many native runs more there are before a difference is taken for one.
DOUBTS = 5
Comparison = collections.namedtuple('Comparison', 'suites compared unstable different events lost excess', defaults=(0,) * 7)


def run(suite, command, work, scratch):
    """Exit status, or 'late', and what was written. Without rights to make namespaces there are none."""
    around = ALONE if suite.is_alone and os.geteuid() == 0 else ()
    environment = {**os.environ, 'LC_ALL': 'C', 'TMPDIR': str(scratch), **suite.environment}
    with open(scratch / 'output', 'w+b') as output:
        process = subprocess.Popen([*around, *command], cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   start_new_session=True)
        try:
            status = process.wait(suite.timeout)
        except subprocess.TimeoutExpired:
            status = 'late'
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        return status, output.read().decode('utf-8', 'replace')


def judged(suite, ipctrace=None, options=()):
    """One run, traced if `ipctrace` is given, with these options of `ipctrace record`."""
    with tempfile.TemporaryDirectory(prefix='ipctrace-suite-', ignore_cleanup_errors=True) as folder:
        scratch = pathlib.Path(folder)
        scratch.chmod(0o755)
        work = scratch / 'work'
        work.mkdir(mode=0o777)
        work.chmod(0o777)
        record = [ipctrace, 'record', '-o', str(scratch / 'trace.ipct'), *options, '--'] if ipctrace else []
        status, text = run(suite, [*record, *suite.command], suite.folder or work, scratch)
        own = re.sub(r'(?m)^ipctrace: .*\n', '', text)
        tests = suite.judge(status, own)
        if not ipctrace:
            return Result(tests, own, status == 'late')
        summary = re.findall(r'^ipctrace: ([\d,]+) events?, ([\d,]+) process.*?([\d,]+) lost', text, re.M)
        if not summary:
            return Result(tests, text, status == 'late', excess=True)
        events, processes, lost = (int(number.replace(',', '')) for number in summary[-1])
        # a process that is killed may leave one record half written
        return Result(tests, text, status == 'late', events, lost, lost > processes)


def end_of(test, result):
    return result.tests.get(test, 'missing')


def compare(ipctrace, name, suite, keep=None, options=()):
    """Says what is different; with `keep`, a folder, leaves there what the native and the traced run of it wrote."""
    first = judged(suite)
    second = first if first.is_late else judged(suite)
    if second.is_late:
        return Comparison(1, 0, len(first.tests))
    traced = judged(suite, ipctrace, options)
    stable = {test: end for test, end in first.tests.items() if end_of(test, second) == end}
    different = {test: (end, end_of(test, traced)) for test, end in stable.items() if end_of(test, traced) != end}
    for _ in range(DOUBTS if different else 0):
        again = judged(suite)
        stable = {test: end for test, end in stable.items() if end_of(test, again) == end}
    different = {test: ends for test, ends in different.items() if test in stable}
    unstable = len(set(first.tests) | set(second.tests)) - len(stable)
    for test, (end, now) in sorted(different.items()):
        print(f'  DIFFERENT {name}, {test}: {end} untraced, {now} traced')
    if traced.excess:
        print(f'  LOST {name}: ' + (f'{traced.lost} of {traced.events} events' if traced.events else 'the trace did not come to its end'))
    if keep and (different or traced.excess):
        for which, result in (('native', second), ('traced', traced)):
            (keep / f'{name.replace(" ", "-").replace("/", "-")}.{which}').write_text(result.text)
    return Comparison(1, len(stable), unstable, len(different), traced.events, traced.lost, int(traced.excess))


def compare_all(ipctrace, suites, is_table, keep=None, options=()):
    """Each of `suites`, by name; a table by family at the end if wanted. Returns how much is wrong."""
    families, began = {}, time.monotonic()
    for name, suite in suites.items():
        started = time.monotonic()
        found = compare(ipctrace, name, suite, keep, options)
        families[suite.family] = Comparison(*map(sum, zip(families.get(suite.family, Comparison()), found)))
        print(f'{name}: {found.compared} compared, {found.unstable} unstable, {found.different} different, {found.events:,} events, '
              f'{found.lost} lost, {time.monotonic() - started:.1f} s')
        sys.stdout.flush()
    for family, sums in families.items() if is_table else ():
        print(f'| {family} | {sums.suites} | {sums.compared:,} | {sums.unstable:,} | {sums.different} | {sums.events:,} | {sums.lost} |')
    wrong = sum(sums.different + sums.excess for sums in families.values())
    print(f'{len(suites)} suites in {time.monotonic() - began:.0f} s, {wrong} differences')
    return wrong
