#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A program started with nothing but LD_PRELOAD is recorded by a recorder that the library starts."""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
import unittest

IPCTRACE = pathlib.Path(sys.argv.pop(1)).resolve()


class Bare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / 'bare.ipct'
        line = subprocess.run([IPCTRACE, 'env', '-o', self.log], capture_output=True, text=True, check=True).stdout
        self.environment = dict(os.environ, **dict(word.split('=', 1) for word in shlex.split(line)))

    def run_bare(self, *command):
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        for _ in range(200):
            if self.log.exists() and not pathlib.Path(f'{self.log}.live').exists():
                return run
            time.sleep(0.05)
        self.fail('the recorder did not end')

    def calls(self):
        text = subprocess.run([IPCTRACE, 'print', '--json', self.log], capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in text.splitlines()]

    def test_the_program_behaves_as_without_it(self):
        run = self.run_bare('/usr/bin/python3', '-S', '-c', 'import os; print(os.pipe()); os._exit(7)')
        self.assertEqual((run.returncode, run.stdout, run.stderr), (7, '(3, 4)\n', ''))
        self.assertEqual([c['result'] for c in self.calls() if c['call'] == 'pipe2'], [0])

    def test_no_child_of_the_program_is_the_recorder(self):
        run = self.run_bare('/usr/bin/python3', '-S', '-c', '''
import os
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError as error:
    print(error.errno)
''')
        self.assertEqual(run.stdout, '10\n')

    def test_children_join_the_trace(self):
        self.run_bare('/bin/sh', '-c', '/bin/cat /dev/null; /bin/cat /dev/null')
        self.assertEqual(subprocess.run([IPCTRACE, 'check', self.log], capture_output=True).returncode, 0)
        self.assertGreaterEqual(len({c['pid'] for c in self.calls()}), 3)

    def test_what_cannot_be_written_leaves_the_program_alone(self):
        self.environment['IPCTRACE_OUTPUT'] = '/proc/nowhere/x.ipct'
        run = subprocess.run(['/bin/echo', 'on its way'], env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stdout), (0, 'on its way\n'))


if __name__ == '__main__':
    unittest.main()
