#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The recorded peer when something is wrong, and the options that let more pass. Argument: the command, [--long].

Each trouble is one clear line and its status, and leaves no process behind.
"""
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

IPCTRACE, PYTHON, PATIENCE = os.path.realpath(sys.argv[1]), '/usr/bin/python3', 60
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'programs'))
from program import descendants, wait_until
import record_change

# Says its words, one after the other, and prints what it hears; `sleep` is slept.
CLIENT = '''import socket, sys, time
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    for word in sys.argv[2:]:
        if word == "sleep":
            print("sleeping", flush=True)
            time.sleep(1000)
        connection.sendall(word.encode("latin-1"))
        print(connection.recv(100).decode(), flush=True)
'''


class Upper(threading.Thread):
    """A server that says everything in capitals."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                while word := connection.recv(100):
                    connection.sendall(word.upper())

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def ipctrace(*argv, status=0):
    done = subprocess.run([IPCTRACE, *map(str, argv)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == status, f'{argv}: status {done.returncode}: {done.stdout}{done.stderr}'
    return done


class Trial:
    def __init__(self, folder):
        self.folder, self.client = pathlib.Path(folder), pathlib.Path(folder) / 'client.py'
        self.client.write_text(CLIENT)
        self.server = Upper()
        self.log = self.record('log', 'hello', 'id=12345;', 'bye')

    def words(self, *words):
        return [PYTHON, '-S', self.client, self.server.port, *words]

    def record(self, name, *words, size='1M'):
        log = self.folder / f'{name}.ipct'
        ipctrace('record', '-q', '-s', size, '-o', log, '--', *self.words(*words))
        return log

    def play(self, *options, words=('hello', 'id=12345;', 'bye'), log=None, status=0):
        return ipctrace('replay', '--peer', *options, log or self.log, '--', *self.words(*words), status=status)

    def refused(self, *options, reason, log=None, command=None):
        done = ipctrace('replay', '--peer', *options, log or self.log, '--', *(command or self.words('hello')), status=2)
        assert done.stderr.count('\n') == 1 and reason in done.stderr and not done.stdout, done.stderr

    def refuses_what_it_cannot_play(self):
        self.refused(log=self.record('cut', 'hello' * 10, size='4'), reason='received bytes are not in the trace; record with -s 1M')
        self.refused(log=self.record('tls', '\x16\x03\x01\x05\x05hello'), reason='it is TLS')
        self.refused(log=self.folder / 'none.ipct', reason='none.ipct')
        self.refused(command=['/no/such/program'], reason="cannot run '/no/such/program'")
        self.refused('--mask', '(', reason='--mask (')
        half = self.folder / 'half.ipct'
        whole = self.log.read_bytes()
        half.write_bytes(whole[:len(whole) * 2 // 3])
        self.refused(log=half, reason='it is damaged')
        ipctrace('record', '-q', '-o', self.folder / 'alone.ipct', '--', 'true')
        self.refused(log=self.folder / 'alone.ipct', reason='it has nobody who was not recorded as well')
        ipctrace('replay', '--peer', self.log, status=2)
        gone = Upper()
        self.server, server = gone, self.server
        log = self.record('gone', 'hello')
        gone.stop()
        self.server = server
        done = ipctrace('replay', '--peer=clients', log, status=2)
        assert done.stderr == f'ipctrace: cannot connect to 127.0.0.1:{gone.port}: Connection refused\n', done.stderr

    def says_in_info_what_it_can_serve(self):
        def classed(name):
            told = json.loads(ipctrace('info', '--json', self.folder / f'{name}.ipct').stdout)['replay']
            text = ipctrace('info', self.folder / f'{name}.ipct').stdout
            assert all(reason['why'] in text for reason in told['reasons']), text
            return told['class'], ' '.join(reason['why'] for reason in told['reasons'])
        assert classed('log') == ('recorded peer', '')
        for name, serves, why in (('cut', 'run again without payload', 'record with -s 1M'), ('tls', 'run again', 'TLS'),
                                  ('half', 'print', 'damaged'), ('alone', 'run again', 'nobody was connected to')):
            assert classed(name)[0] == serves and why in classed(name)[1], classed(name)

    def says_what_is_different(self):
        told = self.play(words=['hello', 'id=54321;', 'bye'], status=1)
        assert told.stdout == 'HELLO\n' and 'byte 8 of what the program sends, message 2' in told.stderr, told.stderr
        told = self.play('--lenient', words=['hello', 'id=54321;', 'bye'], status=1)
        assert told.stdout == 'HELLO\nID=12345;\nBYE\n' and '2 of 3 messages matched' in told.stderr, told.stderr
        told = self.play('--mask', 'id=([0-9]+)', words=['hello', 'id=54321;', 'bye'])
        assert told.stdout == 'HELLO\nID=12345;\nBYE\n' and '3 of 3 messages matched, 1 masked: same' in told.stderr, told.stderr
        told = self.play('--mask', 'id=([0-9]+)', words=['hello', 'id=1;', 'bye'])
        assert '3 of 3 messages matched, 1 masked: same' in told.stderr, told.stderr
        told = self.play(words=['hello'], status=1)
        assert 'nothing more: it closed the connection' in told.stderr, told.stderr
        told = self.play(words=['hello', 'id=12345;', 'bye', 'and more'], status=1)
        assert 'recorded nothing more' in told.stderr, told.stderr
        told = ipctrace('replay', '--peer', self.log, '--', 'true', status=1)
        assert 'the program ended without it' in told.stderr and 'exited with 0' in told.stderr, told.stderr

    def lets_new_connections_pass(self):
        twice = [*map(str, self.words('hello', 'id=12345;', 'bye'))]
        twice = ['/bin/sh', '-c', '"$@"; "$@"', 'sh', *twice]
        told = ipctrace('replay', '--peer', self.log, '--', *twice, status=1)
        assert 'the record has no such connection, or no further one' in told.stderr, told.stderr
        again = self.folder / 'again.ipct'
        told = ipctrace('replay', '--peer', '--passthrough', '-o', again, self.log, '--', *twice)
        assert told.stdout == 'HELLO\nID=12345;\nBYE\n' * 2 and '1 connections to real peers' in told.stderr, told.stderr
        # the run was recorded as the program saw it, so it can be played whole: the server is not asked
        self.server.stop()
        told = ipctrace('replay', '--peer', again, '--', *twice)
        assert told.stdout == 'HELLO\nID=12345;\nBYE\n' * 2 and '2 of 2 conversations, 6 of 6' in told.stderr, told.stderr

    def survives_spoilt_records(self, count):
        spoilt, chance = self.folder / 'spoilt.ipct', random.Random(1)
        for _ in range(count):
            record_change.spoil(self.log, spoilt, chance)
            for command in ['replay', '--peer', '--timeout', '5s', spoilt, '--', 'true'], ['info', spoilt]:
                done = subprocess.run([IPCTRACE, *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
                assert done.returncode in (0, 1, 2, 4) and len(done.stderr) < 5000, (done.returncode, done.stderr[:1000])

    def leaves_nothing_behind(self):
        told = self.play('--timeout', '5s', words=['hello', 'sleep'], status=4)
        assert told.stdout == 'HELLO\nsleeping\n' and 'byte 5 of what the program sends is waited for' in told.stderr, told.stderr
        for number in signal.SIGINT, signal.SIGTERM:
            playing = subprocess.Popen([IPCTRACE, 'replay', '--peer', self.log, '--', '/bin/sh', '-c', '"$@" & wait', 'sh',
                                        *map(str, self.words('hello', 'sleep'))], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert playing.stdout.readline() == 'HELLO\n'
            processes = descendants(playing.pid)
            assert len(processes) == 3, processes
            begun = time.monotonic()
            playing.send_signal(number)
            told = playing.communicate(timeout=PATIENCE)[1]
            assert playing.returncode == 4 and 'interrupted' in told and time.monotonic() - begun < 20, (playing.returncode, told)
            wait_until('processes are left behind', lambda: not any(map(os.path.exists, (f'/proc/{pid}' for pid in processes))))


with tempfile.TemporaryDirectory() as folder:
    trial = Trial(folder)
    trial.play()
    trial.refuses_what_it_cannot_play()
    trial.says_in_info_what_it_can_serve()
    trial.says_what_is_different()
    trial.leaves_nothing_behind()
    trial.survives_spoilt_records(2000 if '--long' in sys.argv else 25)
    trial.lets_new_connections_pass()
