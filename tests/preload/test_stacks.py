#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Taking call stacks changes nothing that the program can see; they are what they are, and their functions are named."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = pathlib.Path(sys.argv.pop(1)).resolve()
PROGRAMS = [pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2)]
LINKER_PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
PYTHON = ['/usr/bin/python3', '-S', '-c']


class Stacks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / 'stacks.ipct'

    def record(self, *command, depth='-k8', **more):
        return subprocess.run([IPCTRACE, 'record', '-q', depth, '-o', self.log, '--', *command], capture_output=True, text=True, timeout=60, **more)

    def events(self, call):
        text = subprocess.run([IPCTRACE, 'print', '--json', '-k', '-e', call, self.log], capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in text.splitlines()]

    def test_a_shell_keeps_its_environment(self):
        environment = {'PATH': '/usr/bin:/bin', 'KEPT': 'as it was', 'LC_ALL': 'C'}
        run = self.record('/bin/bash', '-c', 'echo "$KEPT $PATH"', env=environment)
        self.assertEqual((run.stdout, run.returncode), ('as it was /usr/bin:/bin\n', 0))

    def test_the_lowest_descriptor_is_the_programs(self):
        run = self.record(*PYTHON, 'import os; print(os.open("/dev/null", os.O_RDONLY))')
        self.assertEqual(run.stdout, '3\n')

    def test_no_descriptor_is_kept(self):
        program = 'import os; os.pipe(); print(*sorted(map(int, os.listdir("/proc/self/fd"))))'
        self.assertEqual(self.record(*PYTHON, program, stdin=subprocess.DEVNULL).stdout, '0 1 2 3 4 5\n')

    def test_what_the_unwinder_calls_is_not_recorded(self):
        self.record(*PYTHON, 'import os; os.pipe()')
        self.assertEqual(self.events('mincore') + self.events('msync'), [])
        self.assertEqual(len(self.events('pipe2')), 1)

    def test_a_library_loaded_later_is_named(self):
        self.record(*PYTHON, 'import _posixshmem\ntry: _posixshmem.shm_open("/no such", 0, 0)\nexcept OSError: pass')
        frames = self.events('shm_open')[0]['stack']
        self.assertIn('_posixshmem', frames[0]['module'])
        self.assertTrue(all('module' in frame for frame in frames), frames)

    def test_they_are_what_the_compilers_own_unwinder_says(self):
        for program in PROGRAMS:
            run = self.record(program, depth='-k15')
            said, recorded = {}, {}
            for line in run.stdout.splitlines():
                process, *addresses = line.split()
                said.setdefault(int(process), []).append(addresses)
            for event in self.events('recv'):
                recorded.setdefault(event['pid'], []).append([frame['address'] for frame in event['stack']])
            self.assertEqual(recorded.keys(), said.keys())
            for process, stacks in said.items():
                self.assertEqual([stack[1:] for stack in recorded[process]], [stack[:14] for stack in stacks])

    def test_a_handler_inside_the_dynamic_linker_does_not_wait_for_who_waits_for_the_linker(self):
        for options in ([], ['fork']):
            run = subprocess.Popen([IPCTRACE, 'record', '-q', '-k', '-o', self.log, '--', LINKER_PROGRAM, *options], text=True,
                                   stdout=subprocess.PIPE, start_new_session=True)
            try:
                self.assertEqual(run.communicate(timeout=30)[0], 'over\n')
            finally:
                try:
                    os.killpg(run.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                run.wait()
                run.stdout.close()
            told = json.loads(subprocess.run([IPCTRACE, 'info', '--json', self.log], capture_output=True, text=True, check=True).stdout)
            self.assertEqual(told['lost'], 0)
            without = [event for event in self.events('send,recv') if 'stack' not in event]
            self.assertEqual(told['stacks_missed'], len(without))
            self.assertTrue(without)

    def test_code_in_several_segments_is_named(self):
        self.record(PROGRAMS[1], depth='-k3')
        frames = [frame for event in self.events('recv') for frame in event['stack']]
        functions = {frame.get('function') for frame in frames if frame['module'].endswith('stack_program_fixed')}
        self.assertLessEqual({'call', 'down', 'left', 'right'}, functions)


if __name__ == '__main__':
    unittest.main()
