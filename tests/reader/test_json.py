#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the commands say as JSON: one object that parses, with no key that docs/json.md does not name."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = os.path.realpath(sys.argv[1])
PAGE = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'json.md'
PROGRAM = '''
import os, socket
a, b = socket.socketpair()
for number in range(20000):
    a.send(os.urandom(8))
    b.recv(8)
if os.fork():
    os.wait()
'''


def keys(value, beside=('families', 'not_made')):
    """Of all objects in it, but for those whose keys are names of something else."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in beside:
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.trace = pathlib.Path(cls.folder.name, 'run.ipct')
        subprocess.run([IPCTRACE, 'record', '-q', '-o', cls.trace, '--', '/usr/bin/python3', '-S', '-c', PROGRAM], check=True)
        cls.known = set(re.findall(r'`(\w+)`', PAGE.read_text()))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def ask(self, *words, status=0):
        done = subprocess.run([IPCTRACE, *words], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (status, ''))
        said = json.loads(done.stdout)
        self.assertEqual(sorted(set(keys(said)) - self.known), [])
        return said

    def test_every_key_is_in_the_page(self):
        self.ask('report', '--json', self.trace)
        self.ask('info', '--json', self.trace)
        self.ask('doctor', '--json', '/usr/bin/python3')
        self.ask('replay', '--json', self.trace)

    def test_check_says_that_a_trace_is_whole(self):
        said = self.ask('check', '--json', self.trace)
        info = self.ask('info', '--json', self.trace)
        self.assertEqual([said[key] for key in ('verdict', 'lost_full', 'damage', 'repaired')], ['whole', 0, [], None])
        self.assertEqual([said[key] for key in ('frames', 'bytes', 'events')], [info[key] for key in ('frames', 'bytes', 'events')])

    def test_check_says_where_a_trace_is_damaged_and_what_was_repaired(self):
        damaged, repaired = (pathlib.Path(self.folder.name, name) for name in ('damaged.ipct', 'repaired.ipct'))
        whole = self.trace.read_bytes()
        middle = len(whole) // 2
        damaged.write_bytes(whole[:middle] + bytes(500) + whole[middle + 500:])
        said = self.ask('check', '--json', '--repair', repaired, damaged, status=4)
        self.assertEqual(said['verdict'], 'damaged')
        self.assertTrue(said['damage'][0]['offset'] <= middle < said['damage'][0]['offset'] + said['damage'][0]['bytes'], said)
        self.assertEqual(said['repaired']['trace'], str(repaired))
        lost = said['repaired']['missing']
        self.assertEqual(said['events'] + lost, self.ask('check', '--json', self.trace)['events'])
        self.assertEqual(self.ask('check', '--json', repaired, status=4)['lost'], lost)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
