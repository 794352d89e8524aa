# SPDX-License-Identifier: MIT
"""Kill programs, the collector, or both, while they work."""
import os
import signal
import time

from account import compare_sums, compare_threads
from trial import Trial, Wrong, expect, is_alive


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
        expect(total.lost == 0, f'{total.lost} lost')
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
        # where a program lived on for a moment, what found no room in its ring then is counted
        compare_threads(before, told)
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
