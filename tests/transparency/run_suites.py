#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Foreign test suites, as Debian packages bring them: run natively twice and traced once, and compared test by test.

  run_suites.py IPCTRACE [--long] [--table] [SUITE...]

What differs between the two native runs is left out of the comparison, and counted. --table prints the rows of the table
in docs/transparency.md. Without --long it takes less than four minutes.
"""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIP = 77
PYTHON = '/usr/bin/python3.11'
PYTHON_TESTS = pathlib.Path('/usr/lib/python3.11/test')
# Not munmap: it unmaps all of its own process, and the tracer's rings with it.
STRESSORS = ('sock udp sockpair sockdiag sockfd dccp epoll poll pipe pipeherd splice tee vm-splice sendfile copy-file msg mq sem sem-sysv '
             'shm shm-sysv mmap mmapaddr mmapfixed mmapfork mmaphuge mmapmany mremap msync madvise mincore mlock mprotect remap aio '
             'fork vfork vforkmany clone pthread daemon exec close dup eventfd fifo kill signal sigsegv sigsuspend sigpending '
             'switch futex seccomp procfs env').split()
SHORT_STRESSORS = ('sock udp sockpair msg mq sem-sysv shm-sysv shm sem mmap mremap msync madvise mincore aio fork vfork pthread sigsegv '
                   'clone daemon seccomp').split()
SHORT_PYTHON = {'test_socket': ('-i', '*VSOCK*', '-m', 'BasicTCPTest*', '-m', 'BasicUDPTest*', '-m', 'Sendmsg*', '-m', 'Recvmsg*', '-m', 'GeneralModuleTests*',
                                '-m', 'NonBlocking*', '-m', 'TestUnixDomain*', '-m', 'SCM*', '-m', 'BufferIO*')}

Result = collections.namedtuple('Result', 'tests events lost excess')


def run(command, folder, around, timeout):
    environment = {**os.environ, 'LC_ALL': 'C', 'TMPDIR': str(folder)}
    try:
        done = subprocess.run([*around, *command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
        return done.returncode, done.stdout.decode('utf-8', 'replace')
    except subprocess.TimeoutExpired as late:
        return 'late', (late.stdout or b'').decode('utf-8', 'replace')


def python_tests(module, is_long):
    """Each method of a module's tests, and how it ended. VSOCK hangs in virtual machines; the other one takes minutes by itself."""
    command = [PYTHON, '-u', '-W', 'ignore', '-m', 'test', '-v', '-u', 'network', '-i', '*VSOCK*', '-i', 'test_future_del_collect']
    command += [] if is_long else SHORT_PYTHON.get(module, ())
    command.append(module)

    def judge(status, text):
        tests = {'the whole': status}
        for name, end in re.findall(r'^(\w+ \([\w.]+\)).*? \.\.\. (?:.*\n)*?.*?(ok|skipped|FAIL|ERROR|expected failure)\b', text, re.M):
            tests[name] = end
        return tests
    return command, judge


def stressor(name, is_long):
    """One stressor for a second, its own verification on."""
    command = ['stress-ng', '--' + name, '1', '--timeout', '1', '--verify', '--no-rand-seed', '--oomable', '--temp-path', '.']

    def judge(status, text):
        end = re.search(r'(passed|skipped|failed|untrustworthy)', text)
        failures = [re.sub(r'\[\d+\]|\b\d+\b|0x[0-9a-f]+', '#', line) for line in text.splitlines() if 'fail:' in line]
        return {'status': status, 'failures': tuple(sorted(set(failures))), 'end': end and end.group(1)}
    return command, judge


def suites(is_long):
    found = {}
    if (PYTHON_TESTS / 'test_socket.py').exists():
        modules = ['test_socket', 'test_socketserver', 'test_mmap', 'test_os', 'test_posix']
        modules += ['test_asyncio', 'test_multiprocessing_fork', 'test_subprocess', 'test_threading', 'test_signal', 'test_select', 'test_epoll',
                    'test_selectors', 'test_socketpair', 'test_fork1'] if is_long else []
        for module in modules:
            if (PYTHON_TESTS / f'{module}.py').exists() or (PYTHON_TESTS / module).is_dir():
                found[f'python {module}'] = python_tests(module, is_long)
    if shutil.which('stress-ng'):
        for name in STRESSORS if is_long else SHORT_STRESSORS:
            found[f'stress-ng {name}'] = stressor(name, is_long)
    return found


def judged(suite, around, name, timeout):
    command, judge = suite
    with tempfile.TemporaryDirectory(prefix='ipctrace-suite-') as folder:
        log = pathlib.Path(folder, 'trace.ipct')
        work = pathlib.Path(folder, 'work')
        work.mkdir()
        full = [word.replace('@log', str(log)) for word in around]
        status, text = run(command, work, full, timeout)
        tests = judge(status, re.sub(r'(?m)^ipctrace: .*\n', '', text))
        summary = re.findall(r'^ipctrace: ([\d,]+) events?, ([\d,]+) process.*?([\d,]+) lost', text, re.M)
        if not around:
            return Result(tests, 0, 0, False)
        if not summary:
            return Result(tests, 0, 0, True)
        events, processes, lost = (int(number.replace(',', '')) for number in summary[-1])
        # a process that is killed may leave one record half written
        return Result(tests, events, lost, lost > processes)


def compare(ipctrace, name, suite, is_long):
    """Prints how the three runs compare; returns (stable, unstable, different, events)."""
    timeout = 600 if is_long else 90
    first = judged(suite, [], name, timeout)
    second = judged(suite, [], name, timeout)
    traced = judged(suite, [ipctrace, 'record', '-o', '@log', '--'], name, timeout)
    stable = {test: end for test, end in first.tests.items() if second.tests.get(test, 'missing') == end}
    unstable = len(set(first.tests) | set(second.tests)) - len(stable)
    different = {test: (end, traced.tests.get(test, 'missing')) for test, end in stable.items() if traced.tests.get(test, 'missing') != end}
    for test, (end, now) in sorted(different.items()):
        print(f'  DIFFERENT {name}, {test}: {end} untraced, {now} traced')
    if traced.excess:
        print(f'  LOST {name}: {traced.lost} of {traced.events} events')
    return len(stable), unstable, len(different), traced


def main():
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    is_long, is_table = '--long' in sys.argv, '--table' in sys.argv
    ipctrace = str(pathlib.Path(words[0]).resolve())
    wanted = suites(is_long)
    if words[1:]:
        wanted = {name: suite for name, suite in wanted.items() if any(word in name for word in words[1:])}
    if not wanted:
        print('neither libpython3.11-testsuite nor stress-ng is installed')
        return SKIP
    wrong, began = 0, time.monotonic()
    for name, suite in wanted.items():
        started = time.monotonic()
        stable, unstable, different, traced = compare(ipctrace, name, suite, is_long)
        wrong += different + traced.excess
        if is_table:
            print(f'| {name} | {stable} | {unstable} | {different} | {traced.events:,} | {traced.lost} |')
        else:
            print(f'{name}: {stable} compared, {unstable} unstable, {different} different, {traced.events:,} events, {traced.lost} lost, '
                  f'{time.monotonic() - started:.1f} s')
        sys.stdout.flush()
    print(f'{len(wanted)} suites in {time.monotonic() - began:.0f} s, {wrong} differences')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
