# SPDX-License-Identifier: MIT
"""How programs end, and what is on disk in the middle of a recording."""
import os
import signal
import subprocess
import time

from account import compare_threads
from trial import Trial, Wrong, expect, state_of, wait_until

# The status of each process is its parent's affair, which only waits; the recorder ends as that parent does.
ENDINGS = ['exit', '_exit', 'quick_exit', 'abort', 'segv', 'kill', 'exec']


def end_once(tools, chance, ending):
    """Processes end in the middle of the load of their other threads, in every way there is."""
    trial = Trial(tools)
    try:
        threads, processes = chance.choice([(1, 1), (3, 2), (4, 3)])
        trial.start(threads, processes, wait=False, payloads=32, ending=ending, after=1 + chance.randrange(30000))
        if ending == 'exec':
            time.sleep(chance.uniform(0.05, 0.2))
            trial.stop()
        status, said = trial.finish()
        expect(status == 0, f'the recorder ended with {status}: {said}')
        told, total = trial.tally()
        compare_threads(trial.made(), told)
        expect(total.closed and not total.missing and not total.damaged, f'{total}')
        expect(total.lost <= len(trial.rows()), f'{total.lost} lost')
        trial.check()
    except Exception as trouble:
        raise Wrong(f'{ending}: {trouble}') from trouble
    finally:
        trial.cleanup()


def endings(tools, chance, is_long):
    rounds = 20 if is_long else 2
    for ending in ENDINGS:
        for _ in range(rounds):
            end_once(tools, chance, ending)
    print(f'  {rounds} of each: {", ".join(ENDINGS)}')


def freeze(trial):
    """The recorder and its programs; whoever calls lets them go on."""
    frozen = [trial.running.pid, *trial.pids()]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(pid) == 'T', 'stopped')
    return frozen


def copy_all(paths, disk):
    for path in paths:
        subprocess.run(['cp', path, disk], check=True)


def let_go(frozen):
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)


def copy_files(trial, disk, first):
    """Copies log and live area as `first` says; returns how many calls each thread had made before."""
    frozen = freeze(trial) if first == 'both' else []
    committed = trial.made()
    if first == 'live area':
        frozen = freeze(trial)
        copy_all([trial.live], disk)
        let_go(frozen)
        copy_all([trial.log], disk)
        return committed
    copy_all([trial.log], disk)
    if first == 'log':
        frozen = freeze(trial)
    copy_all([trial.live], disk)
    let_go(frozen)
    return committed


def power_cut(tools, chance, first):
    """
    Both files are copied in the middle, as a disk might have them: at once, one a little later than the other, or the
    second while it is being written, so that it holds pieces of later times.
    """
    trial = Trial(tools)
    try:
        trial.start(*chance.choice([(1, 1), (2, 2), (4, 1)]), options=[f'--buffer={chance.choice(["64K", "512K"])}'], payloads=32)
        # the log is made when the command is on its way, by a recorder that may have to wait for a processor
        wait_until(lambda: trial.log.exists(), 'there is a log')
        time.sleep(chance.uniform(0, 0.5))
        disk = trial.folder / 'disk'
        disk.mkdir()
        committed = copy_files(trial, disk, first)
        told, total = trial.tally(disk / trial.log.name)
        trial.check(disk / trial.log.name)
        trial.stop()
        trial.finish()
        if first == 'both':
            compare_threads(committed, told)
            expect(not total.missing and total.damaged <= 1, f'{total}')
        for thread, (events, distinct, _, last, _) in told.items():
            expect(events == distinct, f'thread {thread}: {events - distinct} calls are in the copies twice')
            expect(first in ('live area', 'log, and the other while it is written') or last + 1 >= committed[thread],
                   f'thread {thread} made {committed[thread]} calls, the last copied is {last}')
    except Exception as trouble:
        raise Wrong(f'{first} copied first: {trouble}') from trouble
    finally:
        trial.cleanup()


def power_cuts(tools, chance, is_long):
    rounds = 100 if is_long else 4
    for _ in range(rounds):
        for first in 'both', 'log', 'live area', 'log, and the other while it is written':
            power_cut(tools, chance, first)
    print(f'  {4 * rounds} cuts')


CASES = {'endings': endings, 'power-cut': power_cuts}
