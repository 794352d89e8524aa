#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs recorded programs again, and looks whether all came to the same, in order, and nothing is left.

  test_again.py IPCTRACE NAME PROGRAMS [--long]    NAME is one of the cases below, PROGRAMS the folder of our own ones

Long: 20 times at every pace, else once or twice.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'programs'))
from program import PATIENCE, SKIPPED, Skip, port_find, program_find, wait_until
import record_change

IPCTRACE, NAME, PROGRAMS = os.path.realpath(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
ROUNDS = 20 if '--long' in sys.argv else 1
PACES = ['think', 'original', 'max']


class Place:
    """A folder of its own, in which everything that a replay makes would show."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.temporary = self.folder / 'tmp'
        self.temporary.mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(('IPCTRACE_', 'LD_'))}
        self.environment |= {'LC_ALL': 'C', 'TMPDIR': str(self.temporary), 'PATH': os.environ['PATH'] + ':/usr/sbin:/sbin'}

    def run(self, *argv, status=0):
        done = subprocess.run([str(word) for word in argv], cwd=self.folder, env=self.environment, text=True, capture_output=True,
                              timeout=PATIENCE, stdin=subprocess.DEVNULL)
        assert status is None or done.returncode == status, \
            f'{argv}: status {done.returncode}, expected {status}\n{done.stdout}{done.stderr}'
        return done

    def record(self, *argv, name='trace.ipct'):
        """Payload is kept whole."""
        self.run(IPCTRACE, 'record', '-q', '-s', '64K', '-o', name, '--', *argv, status=None)
        return self.folder / name

    def replay(self, trace, *options, status=0):
        done = self.run(IPCTRACE, 'replay', '--json', '--timeout', '20s', *options, trace, status=None)
        if done.returncode != status:
            told = self.run(IPCTRACE, 'replay', '--timeout', '20s', *options, trace, status=None)
            raise AssertionError(f'{options}: status {done.returncode}, expected {status}\n{done.stdout}{done.stderr}'
                                 f'once more: {told.returncode}\n{told.stdout}{told.stderr}')
        self.look_clean()
        return json.loads(done.stdout)['replay']

    def look_clean(self):
        left = [path.name for path in self.temporary.iterdir()]
        assert not left, f'left behind: {left}'
        folder = f'{self.temporary}/'.encode()
        for process in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
            try:
                assert not process.read_bytes().startswith(folder), f'still running: {process}'
            except OSError:
                pass


def objects_ours():
    """System V objects that begin with the private byte."""
    rows = [line.split() for name in ('msg', 'sem', 'shm') for line in pathlib.Path(f'/proc/sysvipc/{name}').read_text().splitlines()[1:]]
    return [row[:2] for row in rows if int(row[0]) & 0xff000000 == 0x7e000000]


def look_objects():
    """Other replays may have some at the same time, but not for long."""
    known = objects_ours()
    wait_until(f'{known} is gone', lambda: not any(row in objects_ours() for row in known))


def check_same(place, trace, least=0.9, shared=True):
    """All that can be made comes to the same, in the recorded order."""
    for number in range(ROUNDS):
        for pace in PACES if ROUNDS > 1 else PACES[:1] + PACES[2:]:
            told = place.replay(trace, f'--pace={pace}')
            assert told['same'] == told['replayed'] and not told['missing'] and not told['broken_edges'], (pace, told)
            assert told['replayed'] >= least * told['calls'], told
    check_verified(place, trace)
    if shared:
        told = place.replay(trace, '--shared', '--pace=max')
        assert told['same'] == told['replayed'], told
        look_objects()


def check_verified(place, trace):
    """The replay is recorded, and diff finds nothing: what is only played, or not made, is no difference."""
    told = place.run(IPCTRACE, 'replay', '--verify', '--pace=max', trace)
    assert 'same: 0 differences' in told.stdout, told.stdout
    compared = int(told.stdout.split('same: 0 differences, ')[1].split()[0])
    assert compared, told.stdout
    place.look_clean()


def check_verified_otherwise(place, trace, old, new, call):
    """A record in which something was changed is no record of what is made: diff says where."""
    changed = place.folder / 'otherwise.ipct'
    record_change.replace(trace, changed, old, new)
    told = place.run(IPCTRACE, 'replay', '--verify', '--pace=max', changed, status=1).stdout
    assert '\ndifferent: ' in told and f' {call} on ' in told, told
    place.look_clean()


def case_workers(place):
    """Producers and consumers in threads, on System V objects; and a message of which one byte was changed."""
    trace = place.record(PROGRAMS / 'again-workers')
    check_same(place, trace, 1)
    changed = place.folder / 'changed.ipct'
    # what is sent changes, the hash of what was received does not
    record_change.replace(trace, changed, b'\x07' + b'b' * 47, b'\x07' + b'b' * 20 + b'X' + b'b' * 26)
    told = place.run(IPCTRACE, 'replay', changed, status=1).stdout
    assert told.count('differs: ') == 1 and 'msgrcv' in told and 'received other bytes' in told, told


def case_rights(place):
    """An AF_UNIX server that hands descriptors to its clients."""
    trace = place.record(PROGRAMS / 'again-rights', place.folder / 'socket')
    check_same(place, trace, 1)
    check_verified_otherwise(place, trace, b'through the pipe', b'thrXugh the pipe', 'write')


def case_forkserver(place):
    """Eight workers on one listener."""
    check_same(place, place.record(PROGRAMS / 'again-forkserver'), 1)


def case_plumbing(place):
    """Pipes, pairs, a POSIX queue, eventfd, poll, select, epoll; a file and the output are played."""
    check_same(place, place.record(PROGRAMS / 'again-plumbing'))


SHELL_REDIS = '''{server} --port {port} --bind 127.0.0.1 --save "" >/dev/null &
until {cli} -p {port} ping >/dev/null 2>&1; do sleep 0.1; done
for i in 1 2 3; do {cli} -p {port} incr visits >/dev/null; done
{cli} -p {port} lpush list x y z >/dev/null; {cli} -p {port} lrange list 0 -1 >/dev/null
{cli} -p {port} shutdown nosave >/dev/null 2>&1; wait'''

SHELL_NGINX = '''{server} -c {folder}/nginx.conf & server=$!
until {curl} -s -o /dev/null http://127.0.0.1:{port}/; do sleep 0.1; done
{curl} -s -o /dev/null http://127.0.0.1:{port}/big; {curl} -s -o /dev/null http://127.0.0.1:{port}/none
kill $server; wait'''


def case_redis(place):
    """A redis server and its clients, all recorded; then the clients alone, whose server is played."""
    words = {'server': program_find('redis-server'), 'cli': program_find('redis-cli'), 'port': port_find()}
    check_same(place, place.record('/bin/sh', '-c', SHELL_REDIS.format(**words)), 0.5)
    server = subprocess.Popen([words['server'], '--port', str(words['port']), '--bind', '127.0.0.1', '--save', ''],
                              cwd=place.folder, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while subprocess.run([words['cli'], '-p', str(words['port']), 'ping'], capture_output=True).stdout != b'PONG\n':
            time.sleep(0.05)
        trace = place.record(words['cli'], '-p', words['port'], '-r', '20', 'incr', 'visits', name='client.ipct')
    finally:
        server.kill()
        server.wait()
    check_same(place, trace, 0.7)
    check_verified_otherwise(place, trace, b'incr', b'decr', 'send')


def case_nginx(place):
    """nginx with two workers, and curl."""
    words = {'server': program_find('nginx'), 'curl': program_find('curl'), 'port': port_find(), 'folder': place.folder}
    (place.folder / 'www').mkdir()
    (place.folder / 'www' / 'index.html').write_text('hello')
    (place.folder / 'www' / 'big').write_text('0123456789abcde\n' * 4096)
    temporary = ' '.join(f'{name}_temp_path {place.folder}/{name};' for name in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    (place.folder / 'nginx.conf').write_text(
        f'worker_processes 2; daemon off; error_log /dev/null; pid {place.folder}/pid; events {{ worker_connections 64; }}\n'
        f'http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{words["port"]}; root {place.folder}/www; }} }}\n')
    check_same(place, place.record('/bin/sh', '-c', SHELL_NGINX.format(**words)), 0.5)


WORKERS = """
import multiprocessing

def square(end):
    end.send(('square', end.recv() ** 2))

if __name__ == '__main__':
    for number in range(3):
        here, there = multiprocessing.Pipe()
        worker = multiprocessing.Process(target=square, args=(there,))
        worker.start()
        here.send(number)
        print(here.recv())
        worker.join()
"""


def case_pool(place):
    """Processes of python, whose files are played; then ones that answer otherwise than their record says."""
    script = place.folder / 'workers.py'
    script.write_text(WORKERS)
    trace = place.record('/usr/bin/python3', '-S', script)
    check_verified(place, trace)
    check_verified_otherwise(place, trace, b'square', b'sphere', 'write')


def case_crowd(place):
    """Many threads; long: a million calls over 64 threads."""
    count = 1000000 if ROUNDS > 1 else 20000
    trace = place.record(PROGRAMS / 'again-crowd', 64, count)
    told = place.replay(trace, '--pace=max')
    assert told['same'] == told['calls'] >= count and not told['broken_edges'], told


REFUSED = """
import os, socket, sys, time
address = ('127.0.0.1', int(sys.argv[1]))
child = os.fork()
if not child:
    with socket.socket() as client:
        os._exit(client.connect_ex(address) == 0)
time.sleep(0.1)
with socket.create_server(address):
    status = os.waitpid(child, 0)[1]
os._exit(status != 0)
"""


def case_refused(place):
    """Who was refused comes before the listener, although its call returned when there was one."""
    script = place.folder / 'refused.py'
    script.write_text(REFUSED)
    trace = place.folder / 'trace.ipct'
    traced = dict(word.split('=', 1) for word in place.run(IPCTRACE, 'env', '-s', '64K', '-o', trace).stdout.split())
    traced['LD_PRELOAD'] += f":{PROGRAMS / 'late.so'}"  # behind ours: in the call that is recorded
    place.run('/usr/bin/env', *map('='.join, traced.items()), '/usr/bin/python3', '-S', script, port_find())
    wait_until('the trace is closed', lambda: not place.run(IPCTRACE, 'check', '-q', trace, status=None).returncode)
    listens, (refused,) = (events_of(place, trace, call) for call in ('listen', 'connect'))
    assert refused['errno'] == 'ECONNREFUSED' and refused['time'] + refused['duration'] > listens[0]['time'] > refused['time']
    for _ in range(10):
        told = place.replay(trace, '--pace=max')
        assert told['same'] == told['replayed'] and not told['missing'], told


RESTORED = """
import os
ready, go = os.pipe()

def restore():
    kept = os.dup(1)
    os.close(1)
    os.dup2(os.open('/dev/null', os.O_WRONLY), 1)
    os.dup2(kept, 1)

child = os.fork()
if not child:
    os.read(ready, 1)
    restore()
    os._exit(0)
restore()
os.write(go, b'x')
os._exit(os.waitpid(child, 0)[1] != 0)
"""


def case_restored(place):
    """A child has the descriptors that were open when it was forked, whatever its parent has done with their numbers before it comes to act."""
    script = place.folder / 'restored.py'
    script.write_text(RESTORED)
    check_same(place, place.record('/usr/bin/python3', '-S', script), 0.3)


def events_of(place, trace, call):
    return [json.loads(line) for line in place.run(IPCTRACE, 'print', '-q', '--json', '-e', call, trace).stdout.splitlines()]


def case_trouble(place):
    """What cannot be run again is refused in a line; a stopped replay leaves nothing."""
    trace = place.record(PROGRAMS / 'again-workers')
    whole = trace.read_bytes()
    short = place.folder / 'short.ipct'
    short.write_bytes(whole[:len(whole) * 2 // 3])
    text = place.folder / 'text.ipct'
    text.write_text('no trace\n')
    filtered = place.folder / 'filtered.ipct'
    place.run(IPCTRACE, 'record', '-q', '-e', 'msgsnd', '-o', filtered, '--', PROGRAMS / 'again-workers')
    other = place.folder / 'other.ipct'
    record_change.replace(trace, other, b'x86_64', b'mips64')
    for path in (short, text, filtered, other, place.folder / 'none.ipct'):
        done = place.run(IPCTRACE, 'replay', path, status=2)
        assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith('ipctrace'), done.stderr
        place.look_clean()
    planned = place.run(IPCTRACE, 'replay', '--dry-run', trace).stdout
    assert planned.startswith('would start 1 process with 7 threads'), planned
    done = place.run(IPCTRACE, 'replay', '-o', place.folder / 'none' / 'again.ipct', trace, status=2)
    assert done.stderr == f"ipctrace replay: cannot write '{place.folder}/none/again.ipct': No such file or directory\n", done.stderr
    assert not done.stdout, 'it was run'
    done = place.run(IPCTRACE, 'replay', '-o', '/dev/full', trace, status=2)
    assert done.stderr == "ipctrace replay: cannot write '/dev/full': Operation not supported\n" and not done.stdout, done
    place.run(IPCTRACE, 'replay', '-o', place.folder / 'left.ipct', text, status=2)
    assert not (place.folder / 'left.ipct').exists()
    stop_by_signal(place)
    leave_nobody(place)


def descendants(pid):
    try:
        children = [int(child) for task in os.listdir(f'/proc/{pid}/task')
                    for child in open(f'/proc/{pid}/task/{task}/children').read().split()]
    except FileNotFoundError:
        return []
    return children + [below for child in children for below in descendants(child)]


def is_alive(pid):
    try:
        return open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def leave_nobody(place):
    """The replay is killed, and cannot end its players itself: they find out."""
    replay = subprocess.Popen([IPCTRACE, 'replay', '--pace=0.01', str(place.folder / 'slow.ipct')], cwd=place.folder,
                              env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until('it has a player', lambda: descendants(replay.pid))
    players = descendants(replay.pid)
    replay.kill()
    replay.wait()
    wait_until('the players end without a replay', lambda: not any(map(is_alive, players)))


def stop_by_signal(place):
    """While it waits for the time of a call."""
    trace = place.record(PROGRAMS / 'again-rights', place.folder / 'socket', '20', name='slow.ipct')
    for options in ([], ['--shared'], ['--verify']):
        replay = subprocess.Popen([IPCTRACE, 'replay', *options, str(trace)], cwd=place.folder, env=place.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.7)
        assert replay.poll() is None, 'it is over already'
        replay.send_signal(signal.SIGINT)
        assert replay.wait(PATIENCE) == -signal.SIGINT
        place.look_clean()
        look_objects()


def main():
    try:
        with tempfile.TemporaryDirectory(prefix='again') as folder:
            globals()[f'case_{NAME}'](Place(folder))
    except Skip as reason:
        print(f'skipped: {reason}')
        sys.exit(SKIPPED)


main()
