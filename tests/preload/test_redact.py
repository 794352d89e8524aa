#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is redacted never reaches the log, and what is left is still right; semaphore values come on demand."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = pathlib.Path(sys.argv.pop(1)).resolve()
SECRET = 'the password is swordfish'
TALK = f'''
import os, socket
a, b = socket.socketpair()
a.send({SECRET!r}.encode()); b.recv(100)
os.writev(a.fileno(), [b"{SECRET[:9]}", b"{SECRET[9:]}"]); b.recvmsg(100)
'''
LENGTHS = '''
import socket
a, b = socket.socketpair()
for length in range(1, 150):
    a.send(bytes(i % 128 for i in range(length))); b.recv(200)
'''
LONG = '''
import os, socket
a, b = socket.socketpair()
for length in (3071, 3072, 6150, 9000):
    data = bytes(i % 128 for i in range(length))
    a.send(data); b.recv(20000)
    os.writev(a.fileno(), [data[:5], data[5:3080], data[3080:]]); os.readv(b.fileno(), [bytearray(4000), bytearray(8000)])
'''
PIECES = '''
import ctypes, os, socket
libc = ctypes.CDLL(None)
a, b = socket.socketpair()
queue = libc.msgget(0, 0o600)
for length in range(1, 150):
    data = bytes(i % 128 for i in range(length))
    cuts = sorted((length // 3, length * 7 // 11))
    os.writev(a.fileno(), [data[:cuts[0]], b"", data[cuts[0]:cuts[1]], data[cuts[1]:]])
    os.readv(b.fileno(), [bytearray(cuts[0]), bytearray(200)])
    a.sendmsg([data[:5], data[5:]]); b.recvmsg(200)
    message = (1).to_bytes(8, "little") + data
    libc.msgsnd(queue, message, ctypes.c_size_t(length), 0)
    libc.msgrcv(queue, ctypes.create_string_buffer(300), ctypes.c_size_t(200), ctypes.c_long(0), 0)
libc.msgctl(queue, 0, 0)
'''
SEMOP = '''
import ctypes
libc = ctypes.CDLL(None)
class Sembuf(ctypes.Structure):
    _fields_ = [("num", ctypes.c_ushort), ("op", ctypes.c_short), ("flg", ctypes.c_short)]
semid = libc.semget(0, 1, 0o600)
libc.semop(semid, ctypes.byref(Sembuf(0, 3, 0)), 1)
libc.semop(semid, ctypes.byref(Sembuf(0, -1, 0)), 1)
libc.semctl(semid, 0, 0)
'''

SEMSET = '''
import ctypes
libc = ctypes.CDLL(None)
GETVAL, GETALL, SETVAL, SETALL = 12, 13, 16, 17
three, twenty = libc.semget(0, 3, 0o600), libc.semget(0, 20, 0o600)
values = (ctypes.c_ushort * 20)(4, 5, 6)
libc.semctl(three, 0, SETALL, values)
libc.semctl(three, 0, SETALL, None)
libc.semctl(three, 0, GETALL, values)
values[0] = 7
libc.semctl(three, 0, SETALL, values)
libc.semctl(three, 0, 0)
libc.semctl(twenty, 0, SETALL, (ctypes.c_ushort * 20)(*range(20)))
libc.semctl(twenty, 0, 0)
'''


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82f63b78 if crc & 1 else crc >> 1
    return f'{crc ^ 0xffffffff:08x}'


class Redaction(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / 'x.ipct'

    def record(self, program, *options):
        script = self.log.with_suffix('.py')  # not on the command line, which the log tells
        script.write_text(program)
        subprocess.run([IPCTRACE, 'record', '-q', '-o', self.log, *options, '--', '/usr/bin/python3', '-S', script], check=True, timeout=60)
        text = subprocess.run([IPCTRACE, 'print', '--json', self.log], capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in text.splitlines()]

    def payloads(self, *options):
        """What the log has of the secret, each time it went through: of send, recv, writev and recvmsg."""
        found = []
        for event in self.record(TALK, '-e', 'send,recv,writev,recvmsg', *options):
            for value in event['args'].values():
                data = value.get('data', value) if isinstance(value, dict) else None
                if data and data.get('length') == len(SECRET):
                    found.append(data)
        self.assertEqual(len(found), 4)
        return found

    def in_log(self):
        raw = subprocess.run(['lz4', '-dc', self.log], capture_output=True, check=True).stdout
        return SECRET.encode() in raw

    def test_by_default_prefix_and_hash_are_there(self):
        for data in self.payloads():
            self.assertEqual((data['bytes'], data['hash']), (SECRET, crc32c(SECRET.encode())))

    def test_every_length_is_hashed_whole_and_kept_as_far_as_asked_for(self):
        for kept, options in ((64, ()), (200, ('-s', '200'))):
            events = self.record(LENGTHS, '-e', 'send,recv', *options)
            self.assertEqual([e['result'] for e in events], [length for length in range(1, 150) for _ in 'sr'])
            for event in events:
                sent, data = bytes(i % 128 for i in range(event['result'])), event['args']['buf']
                self.assertEqual((data['length'], data['hash'], data['bytes'].encode()), (len(sent), crc32c(sent), sent[:kept]))

    def test_long_ones_are_too(self):
        for kept in (100, 3072, 8192, 9000):
            events = self.record(LONG, '-e', 'send,recv,writev,readv', '-s', str(kept))
            self.assertEqual([e['result'] for e in events], [length for length in (3071, 3072, 6150, 9000) for _ in range(4)])
            for event in events:
                sent = bytes(i % 128 for i in range(event['result']))
                value = event['args'].get('buf') or event['args']['iov']
                data = value.get('data', value)
                self.assertEqual((data['length'], data['hash'], data['bytes'].encode()), (len(sent), crc32c(sent), sent[:kept]))

    def test_so_is_what_comes_in_pieces_or_behind_a_type(self):
        calls = ['writev', 'readv', 'sendmsg', 'recvmsg', 'msgsnd', 'msgrcv']
        for kept, options in ((64, ()), (200, ('-s', '200'))):
            events = self.record(PIECES, '-e', ','.join(calls), *options)
            self.assertEqual([e['call'] for e in events], 149 * calls)
            for number, event in enumerate(events):
                sent = bytes(i % 128 for i in range(number // len(calls) + 1))
                data = next(value['data'] for value in event['args'].values() if isinstance(value, dict) and 'data' in value)
                self.assertEqual((data['length'], data['hash'], data['bytes'].encode()), (len(sent), crc32c(sent), sent[:kept]))

    def test_hash_keeps_no_bytes(self):
        for data in self.payloads('--redact=hash'):
            self.assertEqual((data['bytes'], data['hash']), ('', crc32c(SECRET.encode())))
        self.assertFalse(self.in_log())

    def test_prefix_keeps_no_hash(self):
        for data in self.payloads('--redact=prefix', '-s', '3'):
            self.assertEqual((data['bytes'], data['hash']), (SECRET[:3], '00000000'))
        self.assertFalse(self.in_log())

    def test_length_keeps_neither(self):
        for data in self.payloads('--redact=length'):
            self.assertEqual((data['bytes'], data['hash']), ('', '00000000'))
        self.assertFalse(self.in_log())

    def test_values_of_a_whole_set_are_asked_for_on_demand(self):
        asked = [e.get('values') for e in self.record(SEMSET, '-e', 'semctl', '--semval')]
        self.assertEqual(asked, [[4, 5, 6], None, [4, 5, 6], [7, 5, 6], None, list(range(8)), None])
        self.assertEqual([e.get('values') for e in self.record(SEMSET, '-e', 'semctl')], [None] * 7)

    def test_semaphore_values_are_asked_for_on_demand(self):
        asked = [e.get('values') for e in self.record(SEMOP, '-e', 'semop', '--semval')]
        self.assertEqual(asked, [[3], [2]])
        self.assertEqual([e.get('values') for e in self.record(SEMOP, '-e', 'semop')], [None, None])


if __name__ == '__main__':
    unittest.main()
