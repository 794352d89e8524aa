#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run a program natively and traced: it must behave the same, and what it says it did must be in the log.

  run_transparency.py IPCTRACE PROGRAMS CASE...     PROGRAMS: the folder with the built subjects; --long for more of each
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

SKIP = 77  # what meson takes for "cannot be run here"
LIBRARIES = pathlib.Path('/usr/lib/x86_64-linux-gnu')

Run = collections.namedtuple('Run', 'status out err facts')
Case = collections.namedtuple('Case', 'command long environment needs check options status', defaults=('', {}, None, None, (), 0))


class Different(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Different(text)


def storm_check(case):
    """Jumped-out calls leave a record or are counted as lost; a jump may hit each twice, before it began and half written."""
    made = case.facts
    lost = int(re.search(r'(\d[\d,]*) lost', case.summary).group(1).replace(',', ''))
    for call in 'recv', 'send':
        low = made[f'{call}~'] - made['jumps']
        expect(low <= case.counts[call] <= made[f'{call}~'] + 1, f'{case.counts[call]} of {call}, made {made[f"{call}~"]}')
    # each jump costs one call at most: one that was being written, or, when the collector lags, was waiting for room
    expect(lost <= made['jumps'], f'{lost} lost of {made["jumps"]} that were jumped out of')


def unnoticed_check(case):
    """What could not be recorded is counted: all that parent and child did once there were two of them."""
    lost = int(re.search(r'(\d[\d,]*) lost', case.summary).group(1).replace(',', ''))
    made = case.facts['send'] + case.facts['recv']
    expect(case.counts['send'] + case.counts['recv'] == 0 and lost >= made, f'{lost} lost, made {made}')


def preload(*names):
    return {'LD_PRELOAD': ' '.join(str(LIBRARIES / name) for name in names)}


def root():
    return None if os.geteuid() == 0 else 'needs to be root'


def library(name):
    return lambda: None if (LIBRARIES / name).exists() else f'{name} is not installed'


CASES = {
    'signal-storm': Case('signal_storm 500000', 'signal_storm 10000000'),
    'signal-storm-alternate-stack': Case('signal_storm 200000 alternate', 'signal_storm 5000000 alternate'),
    'jump-out-of-calls': Case('jump 100', 'jump 1000', check=storm_check),
    'jump-out-of-calls-small-ring': Case('jump 100', 'jump 1000', check=storm_check, options=('--buffer=64K',)),
    'signal-storm-with-stacks': Case('signal_storm 100000', 'signal_storm 2000000', options=('-k',)),
    'signal-storm-winding-with-stacks': Case('signal_storm 100000 winding', 'signal_storm 1000000 winding', options=('-k',)),
    'jump-out-of-calls-with-stacks': Case('jump 50', 'jump 1000', check=storm_check, options=('-k',)),
    'cancel': Case('cancel'),
    'fork-of-threads': Case('fork_threads 40', 'fork_threads 1000'),
    'borrowed-memory': Case('borrowed'),
    'images': Case('images @images @speaker_static'),
    'daemon': Case('daemon'),
    'limit-of-file-size': Case('limits files'),
    'limit-of-descriptors': Case('limits descriptors'),
    'limit-of-addresses': Case('limits addresses'),
    'limit-of-locked-memory': Case('limits locked'),
    'privileges': Case('privileges', needs=root),
    'sandbox-strict': Case('sandbox strict'),
    'sandbox-filter': Case('sandbox filter'),
    'sandbox-filter-with-stacks': Case('sandbox filter', options=('-k',)),
    'sandbox-by-number': Case('sandbox number'),
    'sandbox-by-prctl-number': Case('sandbox prctl-number'),
    'sandbox-inherited': Case('sandbox inherited'),
    'sandbox-unnoticed-child': Case('sandbox unnoticed', check=unnoticed_check),
    'sandbox-inherited-with-stacks': Case('sandbox inherited', options=('-k',)),
    'stacks': Case('stacks'),
    'stacks-with-stacks': Case('stacks', options=('-k',)),
    'looks': Case('looks'),
    'edges': Case('edges'),
    'faults-1': Case('faults 0 40'),
    'faults-2': Case('faults 40 70'),
    'faults-3': Case('faults 70 100'),
    'threads': Case('many threads 2000', 'many threads 20000'),
    'processes': Case('many processes 200', 'many processes 1000'),
    'ends': Case('many ends 1000', 'many ends 100000'),
    'detached': Case('many detached', status=17),
    'jemalloc': Case('talk', environment=preload('libjemalloc.so.2'), needs=library('libjemalloc.so.2')),
    'tcmalloc': Case('talk', environment=preload('libtcmalloc_minimal.so.4'), needs=library('libtcmalloc_minimal.so.4')),
    'address-sanitizer': Case('talk_asan'),
    'thread-sanitizer': Case('talk_tsan'),
    'fakeroot': Case('fakeroot-sysv @talk', needs=lambda: None if shutil.which('fakeroot-sysv') else 'fakeroot is not installed'),
    'fakeroot-outside': Case('talk', environment={'AROUND': 'fakeroot-sysv'},
                             needs=lambda: None if shutil.which('fakeroot-sysv') else 'fakeroot is not installed'),
    'deepbind': Case('deepbind @libdeepbind.so'),
}


class Trial:
    def __init__(self, ipctrace, programs, name, is_long):
        self.ipctrace, self.programs, self.case = ipctrace, programs, CASES[name]
        command = (is_long and self.case.long or self.case.command).split()
        self.command = [str(programs / word.lstrip('@')) if word.startswith('@') or (programs / word).is_file() else word for word in command]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f'ipctrace-{name}-'))
        self.folder.chmod(0o755)

    def run(self, around, name):
        work = self.folder / name
        work.mkdir(mode=0o777)
        work.chmod(0o777)
        facts = self.folder / f'{name}.facts'
        environment = {**os.environ, **self.case.environment, 'FACTS': str(facts)}
        command = [*around, *self.command]
        if 'AROUND' in self.case.environment:
            command.insert(0, self.case.environment['AROUND'])
        started = time.monotonic()
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
        print(f'  {name}: {time.monotonic() - started:.2f} s')
        made = collections.Counter()
        stated = done.stdout.decode('latin-1') + (facts.read_text() if facts.exists() else '')
        for call, count in re.findall(r'^made (\S+) (\d+)$', stated, re.M):
            made[call] += int(count)
        return Run(done.returncode, done.stdout, done.stderr, made)

    def count_calls(self, log):
        """How often each call is in the log, by name."""
        printed = subprocess.Popen([self.ipctrace, 'print', '--json', str(log)], stdout=subprocess.PIPE)
        counts, pattern = collections.Counter(), re.compile(rb'"call":"(\w+)"')
        for line in printed.stdout:
            counts[pattern.search(line, 0, 200).group(1).decode()] += 1
        expect(printed.wait() == 0, 'the log cannot be printed')
        return counts

    def compare(self):
        log = self.folder / 'trace.ipct'
        native = self.run([], 'native')
        traced = self.run([self.ipctrace, 'record', '-o', str(log), *self.case.options, '--'], 'traced')
        lines = traced.err.decode('latin-1').splitlines(True)
        self.summary = next((line for line in reversed(lines) if line.startswith('ipctrace: ')), '')
        quiet = ''.join(line for line in lines if not line.startswith('ipctrace: '))
        self.facts = traced.facts
        print('  ' + self.summary.strip())
        expect(native.status == traced.status, f'status {native.status} untraced, {traced.status} traced:\n{traced.out[-2000:]}{traced.err[-2000:]}')
        expect(native.status == self.case.status, f'the subject itself ends with {native.status}')
        expect(b'FAILED' not in native.out, f'the subject gave up: {native.out[-500:]}')
        self.compare_text('output', native.out, traced.out)
        self.compare_text('errors', native.err, quiet.encode('latin-1'))
        checked = subprocess.run([self.ipctrace, 'check', str(log)], capture_output=True, text=True)
        expect(not (self.folder / 'trace.ipct.live').exists(), 'the live area is still there')
        self.counts = self.count_calls(log)
        if self.case.check:
            self.case.check(self)
            return
        expect(' 0 lost ' in self.summary, f'events were lost: {self.summary}')
        expect(checked.returncode == 0, f'check: {checked.returncode}, {checked.stdout}{checked.stderr}')
        for call, made in traced.facts.items():
            expect(self.counts[call] == made, f'{call}: made {made} times, recorded {self.counts[call]}')

    @staticmethod
    def compare_text(what, native, traced):
        if native == traced:
            return
        before, after = native.decode('latin-1').splitlines(), traced.decode('latin-1').splitlines()
        for number in range(max(len(before), len(after))):
            a = before[number] if number < len(before) else 'nothing'
            b = after[number] if number < len(after) else 'nothing'
            expect(a == b, f'{what}, line {number + 1}: {a!r} untraced, {b!r} traced')
        raise Different(f'{what} differ: {native[-200:]!r} untraced, {traced[-200:]!r} traced')


def main():
    arguments = [word for word in sys.argv[1:] if word != '--long']
    is_long = '--long' in sys.argv
    ipctrace, programs, names = str(pathlib.Path(arguments[0]).resolve()), pathlib.Path(arguments[1]).resolve(), arguments[2:]
    wrong, skipped = 0, 0
    for name in names or CASES:
        missing = CASES[name].needs and CASES[name].needs()
        print(f'{name}:' + (f' left out: {missing}' if missing else ''))
        if missing:
            skipped += 1
            continue
        trial = Trial(ipctrace, programs, name, is_long)
        try:
            trial.compare()
        except Different as difference:
            wrong += 1
            print(f'  DIFFERENT: {difference}')
        finally:
            shutil.rmtree(trial.folder, ignore_errors=True)
        sys.stdout.flush()
    if wrong:
        return 1
    return SKIP if skipped and skipped == len(names) else 0


if __name__ == '__main__':
    sys.exit(main())
