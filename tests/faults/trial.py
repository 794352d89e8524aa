# SPDX-License-Identifier: MIT
"""One run of the loaded program under the recorder: started, disturbed, and counted afterwards."""
import collections
import mmap
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time

SKIP = 77  # what meson takes for "cannot be run here"
ROWS = 4000  # LOAD_ROWS
HEAD, ROW = struct.Struct('<IIII'), struct.Struct('<IIQQ')
COLLECTOR_PID = 60  # offset in struct live_control

Row = collections.namedtuple('Row', 'pid tid first made')
Told = collections.namedtuple('Told', 'events distinct first last lost')
Total = collections.namedtuple('Total', 'events lost missing damaged closed')


class Wrong(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, f'not after {seconds} s: {what}')
        time.sleep(0.002)


def state_of(pid):
    """As in /proc/PID/stat; X when it is gone."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
            return file.read().rsplit(')', 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return 'X'


def is_alive(pid):
    return state_of(pid) not in 'ZX'


def memory_of(pid, *fields):
    """Kilobytes of the named fields of /proc/PID/status, added up; 0 when it is gone."""
    try:
        with open(f'/proc/{pid}/status', encoding='ascii', errors='replace') as file:
            return sum(int(line.split()[1]) for line in file if line.split(':')[0] in fields)
    except (FileNotFoundError, ProcessLookupError):
        return 0


class Trial:
    def __init__(self, tools, folder=None):
        self.ipctrace, self.programs = tools
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ipctrace-faults-'))
        self.log = pathlib.Path(folder or self.folder) / 'trace.ipct'
        self.live = self.log.with_name('trace.ipct.live')
        self.running = None
        self.root = None
        with open(self.folder / 'page', 'wb+') as file:
            file.truncate(HEAD.size + ROWS * ROW.size)
            self.page = mmap.mmap(file.fileno(), 0)

    def command(self, threads, processes, calls=0, payloads=0, ending='exit', after=0):
        return [str(self.programs / 'load'), str(self.folder / 'page'), *map(str, (threads, processes, calls, payloads)), ending, str(after)]

    def start(self, threads, processes, options=(), wait=True, **load):
        filters = 'shutdown,send,recv' if load.get('payloads') else 'shutdown'
        self.running = subprocess.Popen([self.ipctrace, 'record', '-o', self.log, '-e', filters, *options, '--', *self.command(threads, processes, **load)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        if wait:
            wait_until(lambda: self.head()[2] >= threads * processes or self.running.poll() is not None, 'all threads at work')
        self.root = self.children(self.running.pid)[0] if self.children(self.running.pid) else None

    @staticmethod
    def children(pid):
        try:
            return [int(word) for word in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def head(self):
        return HEAD.unpack_from(self.page, 0)

    def stop(self):
        struct.pack_into('<I', self.page, 0, 1)

    def rows(self):
        count = min(self.head()[1], ROWS)
        return [row for row in (Row(*ROW.unpack_from(self.page, HEAD.size + i * ROW.size)) for i in range(count)) if row.pid]

    def pids(self):
        return sorted({row.pid for row in self.rows()})

    def collector_pid(self):
        with open(self.live, 'rb') as file:
            return struct.unpack_from('<I', file.read(64), COLLECTOR_PID)[0]

    def finish(self, seconds=30):
        """Of the recorder, which may have been killed: its status and what it said. The programs must end by themselves."""
        _, said = self.running.communicate(timeout=seconds)
        wait_until(lambda: not any(map(is_alive, self.pids() + [self.root or 0])), 'the programs have ended', seconds)
        return self.running.returncode, said

    def tally(self, log=None):
        """By (pid, tid) what the trace has, and what it has in all."""
        done = subprocess.run([self.programs / 'tally', log or self.log], capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f'tally: {done.returncode} {done.stderr}')
        told, total = {}, None
        for line in done.stdout.splitlines():
            words = line.split()
            if words[0] == 'total':
                total = Total(*map(int, words[1:]))
            else:
                told[int(words[0]), int(words[1])] = Told(*map(int, words[2:]))
        return told, total

    def check(self, log=None):
        done = subprocess.run([self.ipctrace, 'check', log or self.log], capture_output=True, text=True, timeout=120)
        expect(done.returncode in (0, 4), f'check: {done.returncode}\n{done.stdout}{done.stderr}')
        return done.returncode, done.stdout

    def made(self):
        """Calls made by each thread; an image that replaced another has its number."""
        made = collections.Counter()
        for row in self.rows():
            made[row.pid, row.tid] += row.made
        return made

    def cleanup(self):
        """The programs first: they hold the recorder's pipes open."""
        if self.running and self.running.poll() is None:
            self.running.kill()
        for pid in self.pids() + [self.root or 0]:
            if pid and is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        if self.running and self.running.stdout and not self.running.stdout.closed:
            self.running.communicate()
        elif self.running:
            self.running.wait()
        self.page.close()
        shutil.rmtree(self.folder, ignore_errors=True)
