#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""However a recording ends, it leaves its log and nothing else: no file, no process, no shared memory.

  run_leftovers.py IPCTRACE LIBRARY
"""
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

IPCTRACE = LIBRARY = None
PR_SET_CHILD_SUBREAPER = 36
CRASH = 'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)'


def shared_memory(creator):
    """What is there of it by a name of ours, and by the process that made it."""
    found = {path.name for path in pathlib.Path('/dev/shm').iterdir() if 'ipctrace' in path.name}
    for line in pathlib.Path('/proc/sysvipc/shm').read_text().splitlines()[1:]:
        if int(line.split()[4]) == creator:
            found.add(line)
    return found


def children():
    """Ours, and those whose parents have gone: this process adopts them."""
    text = pathlib.Path(f'/proc/self/task/{os.getpid()}/children').read_text()
    return [int(pid) for pid in text.split()]


class Leftovers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        # whoever runs the tests in the background ignores it, and so would all that is started here
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix='ipctrace-leftovers-')
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.recorder = 0
        self.named_before = shared_memory(0)

    def start(self, *command, **more):
        process = subprocess.Popen([IPCTRACE, 'record', '-o', 't.ipct', '--', *command], cwd=self.folder, text=True,
                                   stderr=subprocess.PIPE, **more)
        self.recorder = process.pid
        return process

    def run_to_end(self, *command):
        process = self.start(*command)
        errors = process.communicate(timeout=20)[1]
        return process.returncode, errors

    def check_nothing_left(self):
        deadline = time.monotonic() + 5
        while children() and time.monotonic() < deadline:  # reap what was adopted, as init does
            os.waitpid(-1, os.WNOHANG)
            time.sleep(0.01)
        self.assertEqual(children(), [])
        self.assertEqual(sorted(os.listdir(self.folder)), ['t.ipct'])
        self.assertEqual(shared_memory(self.recorder) - self.named_before, set())
        checked = subprocess.run([IPCTRACE, 'check', 't.ipct'], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_a_command_that_succeeds(self):
        self.assertEqual(self.run_to_end('true')[0], 0)
        self.check_nothing_left()

    def test_a_command_that_fails(self):
        self.assertEqual(self.run_to_end('false')[0], 1)
        self.check_nothing_left()

    def test_a_command_that_crashes(self):
        self.assertEqual(self.run_to_end('/usr/bin/python3', '-c', CRASH)[0], -signal.SIGSEGV)
        self.check_nothing_left()

    def test_a_command_that_is_not_there(self):
        status, errors = self.run_to_end('/nonexistent/command')
        self.assertEqual(status, 127)
        self.assertIn('cannot run', errors)
        self.assertEqual(os.listdir(self.folder), [])

    def test_an_interrupt_from_the_terminal(self):
        process = self.start('/usr/bin/python3', '-c', 'import time; print("ready", flush=True); time.sleep(60)', stdout=subprocess.PIPE,
                             start_new_session=True)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.check_nothing_left()

    def test_a_command_that_is_killed(self):
        process = self.start('/usr/bin/python3', '-c', 'import os; print(os.getpid(), flush=True); os.kill(os.getpid(), 9)',
                             stdout=subprocess.PIPE)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.check_nothing_left()

    def test_a_bare_preload(self):
        environment = {**os.environ, 'LD_PRELOAD': LIBRARY, 'IPCTRACE_OUTPUT': 't.ipct', 'IPCTRACE_COLLECTOR': IPCTRACE}
        done = subprocess.run(['/bin/true'], cwd=self.folder, env=environment, capture_output=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b'', b''))
        deadline = time.monotonic() + 5
        while (self.folder / 't.ipct.live').exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.check_nothing_left()

    def test_nothing_is_written_to_the_commands_output(self):
        process = self.start('echo', 'hello', stdout=subprocess.PIPE)
        self.assertEqual(process.communicate(timeout=20)[0], 'hello\n')
        self.check_nothing_left()


if __name__ == '__main__':
    IPCTRACE, LIBRARY = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    sys.argv[1:] = []
    unittest.main()
