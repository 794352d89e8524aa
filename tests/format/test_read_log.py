#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two readers that share no code must read the same: test_read_log.py IPCTRACE WRITE_SAMPLE

`ipctrace print --json` against read_log.py, on the sample log (one of everything, random values) and on the trace of a real
program; and both against the golden logs of every released format, whose values are kept beside them.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
IPCTRACE, WRITE_SAMPLE = sys.argv[1:3]

PROGRAM = r'''
import os, select, socket, threading, mmap
left, right = socket.socketpair()
for number in range(300):
    left.send(b'message %d' % number)
    right.recv(100)
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen()
def serve():
    connection, _ = listener.accept()
    while connection.recv(100):
        connection.sendmsg([b'some ', b'vectored ', b'answer'])
server = threading.Thread(target=serve)
server.start()
client = socket.create_connection(listener.getsockname())
client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes(8))
client.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
for number in range(300):
    client.send(os.urandom(number % 90 + 1))
    client.recvmsg(100)
client.close()
server.join()
socket.send_fds(left, [b'descriptors'], [0, 1])
socket.recv_fds(right, 20, 4)
select.select([left, right], [left], [], 0.01)
poll = select.epoll()
poll.register(left, select.EPOLLIN)
poll.poll(0.01)
os.preadv(os.open('/etc/passwd', os.O_RDONLY), [bytearray(10), bytearray(20)], 3)
local = socket.socket(socket.AF_UNIX)
local.bind('\0ipctrace-test-%d' % os.getpid())
local.getsockname()
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.bind(('::1', 0))
six.sendto(b'datagram', six.getsockname())
six.recvfrom(20)
try:
    socket.create_connection(('127.0.0.1', 1))
except OSError:
    pass
try:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, socket.inet_aton('224.0.0.1') + socket.inet_aton('127.0.0.1'))
except OSError:
    pass
child = os.fork()
if not child:
    os._exit(3)
os.waitpid(child, 0)
memory = mmap.mmap(-1, 8192)
memory.madvise(mmap.MADV_DONTNEED)
os.system('true')
'''


def events(command):
    """The objects printed, without what takes more than the log's bytes."""
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    found = []
    for line in printed.decode().strip().split('\n'):
        event = json.loads(line)
        event.pop('object', None)
        event.pop('stack', None)
        found.append(event)
    return found


def counted(found):
    return collections.Counter(json.dumps(event) for event in found)


class ReadLog(unittest.TestCase):
    maxDiff = 2000

    def read_both(self, path):
        ours = events([IPCTRACE, 'print', '--json', path])
        theirs = events(['/usr/bin/python3', HERE / 'read_log.py', path])
        # events of the very same moment may stand in any order
        self.assertEqual([event['time'] for event in ours], [event['time'] for event in theirs])
        self.assertEqual(list((counted(ours) - counted(theirs)).elements())[:3], list((counted(theirs) - counted(ours)).elements())[:3])
        return ours

    def test_the_sample_reads_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f'{folder}/sample.ipct'
            subprocess.run([WRITE_SAMPLE, path], check=True)
            found = self.read_both(path)
        self.assertEqual(len(found), 163)
        self.assertEqual([event['control'] for event in found if 'control' in event], ['stop', 'mark'])
        self.assertEqual([event['unread'] for event in found if event.get('outcome') == 'unfinished' and event['tid'] == 102], ['EPERM'])

    def test_times_in_bits_read_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f'{folder}/times.ipct'
            subprocess.run([WRITE_SAMPLE, path, 'times'], check=True)
            found = self.read_both(path)
        self.assertEqual(len(found), 600)
        self.assertGreater(len({event['duration'] for event in found}), 100)

    def test_a_real_program_reads_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f'{folder}/real.ipct'
            subprocess.run([IPCTRACE, 'record', '-o', path, '--', '/usr/bin/python3', '-c', PROGRAM], check=True, stderr=subprocess.PIPE)
            found = self.read_both(path)
        calls = {event['call'] for event in found}
        self.assertLessEqual({'send', 'recv', 'sendmsg', 'recvmsg', 'accept4', 'connect', 'setsockopt', 'select', 'epoll_wait'}, calls)
        self.assertTrue(any(event['errno'] == 'ECONNREFUSED' for event in found))
        self.assertGreater(len(found), 1200)

    def test_golden_logs_still_read_as_they_did(self):
        logs = sorted((HERE / 'golden').glob('*.ipct'))
        self.assertTrue(logs)
        for path in logs:
            with self.subTest(path.name):
                kept = [json.loads(line) for line in path.with_suffix('.json').read_text().strip().split('\n')]
                found = self.read_both(path)
                self.assertEqual(counted(kept), counted(found))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
