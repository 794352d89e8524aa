#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every change of mutate-log does what it says and nothing else.

  test_mutate.py IPCTRACE MUTATE_LOG IPC_WORKERS     two logs are recorded, changed, and compared as print --json shows them
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

IPCTRACE, MUTATE, WORKERS = map(os.path.realpath, sys.argv[1:4])
PATIENCE = 60
TIMES = ('time', 'duration')

# Two clients and a thread that answers both, over ports that the kernel chooses.
TALK = '''import socket, threading
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(5)
clients = [socket.create_connection(listener.getsockname()) for _ in range(2)]
ends = [listener.accept()[0] for _ in clients]
def answer():
    for i in range(40):
        ends[i % 2].sendall(b"echo " + ends[i % 2].recv(300))
thread = threading.Thread(target=answer)
thread.start()
for i in range(40):
    clients[i % 2].sendall(b"a question with letters " * 4)
    clients[i % 2].recv(1000)
thread.join()
'''

# Two threads that have nothing to do with each other.
BUSY = '''import socket, threading, time
def work():
    here, there = socket.socketpair()
    for i in range(60):
        here.sendall(b"text")
        there.recv(4)
        time.sleep(0.0005)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
'''


def run(*argv, status=0):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == status, f'{argv}: status {done.returncode}: {done.stdout}{done.stderr}'
    return done


def record(log, *argv):
    run(IPCTRACE, 'record', '-s', 4096, '-o', log, '--', *argv)
    return log


def record_workers(log, how):
    """A run in which all workers were there before one of them got anything done; on a busy machine that takes some luck."""
    for _ in range(10):
        log.unlink(missing_ok=True)
        record(log, WORKERS, 'competing', how)
        if subprocess.run([MUTATE, log, log.with_name('changed.ipct'), 'workers'], stdout=subprocess.DEVNULL, timeout=PATIENCE).returncode == 0:
            return log
    raise AssertionError(f'no two {how} that could have swapped their work in ten runs')


def read(log):
    """The events in order of time; every thread's apart."""
    events = [json.loads(line) for line in run(IPCTRACE, 'print', '-q', '--json', log).stdout.splitlines()]
    threads = collections.defaultdict(list)
    for event in events:
        threads[event['pid'], event['tid']].append(event)
    return events, threads


def mutate(log, kind, seed=1, count=1, status=0):
    changed = log.with_name('changed.ipct')
    said = run(MUTATE, log, changed, f'--seed={seed}', kind, f'--count={count}', status=status).stdout
    run(IPCTRACE, 'check', changed)
    return changed, [json.loads(line) for line in said.splitlines()]


def without(event, *keys):
    return {key: value for key, value in event.items() if key not in keys}


def timeless(events, *more):
    return [without(event, *TIMES, *more) for event in events]


def only_one_differs(old, new, change):
    """The two events at the place of a change, when all others are as they were."""
    found = []
    for key, events in old.items():
        assert len(events) == len(new[key])
        found += [(key, number, a, b) for number, (a, b) in enumerate(zip(events, new[key])) if a != b]
    assert len(found) == 1, found
    key, number, a, b = found[0]
    assert (*key, number) == (change['pid'], change['tid'], change['sequence']), (found, change)
    assert a['call'] == change['call']
    return a, b


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def payloads(value):
    """All payloads in the arguments of an event."""
    if isinstance(value, dict):
        if {'length', 'hash', 'bytes'} <= value.keys():
            yield value
        else:
            for member in value.values():
                yield from payloads(member)
    elif isinstance(value, list):
        for member in value:
            yield from payloads(member)


def hashes_agree(events):
    """Where a payload was kept whole, its hash is that of its bytes."""
    seen = 0
    for event in events:
        for payload in payloads(event['args']):
            data = (payload['bytes'] or '').encode('latin-1')
            if payload['length'] == len(data) and data:
                number = payload['hash']
                assert (int(number, 16) if isinstance(number, str) else number) == crc32c(data), event
                seen += 1
    assert seen


def test_drop(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'drop', seed)
    key, number = (change['pid'], change['tid']), change['was-sequence']
    assert old[key][number]['call'] == change['call']
    del old[key][number]
    new = read(changed)[1]
    assert {key: timeless(events, 'object') for key, events in old.items()} == {key: timeless(events, 'object') for key, events in new.items()}


def test_duplicate(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'duplicate', seed)
    key, number = (change['pid'], change['tid']), change['sequence']
    new = read(changed)[1]
    assert timeless(new[key][number - 1:number]) == timeless(new[key][number:number + 1])
    del new[key][number]
    assert {key: timeless(events) for key, events in old.items()} == {key: timeless(events) for key, events in new.items()}


def test_reorder(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'reorder', seed)
    key, number = (change['pid'], change['tid']), change['sequence']
    assert change['was-sequence'] == number + 1
    assert old[key][number]['object'] == old[key][number + 1]['object']
    assert timeless(old[key][number:number + 1]) != timeless(old[key][number + 1:number + 2])
    old[key][number], old[key][number + 1] = old[key][number + 1], old[key][number]
    assert {key: timeless(events) for key, events in old.items()} == {key: timeless(events) for key, events in read(changed)[1].items()}


def test_errno(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'errno', seed)
    a, b = only_one_differs(old, read(changed)[1], change)
    assert b['result'] == -1 and b['errno'] == change['new'] != a['errno']
    assert without(a, 'result', 'errno', 'args', *TIMES) == without(b, 'result', 'errno', 'args', *TIMES)


def test_size(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'size', seed)
    events, new = read(changed)
    a, b = only_one_differs(old, new, change)
    assert str(a['result']) == change['old'] and str(b['result']) == change['new'] and b['result'] == a['result'] // 2
    assert without(a, 'result', 'args') == without(b, 'result', 'args')
    hashes_agree(events)


def test_payload(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'payload', seed)
    events, new = read(changed)
    a, b = only_one_differs(old, new, change)
    assert without(a, 'args') == without(b, 'args')
    [was], [is_now] = payloads(a['args']), payloads(b['args'])
    assert was['hash'] != is_now['hash'] and was['length'] == is_now['length']
    assert sum(x != y for x, y in zip(was['bytes'], is_now['bytes'])) == 1
    hashes_agree(events)


def test_wrong_object(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'wrong-object', seed)
    a, b = only_one_differs(old, read(changed)[1], change)
    assert (a['object'], b['object']) == (change['old'], change['new'])
    assert without(a['args'], change['field']) == without(b['args'], change['field'])
    assert without(a, 'object', 'args') == without(b, 'object', 'args')


def test_flag(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'flag', seed)
    a, b = only_one_differs(old, read(changed)[1], change)
    assert without(a, 'args') == without(b, 'args')
    was, is_now = json.dumps(a['args']), json.dumps(b['args'])
    assert (change['old'] or change['new']) in (was if change['old'] else is_now), (change, was, is_now)


def test_slow(log, seed):
    (old, _), (changed, [change]) = read(log), mutate(log, 'slow', seed)
    new = read(changed)[0]
    assert timeless(old) == timeless(new)
    calls, median = map(int, re.findall(r'\d+', change['old']))
    slower = sum(b['duration'] > 2.5 * a['duration'] for a, b in zip(old, new) if a['call'] == change['call'])
    assert slower >= calls, (slower, change)
    assert all(b['duration'] >= a['duration'] - 2 for a, b in zip(old, new))


def pair_threads(old, new):
    """The events of both, thread by thread: by when they were, since calls of one moment are in order of pids."""
    whens = {tuple((event['time'], event['call']) for event in events): events for events in new.values()}
    assert len(whens) == len(new) == len(old)
    return [pair for events in old.values() for pair in zip(events, whens[tuple((event['time'], event['call']) for event in events)])]


def says_number(args, number):
    """In letters, or as a word in what is sent or read; a file that an interpreter loads may have such a word by chance."""
    words = number.to_bytes(4, 'big'), number.to_bytes(4, 'little')
    return str(number) in json.dumps(args) or any(word in (payload['bytes'] or '').encode('latin-1')
                                                  for payload in payloads(args) for word in words)


def test_pids(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'pids', seed)
    pairs, numbers = pair_threads(old, read(changed)[1]), {}
    for a, b in pairs:
        for name in ('pid', 'tid'):
            assert numbers.setdefault(a[name], b[name]) == b[name] != a[name]
    assert len(set(numbers.values())) == len(numbers)
    for a, b in pairs:
        if a['call'] in ('fork', 'waitpid'):
            assert b['result'] == numbers.get(a['result'], a['result'])
        elif not any(says_number(a['args'], number) for number in numbers):
            assert without(a, 'pid', 'tid', 'result') == without(b, 'pid', 'tid', 'result')


WITH_PORTS = ('args', 'local', 'peer')


def ports_of(event):
    return [int(port) for port in re.findall(r'"port": (\d+)', json.dumps([event.get(where) for where in WITH_PORTS]))]


def test_ports(log, seed):
    (old, _), (changed, _) = read(log), mutate(log, 'ports', seed)
    new, numbers = read(changed)[0], {}
    for a, b in zip(old, new):
        assert without(a, *WITH_PORTS) == without(b, *WITH_PORTS)
        assert len(ports_of(a)) == len(ports_of(b))
        for was, is_now in zip(ports_of(a), ports_of(b)):
            assert numbers.setdefault(was, is_now) == is_now
    renamed = {was for was, is_now in numbers.items() if was != is_now}
    assert len(set(numbers.values())) == len(numbers) and all(32768 <= port < 60999 for port in renamed)
    assert len(renamed) == 3, numbers


def test_addresses(log, seed):
    (old, _), (changed, _) = read(log), mutate(log, 'addresses', seed)
    new = read(changed)[0]
    shifts = {a['result'] - b['result'] for a, b in zip(old, new) if a['call'] == 'mmap' and isinstance(a['result'], int)}
    assert timeless(old) != timeless(new)
    assert all(shift and shift % 4096 == 0 for shift in shifts)
    for a, b in zip(old, new):
        assert without(a, 'args', 'result', 'site') == without(b, 'args', 'result', 'site')
        assert list(payloads(a['args'])) == list(payloads(b['args']))


def test_interleaving(log, seed):
    changed, changes = mutate(log, 'interleaving', seed)
    (old, old_threads), (new, new_threads) = read(log), read(changed)
    assert timeless(old) != timeless(new), changes
    assert old_threads.keys() == new_threads.keys()
    for key, events in old_threads.items():
        assert timeless(events) == timeless(new_threads[key])
        for a, b in zip(events, new_threads[key]):
            assert abs(a['time'] + a['duration'] - b['time'] - b['duration']) <= 2


def stream(events):
    """What each thread received from each socket, in one piece, and in how many."""
    received, pieces = collections.defaultdict(str), 0
    for event in events:
        if event['call'] == 'recv' and event['result'] > 0:
            [payload] = payloads(event['args'])
            assert payload['length'] == event['result'] == len(payload['bytes'])
            received[event['tid'], event['object']] += payload['bytes']
            pieces += 1
    return received, pieces


def test_segmentation(log, seed):
    (old, _), (changed, changes) = read(log), mutate(log, 'segmentation', seed)
    new = read(changed)[0]
    (was, before), (is_now, after) = stream(old), stream(new)
    split = sum('+' in change['new'] for change in changes)
    assert was == is_now and after == before + split - (len(changes) - split) != before
    assert timeless(event for event in old if event['call'] != 'recv') == timeless(event for event in new if event['call'] != 'recv')
    hashes_agree(new)


def test_workers(log, seed):
    (_, old), (changed, [change]) = read(log), mutate(log, 'workers', seed)
    new = read(changed)[1]
    [first, second] = [[key for key in old if key[1] == int(tid)][0] for tid in change['old'].split(', ')]
    assert old.keys() == new.keys()
    for key, events in old.items():
        other = second if key == first else first if key == second else key
        names = ('pid', 'tid', 'object') if key != other else ('object',)
        assert timeless(events, *names) == timeless(new[other], *names)


def test_times(log, seed):
    (old, _), (changed, _) = read(log), mutate(log, 'times', seed)
    new = read(changed)[0]
    assert timeless(old) == timeless(new)
    assert any(a['duration'] != b['duration'] for a, b in zip(old, new))
    assert all(abs(a['duration'] - b['duration']) <= 0.03 * a['duration'] + 2 for a, b in zip(old, new))


# Which of the logs have something for the change.
TESTS = [(test_drop, 'talk threads processes'), (test_duplicate, 'talk threads'), (test_reorder, 'talk threads'), (test_errno, 'talk threads'),
         (test_size, 'talk threads'), (test_payload, 'talk threads'), (test_wrong_object, 'talk threads'), (test_flag, 'talk threads processes'),
         (test_slow, 'talk'), (test_pids, 'talk threads processes'), (test_ports, 'talk'), (test_addresses, 'talk threads'),
         (test_interleaving, 'busy'), (test_segmentation, 'talk threads'), (test_workers, 'threads processes'), (test_times, 'talk threads')]


def test_choice(log):
    """The same seed changes the same, another one something else; several changes are at several places."""
    first, changes = mutate(log, 'drop', 5, 3)
    content = first.read_bytes()
    assert len({(change['tid'], change['was-sequence']) for change in changes}) == 3
    assert mutate(log, 'drop', 5, 3)[1] == changes and first.read_bytes() == content
    assert mutate(log, 'drop', 6, 3)[1] != changes


def test_bad_input(log):
    out = log.with_name('bad.ipct')
    torn = log.with_name('torn.ipct')
    torn.write_bytes(log.read_bytes()[:-40])
    for argv in ((log.with_name('missing'), out, 'drop'), (torn, out, 'drop'), (log, out, 'nonsense'), (log, out), (log, out, 'drop', '--seed=x')):
        said = run(MUTATE, *argv, status=2).stderr
        assert len(said.splitlines()) == 1, said
    assert mutate(log, 'ports', status=1)[1] == []


def main():
    with tempfile.TemporaryDirectory(prefix='ipctrace-mutate-') as folder:
        os.chdir(folder)
        python = ['/usr/bin/python3', '-S', '-E', '-c']
        logs = {'talk': record(pathlib.Path(folder, 'talk.ipct'), *python, TALK), 'busy': record(pathlib.Path(folder, 'busy.ipct'), *python, BUSY)}
        for how in ('threads', 'processes'):
            logs[how] = record_workers(pathlib.Path(folder, how + '.ipct'), how)
        for test, names in TESTS:
            for name in names.split():
                for seed in (1, 2, 3):
                    try:
                        test(logs[name], seed)
                    except Exception:
                        print(f'{test.__name__} of {name} with seed {seed}:', file=sys.stderr)
                        raise
        test_choice(logs['threads'])
        test_bad_input(logs['threads'])


if __name__ == '__main__':
    main()
