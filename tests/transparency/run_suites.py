#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Foreign test suites, as Debian packages bring them: run natively twice and traced once, and compared test by test.

  run_suites.py IPCTRACE [--long] [--table] [--option=OPTION] [SUITE...]

What differs between the two native runs is left out of the comparison, and counted. --table prints the rows of the table
in docs/transparency.md, --option=-k hands -k to `ipctrace record`. Without --long it takes less than four minutes. Suites that
have to be built: run_built.py.
"""
import pathlib
import re
import shutil
import sys

from suite import Suite, compare_all

SKIP = 77
PYTHON = '/usr/bin/python3.11'
PYTHON_TESTS = pathlib.Path('/usr/lib/python3.11/test')
# Not munmap: it unmaps all of its own process, and the tracer's rings with it.
STRESSORS = {
    'sockets': 'sock udp sockpair sockdiag sockfd dccp',
    'polling, pipes, splicing': 'epoll poll pipe pipeherd splice tee vm-splice sendfile copy-file eventfd fifo',
    'System V and POSIX IPC, aio': 'msg mq sem sem-sysv shm shm-sysv aio futex',
    'memory': 'mmap mmapaddr mmapfixed mmapfork mmaphuge mmapmany mremap msync madvise mincore mlock mprotect remap',
    'processes, threads, images, sandboxes': 'fork vfork vforkmany clone pthread daemon exec seccomp switch',
    'descriptors, signals, others': 'close dup kill signal sigsegv sigsuspend sigpending procfs env',
}
SHORT_STRESSORS = ('sock udp sockpair msg mq sem-sysv shm-sysv shm sem mmap mremap msync madvise mincore aio fork vfork pthread sigsegv '
                   'clone daemon seccomp').split()
SHORT_PYTHON = {'test_socket': ('-i', '*VSOCK*', '-m', 'BasicTCPTest*', '-m', 'BasicUDPTest*', '-m', 'Sendmsg*', '-m', 'Recvmsg*', '-m', 'GeneralModuleTests*',
                                '-m', 'NonBlocking*', '-m', 'TestUnixDomain*', '-m', 'SCM*', '-m', 'BufferIO*')}


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
    return Suite(f'CPython {module}', command, judge, 600 if is_long else 90)


def stressor(family, name, is_long):
    """One stressor for a second, its own verification on."""
    command = ['stress-ng', '--' + name, '1', '--timeout', '1', '--verify', '--no-rand-seed', '--oomable', '--temp-path', '.']

    def judge(status, text):
        end = re.search(r'(passed|skipped|failed|untrustworthy)', text)
        failures = [re.sub(r'\[\d+\]|\b\d+\b|0x[0-9a-f]+', '#', line) for line in text.splitlines() if 'fail:' in line]
        return {'status': status, 'failures': tuple(sorted(set(failures))), 'end': end and end.group(1)}
    return Suite(f'stress-ng: {family}', command, judge, 600 if is_long else 90)


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
        for family, names in STRESSORS.items():
            for name in names.split():
                if is_long or name in SHORT_STRESSORS:
                    found[f'stress-ng {name}'] = stressor(family, name, is_long)
    return found


def main():
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    ipctrace = str(pathlib.Path(words[0]).resolve())
    wanted = suites('--long' in sys.argv)
    if words[1:]:
        wanted = {name: suite for name, suite in wanted.items() if any(word in name for word in words[1:])}
    if not wanted:
        print('neither libpython3.11-testsuite nor stress-ng is installed')
        return SKIP
    options = [word.partition('=')[2] for word in sys.argv if word.startswith('--option=')]
    return 1 if compare_all(ipctrace, wanted, '--table' in sys.argv, options=options) else 0


if __name__ == '__main__':
    sys.exit(main())
