# SPDX-License-Identifier: MIT
"""The collector stands still for seconds, or the disk is full: each full policy keeps its word."""
import os
import re
import signal
import subprocess
import time

from account import compare_sums, compare_threads
from trial import SKIP, Trial, expect

THREADS = 3


def stand_still(trial, seconds):
    """Stops the collector for so long; how many calls were made in the last fifth of that."""
    os.kill(trial.running.pid, signal.SIGSTOP)
    time.sleep(seconds * 0.8)
    before = sum(row.made for row in trial.rows())
    time.sleep(seconds * 0.2)
    made = sum(row.made for row in trial.rows()) - before
    os.kill(trial.running.pid, signal.SIGCONT)
    return made


def record_stopped(tools, chance, policy, is_long):
    """The calls made while the collector stood still, and the trace, after the program has gone on for a while."""
    trial = Trial(tools)
    try:
        trial.start(THREADS, 1, [f'--on-full={policy}', '--buffer=64K'])
        time.sleep(chance.uniform(0, 0.2))
        stalled = stand_still(trial, 3 if is_long else 2)
        before = trial.made()
        time.sleep(0.3)
        resumed = sum((trial.made() - before).values())
        trial.stop()
        status, said = trial.finish()
        expect(status == 0, f'the recorder ended with {status}: {said}')
        told, total = trial.tally()
        expect(total.closed and not total.missing and not total.damaged, f'{total}')
        expect(resumed > 0, 'the program has not gone on')
        trial.check()
        print(f'  {policy}: {sum(trial.made().values())} calls made, {total.events} in the trace, {total.lost} lost')
        return trial.made(), stalled, told, total
    finally:
        trial.cleanup()


def stopped_wait(tools, chance, is_long):
    made, stalled, told, total = record_stopped(tools, chance, 'wait', is_long)
    expect(stalled == 0, f'{stalled} calls were made although the rings were full')
    expect(total.lost == 0, f'{total.lost} lost')
    compare_threads(made, told, exact={pid for pid, _ in made})


def stopped_drop(tools, chance, is_long):
    made, stalled, told, total = record_stopped(tools, chance, 'drop', is_long)
    expect(stalled > 0 and total.lost > 0, f'{stalled} calls while the collector stood still, {total.lost} lost')
    for thread, count in made.items():
        events, lost = told[thread].events, told[thread].lost
        expect(events == told[thread].distinct and events + lost == count, f'thread {thread} made {count} calls; {events} in the trace, {lost} lost')
    expect(total.events + total.lost == sum(made.values()), f'{total}, made {sum(made.values())}')


def stopped_overwrite(tools, chance, is_long):
    made, stalled, told, total = record_stopped(tools, chance, 'overwrite', is_long)
    expect(stalled > 0, 'the program waited')
    for thread, count in made.items():
        events, distinct, first, last, lost = told[thread]
        expect(last == count - 1, f'thread {thread} made {count} calls, the newest in the trace is number {last}')
        expect(events == distinct == last - first + 1, f'thread {thread}: {first} to {last}, but {events} calls')
        # what says that the thread began may be written over, too
        expect(count <= events + lost <= count + 2, f'thread {thread} made {count} calls; {events} in the trace, {lost} lost')


def disk_full(tools, chance, is_long):
    """Log and live area on a disk with no room: the program is unharmed, all it made is written or counted, and it is said."""
    trial = Trial(tools)
    disk = trial.folder / 'disk'
    disk.mkdir()
    # a log that comes slowly is compressed well, and takes 1.9 MiB
    if os.geteuid() or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'none', disk], capture_output=True).returncode:
        trial.cleanup()
        print('  left out: needs to mount a small disk')
        return SKIP
    trial.log, trial.live = disk / trial.log.name, disk / trial.live.name
    try:
        trial.start(THREADS, 2, ['--buffer=64K'], calls=3000000 if is_long else 600000, wait=False)
        status, said = trial.finish(100)
        expect(status == 0, f'the recorder ended with {status}: {said}')
        expect(re.search(r"^ipctrace: cannot write '.*': No space left on device; [\d,]+ events are lost$", said, re.M), f'said: {said}')
        _, total = trial.tally()
        expect(total.closed and not total.missing and total.lost > 0, f'{total}')
        compare_sums(trial, total)
        code, text = trial.check()
        expect(code == 4 and 'could not be written' in text, f'check: {code}\n{text}')
        print(f'  {total.events} calls in the trace, {total.lost} lost')
    finally:
        subprocess.run(['umount', '-l', disk], check=True)
        trial.cleanup()
    return 0


CASES = {'stopped-wait': stopped_wait, 'stopped-drop': stopped_drop, 'stopped-overwrite': stopped_overwrite, 'disk-full': disk_full}
