#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Libraries that a program loads with RTLD_DEEPBIND: the log says that they are not seen, and --shallow sees them. dlopen() goes by
its caller as without us. Arguments: the command, then the C compiler and its options."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

IPCTRACE, COMPILER = os.path.realpath(sys.argv[1]), sys.argv[2:]
del sys.argv[1:]

INNER = '''
#include <sys/socket.h>
int speak(void) { int ends[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ? -1 : ends[1] - ends[0]; }
'''
# Only the RUNPATH of this library says where the inner one is.
OUTER = '''
#define _GNU_SOURCE
#include <dlfcn.h>
int speak_deep(void)
{
	void *inner = dlopen("libinner.so", RTLD_NOW | RTLD_DEEPBIND);
	int (*speak)(void) = inner ? (int (*)(void))dlsym(inner, "speak") : 0;
	return speak ? speak() : -2;
}
'''
PROGRAM = 'import ctypes, sys\nprint(ctypes.CDLL(sys.argv[1]).speak_deep(), ctypes.CDLL("libnowhere.so.7", 10) if sys.argv[2:] else "")'


class Deepbind(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / 'inner').mkdir()
        for name, source, options in ('inner/libinner.so', INNER, []), ('libouter.so', OUTER, ['-Wl,--enable-new-dtags,-rpath,$ORIGIN/inner']):
            subprocess.run([*COMPILER, '-x', 'c', '-', '-shared', '-fPIC', '-o', cls.folder / name, *options], input=source.encode(), check=True)

    def record(self, *options, words=(), status=0):
        log = self.folder / 'x.ipct'
        command = ['/usr/bin/python3', '-S', '-c', PROGRAM, self.folder / 'libouter.so', *words]
        plain = subprocess.run(command, capture_output=True, text=True)
        done = subprocess.run([IPCTRACE, 'record', '-q', '-o', log, *options, '--', *command], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr))
        self.assertEqual(done.returncode, status, done.stderr)
        info = subprocess.run([IPCTRACE, 'info', '--json', log], capture_output=True, text=True, check=True).stdout
        said = subprocess.run([IPCTRACE, 'info', log], capture_output=True, text=True, check=True).stdout
        printed = subprocess.run([IPCTRACE, 'print', '-e', 'socketpair', log], capture_output=True, text=True, check=True).stdout
        return json.loads(info)['deep_loads'], said, printed.count('socketpair(')

    def test_what_is_not_seen_of_them_is_said(self):
        loads, said, calls = self.record()
        self.assertEqual((loads, calls), (1, 0))
        self.assertIn('what libraries call that were loaded with RTLD_DEEPBIND (1 of them; record --shallow sees it)', said)

    def test_shallow_sees_them(self):
        loads, said, calls = self.record('--shallow')
        self.assertEqual((loads, calls), (0, 1))
        self.assertNotIn('RTLD_DEEPBIND', said)

    def test_what_cannot_be_loaded_is_said_in_the_same_words(self):
        self.record(words=['fail'], status=1)
        self.record('--shallow', words=['fail'], status=1)


unittest.main()
