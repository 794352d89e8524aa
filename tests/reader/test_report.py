#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `ipctrace report` makes of a program whose calls are known. Argument: the command."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

IPCTRACE = sys.argv.pop(1)

PROGRAM = '''
import os, socket, threading
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()

def serve():
    for _ in range(20):
        connection, _ = listener.accept()
        connection.sendall(connection.recv(100) * 10)
        connection.close()

thread = threading.Thread(target=serve)
thread.start()
for _ in range(20):
    client = socket.create_connection(listener.getsockname())
    client.sendall(b"hello")
    while client.recv(1000):
        pass
    client.close()
thread.join()
a, b = socket.socketpair()
if os.fork() == 0:
    b.send(b"from the child")
    os._exit(0)
os.wait()
assert a.recv(100) == b"from the child"
try:
    a.recv(100, socket.MSG_DONTWAIT)
except BlockingIOError:
    pass
'''


# Each waits for the other, for ever.
HANGS = '''
import os, signal, sys, time
r1, w1 = os.pipe()
r2, w2 = os.pipe()
if os.fork():
    os.close(w1)
    os.close(r2)
    print("ready", flush=True)
    os.read(r1, 100)
else:
    os.close(w2)
    os.close(r1)
    os.read(r2, 100)
'''

KEEPS = '''
import socket
kept = []
for number in range(40):
    a, b = socket.socketpair()
    if number % 8 == 3:
        kept.append(a.detach())
'''

LEAVES = '''
import os, socket
for number in range(10):
    a, b = socket.socketpair()
    a.setblocking(False)
    if number < 3:
        assert a.send(bytes(10000000)) < 10000000
        assert 0 < os.writev(b.fileno(), [b"whole", b"sent"])
        b.recv(10000000)
        a.detach()
    a.close()
    b.close()
os._exit(0)
'''

DESTRUCTORS = '''
import ctypes, os, threading, time
libc, key = ctypes.CDLL(None), ctypes.c_uint()
libc.pthread_key_create(ctypes.byref(key), libc.close)

def is_open(fd):
    try:
        return os.fstat(fd)
    except OSError:
        return None

for number in range(3):
    fd = os.dup(1)
    thread = threading.Thread(target=lambda: libc.pthread_setspecific(key, ctypes.c_void_p(fd)) or os.close(os.dup(1)))
    thread.start()
    thread.join()
    while is_open(fd):
        time.sleep(0.001)
'''


def run(*words):
    done = subprocess.run([IPCTRACE, *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = os.path.join(cls.folder.name, 'program.ipct')
        status, out, err = run('record', '-o', cls.trace, '--', '/usr/bin/python3', '-c', PROGRAM)
        assert status == 0, err

    def report(self, *words):
        status, out, err = run('report', *words, self.trace)
        self.assertEqual((status, err), (0, ''))
        return out

    def parts(self, *words):
        return json.loads(self.report('--json', *words))

    def test_a_thread_whose_keys_have_destructors_is_one_thread(self):
        trace = os.path.join(self.folder.name, 'destructors.ipct')
        status, out, err = run('record', '-e', 'close', '-o', trace, '--', '/usr/bin/python3', '-c', DESTRUCTORS)
        self.assertEqual(status, 0, err)
        self.assertIn(', 4 threads, ', err)
        process, = json.loads(run('report', '--json', '--by', 'process', trace)[1])['processes']
        self.assertEqual([(row['thread'], row['events']) for row in process['threads']][1:], [(f'P0.t{number}', 2) for number in (1, 2, 3)])
        self.assertEqual(json.loads(run('info', '--json', trace)[1])['threads'], 4)

    def test_calls_that_do_not_return_come_first_with_who_is_at_the_other_end(self):
        trace = os.path.join(self.folder.name, 'hangs.ipct')
        with subprocess.Popen([IPCTRACE, 'record', '-q', '-o', trace, '--', '/usr/bin/python3', '-S', '-c', HANGS], stdout=subprocess.PIPE,
                              text=True, start_new_session=True) as recorder:
            self.assertEqual(recorder.stdout.readline(), 'ready\n')
            rows = []
            for _ in range(200):
                rows = json.loads(run('report', '--json', '--by', 'unfinished', trace)[1])['unfinished']
                if len(rows) == 2 and min(row['lasted'] for row in rows) > 400000000:
                    break
                time.sleep(0.1)
            alive = run('report', trace)[1].splitlines()
            self.assertRegex(run('info', trace)[1], r'(?m)^Recorded .* so far\n(.*\n)*Damage +none seen; it is still being recorded$')
            self.assertIn('\n  it is still being recorded\n', run('check', trace)[1])
            self.assertTrue(json.loads(run('info', '--json', trace)[1])['recording'])
            os.killpg(recorder.pid, signal.SIGKILL)
        self.assertEqual(sorted((row['process'], row['call'], row['object'], row['peer']) for row in rows),
                         [('P0(python3)', 'read', 'P0(python3): pipe#0.read', 'pipe#0.write'),
                          ('P0.1', 'read', 'P0(python3): pipe#1.read', 'pipe#1.write')])
        self.assertTrue(all(4e8 < row['lasted'] < 1e11 for row in rows), rows)
        self.assertEqual(alive[:3], ['NOT CLOSED: the recording goes on', '', 'Not returned'])
        self.assertRegex(alive[4], r'^\d\d:\d\d:\d\d +\S+ m?s +\d+ +P0')
        self.assertRegex('\n'.join(alive[4:6]), r'(?m) P0\(python3\) +read\(3<pipe#0\.read>, 0x\w+, 100\) +pipe#0\.write$')
        self.assertRegex('\n'.join(alive[4:6]), r'(?m) P0\.1 +read\(5<pipe#1\.read>, 0x\w+, 100\) +pipe#1\.write$')
        self.assertNotRegex('\n'.join(alive), r'(?m) $')
        lines = run('report', '--by', 'unfinished', trace)[1].splitlines()
        self.assertEqual(lines[0], 'NOT CLOSED: its collector was killed')
        self.assertRegex(run('info', trace)[1], r'(?m)^Damage +none seen; its collector was killed$')
        self.assertFalse(json.loads(run('info', '--json', trace)[1])['recording'])
        self.assertEqual(len(lines), 5)

    def test_nothing_is_said_of_calls_that_did_return(self):
        self.assertNotIn('Not returned', self.report())
        self.assertEqual(self.parts('--by', 'unfinished')['unfinished'], [])

    def test_what_is_left_open_and_what_was_cut_short_is_counted(self):
        trace = os.path.join(self.folder.name, 'leaves.ipct')
        self.assertEqual(run('record', '-q', '-o', trace, '--', '/usr/bin/python3', '-S', '-c', LEAVES)[0], 0)
        objects = {row['object']: row for row in json.loads(run('report', '--json', '--by', 'object', '--all', trace)[1])['objects']}
        ends = [(objects[f'unix-pair#{number}.{side}']['left'], objects[f'unix-pair#{number}.{side}']['short'])
                for side in 'ab' for number in range(10)]
        self.assertEqual(ends, [(1, 1)] * 3 + [(0, 0)] * 17)
        self.assertRegex(run('report', '--by', 'object', trace)[1], r'(?m) in 1, 1 short  .* 1  P0 +P0: unix-pair#0.a')

    def test_of_many_alike_those_are_named_that_were_left(self):
        trace = os.path.join(self.folder.name, 'keeps.ipct')
        self.assertEqual(run('record', '-q', '-o', trace, '--', '/usr/bin/python3', '-S', '-c', KEEPS)[0], 0)
        row, = [row for row in json.loads(run('report', '--json', '--by', 'object', trace)[1])['objects'] if row['left'] == 5]
        self.assertEqual((row['objects'], row['left_first']), (40, [f'unix-pair#{number}.a' for number in (3, 11, 19, 27)]))
        self.assertIn(' (40 of them; left: unix-pair#3.a, unix-pair#11.a, unix-pair#19.a, unix-pair#27.a, ...)',
                      run('report', '--by', 'object', trace)[1])

    def test_calls_are_counted_with_their_errors_and_bytes(self):
        calls = {row['call']: row for row in self.parts('--by', 'call')['calls']}
        self.assertEqual(calls['send']['count'], 41)
        self.assertEqual(calls['send']['bytes'], 20 * 5 + 20 * 50 + 14)
        self.assertEqual(calls['recv']['bytes'], 20 * 5 + 20 * 50 + 14)
        self.assertEqual(calls['recv']['errors'], 1)
        self.assertEqual(calls['recv']['by_error'], {'EAGAIN': 1})
        self.assertEqual(calls['send']['by_error'], {})
        self.assertRegex(self.report('--by', 'call'), r'(?m)^recv failed with EAGAIN$')
        self.assertEqual(calls['fork']['count'], 1)
        for row in calls.values():
            self.assertLessEqual(row['p50'], row['p99'])
            self.assertLessEqual(row['p99'], row['max'])
            self.assertLessEqual(row['max'], row['total'])

    def test_all_ways_of_counting_agree(self):
        parts = self.parts()
        events = sum(row['count'] + row['unfinished'] for row in parts['calls'])
        self.assertEqual(events, sum(row['events'] for row in parts['processes']))
        self.assertEqual(events, sum(thread['events'] for row in parts['processes'] for thread in row['threads']))

    def test_both_ends_of_conversations_are_told(self):
        objects = {row['object']: row for row in self.parts('--by', 'object')['objects']}
        clients, servers = objects['tcp-client -> 127.0.0.1:*'], objects['tcp-server on :*']
        self.assertEqual((clients['objects'], servers['objects']), (20, 20))
        self.assertEqual((clients['sent'], clients['received']), (100, 1000))
        self.assertEqual((servers['sent'], servers['received']), (1000, 100))
        self.assertEqual(clients['peer'], 'tcp-server on :*')
        self.assertEqual(objects['unix-pair#0.a']['peer'], 'unix-pair#0.b')
        self.assertEqual(objects['unix-pair#0.b']['users'], ['P0', 'P0.1'])

    def test_many_alike_are_told_apart_on_demand(self):
        names = [row['object'] for row in self.parts('--by', 'object', '--all')['objects']]
        self.assertIn('tcp-client#0 -> 127.0.0.1:*', names)

    def test_processes_form_a_tree(self):
        processes = {row['process']: row for row in self.parts('--by', 'process')['processes']}
        self.assertEqual(list(processes), ['P0(python3)', 'P0.1'])
        threads = [thread['thread'] for thread in processes['P0(python3)']['threads']]
        self.assertEqual(threads, ['P0', 'P0.t1'])

    def test_a_fork_is_told_by_what_it_is_a_fork_of(self):
        self.assertRegex(self.report('--by', 'process'), r'(?m)^.* \d+ +P0\.1 fork of python3$')
        self.assertEqual([row['image'] for row in self.parts('--by', 'process')['processes']], ['python3', 'python3'])

    def test_only_selected_calls_are_counted(self):
        calls = [row['call'] for row in self.parts('--by', 'call', '-e', 'send,fork')['calls']]
        self.assertEqual(sorted(calls), ['fork', 'send'])

    def test_only_chosen_events_are_counted_in_every_part(self):
        done = [json.loads(line) for line in run('print', '--json', self.trace)[1].splitlines()]
        pids = sorted({event['pid'] for event in done})
        self.assertEqual(len(pids), 2)
        for words in (['-p', pids[0]], ['-p', pids[1]], ['-Z'], ['-z'], ['-Z', '-e', 'recv'], ['-P', 'unix-pair#0*'], ['-p', 1]):
            words = [str(word) for word in words]
            chosen = [json.loads(line) for line in run('print', '--json', *words, self.trace)[1].splitlines()]
            told = self.parts(*words)
            count, errors = {}, 0
            for event in chosen:
                count[event['call']] = count.get(event['call'], 0) + 1
                errors += event['errno'] is not None
            self.assertEqual({row['call']: row['count'] for row in told['calls']}, count, words)
            self.assertEqual(sum(row['errors'] for row in told['calls']), errors, words)
            self.assertEqual(sum(row['events'] for row in told['processes']), len(chosen), words)
            self.assertEqual(self.parts('--by', 'call', *words)['calls'], told['calls'])
        both = self.parts('--by', 'call', *[word for pid in pids for word in ('-p', str(pid))])
        self.assertEqual(both, self.parts('--by', 'call'))

    def test_images_of_a_program_are_added_up(self):
        trace = os.path.join(self.folder.name, 'programs.ipct')
        script = 'for i in 1 2 3; do /usr/bin/python3 -S -c "import socket; socket.socketpair()"; done; (exit 3); exec env true'
        self.assertEqual(run('record', '-q', '-o', trace, '--', 'sh', '-c', script)[0], 0)
        status, out, err = run('report', '--json', '--by', 'program', '--by', 'process', trace)
        told = json.loads(out)
        sums = {}
        for row in told['processes']:
            line = sums.setdefault(row['image'], [0, 0, 0, 0])
            line[0:4] = line[0] + 1, line[1] + row['events'], line[2] + row['errors'], line[3] + row['time']
        self.assertEqual(sums['python3'][0], 3)
        told_sums = {row['program']: [row['images'], row['events'], row['errors'], row['time']] for row in told['programs']}
        for name, line in sums.items():
            self.assertEqual(told_sums[name][:3], line[:3])
            self.assertAlmostEqual(told_sums[name][3], line[3], delta=line[0])
        self.assertEqual(len(told_sums), len(sums))
        lines = run('report', '--by', 'program', '-S', 'name', trace)[1].splitlines()
        self.assertEqual([line.split()[-1] for line in lines], ['program'] + sorted(sums))
        self.assertNotIn('By program', run('report', trace)[1])

    def test_rows_come_in_the_order_wanted(self):
        for key, field in (('count', 'count'), ('bytes', 'bytes'), ('time', 'total'), ('max', 'max')):
            values = [row[field] for row in self.parts('--by', 'call', '-S', key)['calls']]
            self.assertEqual(values, sorted(values, reverse=True))
        names = [row['call'] for row in self.parts('--by', 'call', '-S', 'name')['calls']]
        self.assertEqual(names, sorted(names))

    def test_the_text_has_a_title_for_each_part_and_aligned_columns(self):
        text = self.report()
        for title in ('By call', 'By object', 'By process and thread'):
            self.assertIn(title, text.splitlines())
        lines = self.report('--by', 'call').splitlines()
        place = lines[0].index('call', lines[0].index('max'))
        rows = lines[:1 + next(i for i, line in enumerate(lines) if line.endswith('  all'))]  # notes stand below
        self.assertTrue(all(line[place - 1] == ' ' != line[place] for line in rows if '%' not in line[:1]))
        self.assertNotIn('\033', text)
        self.assertNotRegex(text, r'(?m) $')
        self.assertIn('\033[1m', self.report('--color=always'))

    def test_damage_is_said_first(self):
        with open(self.trace, 'rb') as file:
            whole = file.read()
        cut = os.path.join(self.folder.name, 'cut.ipct')
        with open(cut, 'wb') as file:
            file.write(whole[:-100])
        status, out, err = run('report', cut)
        self.assertEqual(status, 0)
        self.assertRegex(out.splitlines()[0], '^(INCOMPLETE|DAMAGED|NOT CLOSED)')
        status, out, _ = run('report', '--json', cut)
        self.assertFalse(json.loads(out)['losses']['closed'])

    def test_bad_input_is_one_line_and_status_2(self):
        for words in (['report'], ['report', '--by', 'colour', self.trace], ['report', '-S', 'luck', self.trace],
                      ['report', '-e', 'no_such_call', self.trace], ['report', '/nowhere.ipct'],
                      ['report', '/dev/null'], ['report', sys.argv[0]]):
            status, out, err = run(*words)
            self.assertEqual((status, out), (2, ''), words)
            self.assertEqual(err.count('\n'), 1, err)


unittest.main()
