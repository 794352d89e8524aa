#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The logs of libposixtrace and of ipctrace are one: test_use.py IPCTRACE USE_TRACE LIBRARY SOURCE_ROOT CC...

What a program wrote through trace.h is read by a reader that shares no code with it (tests/format/read_log.py) and by every command; what
`ipctrace record` wrote is read through trace.h.
"""
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import lz4.frame
import msgpack

IPCTRACE, PROGRAM, LIBRARY, ROOT = sys.argv[1:5]
LIBRARY = pathlib.Path(LIBRARY).resolve()
CC = sys.argv[5:]
COUNT = 500
TRACED = 'import socket\na, b = socket.socketpair()\na.send(b"hello")\nb.recv(10)\n'


def output(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


class Use(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / 'orders.ipct'

    def write(self):
        output(PROGRAM, 'write', self.log, COUNT)

    def test_an_independent_reader_reads_the_events_of_a_program(self):
        self.write()
        done = subprocess.run(['/usr/bin/python3', f'{ROOT}/tests/format/read_log.py', str(self.log)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        events = [json.loads(line) for line in done.stdout.splitlines()]
        users = [event['args'] for event in events if event['call'] == 'posix_trace_event']
        self.assertEqual([args['event'] for args in users], ['order.begin', 'order.end'] * COUNT)
        self.assertEqual([args['data']['bytes'] for args in users[::2]], [f'number {i}' for i in range(COUNT)])
        self.assertEqual(users[1]['data']['bytes'], 'more than sixteen bytes'[:16])
        self.assertEqual([args['size'] for args in users[1::2]], [23, 0] * (COUNT // 2))
        calls = [event['call'] for event in events]
        self.assertEqual((calls[0], calls[1], calls[-1]), ('posix_trace_start', 'posix_trace_filter', 'posix_trace_stop'))
        printed = [json.loads(line) for line in output(IPCTRACE, 'print', '--json', self.log).splitlines()]
        for event in printed:
            del event['object']
        self.assertEqual(printed, events)

    def test_the_log_says_what_the_stream_was(self):
        self.write()
        data, last = self.log.read_bytes(), None
        while data:
            frames = lz4.frame.LZ4FrameDecompressor()
            for thing in msgpack.Unpacker(io.BytesIO(frames.decompress(data)), raw=False):
                last = thing[1] if thing[0] == 'posix-trace' else last
            data = frames.unused_data
        types = {name: number for number, name in last.pop('types')}
        self.assertEqual(sorted(types), ['order.begin', 'order.end'])
        self.assertTrue(all(16 <= number < 256 for number in types.values()))
        self.assertTrue(last.pop('version').startswith('ipctrace '))
        self.assertLess(abs(last.pop('created') / 1e9 - time.time()), 100)
        self.assertEqual(last, {'name': 'orders', 'inherited': 1, 'stream-policy': 3, 'log-policy': 4, 'stream-size': 8 << 20, 'data-size': 16,
                                'log-size': 16 << 20, 'stream-status': 0, 'stream-full': 0, 'stream-overrun': 0, 'flush-error': 0,
                                'log-overrun': 0, 'log-full': 0})

    def test_every_command_reads_the_events_of_a_program(self):
        self.write()
        self.assertIn('posix_trace_event("order.begin", "number 7", 8)', output(IPCTRACE, 'print', self.log))
        self.assertEqual(output(IPCTRACE, 'print', '-e', 'posix_trace_stop', self.log).split(), ['posix_trace_stop(0)', '=', '?'])
        self.assertRegex(output(IPCTRACE, 'report', '--by', 'call', self.log), rf'(?m) {2 * COUNT:,} .* posix_trace_event$')
        self.assertRegex(output(IPCTRACE, 'info', self.log), rf'(?m)^Calls +{2 * COUNT + 3:,}: trace')
        self.assertIn('whole', output(IPCTRACE, 'check', self.log))
        self.assertIn('same', output(IPCTRACE, 'diff', self.log, self.log))

    def test_what_was_written_is_read_back(self):
        self.write()
        lines = output(PROGRAM, 'read', self.log).splitlines()
        printed = [json.loads(line) for line in output(IPCTRACE, 'print', '--json', self.log).splitlines()]
        self.assertEqual([line.split(' ')[3] for line in lines if re.match(r'(order|posix)', line)], [str(e['time']) for e in printed])
        users = [line for line in lines if line.startswith('order')]
        self.assertEqual(len(users), 2 * COUNT)
        self.assertRegex(users[4], r'^order.begin (\d+) \1 \d+ 0 number 2$')
        self.assertRegex(users[5], r'^order.end \d+ \d+ \d+ 1 more than sixteen$'.replace('sixteen', 'sixteen'[:6]))

    def test_recorded_calls_are_system_events(self):
        output(IPCTRACE, 'record', '-o', self.log, '--', '/usr/bin/python3', '-c', TRACED)
        printed = output(IPCTRACE, 'print', '--json', self.log).splitlines()
        read = output(PROGRAM, 'read', self.log).splitlines()
        self.assertEqual([line.split(' ', 5)[5] for line in read], printed)
        calls = [json.loads(line) for line in printed]
        self.assertEqual([line.split()[0] for line in read], [call['call'] for call in calls])
        self.assertEqual([line.split()[1:4] for line in read], [[str(call[k]) for k in ('pid', 'tid', 'time')] for call in calls])
        self.assertIn('send', [call['call'] for call in calls])

    def test_a_program_that_is_recorded_traces_itself_as_well(self):
        done = subprocess.run([IPCTRACE, 'record', '-o', str(self.folder / 'calls.ipct'), '--', PROGRAM, 'write', str(self.log), '10'],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ''))
        self.assertEqual(output(IPCTRACE, 'print', self.log).count('order'), 20)
        self.assertIn('whole', output(IPCTRACE, 'check', self.folder / 'calls.ipct'))

    def test_a_log_that_was_cut_anywhere_is_read_or_refused(self):
        output(PROGRAM, 'write', self.log, 20)
        whole = self.log.read_bytes()
        most = 0
        for size in range(0, len(whole) + 1, 61):
            self.log.write_bytes(whole[:size])
            done = subprocess.run([PROGRAM, 'read', str(self.log)], capture_output=True, text=True)
            self.assertIn(done.returncode, (0, 2), f'{size} bytes: {done.stderr}')
            most = max(most, done.stdout.count('order'))
        self.assertLessEqual(most, 40)

    def test_the_example_of_the_page_does_what_the_page_shows(self):
        page = pathlib.Path(ROOT, 'docs/posix-trace.md').read_text()
        (self.folder / 'orders.c').write_text(re.search(r'```c\n(.*?)```', page, re.S)[1])
        folders = [LIBRARY.parent, LIBRARY.parent.parent / 'reader']
        output(*CC, self.folder / 'orders.c', '-o', self.folder / 'orders', f'-I{ROOT}/include', f'-L{LIBRARY.parent}', f'-l:{LIBRARY.name}',
               *[f'-Wl,-rpath,{path}' for path in folders], f'-Wl,-rpath-link,{folders[1]}')
        done = subprocess.run(['./orders'], cwd=self.folder, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, -6)
        shown = re.search(r'print orders.ipct\n(.*?)\$', page, re.S)[1]
        for _ in range(200):  # who writes it may need a moment to hear of the end
            printed = output(IPCTRACE, 'print', self.log)
            if printed == shown:
                break
            time.sleep(0.05)
        self.assertEqual(printed, shown)

    def test_only_the_functions_of_the_standard_are_exported(self):
        names = [line.split()[2] for line in output('nm', '-D', '--defined-only', LIBRARY).splitlines()]
        header = pathlib.Path(ROOT, 'include/trace.h').read_text()
        self.assertEqual(sorted(names), sorted(set(re.findall(r'\b(posix_trace_\w+)\(', re.sub(r'/\*.*?\*/', '', header, flags=re.S)))))
        self.assertEqual(len(names), 50)

    def test_the_header_stands_alone_in_c_and_c_plus_plus(self):
        source = self.folder / 'alone.c'
        source.write_text('#include <trace.h>\nint main(void) { return (int)sizeof(trace_event_set_t); }\n')
        for language in ('c', 'c++'):
            if language == 'c++' and subprocess.run([*CC, '-x', 'c++', '-fsyntax-only', '/dev/null'], capture_output=True).returncode:
                continue
            output(*CC, '-x', language, '-std=' + ('c11' if language == 'c' else 'c++11'), '-D_XOPEN_SOURCE=700', '-Wall', '-Wextra',
                   '-Wpedantic', '-Werror', '-fsyntax-only', f'-I{ROOT}/include', source)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
