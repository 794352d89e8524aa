# SPDX-License-Identifier: MIT
"""How each tracer is put around a command, and what it left behind. Knows nothing of what is measured."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

CALLS = ['recv', 'send', 'writev', 'readv', 'semop', 'msgsnd', 'msgrcv', 'mmap', 'munmap']
WORDS = {'recv': 4, 'send': 4, 'writev': 3, 'readv': 3, 'semop': 3, 'msgsnd': 4, 'msgrcv': 5, 'mmap': 6, 'munmap': 2}


class Run:
    """What one run of a command came to."""

    def __init__(self, status, text, errors, seconds, log_bytes=0, collector_cpu=None, collector_rss=None):
        self.status, self.text, self.errors, self.seconds = status, text, errors, seconds
        self.log_bytes, self.collector_cpu, self.collector_rss = log_bytes, collector_cpu, collector_rss

    def json(self):
        """The JSON object on the last line that is one."""
        for line in reversed(self.text.splitlines()):
            if line.startswith('{'):
                return json.loads(line)
        raise RuntimeError(f'no result: {(self.text + self.errors).strip()[-400:]}')


def used_by(pid):
    """Seconds of processor time that a process's living threads have used, and the most memory it had, in KiB."""
    process = pathlib.Path(f'/proc/{pid}')
    spent = sum(int(stat.read_text().split()[0]) for stat in process.glob('task/*/schedstat'))
    rss = next((int(line.split()[1]) for line in (process / 'status').read_text().splitlines() if line.startswith('VmHWM:')), 0)
    return spent / 1e9, rss


class Watch(threading.Thread):
    """Looks at a process while it lives: processor time of its own, and the most memory it had."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.cpu, self.rss, self.ended = pid, 0.0, 0, threading.Event()
        self.start()

    def look(self):
        with contextlib.suppress(OSError, ValueError, IndexError):
            cpu, rss = used_by(self.pid)
            self.cpu, self.rss = max(self.cpu, cpu), max(self.rss, rss)

    def run(self):
        while not self.ended.wait(0.01):
            self.look()


def run(command, env=None, watch=False, timeout=120):
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **(env or {})})
    look = Watch(process.pid) if watch else None
    try:
        text, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise RuntimeError(f'{command[0]} took more than {timeout} s') from None
    finally:
        if look:
            look.ended.set()
    return Run(process.returncode, text, errors, time.monotonic() - started,
               collector_cpu=look.cpu if look else None, collector_rss=look.rss if look else None)


def size_of(path):
    path = pathlib.Path(path)
    return sum(f.stat().st_size for f in path.rglob('*') if f.is_file()) if path.is_dir() else path.stat().st_size


class Tracer:
    """`share`: how many of the calls it can be given within the time there is. `hidden`: calls can be made past it.
    `modes`: the only ones it knows; None: all."""
    share, hidden, is_peer, modes = 1.0, False, False, None

    def __init__(self, name):
        self.name, self.missing = name, None

    def run(self, command, log, **options):
        raise NotImplementedError

    def close(self):
        pass


class Native(Tracer):
    def run(self, command, log, around=(), **options):
        return run([*around, *command])


class Preload(Tracer):
    hidden = True

    def __init__(self, name, library, modes=None):
        super().__init__(name)
        self.library, self.modes = library, modes
        if not library.exists():
            self.missing = f'{library.name} is not built'

    def run(self, command, log, **options):
        return run(command, {'LD_PRELOAD': str(self.library)})


class Ipctrace(Tracer):
    hidden = True

    def __init__(self, name, build, *settings):
        super().__init__(name)
        self.command, self.settings = str(build / 'ipctrace'), settings

    def run(self, command, log, settings=(), timeout=120, around=(), **options):
        done = run([*around, self.command, 'record', '-o', log, *self.settings, *settings, '--', *command], watch=True, timeout=timeout)
        done.log_bytes = size_of(log)
        return done


class Suspended(Ipctrace):
    """A trace that has begun and was then stopped through its control page."""

    def run(self, command, log, **options):
        stop = ['sh', '-c', '"$0" ctl "$1" stop && shift && exec "$@"', self.command, log]
        return super().run([*stop, *command], log, **options)


class Peer(Tracer):
    is_peer = True
    program = None

    def __init__(self, name):
        super().__init__(name)
        if not shutil.which(self.program):
            self.missing = f'{self.program} is not installed'

    def line(self, command, log):
        raise NotImplementedError

    def run(self, command, log, **options):
        done = run(self.line(command, log), watch=True)
        if done.status:
            raise RuntimeError(f'{self.name}: {done.errors.strip()[-200:]}')
        done.log_bytes = size_of(log)
        return done


class Uftrace(Peer):
    program, share, hidden = 'uftrace', 0.3, True

    def line(self, command, log):
        arguments = [f'{call}@' + ','.join(f'arg{i + 1}' for i in range(WORDS[call])) for call in CALLS]
        words = ['uftrace', 'record', '--force', '-d', log, '-F', '^(' + '|'.join(CALLS) + ')$']
        for argument, call in zip(arguments, CALLS):
            words += ['-A', argument, '-R', f'{call}@retval']
        return [*words, *command]


class PerfTrace(Peer):
    program, share = 'perf', 0.2

    def line(self, command, log):
        return ['perf', 'trace', 'record', '-o', log, *command]


class Strace(Peer):
    program, share = 'strace', 0.01

    def line(self, command, log):
        return ['strace', '-f', '--seccomp-bpf', '-e', 'trace=%net,%ipc,%memory,read,write,readv,writev', '-o', log, *command]


class Ltrace(Peer):
    program, share = 'ltrace', 0.005

    def line(self, command, log):
        return ['ltrace', '-f', '-e', '+'.join(CALLS), '-o', log, *command]


class Lttng(Tracer):
    """A session of its own for each run; the writer waits rather than lose events, as ipctrace does."""
    hidden, is_peer, share = True, True, 0.5

    def __init__(self, name, library):
        super().__init__(name)
        self.library, self.daemon = library, None
        if not shutil.which('lttng'):
            self.missing = 'lttng is not installed'
        elif not library.exists():
            self.missing = 'the headers of LTTng-UST are not installed'
        elif run(['lttng', 'list']).status:
            self.daemon = subprocess.Popen(['lttng-sessiond', '--quiet'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(50):
                time.sleep(0.1)
                if not run(['lttng', 'list']).status:
                    return
            self.missing = 'lttng-sessiond does not start'

    def run(self, command, log, **options):
        session = f'bench-{os.getpid()}'
        steps = [['create', session, f'--output={log}'],
                 ['enable-channel', '-u', '-s', session, '--blocking-timeout=inf', 'calls'],
                 ['enable-event', '-u', '-s', session, '-c', 'calls', 'bench:call'], ['start', session]]
        before = self.consumer()
        try:
            for step in steps:
                done = run(['lttng', '-q', *step])
                if done.status:
                    raise RuntimeError(f'lttng {step[0]}: {done.errors.strip()[-200:]}')
            done = run(command, {'LD_PRELOAD': str(self.library), 'LTTNG_UST_ALLOW_BLOCKING': '1'})
        finally:
            run(['lttng', '-q', 'stop', session])
            run(['lttng', '-q', 'destroy', session])
        after = self.consumer()
        if after:
            done.collector_cpu, done.collector_rss = after[0] - (before[0] if before else 0), after[1]
        done.log_bytes = size_of(log)
        return done

    def consumer(self):
        """What the daemons that write the traces have used; they start with the first session, and stay."""
        used = []
        for folder in pathlib.Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                if (folder / 'comm').read_text().startswith('lttng-consumer'):
                    used.append(used_by(folder.name))
        return [sum(cpu for cpu, _ in used), max(rss for _, rss in used)] if used else None

    def close(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait()


@contextlib.contextmanager
def scratch():
    """A folder for logs that goes away; in memory where there is one, as what is measured is not the disk."""
    base = '/dev/shm' if os.path.isdir('/dev/shm') else None
    with tempfile.TemporaryDirectory(prefix='ipctrace-bench-', dir=base) as folder:
        yield pathlib.Path(folder)


def all_tracers(build):
    bench = build / 'bench'
    return [Native('native'), Preload('empty shim', bench / 'shim.so'), Preload('shim + 2 counters', bench / 'shim-counter.so'),
            Preload('shim + 2 clocks', bench / 'shim-clock.so'), Preload('shim + record', bench / 'least.so', ('recv', 'ping')),
            Ipctrace('ipctrace off', build, '-e', 'none'),
            Suspended('ipctrace suspended', build), Ipctrace('ipctrace', build), Lttng('LTTng-UST', bench / 'lttng.so'), Uftrace('uftrace'),
            PerfTrace('perf trace'), Strace('strace'), Ltrace('ltrace')]
