# SPDX-License-Identifier: MIT
"""Many threads, many processes, many events: nothing is lost, and nobody's memory grows with them."""
import re
import struct
import subprocess
import time

from account import compare_sums
from trial import Trial, expect, memory_of

SLOTS_USED = 72  # offset in struct live_control
COLLECTOR_KB = 96 << 10


def used_slots(trial):
    try:
        with open(trial.live, 'rb') as file:
            return struct.unpack_from('<I', file.read(128), SLOTS_USED)[0]
    except FileNotFoundError:
        return 0


class Watch:
    """The most that the recorder took of memory of its own and of slots, while it ran."""
    def __init__(self, trial):
        self.trial, self.collector, self.program, self.slots = trial, [], [], 0

    def run(self, seconds):
        end = time.monotonic() + seconds
        while self.trial.running.poll() is None and time.monotonic() < end:
            self.collector.append(memory_of(self.trial.running.pid, 'RssAnon'))
            self.program.append(max((memory_of(pid, 'RssAnon') for pid in self.trial.pids()), default=0))
            self.slots = max(self.slots, used_slots(self.trial))
            time.sleep(0.02)


def crowd(tools, kind, count, at_once, calls):
    trial = Trial(tools)
    try:
        trial.running = subprocess.Popen([trial.ipctrace, 'record', '-o', trial.log, '-e', 'shutdown', '--buffer=64K', '--', trial.programs / 'crowd',
                                          kind, *map(str, (count, at_once, calls))], stderr=subprocess.PIPE, text=True)
        watch = Watch(trial)
        watch.run(120)
        _, said = trial.running.communicate(timeout=10)
        expect(trial.running.returncode == 0 and ' 0 lost ' in said, f'{trial.running.returncode}: {said}')
        told, total = trial.tally()
        expect(total.events == count * calls, f'{total.events} calls of {count * calls} in the trace')
        expect(max(watch.collector) < COLLECTOR_KB, f'the collector took {max(watch.collector)} KiB')
        begun = int(re.search(r' ([\d,]+) ' + kind[:-2], said).group(1).replace(',', ''))
        expect(begun == count + 1, f'{begun} {kind} in the summary: {said}')
        expect(len(told) <= count, f'{len(told)} threads')
        code, text = trial.check()
        expect(code == 0, text)
        print(f'  {count} {kind}, {at_once} at once: {watch.slots} slots, {max(watch.collector)} KiB in the collector')
    finally:
        trial.cleanup()


def threads(tools, chance, is_long):
    crowd(tools, 'threads', 2000, 20, 10)
    crowd(tools, 'threads', 2000, 1000, 10)
    if is_long:
        crowd(tools, 'threads', 50000, 100, 10)


def slots(tools, chance, is_long):
    """More threads at once than there are slots: those without one go on, and their calls are counted."""
    trial = Trial(tools)
    try:
        command = [trial.ipctrace, 'record', '-o', trial.log, '-e', 'shutdown', '--buffer=64K', '--', trial.programs / 'crowd', 'threads', '5000', '5000', '10']
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        expect(done.returncode == 0, f'{done.returncode}: {done.stderr}')
        _, total = trial.tally()
        expect(total.closed and total.events + total.lost == 50000 and total.lost > 0, f'50000 calls made, {total}')
        code, text = trial.check()
        expect(code == 4 and f' {total.lost} without a buffer' in text, f'check: {code}\n{text}')
        print(f'  5000 threads: {total.events} calls in the trace, {total.lost} lost for want of a slot')
    finally:
        trial.cleanup()


def processes(tools, chance, is_long):
    crowd(tools, 'processes', 1000, 20, 10)
    if is_long:
        crowd(tools, 'processes', 1000, 1000, 10)
        crowd(tools, 'processes', 20000, 50, 10)


def events(tools, chance, is_long):
    """The memory of recorder and program is flat: as much after a fifth of the events as at the end."""
    trial = Trial(tools)
    each, workers = (500000000, 2) if is_long else (5000000, 2)
    try:
        trial.start(workers, 1, calls=each)
        watch, began = Watch(trial), time.monotonic()
        watch.run(3000)
        seconds = time.monotonic() - began
        status, said = trial.finish()
        expect(status == 0 and ' 0 lost ' in said, f'{status}: {said}')
        for name, samples in ('recorder', watch.collector), ('program', watch.program):
            early, late = max(samples[:len(samples) // 5 + 1]), max(samples)
            expect(late <= early + max(1024, early // 10), f'the {name} grew from {early} to {late} KiB')
        expect(max(watch.collector) < COLLECTOR_KB, f'the collector took {max(watch.collector)} KiB')
        counted = int(re.search(r'ipctrace: ([\d,]+) events', said).group(1).replace(',', ''))
        expect(counted == each * workers, f'{counted} events, {each * workers} made')
        if not is_long:
            compare_sums(trial, trial.tally()[1])
        code, text = trial.check()
        expect(code == 0, text)
        print(f'  {counted} events in {seconds:.0f} s, {trial.log.stat().st_size / counted:.2f} B an event; '
              f'{max(watch.collector)} KiB in the recorder, {max(watch.program)} KiB in the program')
    finally:
        trial.cleanup()


CASES = {'threads': threads, 'slots': slots, 'processes': processes, 'events': events}
