#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What SQLite reads of `ipctrace export --format=sqlite`. Argument: the command."""
import collections
import json
import os
import pathlib
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = os.path.realpath(sys.argv.pop(1))

PROGRAM = '''
import os, socket, tempfile, threading
listener = socket.create_server(('127.0.0.1', 0))

def serve():
    for _ in range(20):
        connection, _ = listener.accept()
        connection.sendall(connection.recv(100) * 10)
        connection.close()

thread = threading.Thread(target=serve)
thread.start()
for number in range(20):
    client = socket.create_connection(listener.getsockname())
    client.sendall(b'hello %d' % number)
    while client.recv(1000):
        pass
    client.close()
thread.join()
a, b = socket.socketpair()
for number in range(3000):
    a.send(os.urandom(8))
    b.recv(8)
if not os.fork():
    b.send(b'from the child')
    os._exit(3)
os.wait()
a.recv(100)
try:
    a.recv(100, socket.MSG_DONTWAIT)
except BlockingIOError:
    pass
with tempfile.TemporaryFile() as file:
    file.write(b'moved' * 100), file.flush()
    os.sendfile(a.fileno(), file.fileno(), 0, 500)
threading.Thread(target=b.recvmsg, args=(1,), daemon=True).start()
os._exit(0)
'''


def run(*words, status=0, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done


class Sqlite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.folder.name)
        cls.trace, cls.file = cls.at / 'run.ipct', cls.at / 'run.db'
        run(IPCTRACE, 'record', '-q', '-k', '-o', cls.trace, '--', '/usr/bin/python3', '-S', '-c', PROGRAM)
        run(IPCTRACE, 'export', '--format=sqlite', '-o', cls.file, cls.trace)
        cls.base = sqlite3.connect(cls.file)
        cls.report = json.loads(run(IPCTRACE, 'report', '--json', '--all', cls.trace).stdout)
        cls.events = [json.loads(line) for line in run(IPCTRACE, 'print', '--json', cls.trace).stdout.splitlines()]

    @classmethod
    def tearDownClass(cls):
        cls.base.close()
        cls.folder.cleanup()

    def ask(self, question):
        return self.base.execute(question).fetchall()

    def test_the_database_is_sound(self):
        self.assertEqual(self.ask('PRAGMA integrity_check'), [('ok',)])
        self.assertEqual(self.ask('SELECT count(*) FROM events e WHERE call NOT IN (SELECT id FROM calls) OR args NOT IN (SELECT id FROM args)'
                                  ' OR object NOT IN (SELECT id FROM objects) OR stack NOT IN (SELECT id FROM stacks)'), [(0,)])

    def test_calls_are_counted_as_the_report_counts_them(self):
        rows = sorted(self.ask('SELECT call, family, count, errors, bytes FROM by_call'))
        self.assertEqual(rows, sorted((row['call'], row['family'], row['count'], row['errors'], row['bytes'])
                                      for row in self.report['calls'] if row['count']))
        self.assertEqual(self.ask("SELECT count(*) FROM events WHERE outcome = 'unfinished'")[0][0],
                         sum(row['unfinished'] for row in self.report['calls']))

    def test_objects_are_counted_as_the_report_counts_them(self):
        told = collections.Counter()
        for row in self.report['objects']:
            if row['type'] != 'process' and row['objects'] == 1:
                told[row['object'], row['process'], row['type']] += row['calls']
        counted = collections.Counter()
        for name, process, sort, calls in self.ask("SELECT object, process, type, count FROM by_object WHERE type != 'process'"):
            counted[name, process.split('(')[0], sort] += calls
        for key, calls in told.items():
            # sendfile is counted for both its descriptors there, and for the first one here
            self.assertIn(calls - counted[key], (0, 1) if key[2] in ('file', 'socket') else (0,), key)
        self.assertGreater(len(told), 20)

    def test_processes_and_threads_are_those_of_the_trace(self):
        self.assertEqual(dict(self.ask('SELECT pid, count FROM by_process')), {row['pid']: row['events'] for row in self.report['processes']})
        info = json.loads(run(IPCTRACE, 'info', '--json', self.trace).stdout)
        self.assertEqual(self.ask('SELECT pid, parent, origin, exe, cwd, events, lost FROM processes ORDER BY id'),
                         [(row['pid'], row['parent'], row['origin'], row['exe'], row['cwd'], row['events'], row['lost'])
                          for row in info['processes']])
        self.assertEqual([json.loads(row[0]) for row in self.ask('SELECT argv FROM processes ORDER BY id')], [row['argv'] for row in info['processes']])
        self.assertEqual(self.ask('SELECT count(*), sum(events) FROM threads')[0], (info['threads'], info['events']))
        self.assertEqual(dict(self.ask("SELECT key, value FROM trace WHERE key IN ('host', 'kernel')")), {key: info[key] for key in ('host', 'kernel')})

    def test_every_event_is_what_print_says_it_is(self):
        rows = self.ask('SELECT l.time, l.pid, l.tid, l.call, l.args, l.errno, l.duration, l.outcome, a.extras FROM log l'
                        ' JOIN events e ON e.id = l.id JOIN args a ON a.id = e.args ORDER BY l.id')
        self.assertEqual(len(rows), len(self.events))
        for row, event in zip(rows, self.events):
            self.assertEqual((*row[:4], json.loads(row[4]), *row[5:8]), tuple(event.get(key) for key in (
                'time', 'pid', 'tid', 'call', 'args', 'errno', 'duration', 'outcome')))
            extras = json.loads(row[8] or '{}')
            self.assertEqual(extras, {key: event[key] for key in ('local', 'peer', 'values', 'ordinal') if key in event})
        self.assertTrue(any(row[8] for row in rows))

    def test_results_are_numbers(self):
        results = self.ask('SELECT result FROM log ORDER BY id')
        for (result,), event in zip(results, self.events):
            if isinstance(event['result'], int) or event['result'] is None and event['call'] != 'mmap':
                self.assertEqual(result, event['result'], event)
        self.assertEqual(self.ask("SELECT result, errno FROM log WHERE call = 'recv' AND errno IS NOT NULL"), [(-1, 'EAGAIN')])

    def test_both_ends_of_a_conversation_know_each_other(self):
        rows = self.ask("SELECT object, peer, sent, received FROM by_object WHERE object LIKE 'tcp-%r#%' OR object LIKE 'tcp-client#%'")
        self.assertEqual(len(rows), 40)
        ends = {'tcp-client': 'tcp-server', 'tcp-server': 'tcp-client'}
        for name, peer, sent, received in rows:
            self.assertEqual(peer.split('#')[0], ends[name.split('#')[0]])
            self.assertEqual(max(sent, received), 10 * min(sent, received))

    def test_call_stacks_have_names(self):
        frames = self.ask("SELECT s.frames, s.depth FROM events e JOIN stacks s ON s.id = e.stack JOIN calls c ON c.id = e.call WHERE c.name = 'send'")
        self.assertTrue(frames)
        for text, depth in frames:
            self.assertEqual(len(text.split('\n')), depth)
        self.assertTrue(any('python3' in text for text, _ in frames))

    def test_losses_are_those_of_the_report(self):
        told = dict(self.ask('SELECT kind, count FROM losses'))
        self.assertEqual(told, {key: value for key, value in self.report['losses'].items() if key != 'closed'})

    def test_only_what_was_chosen_is_in_it(self):
        file = self.at / 'chosen.db'
        run(IPCTRACE, 'export', '--format=sqlite', '-e', 'send,recv', '-z', '-o', file, self.trace)
        base = sqlite3.connect(file)
        self.assertEqual(base.execute('SELECT call, errors FROM by_call ORDER BY call').fetchall(), [('recv', 0), ('send', 0)])
        self.assertEqual(base.execute("SELECT count(*) FROM log WHERE object LIKE 'tcp-server%'").fetchone()[0], 40)
        base.close()

    def test_a_file_that_was_there_is_replaced_and_nothing_else(self):
        file = self.at / 'old.db'
        file.write_text('something else')
        run(IPCTRACE, 'export', '--format=sqlite', '-o', file, self.trace)
        self.assertEqual(file.read_bytes(), self.file.read_bytes())
        for to, said in (('-', '-o'), ('/dev/null', 'not a file'), (self.at, 'not a file'), (self.trace, 'is being read'),
                         ('/no/where', '/no/where')):
            done = run(IPCTRACE, 'export', '--format=sqlite', '-o', to, self.trace, status=2)
            self.assertEqual((done.stdout, done.stderr.count('\n'), said in done.stderr), ('', 1, True), done.stderr)
        self.assertTrue(self.trace.stat().st_size)

    def test_a_full_disk_is_one_line_and_leaves_no_file(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))
        file = self.at / 'full.db'
        done = run(IPCTRACE, 'export', '--format=sqlite', '-o', file, self.trace, status=2, preexec_fn=limit)
        self.assertEqual((done.stderr.count('\n'), 'full.db' in done.stderr, file.exists()), (1, True, False), done.stderr)

    def test_a_damaged_trace_is_exported_as_far_as_it_can_be_read(self):
        whole, damaged, file = self.trace.read_bytes(), self.at / 'damaged.ipct', self.at / 'damaged.db'
        middle = len(whole) // 2
        damaged.write_bytes(whole[:middle] + bytes(300) + whole[middle + 300:])
        done = run(IPCTRACE, 'export', '--format=sqlite', '-o', file, damaged, status=4)
        self.assertEqual(done.stderr.count('\n'), 1)
        base = sqlite3.connect(file)
        self.assertEqual(base.execute('SELECT count(*) FROM events').fetchone()[0],
                         len(run(IPCTRACE, 'print', '-q', '--json', damaged, status=4).stdout.splitlines()))
        losses = json.loads(run(IPCTRACE, 'report', '--json', damaged).stdout)['losses']
        self.assertEqual(dict(base.execute('SELECT kind, count FROM losses')), {key: value for key, value in losses.items() if key != 'closed'})
        base.close()


unittest.main()
