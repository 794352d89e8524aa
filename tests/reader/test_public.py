#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What another program gets from libipctrace is what print prints. Arguments: the command, the program, the library."""
import os
import subprocess
import sys
import tempfile
import unittest

IPCTRACE, PROGRAM, LIBRARY = sys.argv[1:4]
del sys.argv[1:4]

TRACED = 'import socket\na, b = socket.socketpair()\na.send(b"hello")\nb.recv(10)\n'


class Public(unittest.TestCase):
    def test_another_program_reads_what_print_prints(self):
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, 'x.ipct')
            subprocess.run([IPCTRACE, 'record', '-o', trace, '--', '/usr/bin/python3', '-c', TRACED], capture_output=True, check=True)
            done = subprocess.run([PROGRAM, trace], capture_output=True, text=True)
            printed = subprocess.run([IPCTRACE, 'print', '--json', trace], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, printed.stdout)
        self.assertRegex(done.stderr, r'^fd 5 5 hello \d+ 0 unix-pair#0.a unix-pair#0.a\n$')

    def test_a_file_that_is_no_trace_is_said_in_one_line(self):
        done = subprocess.run([PROGRAM, '/etc/passwd'], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count('\n')), (1, '', 1))
        self.assertIn('/etc/passwd', done.stderr)

    def test_only_names_of_the_library_are_exported(self):
        listed = subprocess.run(['nm', '-D', '--defined-only', LIBRARY], capture_output=True, text=True, check=True).stdout
        names = [line.split()[2] for line in listed.splitlines()]
        self.assertIn('ipctrace_open', names)
        self.assertEqual([name for name in names if not name.startswith('ipctrace_')], [])


if __name__ == '__main__':
    unittest.main()
