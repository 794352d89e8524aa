#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `ipctrace export --format=chrome` writes, read as a viewer reads it. Argument: the command."""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = os.path.realpath(sys.argv.pop(1))

# Every message is one call on each side, and its text says which.
PROGRAM = '''
import ctypes, os, signal, socket, threading, time
listener = socket.create_server(('127.0.0.1', 0))

def serve():
    connection, _ = listener.accept()
    while True:
        text = connection.recv(100)
        if not text:
            break
        connection.send(text.replace(b'ask', b'answer'))
    connection.close()

thread = threading.Thread(target=serve)
thread.start()
client = socket.create_connection(listener.getsockname())
for number in range(50):
    client.send(b'tcp ask %d' % number)
    client.recv(100)
client.close()
thread.join()
r, w = os.pipe()
if not os.fork():
    for number in range(10):
        os.write(w, b'pipe message %2d' % number)
        time.sleep(0.001)
    os._exit(0)
os.close(w)
for number in range(10):
    os.read(r, 15)
os.wait()
u, v = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
u.bind(('127.0.0.1', 0))
for number in range(10):
    v.sendto(b'udp ask %d' % number, u.getsockname())
    u.sendto(b'udp answer %d' % number, u.recvfrom(100)[1])
    v.recvfrom(100)
a, b = socket.socketpair()
signal.signal(signal.SIGALRM, lambda *_: a.send(b'handler'))
signal.setitimer(signal.ITIMER_REAL, 0.05)
b.recv(100)
for number in range(5):
    a.send(b'part %d' % number)
b.recv(100)
libc = ctypes.CDLL(None)
libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.signal(signal.SIGALRM, ctypes.cast(libc.close, ctypes.c_void_p))
signal.setitimer(signal.ITIMER_REAL, 0.05)
threading.Timer(0.2, a.send, [b'nested']).start()
b.recv(100)
threading.Thread(target=b.recv, args=(1,), daemon=True).start()
time.sleep(0.05)
os._exit(0)
'''


def run(*words, status=0):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done


def ns(us):
    return round(us * 1000)


class Chrome(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.folder.name)
        cls.trace = cls.at / 'run.ipct'
        run(IPCTRACE, 'record', '-q', '-o', cls.trace, '--', '/usr/bin/python3', '-S', '-c', PROGRAM)
        cls.whole = cls.export()
        cls.view = cls.whole['traceEvents']
        cls.events = [json.loads(line) for line in run(IPCTRACE, 'print', '--json', cls.trace).stdout.splitlines()]
        cls.slices = [event for event in cls.view if event['ph'] in 'XBi']

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def export(cls, *options, status=0, trace=None):
        return json.loads(run(IPCTRACE, 'export', '--format=chrome', '-o', '-', *options, trace or cls.trace, status=status).stdout)

    def arrows(self):
        """Pairs of slices: that from which each arrow goes, and that to which it does."""
        ends = collections.defaultdict(dict)
        for event in self.view:
            if event['ph'] in 'sf':
                self.assertNotIn(event['ph'], ends[event['id']])
                ends[event['id']][event['ph']] = event
        by_thread = collections.defaultdict(list)
        for piece in self.slices:
            by_thread[piece['pid'], piece['tid']].append(piece)

        def around(end):
            """The innermost slice that an end lies in."""
            found = [piece for piece in by_thread[end['pid'], end['tid']] if piece['ph'] == 'X' and ns(piece['ts']) <= ns(end['ts'])
                     and ns(end['ts']) < max(ns(piece['ts']) + ns(piece['dur']), ns(piece['ts']) + 1)]
            self.assertTrue(found, end)
            return max(found, key=lambda piece: piece['ts'])
        for pair in ends.values():
            self.assertLessEqual(pair['s']['ts'], pair['f']['ts'])
            self.assertEqual(pair['f']['bp'], 'e')
            yield around(pair['s']), around(pair['f'])

    def test_every_call_is_a_slice_of_its_thread_with_its_times_and_arguments(self):
        begin = int(self.whole['otherData']['begin'])
        self.assertEqual([(piece['name'], piece['pid'], piece['tid'], begin + ns(piece['ts']), piece['args']['args'], piece['args']['object'])
                          for piece in self.slices],
                         [(event['call'], event['pid'], event['tid'], event['time'], event['args'], event['object']) for event in self.events])
        for piece, event in zip(self.slices, self.events):
            self.assertEqual(ns(piece['dur']) if 'dur' in piece else None, event['duration'])

    def test_slices_of_a_thread_lie_within_each_other_or_apart(self):
        open_slices, nested = collections.defaultdict(list), []
        for piece in sorted((piece for piece in self.slices if piece['ph'] == 'X'), key=lambda piece: (piece['ts'], -piece['dur'])):
            around = open_slices[piece['pid'], piece['tid']]
            begin, end = ns(piece['ts']), ns(piece['ts']) + ns(piece['dur'])
            while around and around[-1][0] <= begin:
                around.pop()
            self.assertTrue(not around or end <= around[-1][0], piece)
            if around:
                nested.append((piece['name'], around[-1][1]))
            around.append((end, piece['name']))
        self.assertIn(('close', 'recv'), nested)

    def test_a_call_that_did_not_return_begins_and_does_not_end(self):
        unfinished = [piece for piece in self.slices if piece['ph'] == 'B']
        self.assertEqual([(piece['name'], piece['args']['outcome']) for piece in unfinished],
                         [(event['call'], 'unfinished') for event in self.events if event.get('outcome') == 'unfinished'])
        self.assertIn('recv', [piece['name'] for piece in unfinished])

    def test_arrows_go_from_the_call_that_sent_to_the_one_that_received_it(self):
        seen = collections.Counter()
        for sent, received in self.arrows():
            said, heard = (piece['args']['args']['buf']['bytes'] for piece in (sent, received))
            self.assertIn(said, heard)
            seen[heard.split()[0]] += 1
        self.assertEqual(seen, {'tcp': 100, 'pipe': 10, 'udp': 20, 'handler': 1, 'part': 5, 'nested': 1})

    def test_processes_and_threads_have_names(self):
        names = {(event['name'], event['pid'], event['tid']): event['args']['name'] for event in self.view if event['ph'] == 'M'}
        for pid, tid in {(event['pid'], event['tid']) for event in self.events}:
            self.assertIn(('thread_name', pid, tid), names)
        processes = sorted(name for (what, _, _), name in names.items() if what == 'process_name')
        self.assertEqual(processes, ['P0(python3)', 'P0.1'])

    def test_only_what_was_chosen_is_in_it(self):
        view = self.export('-e', 'send,recv')['traceEvents']
        self.assertEqual({event['name'] for event in view if event['ph'] in 'XBi'}, {'send', 'recv'})
        self.assertEqual(sum(event['ph'] == 's' for event in view), 107)
        view = self.export('-e', 'recv')['traceEvents']
        self.assertEqual(sum(event['ph'] in 'sf' for event in view), 0)

    def test_a_trace_of_nothing_and_a_damaged_one_are_still_json(self):
        self.assertEqual([event for event in self.export('-e', 'none')['traceEvents'] if event['ph'] != 'M'], [])
        damaged = self.at / 'damaged.ipct'
        damaged.write_bytes(self.trace.read_bytes()[:-40] + bytes(40))
        view = self.export('-q', trace=damaged, status=4)['traceEvents']
        self.assertEqual(len([event for event in view if event['ph'] in 'XBi']),
                         len(run(IPCTRACE, 'print', '-q', '--json', damaged, status=4).stdout.splitlines()))


unittest.main()
