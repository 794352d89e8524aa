#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Disturb recordings of a loaded program, and count: what a program had committed must be in the trace.

  run_faults.py IPCTRACE PROGRAMS [--long] [--seed=N] CASE...     PROGRAMS: the folder with the built subjects
"""
import os
import pathlib
import random
import signal
import sys
import time


from trial import Trial, Wrong, expect, is_alive

SKIP = 77  # what meson takes for "cannot be run here"


def compare_threads(committed, told, exact=()):
    """`committed` calls of each thread are there, once each and without a hole; of those in `exact` nothing else is."""
    for thread, made in committed.items():
        if not made and thread not in told:
            continue
        expect(thread in told, f'thread {thread} made {made} calls, none is in the trace')
        events, distinct, first, last, _ = told[thread]
        expect(events >= made, f'thread {thread} made {made} calls, {events} are in the trace')
        expect(events == distinct, f'thread {thread}: {events - distinct} calls are in the trace twice')
        expect(first == 0 and last - first + 1 == events, f'thread {thread}: {first} to {last}, but {events} calls')
        expect(thread[0] not in exact or events == made, f'thread {thread} made {made} calls, {events} are in the trace')


def compare_sums(trial, total):
    """What was made is in the trace or counted as lost; a call that was being made when its thread was killed may be."""
    made = sum(row.made for row in trial.rows())
    counted = total.events + total.lost
    expect(made <= counted <= made + len(trial.rows()), f'{made} calls made, {total.events} are in the trace and {total.lost} lost')


def killed_programs(trial, chance, victims, drops):
    """Kills some of the traced processes; those that are left go on for a while, and end as they would."""
    killed = set(victims)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    time.sleep(chance.uniform(0, 0.05))
    survivors = [pid for pid in trial.pids() if pid not in killed]
    expect(all(map(is_alive, survivors)), 'a survivor has died')
    trial.stop()
    status, said = trial.finish()
    expect(status == 0, f'the recorder ended with {status}: {said}')
    expect(not trial.live.exists(), 'the live area is still there')
    told, total = trial.tally()
    expect(total.closed and not total.missing and not total.damaged, f'{total}')
    if drops:
        compare_sums(trial, total)
    else:
        compare_threads(trial.made(), told, exact=survivors)
        expect(total.lost <= sum(row.pid in killed for row in trial.rows()), f'{total.lost} lost, of threads that were killed')
    code, text = trial.check()
    expect(code == (4 if total.lost else 0), f'check: {code}\n{text}')


def killed_collector(trial, chance, both, drops):
    """What was committed when the collector died is in the log or in the live area; the programs do not notice."""
    victims = trial.pids() + [trial.root] if both else []
    pids = [trial.running.pid, *victims]
    chance.shuffle(pids)
    before = trial.made()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    if not both:
        time.sleep(chance.uniform(0, 0.05))
        expect(all(map(is_alive, trial.pids())), 'a program died with the collector')
    trial.stop()
    trial.finish()
    told, total = trial.tally()
    # a frame that was being written may be torn: then what was in it is still in the live area
    expect(not total.missing and total.damaged <= 1, f'{total}')
    if not drops:
        compare_threads(trial.made() if both else before, told)
    compare_sums(trial, total)
    code, text = trial.check()
    expect(code == 4 and 'did not finish' in text, f'check: {code}\n{text}')


def kill_once(tools, chance):
    trial = Trial(tools)
    threads, processes = chance.choice([(1, 1), (2, 2), (4, 1), (1, 4), (3, 3)])
    kind = chance.choice(['programs', 'program', 'collector', 'both'])
    drops = chance.random() < 0.3
    options = [f'--on-full={"drop" if drops else "wait"}', f'--buffer={chance.choice(["64K", "512K"])}']
    try:
        trial.start(threads, processes, options, payloads=32 if kind in ('program', 'programs') and not drops else 0)
        time.sleep(chance.choice([0, 0.01, 0.1]) * chance.random())
        if kind == 'collector' or kind == 'both':
            killed_collector(trial, chance, kind == 'both', drops)
        else:
            killed_programs(trial, chance, trial.pids() if kind == 'programs' else [chance.choice(trial.pids())], drops)
    except Exception as trouble:
        raise Wrong(f'{kind} killed, {processes} processes of {threads} threads, {" ".join(options)}: {trouble}') from trouble
    finally:
        trial.cleanup()


def kills(tools, chance, is_long):
    for number in range(500 if is_long else 40):
        try:
            kill_once(tools, chance)
        except Wrong as wrong:
            raise Wrong(f'round {number}: {wrong}') from wrong
    print(f'  {number + 1} rounds')


CASES = {'kills': kills}


def main():
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    is_long = '--long' in sys.argv
    seed = next((int(word[7:]) for word in sys.argv if word.startswith('--seed=')), 1)
    tools, names = (str(pathlib.Path(words[0]).resolve()), pathlib.Path(words[1]).resolve()), words[2:]
    results = []
    for name in names or CASES:
        print(f'{name}:', flush=True)
        try:
            results.append(CASES[name](tools, random.Random(seed), is_long) or 0)
        except Wrong as wrong:
            print(f'  WRONG (seed {seed}): {wrong}')
            results.append(1)
    return 1 if 1 in results else SKIP if results and set(results) == {SKIP} else 0


if __name__ == '__main__':
    sys.exit(main())
