#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Foreign test suites of which somebody has built the sources: run natively twice and traced once, compared test by test.

  run_built.py IPCTRACE [--ltp DIR] [--posix DIR] [--redis DIR] [--libuv DIR] [--option=OPTION] [--keep DIR] [--table] [NAME...]

  --ltp DIR     the Linux Test Project as installed, with runtest/ and testcases/bin/; what is not there is left out
  --posix DIR   the Open POSIX Test Suite, built, as LTP brings it
  --redis DIR   redis, built in its source folder, in which its tests write
  --libuv DIR   libuv's source folder, uv_run_tests somewhere below it
  --option=-k   hand this to `ipctrace record`; may be repeated
  --keep DIR    leave there what was written by runs that differed
  --table       the rows of the table in docs/transparency.md
  NAME          only the tests whose name has it, by default all; ^NAME$ for exactly one

Every test gets namespaces of its own if root starts this: System V IPC, network, processes, mounts. What is set for the
whole machine, some of LTP's tests change, and put back; so better not on a machine that matters.
"""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

from suite import Suite, compare_all

# Which of LTP's scenario files, and which of their tests: the calls that are traced, and those that tracers get wrong.
LTP_FILES = ('syscalls-ipc', 'syscalls', 'mm')
LTP_FAMILIES = {
    'LTP: System V IPC': r'msg(ctl|get|rcv|snd|stress)\w*|sem(ctl|get|op)\w*|shm(at|ctl|dt|get|t)\w*|shm_test\w*',
    'LTP: message queues': r'mq_\w+',
    'LTP: sockets': r'(accept|bind|connect|getpeername|getsockname|getsockopt|listen|recv|send(?!file)|setsockopt|shutdown|socket)\w*',
    'LTP: memory': r'(mmap|munmap|mremap|msync|madvise|process_madvise|mincore|mlock|munlock|mprotect|remap_file|pkey|memfd|brk|sbrk|page0|'
                   r'data_space|stack_space|mem02|mallocstress)\w*',
    'LTP: reading, writing, splicing': r'(p?readv?|p?writev?|preadv2|pwritev2|sendfile|splice|tee|vmsplice|copy_file_range|process_vm)\d*\w*',
    'LTP: polling': r'(p?poll|p?select|epoll)\w*',
    'LTP: descriptors': r'(pipe|dup|fcntl|close|eventfd|signalfd|timerfd|open\d|openat|creat\d)\w*',
    'LTP: processes': r'(fork|vfork|clone|exec|wait|exit|unshare|setns|pidfd|ptrace|[gs]et(p|pp|t)?[gs]?id\d)\w*',
    'LTP: signals and timers': r'(sig|rt_sig|kill|tkill|tgkill|pause|alarm|[gs]etitimer|timer_|nanosleep|abort|inotify|futex)\w*',
    'LTP: rights, limits, sandboxes': r'(seccomp|prctl|landlock|chroot|set(fs|re|res)?[ug]id|setgroups|cap[gs]et|[gs]etrlimit|personality|'
                                      r'umask|access)\w*',
    'LTP: rings and contexts': r'(io_|getcontext|mseal|membarrier|userfaultfd|set_robust|get_robust|set_tid|arch_prctl|kcmp|getrandom)\w*',
}
# They take more than a minute natively on two processors, most of them by repeating a race.
LTP_LEFT_OUT = r'bind06|setsockopt(06|07|11)|fork13|kill11|preadv203(_64)?|writev03'

# Those of the Open POSIX Test Suite; none of them sets the machine's clock.
POSIX_FAMILIES = {
    'POSIX: aio': r'(aio|lio)_\w+',
    'POSIX: message queues, semaphores, shared memory': r'(mq|sem|shm)_\w+',
    'POSIX: memory': r'm(un)?(map|lock|lockall)|fsync',
    'POSIX: threads, forks': r'pthread_\w+|fork',
    'POSIX: signals': r'sig\w+|kill\w*|raise|nanosleep',
}

# What only prints, what needs a build with TLS, what is made up by chance, and a benchmark.
REDIS_UNITS_LEFT_OUT = ('unit/printver', 'unit/tls', 'integration/corrupt-dump-fuzzer', 'integration/redis-benchmark')


def without_chance(text):
    """A message without numbers, addresses and the names of temporary files."""
    return re.sub(r'0x[0-9a-f]+|LTP_\w+|\d+', '#', text)


def ltp_judge(status, text):
    """Every verdict that a program gave, how often, and how it ended."""
    tests = collections.Counter({'the whole': status} if status else {})
    for verdict, message in re.findall(r'\b(TPASS|TFAIL|TBROK|TWARN|TCONF)\b\s*:\s*(.*)', text):
        tests[f'{verdict} {without_chance(message)}'] += 1
    return {'the whole': status, **tests}


def ltp_suites(folder):
    environment = {'PATH': f'{folder}/testcases/bin:{os.environ["PATH"]}', 'LTPROOT': str(folder), 'LTP_COLORIZE_OUTPUT': '0',
                   'LTP_TIMEOUT_MUL': '4', 'LTP_RUNTIME_MUL': '0.1'}
    found = {}
    for line in (line for name in LTP_FILES for line in (folder / 'runtest' / name).read_text().splitlines()):
        tag, _, command = line.partition('#')[0].strip().partition(' ')
        family = next((family for family, names in LTP_FAMILIES.items() if re.fullmatch(names, tag)), None)
        programs = [word for word in command.split() if (folder / 'testcases/bin' / word).is_file()]
        if family and programs and not re.fullmatch(LTP_LEFT_OUT, tag):
            words = ['sh', '-c', command] if re.search(r'[$;`|<>]', command) else command.split()
            found[f'ltp {tag}'] = Suite(family, words, ltp_judge, 60, environment, is_alone=True)
    return found


def posix_judge(status, text):
    return {'the whole': {0: 'passed', 1: 'failed', 2: 'unresolved', 4: 'unsupported', 5: 'untested'}.get(status, status)}


def posix_suites(folder):
    found = {}
    for program in sorted(folder.glob('conformance/interfaces/*/*.run-test')):
        interface, test = program.parent.name, program.name.removesuffix('.run-test')
        family = next((family for family, names in POSIX_FAMILIES.items() if re.fullmatch(names, interface)), None)
        if family:
            found[f'posix {interface} {test}'] = Suite(family, [str(program)], posix_judge, 60, {}, is_alone=True)
    if not found:
        raise FileNotFoundError('no conformance/interfaces/*/*.run-test in it')
    return found


def redis_judge(status, text):
    text = re.sub(r'\x1b\[[\d;]*m', '', text)
    tests = collections.Counter()
    for verdict, name in re.findall(r'^\[(ok|err|skip|ignore|exception|TIMEOUT)\]: (.*?)(?: \(\d+ ms\))?$', text, re.M):
        tests[f'{verdict} {without_chance(name)}'] += 1
    return {'the whole': status, **tests}


def redis_suites(folder):
    listed = subprocess.run(['./runtest', '--list-tests'], cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    found = {}
    for unit in listed:
        if unit not in REDIS_UNITS_LEFT_OUT:
            command = ['./runtest', '--single', unit, '--clients', '1', '--timeout', '120', '--no-latency']
            found[f'redis {unit}'] = Suite('redis: ' + unit.split('/')[0], command, redis_judge, 900, {}, str(folder), True)
    return found


def libuv_judge(status, text):
    verdict = re.findall(r'^(ok|not ok) 1 - (.*)$', text, re.M)
    return {'the whole': (status, *verdict)}


def libuv_suites(folder):
    program = next((path for path in folder.rglob('uv_run_tests') if os.access(path, os.X_OK) and path.is_file()), None)
    if not program:
        raise FileNotFoundError(f'no uv_run_tests below {folder}')
    environment = {'UV_RUN_AS_ROOT': '1', 'UV_TEST_TIMEOUT_MULTIPLIER': '4'}
    listed = subprocess.run([program, '--list'], cwd=folder, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **environment})
    names = sorted({line.split()[0] for line in listed.stdout.splitlines() if line and not line[0].isspace()})
    return {f'libuv {name}': Suite('libuv', [str(program), name], libuv_judge, 300, environment, str(folder), True) for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog='See the head of this file.')
    parser.add_argument('ipctrace', type=pathlib.Path)
    parser.add_argument('names', nargs='*', metavar='NAME')
    sources = {'ltp': ltp_suites, 'posix': posix_suites, 'redis': redis_suites, 'libuv': libuv_suites}
    for name in sources:
        parser.add_argument('--' + name, type=pathlib.Path, metavar='DIR')
    parser.add_argument('--keep', type=pathlib.Path, metavar='DIR')
    parser.add_argument('--option', action='append', default=[])
    parser.add_argument('--table', action='store_true')
    given = parser.parse_intermixed_args()
    wanted = {}
    for name, suites in sources.items():
        folder = getattr(given, name)
        if folder:
            try:
                wanted.update(suites(folder.resolve()))
            except (OSError, subprocess.CalledProcessError) as error:
                parser.error(f'--{name} {folder} is no built suite: {error}')
    if given.names:
        wanted = {name: suite for name, suite in wanted.items() if any(re.search(word, name.split(' ', 1)[1]) for word in given.names)}
    if not wanted:
        parser.error('nothing to run: no suite was given, or none of its tests has such a name')
    return 1 if compare_all(str(given.ipctrace.resolve()), wanted, given.table, given.keep, given.option) else 0


if __name__ == '__main__':
    sys.exit(main())
