#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is written never takes the place of what is read, nor steers the terminal. Argument: the command."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = os.path.abspath(sys.argv.pop(1))
CLEAR = b'\x1b[2J'

PROGRAM = '''
import socket
a, b = socket.socketpair()
a.sendall(b"hello")
b.recv(100)
'''


def run(*words, **more):
    return subprocess.run([IPCTRACE, *words], capture_output=True, timeout=60, **more)


class Written(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        for name in 'one', 'two':
            done = run('record', '-q', '-o', cls.path(name + '.ipct'), '--', '/usr/bin/python3', '-S', '-c', PROGRAM)
            assert not done.returncode, done.stderr

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def refused(self, *words):
        """The command says in one line that it does not write over what it reads, and does not."""
        traces = [pathlib.Path(self.path(name)) for name in ('one.ipct', 'two.ipct')]
        before = [trace.read_bytes() for trace in traces]
        done = run(*words, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (2, b''))
        self.assertRegex(done.stderr.decode(), r'^ipctrace.*: .*is being read; write to another file\n$')
        self.assertEqual([trace.read_bytes() for trace in traces], before)

    def test_print_does_not_write_over_its_trace(self):
        self.refused('print', '-o', 'one.ipct', 'one.ipct')
        os.link(self.path('one.ipct'), self.path('other-name'))
        self.refused('print', '--json', '-o', 'other-name', self.path('one.ipct'))

    def test_a_replay_is_not_recorded_over_its_trace(self):
        self.refused('replay', '-o', './one.ipct', 'one.ipct')
        self.refused('replay', '--peer', '-o', 'one.ipct', 'one.ipct', 'true')

    def test_diff_does_not_write_junit_over_a_trace(self):
        self.refused('diff', '--junit=one.ipct', 'one.ipct', 'two.ipct')
        self.refused('diff', '--junit=two.ipct', 'one.ipct', 'two.ipct')

    def test_a_baseline_is_not_written_over_a_run(self):
        self.refused('baseline', 'learn', '-o', 'two.ipct', 'one.ipct', 'two.ipct')

    def test_a_name_of_a_program_does_not_steer_the_terminal(self):
        program = os.path.join(self.folder, 'odd' + CLEAR.decode() + '\nname')
        shutil.copy('/bin/cat', program)
        trace = self.path('odd.ipct')
        done = run('record', '-o', trace, '--', program, '/etc/hostname', cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in (('info', trace), ('report', trace), ('print', '-yy', trace), ('diff', trace, self.path('one.ipct'))):
            out = run(*words).stdout
            self.assertFalse(re.search(rb'[\x00-\x09\x0b-\x1f\x7f]', out), (words, out[:500]))
        self.assertIn(rb'odd\33[2J\nname', run('info', trace).stdout)
        self.assertIn(b'P0(odd?[2J?name)', run('report', '--by', 'process', trace).stdout)

    def test_record_says_which_signal_killed_the_command(self):
        script = 'import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGPIPE)'
        command = ('-o', self.path('killed.ipct'), '--', '/usr/bin/python3', '-S', '-c', script)
        done = run('record', *command)
        self.assertEqual(done.returncode, -signal.SIGPIPE)
        self.assertTrue(done.stderr.startswith(b'ipctrace: the command was killed by SIGPIPE (Broken pipe)\n'), done.stderr)
        self.assertEqual(run('record', '-q', *command).stderr, b'')

    def test_a_log_named_after_its_program_has_a_name_that_can_be_shown(self):
        program = os.path.join(self.folder, 'red' + CLEAR.decode() + '\n')
        shutil.copy('/bin/cat', program)
        done = run('record', '--', program, '/etc/hostname', cwd=self.folder)
        self.assertRegex(done.stderr, rb'^[ -~]* -> red_\[2J_\.\d+\.ipct\n$')

    def test_a_folder_does_not_steer_the_terminal(self):
        folder = os.path.join(self.folder, 'folder' + CLEAR.decode())
        os.mkdir(folder)
        trace = self.path('folder.ipct')
        self.assertEqual(run('record', '-q', '-o', trace, '--', '/bin/cat', '/etc/hostname', cwd=folder).returncode, 0)
        self.assertIn(rb'/folder\33[2J', run('info', trace).stdout)

    def test_a_long_command_is_cut(self):
        trace = self.path('long.ipct')
        done = run('record', '-q', '-o', trace, '--', '/bin/cat', '/dev/null', *['/dev/null'] * 5000)
        self.assertEqual(done.returncode, 0, done.stderr)
        out = run('info', trace).stdout.decode()
        self.assertRegex(out, r'\nCommand +/bin/cat /dev/null .*\.\.\. \(5,002 words\)\n')
        self.assertLess(max(map(len, out.splitlines())), 5000)


if __name__ == '__main__':
    unittest.main()
