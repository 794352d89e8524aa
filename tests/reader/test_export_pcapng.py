#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What tshark makes of `ipctrace export --format=pcapng`. Argument: the command."""
import ipaddress
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = os.path.realpath(sys.argv.pop(1))
CHECKS = ['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE']

HTTP = '''
import http.client, http.server, threading

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length'])) * 100
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = False
threading.Thread(target=server.serve_forever).start()
client = http.client.HTTPConnection('127.0.0.1', server.server_port)
for number in range(3):
    client.request('POST', '/page%d' % number, b'line %d\\n' % number * 300)
    client.getresponse().read()
client.close()
server.shutdown(), server.server_close()
'''

OTHERS = '''
import os, socket, sys, tempfile
u, v = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
u.bind(('127.0.0.1', 0))
for number in range(3):
    v.sendto(b'question', u.getsockname())
    u.sendto(b'answer %d' % number, u.recvfrom(100)[1])
    v.recvfrom(100)
r, w = os.pipe()
if not os.fork():
    os.write(w, b'through the pipe')
    os._exit(0)
os.close(w)
os.read(r, 100), os.read(r, 100), os.wait()
a, b = socket.socketpair()
a.send(b'ping'), b.recv(10), b.sendmsg([b'po', b'ng']), a.recv(10), a.close(), b.recv(10)
x, y = socket.socketpair(type=socket.SOCK_DGRAM)
x.send(b'one'), x.send(b''), y.recv(9), y.recv(9), y.send(b'three'), x.recv(9)
path = sys.argv[1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path), listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(path), client.send(b'before accept')
server = listener.accept()[0]
server.recv(100), server.send(b'accepted'), client.recv(100), server.close(), client.recv(100)
try:
    socket.create_connection(('127.0.0.1', 1))
except OSError:
    pass
listener = socket.create_server(('::1', 0), family=socket.AF_INET6)
client = socket.socket(socket.AF_INET6)
client.setblocking(False)
client.connect_ex(listener.getsockname())
client.send(b'early')
server = listener.accept()[0]
client.setblocking(True)
client.sendall(b'z' * 150000)
left = 150005
while left:
    left -= len(server.recv(65536))
with tempfile.TemporaryFile() as file:
    file.write(b'file' * 1000), file.flush()
    os.sendfile(server.fileno(), file.fileno(), 0, 4000)
left = 4000
while left:
    left -= len(client.recv(4000))
client.shutdown(socket.SHUT_WR), server.recv(1), server.close(), client.recv(1)
'''


def run(*words, status=0, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, **more)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done


def record(trace, *command, size='1M', **more):
    return run(IPCTRACE, 'record', '-q', '-s', size, '-o', trace, '--', *command, **more)


def export(trace, *options):
    capture = pathlib.Path(trace).with_suffix('.pcapng')
    run(IPCTRACE, 'export', '--format=pcapng', '-o', capture, *options, trace)
    return capture


def fields(capture, *names, only='frame', more=()):
    """A row a packet that `only` chooses: the text of each field."""
    words = [word for name in names for word in ('-e', name)]
    done = run('tshark', '-r', capture, *CHECKS, *more, '-Y', only, '-T', 'fields', *words)
    return [line.split('\t') for line in done.stdout.decode().splitlines()]


def stream(capture, number, protocol='tcp'):
    """What each side said, as tshark follows it: who began first."""
    said = run('tshark', '-r', capture, '-q', '-z', f'follow,{protocol},raw,{number}').stdout.decode()
    sides = [b'', b'']
    for line in said.split('Node 1: ')[1].splitlines()[1:]:
        if not line.startswith('='):
            sides[line.startswith('\t')] += bytes.fromhex(line.strip())
    return sides


def sent(trace, *options):
    """What print says was sent, by object: the independent way through the trace."""
    found = {}
    for line in run(IPCTRACE, 'print', '--json', *options, trace).stdout.decode().splitlines():
        event = json.loads(line)
        data = event['args'].get('buf')
        if event['call'] in ('send', 'sendto', 'write') and isinstance(data, dict) and event['object']:
            found[event['object']] = found.get(event['object'], b'') + data['bytes'].encode('latin-1')
    return found


class Pcapng(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert shutil.which('tshark'), 'tshark is missing: ./dev test installs it'
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.folder.name)
        cls.http, cls.others = cls.at / 'http.ipct', cls.at / 'others.ipct'
        record(cls.http, '/usr/bin/python3', '-c', HTTP)
        record(cls.others, '/usr/bin/python3', '-c', OTHERS, cls.at / 'socket')

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def assert_sound(self, capture):
        """Every packet is whole, with good checksums, and nothing is out of order, missing or sent again."""
        rows = fields(capture, 'frame.number', 'ip.checksum.status', 'tcp.checksum.status', 'udp.checksum.status')
        self.assertEqual({status for row in rows for status in row[1:]}, {'1', ''})
        self.assert_plausible(capture)

    def assert_plausible(self, capture):
        # 0x600000: warnings; a reset is one
        self.assertEqual(fields(capture, 'frame.number', '_ws.expert',
                                only='_ws.malformed || tcp.analysis.flags || (_ws.expert.severity >= 0x600000 && !(tcp.flags.reset == 1))'), [])

    def test_http_is_dissected_and_its_stream_is_what_was_sent(self):
        capture = export(self.http)
        self.assert_sound(capture)
        self.assertEqual([row[0] for row in fields(capture, 'http.request.uri', only='http.request')], ['/page0', '/page1', '/page2'])
        self.assertEqual([row[0] for row in fields(capture, 'http.response.code', only='http.response')], ['200'] * 3)
        told = sent(self.http)
        client = next(said for name, said in told.items() if name.startswith('tcp-client'))
        server = next(said for name, said in told.items() if name.startswith('tcp-server'))
        self.assertEqual(stream(capture, 0), [client, server])
        self.assertIn(b'line 2\n' * 30000, server)

    def test_a_connection_begins_and_ends_as_tcp_does(self):
        flags = [row[0] for row in fields(export(self.http), 'tcp.flags.str', only='tcp.stream == 0')]
        self.assertEqual([text.replace('\u00b7', '') for text in flags[:3]], ['S', 'AS', 'A'])
        self.assertEqual(sum('F' in text for text in flags), 2)

    def test_either_end_alone_tells_the_same_bytes(self):
        said = stream(export(self.http, '-e', 'send,write,sendto'), 0)
        self.assertEqual(said, stream(export(self.http), 0))
        self.assertEqual(said, stream(export(self.http, '-e', 'recv,read,recvfrom'), 0))

    def test_redis_is_dissected_on_any_port(self):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = str(free.getsockname()[1])
        trace = self.at / 'redis.ipct'
        script = '''redis-server --port $0 --save "" --dir "$1" >/dev/null &
            while ! redis-cli -p $0 ping >/dev/null 2>&1; do sleep 0.05; done
            redis-cli -p $0 set city Praha; redis-cli -p $0 get city; redis-cli -p $0 shutdown nosave; wait'''
        record(trace, 'sh', '-c', script, port, self.at, timeout=30)
        capture = export(trace)
        self.assert_sound(capture)
        said = fields(capture, 'resp.bulk_string.value', only='resp', more=['-d', f'tcp.port=={port},resp'])
        said = ['/'.join(bytes.fromhex(word).decode() for word in row[0].split(',') if word) for row in said]
        self.assertIn('set/city/Praha', [text.lower().replace('praha', 'Praha') for text in said])
        self.assertIn('Praha', said)
        comments = [row[0] for row in fields(capture, 'frame.comment', only='tcp.len > 0')]
        self.assertTrue(any('redis-cli, pid' in text for text in comments), comments)

    def test_what_has_no_address_gets_one_that_says_what_it_is(self):
        capture = export(self.others)
        self.assert_sound(capture)
        ends = fields(capture, 'frame.interface_name', 'ipv6.src', 'tcp.payload', only='tcp.len > 0 && tcp.len < 100')
        by_end = {bytes.fromhex(payload): (name, end) for name, end, payload in ends}
        self.assertRegex(by_end[b'through the pipe'][1], r'^2001:db8:3::\d+:1$')
        self.assertRegex(by_end[b'ping'][1], r'^2001:db8:2::\d+:a$')
        self.assertRegex(by_end[b'pong'][1], r'^2001:db8:2::\d+:b$')
        self.assertRegex(by_end[b'accepted'][1], r'^2001:db8:1::1$')
        pid = json.loads(run(IPCTRACE, 'info', '--json', self.others).stdout)['processes'][0]['pid']
        digits = ipaddress.ip_address(by_end[b'before accept'][1]).exploded.replace(':', '')  # with the zeros within
        self.assertEqual(digits.removeprefix('20010db8').lstrip('0'), str(pid))

    def test_the_path_of_a_socket_is_the_name_of_its_address(self):
        done = run('tshark', '-r', export(self.others), '-N', 'n', '-q', '-z', 'hosts')
        self.assertIn(str(self.at / 'socket'), done.stdout.decode())

    def test_datagrams_go_between_the_ports_that_they_went_between(self):
        rows = fields(export(self.others), 'udp.srcport', 'udp.dstport', 'udp.payload', only='udp && frame.interface_name == "ip"')
        self.assertEqual([bytes.fromhex(row[2]) for row in rows],
                         [text for number in range(3) for text in (b'question', b'answer %d' % number)])
        self.assertEqual({tuple(row[:2]) for row in rows[::2]}, {tuple(row[1::-1]) for row in rows[1::2]})
        self.assertEqual(len({tuple(row[:2]) for row in rows}), 2)

    def test_messages_keep_their_borders_and_may_be_empty(self):
        rows = fields(export(self.others), 'ipv6.src', 'udp.length', 'udp.payload', only='udp && frame.interface_name == "unix"')
        self.assertEqual([(row[0][-1], int(row[1]) - 8, bytes.fromhex(row[2])) for row in rows], [('a', 3, b'one'), ('a', 0, b''), ('b', 5, b'three')])

    def test_a_refused_connection_is_a_reset_one(self):
        rows = fields(export(self.others), 'tcp.flags.str', only='tcp.port == 1')
        self.assertEqual([row[0].replace('\u00b7', '') for row in rows], ['S', 'AR'])

    def test_many_bytes_are_several_segments_and_moved_ones_are_those_that_arrived(self):
        capture = export(self.others)
        number = fields(capture, 'tcp.stream', only='tcp.len > 60000')[0][0]
        self.assertEqual(stream(capture, number), [b'early' + b'z' * 150000, b'file' * 1000])
        self.assertLessEqual(max(int(row[0]) for row in fields(capture, 'frame.len')), 65535 + 40)

    def test_times_are_those_of_the_calls_to_the_nanosecond(self):
        rows = fields(export(self.others), 'frame.time_epoch', only='tcp.len == 4')
        lines = run(IPCTRACE, 'print', '--json', '-e', 'send', self.others).stdout.decode().splitlines()
        ping = next(event for event in map(json.loads, lines) if event['args']['buf']['bytes'] == 'ping')
        self.assertEqual(int(rows[0][0].replace('.', '')), ping['time'])

    def test_what_was_not_kept_is_missing_and_not_made_up(self):
        trace = self.at / 'cut.ipct'
        record(trace, '/usr/bin/python3', '-c', HTTP, size='16')
        capture = export(trace)
        rows = fields(capture, 'frame.cap_len', 'frame.len', 'tcp.len', 'frame.comment', only='tcp.len > 16')
        self.assertTrue(rows)
        for kept, whole, size, comment in rows:
            here = int(size) - (int(whole) - int(kept))
            self.assertIn(here, (0, 16))
            self.assertIn(f'; {here} of {size} bytes are in the trace', comment)
        self.assert_plausible(capture)
        sizes = [int(row[0]) for row in fields(capture, 'tcp.len', only='tcp.srcport == %s' % fields(capture, 'tcp.dstport')[0][0])]
        self.assertGreater(sum(sizes), 3 * 210000)

    def test_datagrams_that_were_cut_have_no_wrong_checksum(self):
        trace = self.at / 'cut.ipct'
        record(trace, '/usr/bin/python3', '-c', OTHERS, self.at / 'another', size='4')
        capture = export(trace)
        self.assertEqual({row[0] for row in fields(capture, 'udp.payload', only='udp.length == 16')}, {b'ques'.hex(), b'answ'.hex()})
        self.assert_plausible(capture)

    def test_a_choice_of_processes_and_calls_is_kept(self):
        pid = json.loads(run(IPCTRACE, 'info', '--json', self.others).stdout)['processes'][1]['pid']
        rows = fields(export(self.others, '--pid', pid), 'tcp.payload', only='tcp.len > 0')
        self.assertEqual([bytes.fromhex(row[0]) for row in rows], [b'through the pipe'])
        self.assertEqual(fields(export(self.others, '-e', 'socket,close'), 'frame.number'), [])

    def test_it_can_go_through_a_pipe(self):
        done = run(IPCTRACE, 'export', '--format=pcapng', '-o', '-', self.others)
        self.assertEqual(done.stdout, export(self.others).read_bytes())

    def test_a_damaged_trace_is_exported_as_far_as_it_can_be_read(self):
        whole, damaged = self.http.read_bytes(), self.at / 'damaged.ipct'
        damaged.write_bytes(whole[:-60] + bytes(60))
        done = run(IPCTRACE, 'export', '--format=pcapng', '-o', self.at / 'damaged.pcapng', damaged, status=4)
        self.assertRegex(done.stderr.decode(), r'^ipctrace: .*damaged, what could be read was exported; see ipctrace check\n$')
        self.assertEqual(run('tshark', '-r', self.at / 'damaged.pcapng').returncode, 0)

    def test_bad_input_is_one_line_and_leaves_no_file(self):
        bad, to = self.at / 'bad.ipct', self.at / 'none.pcapng'
        bad.write_bytes(b'no trace at all')
        for words, said in ((['--format=pcapng', '-o', to, bad], 'bad.ipct'), (['--format=pcapng', '-o', to, self.at / 'absent'], 'absent'),
                            (['--format=pdf', '-o', to, self.http], 'pdf'), (['-o', to, self.http], '--format'),
                            (['--format=pcapng', self.http], '-o'), (['--format=pcapng', '-o', to, '-e', 'nothing', self.http], 'nothing'),
                            (['--format=pcapng', '-o', self.http, self.http], 'is being read'),
                            (['--format=pcapng', '-o', '/no/where', self.http], '/no/where'),
                            (['--format=pcapng', '-o', '/dev/full', self.http], '/dev/full')):
            done = run(IPCTRACE, 'export', *words, status=2)
            self.assertEqual((done.stdout, done.stderr.count(b'\n'), said in done.stderr.decode()), (b'', 1, True), done.stderr)
        self.assertFalse(to.exists())
        self.assertTrue(self.http.stat().st_size)


unittest.main()
