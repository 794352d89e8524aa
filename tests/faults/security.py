# SPDX-License-Identifier: MIT
"""Who may read what is recorded, and what hostile programs, folders and logs can do to whoever records and reads."""
import os
import shutil
import signal
import stat
import subprocess
import time

from trial import SKIP, Trial, Wrong, expect, is_alive, wait_until


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def modes(tools, chance, is_long):
    """Log and live area are their owner's alone, whatever the umask; links that somebody has put in their place are not followed."""
    trial = Trial(tools)
    old = os.umask(0)
    try:
        trial.start(1, 1)
        wait_until(lambda: trial.log.exists(), 'the log is there')
        expect((mode_of(trial.log), mode_of(trial.live)) == (0o600, 0o600), f'modes {mode_of(trial.log):o} and {mode_of(trial.live):o}')
        trial.stop()
        trial.finish()
    finally:
        os.umask(old)
        trial.cleanup()
    for name in 'log', 'live':
        for exists in False, True:
            plant_link(tools, name, exists)
    print('  0600, links are not followed')


def plant_link(tools, name, exists):
    trial = Trial(tools)
    try:
        target, place = trial.folder / 'precious', getattr(trial, name)
        if exists:
            target.write_text('precious')
        place.symlink_to(target)
        done = subprocess.run([trial.ipctrace, 'record', '-o', trial.log, '--', 'true'], capture_output=True, text=True, timeout=30)
        expect(done.returncode == 0, f'the command ended with {done.returncode}: {done.stderr}')
        expect(target.read_text() == 'precious' if exists else not target.exists(), f'the target of a link at the {name} was written')
        expect(done.stderr.count('\n') == 1, f'said: {done.stderr}')
    finally:
        trial.cleanup()


def secure(tools, chance, is_long):
    """A program that has more rights than its caller takes no orders from the caller's environment, although the library is in it."""
    if os.geteuid():
        print('  left out: needs to make a set-user-ID program')
        return SKIP
    trial = Trial(tools)
    try:
        os.chmod(trial.folder, 0o755)
        program, output = trial.folder / 'raised', trial.folder / 'stolen.ipct'
        shutil.copy(trial.programs / 'linked', program)
        results = []
        for mode in 0o755, 0o4755:
            program.chmod(mode)
            folder = trial.folder / f'out{mode}'
            folder.mkdir()
            os.chmod(folder, 0o777)
            output = folder / 'x.ipct'
            done = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', program], timeout=30, capture_output=True, text=True,
                                  env={'IPCTRACE_OUTPUT': str(output), 'IPCTRACE_COLLECTOR': trial.ipctrace})
            expect(done.returncode == 0, f'{mode:o}: {done.returncode} {done.stderr}')
            time.sleep(0.3)
            results.append((done.stdout.strip(), sorted(path.name for path in folder.iterdir()) != []))
        expect(results[1] == ('secure', False), f'set-user-ID: {results[1]}')
        expect(results[0] == ('plain', True), f'the same program without more rights: {results[0]}')
        print('  nothing was recorded, nor started')
    finally:
        trial.cleanup()
    return 0


def scribble_once(tools, seed, policy, milliseconds):
    trial = Trial(tools)
    try:
        began = time.monotonic()
        trial.running = subprocess.Popen([trial.ipctrace, 'record', '-o', trial.log, '-e', 'shutdown', '--buffer=64K', f'--on-full={policy}', '--',
                                          trial.programs / 'scribble', str(seed), str(milliseconds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(milliseconds / 2000)
        asking = subprocess.Popen([trial.ipctrace, 'ctl', trial.log, 'status'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(milliseconds / 2000)
        # it may have broken its own tracing, and be stuck in it; the recorder may not
        for pid in trial.children(trial.running.pid):
            wait = time.monotonic() + 1
            while is_alive(pid) and time.monotonic() < wait:
                time.sleep(0.01)
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        told_to_end = False
        while trial.running.poll() is None:
            late = time.monotonic() - began - milliseconds / 1000
            expect(late < 15, 'the recorder hangs')
            # waiting for a process that the area told of is no hang: Ctrl-C must end that
            if late > 3 and not told_to_end:
                trial.running.send_signal(signal.SIGINT)
                told_to_end = True
            time.sleep(0.01)
        expect(trial.running.returncode in (0, 2, -signal.SIGKILL, -signal.SIGINT, -signal.SIGSEGV), f'the recorder ended with {trial.running.returncode}')
        asking.wait(timeout=20)
        expect(asking.returncode in (0, 2), f'who asked for the status ended with {asking.returncode}')
        said = trial.running.stderr.read()
        expect('event' in said, f'the recorder said {said!r}')
        left = sorted(path.name for path in trial.folder.iterdir())
        expect(left == ['page', 'trace.ipct'], f'left behind: {left}')
        trial.check()
        return told_to_end
    finally:
        trial.cleanup()


def scribbles(tools, chance, is_long):
    """Writing over the whole live area neither crashes nor hangs the recorder, nor makes it write elsewhere; the log is a log."""
    rounds, waits = 60 if is_long else 9, 0
    for number in range(rounds):
        waits += scribble_once(tools, chance.randrange(1 << 30), ('wait', 'drop', 'overwrite')[number % 3], 1000 if is_long else 300)
    print(f'  {rounds} rounds; {waits} were ended by an interrupt')


def namespaces(tools, chance, is_long):
    """Numbers of processes of another namespace are not taken for others: what runs there is not recorded, and counted."""
    if os.geteuid() or subprocess.run(['unshare', '--pid', '--fork', 'true'], capture_output=True).returncode:
        print('  left out: needs to make a namespace')
        return SKIP
    trial = Trial(tools)
    try:
        inside = ['unshare', '--pid', '--fork', '--mount-proc', trial.programs / 'crowd', 'threads', '20', '10', '10']
        done = subprocess.run([trial.ipctrace, 'record', '-o', trial.log, '-e', 'shutdown', '--', *inside], capture_output=True, text=True, timeout=30)
        expect(done.returncode == 0 and ' 0 events, ' in done.stderr and ' 200 lost ' in done.stderr, f'{done.returncode}: {done.stderr}')
        code, text = trial.check()
        expect(code == 4 and '200 without a buffer' in text, text)
    finally:
        trial.cleanup()
    return 0


def symbols(tools, chance, is_long):
    """A log names files, which the reader opens for the names of functions: one that is no file does not keep it."""
    trial = Trial(tools)
    try:
        program = trial.folder / 'program'
        shutil.copy(trial.programs / 'crowd', program)
        subprocess.run([trial.ipctrace, 'record', '-q', '-k', '-o', trial.log, '-e', 'shutdown', '--', program, 'threads', '1', '1', '1'], check=True, timeout=30)
        plain = subprocess.run([trial.ipctrace, 'print', '-k', trial.log], capture_output=True, text=True, timeout=30)
        expect('(work+' in plain.stdout, plain.stdout + plain.stderr)
        program.unlink()
        os.mkfifo(program)
        named = subprocess.run([trial.ipctrace, 'print', '-k', trial.log], capture_output=True, text=True, timeout=30)
        expect(named.returncode == 0 and 'shutdown(' in named.stdout and '(work+' not in named.stdout, named.stdout + named.stderr)
        print('  a pipe in the place of a program is not waited for')
    except subprocess.TimeoutExpired as late:
        raise Wrong(f'{late.cmd[1]} hangs') from late
    finally:
        trial.cleanup()


CASES = {'symbols': symbols, 'modes': modes, 'secure': secure, 'scribbles': scribbles, 'namespaces': namespaces}
