#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What print, info, check and calls make of a program whose calls are known. Argument: the command."""
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
import os, socket, threading, time
a, b = socket.socketpair()
a.sendall(b"hello\\n")
assert b.recv(100) == b"hello\\n"
def wait():
    b.recv(100)
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.05)
for i in range(100):
    os.write(1, b"")
a.sendall(b"late")
thread.join()
try:
    os.read(99, 1)
except OSError:
    pass
if os.fork() == 0:
    a.send(b"from the child")
    os._exit(0)
os.wait()
open("/dev/null").close()
'''

PAIRS = '''
import socket
for i in range(2000):
    a, b = socket.socketpair()
    for j in range(3):
        a.send(b"same")
    a.close()
    b.close()
'''

SEMAPHORES = '''
import ctypes, os, struct
libc = ctypes.CDLL(None)
queue = libc.semget(0, 3, 0o600)
operations = struct.pack("HhhHhh", 0, 4, 0, 2, 1, 0)
libc.semop(queue, operations, 2)
libc.semop(queue, operations, 1)
libc.semctl(queue, 0, 0)
'''

WAITS = '''
import os, socket, sys
a, b = socket.socketpair()
a.send(b"x")
print("ready", flush=True)
a.recv(100)
'''


def run(*words, **more):
    done = subprocess.run([IPCTRACE, *words], capture_output=True, text=True, **more)
    return done.returncode, done.stdout, done.stderr


class Printed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = os.path.join(cls.folder.name, 'program.ipct')
        status, _, err = run('record', '-o', cls.trace, '--', '/usr/bin/python3', '-c', PROGRAM)
        assert status == 0, err

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_things_are_chosen_by_their_names(self):
        names = [line.split('(')[0].split()[-1] for line in self.lines('-P', 'unix-pair#0*')]
        self.assertEqual(names[0], 'socketpair')
        self.assertEqual([name for name in names if name in ('send', 'recv', 'open')], ['send', 'recv', 'recv', 'send', 'send'])
        one = self.lines('-y', '-P', 'unix-pair#0.b')
        self.assertTrue(all('<unix-pair#0.b>' in line for line in one), one)
        self.assertEqual(self.lines('-P', 'unix-pair#7*'), [])

    def test_values_of_semaphores_stand_behind_the_result(self):
        trace = self.path('semaphores.ipct')
        status, _, err = run('record', '-q', '--semval', '-o', trace, '--', '/usr/bin/python3', '-c', SEMAPHORES)
        self.assertEqual((status, err), (0, ''))
        ends = [line.rpartition(' = ')[2] for line in run('print', '-e', 'SEMOP', trace)[1].splitlines()]
        self.assertEqual(ends, ['0 (values 4, 1)', '0 (value 8)'])

    def lines(self, *options):
        status, out, err = run('print', *options, self.trace)
        self.assertEqual((status, err), (0, ''))
        return out.splitlines()

    def events(self, *options):
        return [json.loads(line) for line in self.lines('--json', *options)]


class Names(unittest.TestCase):
    """Calls that are alike to the last bit, on descriptors that mean something else each time."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.trace = os.path.join(cls.folder.name, 'pairs.ipct')
        status, _, err = run('record', '-e', 'send,close,socketpair', '-o', cls.trace, '--', '/usr/bin/python3', '-c', PAIRS)
        assert status == 0, err

    def test_lines_have_the_names_of_their_moment(self):
        lines = run('print', '-y', '-e', 'send', self.trace)[1].splitlines()
        self.assertEqual([line[:line.index(', "')] for line in lines],
                         [line[:line.index('<')] + f'<unix-pair#{i // 3}.a>' for i, line in enumerate(lines)])
        self.assertEqual(len(lines), 6000)

    def test_json_has_the_names_of_its_moment(self):
        lines = run('print', '--json', '-e', 'send', self.trace)[1].splitlines()
        self.assertEqual([json.loads(line)['object'] for line in lines], [f'unix-pair#{i // 3}.a' for i in range(6000)])


class Print(Printed):
    def test_lines_are_like_those_of_strace(self):
        lines = self.lines('-e', 'send,recv,read')
        self.assertTrue(any(line.endswith(r', "hello\n", 6, 0)                = 6') for line in lines), lines)
        self.assertTrue(any('read(99, 0x' in line and line.endswith('= -1 EBADF (Bad file descriptor)') for line in lines))
        self.assertTrue(all(line.startswith('[pid ') for line in lines))

    def test_order_is_that_of_entry_over_threads_and_processes(self):
        events = self.events()
        self.assertEqual([e['time'] for e in events], sorted(e['time'] for e in events))
        calls = [(e['call'], e['args'].get('buf', {}) if isinstance(e['args'].get('buf'), dict) else {}) for e in events]
        waiting = next(i for i, (call, buf) in enumerate(calls) if call == 'recv' and buf.get('bytes') == 'late')
        sent = next(i for i, (call, buf) in enumerate(calls) if call == 'send' and buf.get('bytes') == 'late')
        self.assertLess(waiting, sent - 90)

    def test_json_has_the_promised_members(self):
        event = next(e for e in self.events('-e', 'send') if e['args']['buf']['bytes'] == 'hello\n')
        self.assertEqual(list(event), ['time', 'pid', 'tid', 'call', 'args', 'result', 'errno', 'duration', 'object'])
        self.assertEqual(event['args']['buf']['length'], 6)
        self.assertEqual(event['object'], 'unix-pair#0.a')
        failed = next(e for e in self.events('-e', 'read', '-Z') if e['args']['fd'] == 99)
        self.assertEqual((failed['result'], failed['errno'], failed['args']['count']), (-1, 'EBADF', 1))

    def test_calls_are_chosen_by_name_family_outcome_process_and_path(self):
        self.assertEqual({e['call'] for e in self.events('-e', 'trace=send,recv')}, {'send', 'recv'})
        self.assertNotIn('read', {e['call'] for e in self.events('-e', '!%io')})
        self.assertTrue(all(e['errno'] for e in self.events('-Z')))
        self.assertTrue(all(e['errno'] is None for e in self.events('-z')))
        child = next(e for e in self.events('-e', 'send') if e['args']['buf']['bytes'] == 'from the child')
        self.assertEqual({e['pid'] for e in self.events('-p', str(child['pid']))}, {child['pid']})
        touched = self.events('-P', '/dev/null')
        self.assertTrue(touched and {'open', 'openat', 'open64'} & {e['call'] for e in touched}, touched)

    def test_an_unknown_call_is_refused_with_a_suggestion(self):
        status, out, err = run('print', '-e', 'rexv', self.trace)
        self.assertEqual((status, out), (2, ''))
        self.assertRegex(err, r"^ipctrace print: .*'rexv'.*recv.*\n$")

    def test_times_come_in_the_forms_of_strace(self):
        for option, form in (('-t', r'\d\d:\d\d:\d\d '), ('-tt', r'\d\d:\d\d:\d\d\.\d{6} '), ('-ttt', r'\d{10}\.\d{6} '), ('-r', r'\d+\.\d{6} ')):
            self.assertRegex(self.lines(option)[0], r'^\[pid \d+\] ' + form + r'\w+\(')
        self.assertRegex(self.lines('-T')[0], r'<\d+\.\d{9}>$')

    def test_names_of_descriptors_stand_behind_them(self):
        self.assertTrue(any('<unix-pair#0.a>, "hello' in line for line in self.lines('-y')))

    def test_what_a_call_makes_has_its_name_already(self):
        for option in ('-y', '-yy'):
            made = [line for line in self.lines(option, '-e', 'socketpair')]
            self.assertTrue(made)
            for line in made:
                self.assertRegex(line, r', \[\d+<unix-pair#\d+\.a>, \d+<unix-pair#\d+\.b>\]\) += 0$')

    def test_strings_are_cut_on_request(self):
        self.assertTrue(any('"he"..., 6' in line for line in self.lines('-s2', '-e', 'send')))

    def test_colour_only_where_it_is_wanted(self):
        self.assertFalse(any('\033' in line for line in self.lines()))
        self.assertFalse(any('\033' in line for line in self.lines('--color=never')))
        self.assertTrue(any('\033' in line for line in self.lines('--color=always')))

    def test_output_goes_to_a_file_on_request(self):
        status, out, err = run('print', '-o', self.path('lines'), self.trace)
        self.assertEqual((status, out, err), (0, '', ''))
        with open(self.path('lines')) as file:
            self.assertEqual(file.read().splitlines(), self.lines())

    def test_a_reader_that_goes_away_is_no_error(self):
        done = subprocess.run(f'"{IPCTRACE}" print "{self.trace}" "{self.trace}" | head -1 >/dev/null', shell=True, capture_output=True, text=True)
        self.assertIn('expected one trace', done.stderr)
        done = subprocess.run(f'"{IPCTRACE}" print "{self.trace}" | head -1', shell=True, capture_output=True, text=True)
        self.assertEqual(done.stderr, '')

    def test_wrong_files_are_refused_in_one_line(self):
        for content in (b'', b'no trace at all', os.urandom(5000)):
            with open(self.path('wrong'), 'wb') as file:
                file.write(content)
            for command in ('print', 'info', 'check'):
                status, out, err = run(command, self.path('wrong'))
                self.assertEqual((status, out, err.count('\n')), (2, '', 1), err)
                self.assertIn('wrong', err)
        status, out, err = run('print', self.path('absent'))
        self.assertEqual((status, out), (2, ''))
        self.assertIn('No such file', err)


class Killed(Printed):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.killed = os.path.join(cls.folder.name, 'killed.ipct')
        recording = subprocess.Popen([IPCTRACE, 'record', '-o', cls.killed, '--', '/usr/bin/python3', '-c', WAITS],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        recording.stdout.readline()
        time.sleep(0.3)
        cls.running = [json.loads(line) for line in run('print', '--json', cls.killed)[1].splitlines()]
        follow = subprocess.Popen([IPCTRACE, 'print', '-f', '--json', cls.killed], stdout=subprocess.PIPE, text=True)
        time.sleep(0.3)
        child = int(subprocess.run(['pgrep', '-P', str(recording.pid), 'python3'], capture_output=True, text=True).stdout.split()[0])
        os.kill(child, signal.SIGKILL)
        cls.status = recording.wait(timeout=20)
        recording.communicate()
        cls.followed = [json.loads(line) for line in follow.communicate(timeout=20)[0].splitlines()]

    def test_the_call_it_died_in_is_unfinished(self):
        self.assertEqual(self.status, -signal.SIGKILL)
        status, out, err = run('print', self.killed)
        self.assertEqual(status, 0, err)
        self.assertRegex(out.splitlines()[-1], r'recv\(\d+, 0x[0-9a-f]+, 100, 0 <unfinished \.\.\.>$')
        last = json.loads(run('print', '--json', self.killed)[1].splitlines()[-1])
        self.assertEqual((last['call'], last['result'], last['duration'], last['outcome']), ('recv', None, None, 'unfinished'))

    def test_a_trace_can_be_read_while_it_is_written(self):
        self.assertIn('x', [e['args']['buf']['bytes'] for e in self.running if e['call'] == 'send'])

    def test_following_ends_with_the_trace_and_shows_all_of_it(self):
        whole = [json.loads(line) for line in run('print', '--json', self.killed)[1].splitlines()]
        seen = [[(e['tid'], e['call'], e['result']) for e in events] for events in (self.followed, whole)]
        self.assertEqual(seen[0], seen[1])


class Check(Printed):
    def test_a_whole_trace_is_whole(self):
        status, out, err = run('check', self.trace)
        self.assertEqual((status, err), (0, ''))
        self.assertTrue(out.endswith(': whole\n'))

    def test_a_torn_trace_is_incomplete_and_what_is_left_is_printed(self):
        with open(self.trace, 'rb') as file:
            content = file.read()
        with open(self.path('torn'), 'wb') as file:
            file.write(content[:len(content) - 40])
        self.assertEqual(run('check', '-q', self.path('torn'))[0], 4)
        status, out, err = run('print', self.path('torn'))
        self.assertEqual(status, 4)
        self.assertIn('ipctrace check', err)
        self.assertLessEqual(len(out.splitlines()), len(self.lines()))

    def test_a_repaired_trace_has_all_that_could_be_read_and_is_no_longer_damaged(self):
        with open(self.trace, 'rb') as file:
            content = bytearray(file.read())
        content[len(content) // 2] ^= 0x55
        with open(self.path('flipped'), 'wb') as file:
            file.write(content)
        status, out, _ = run('check', '--repair', self.path('repaired'), self.path('flipped'))
        self.assertEqual(status, 4, out)
        before = run('print', '-q', '--json', self.path('flipped'))[1]
        after = run('print', '-q', '--json', self.path('repaired'))[1]
        self.assertEqual(before.count('\n'), after.count('\n'))
        self.assertNotIn('damaged', run('check', self.path('repaired'))[1])
        self.assertEqual(subprocess.run(['lz4', '-dcq', self.path('repaired')], capture_output=True).returncode, 0)

    def test_repairing_never_overwrites(self):
        with open(self.path('there'), 'w') as file:
            file.write('mine')
        status, _, err = run('check', '--repair', self.path('there'), self.trace)
        self.assertEqual(status, 2)
        self.assertIn('File exists', err)
        with open(self.path('there')) as file:
            self.assertEqual(file.read(), 'mine')


class InfoAndCalls(Printed):
    def test_info_tells_what_was_recorded(self):
        status, out, err = run('info', self.trace)
        self.assertEqual((status, err), (0, ''))
        self.assertIn('/usr/bin/python3 -c', out)
        told = json.loads(run('info', '--json', self.trace)[1])
        self.assertEqual(told['command'][:2], ['/usr/bin/python3', '-c'])
        self.assertEqual((told['lost'], told['missing'], told['closed'], told['images_never_seen']), (0, 0, True, 0))
        self.assertEqual(told['events'], len(self.lines()))
        self.assertEqual(sum(told['families'].values()), told['events'])
        self.assertEqual(sum(p['events'] for p in told['processes']), told['events'])
        self.assertEqual([p['origin'] for p in told['processes']], ['root', 'fork'])

    def test_calls_are_listed_by_family_from_this_build_or_a_trace(self):
        status, out, err = run('calls', '--json', '%sysv')
        calls = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((status, err), (0, ''))
        self.assertEqual({c['family'] for c in calls}, {'sysv'})
        self.assertIn('msgrcv', [c['call'] for c in calls])
        self.assertEqual(run('calls', '--json', '--log', self.trace, '%sysv')[1], out)
        self.assertIn('ssize_t msgrcv(', run('calls', '-p', 'msgrcv')[1])

    def test_a_mistyped_command_gets_a_suggestion(self):
        status, out, err = run('pritn')
        self.assertEqual((status, out, err), (2, '', "ipctrace: unknown command 'pritn'; did you mean 'print'?\n"))

    def test_every_command_has_a_help_that_fits_a_screen(self):
        overview = run()[1]
        self.assertEqual(run('--help')[1], overview)
        for line in overview.split('Commands:\n')[1].split('\n\n')[0].splitlines():
            status, out, err = run(line.split()[0], '--help')
            self.assertEqual((status, err), (0, ''))
            self.assertLessEqual(out.count('\n'), 40)
            self.assertIn('Example:', out)
            self.assertLessEqual(max(map(len, out.splitlines())), 100)


if __name__ == '__main__':
    unittest.main()
