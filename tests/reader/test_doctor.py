#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `ipctrace doctor` says of programs made for it. Arguments: the command, then the C compiler and its options."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

IPCTRACE, COMPILER = sys.argv[1], sys.argv[2:]
del sys.argv[1:]


def doctor(*words):
    done = subprocess.run([IPCTRACE, 'doctor', *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, content=None):
        path = os.path.join(self.folder.name, name)
        if content is not None:
            with open(path, 'wb') as file:
                file.write(content)
            os.chmod(path, 0o755)
        return path

    def build(self, source, *options):
        path = self.path('program')
        subprocess.run([*COMPILER, '-x', 'c', '-', '-o', path, *options], input=source.encode(), check=True)
        return path

    def test_a_dynamic_program_can_be_traced(self):
        status, out, _ = doctor(self.build('int main(void) { return 0; }'))
        self.assertEqual(status, 0)
        self.assertIn('can be traced', out)

    def test_a_static_program_cannot(self):
        status, out, _ = doctor(self.build('int main(void) { return 0; }', '-static'))
        self.assertEqual(status, 3)
        self.assertIn('linked statically', out)

    def test_a_program_with_its_own_closefrom_can_in_part(self):
        source = 'void closefrom(int first) { } int main(void) { closefrom(3); return 0; }'
        status, out, _ = doctor(self.build(source, '-rdynamic'))
        self.assertEqual(status, 1)
        self.assertIn('closefrom', out)

    def test_a_setuid_program_of_somebody_else_cannot(self):
        if os.geteuid():
            self.skipTest('only root can make one')
        program = self.build('int main(void) { return 0; }')
        os.chown(program, 12345, 0)
        os.chmod(program, 0o4755)
        status, out, _ = doctor(program)
        self.assertEqual(status, 3)
        self.assertIn('setuid', out)

    def test_a_program_of_another_machine_cannot(self):
        head = b'\x7fELF\x01\x01\x01' + bytes(9) + struct.pack('<HHIIIIIHHHHHH', 2, 3, 1, 0, 52, 0, 0, 52, 32, 0, 40, 0, 0)
        status, out, _ = doctor(self.path('other', head))
        self.assertEqual(status, 3)
        self.assertIn('32-bit', out)

    def test_uses_of_io_uring_are_found_in_libraries(self):
        library = self.path('libring.so')
        subprocess.run([*COMPILER, '-x', 'c', '-', '-shared', '-fPIC', '-o', library], check=True,
                       input=b'int io_uring_submit(void *); int ring_go(void) { return io_uring_submit(0); }')
        program = self.build('int ring_go(void); int main(void) { return ring_go(); }', '-L' + self.folder.name, '-lring',
                             '-Wl,-rpath,$ORIGIN', '-Wl,--unresolved-symbols=ignore-all')
        status, out, _ = doctor(program)
        self.assertEqual(status, 1)
        self.assertIn('io_uring', out)
        self.assertIn('libring.so', out)

    def test_libraries_are_looked_for_beside_the_program_and_not_beside_a_link_to_it(self):
        library = self.path('libring.so')
        subprocess.run([*COMPILER, '-x', 'c', '-', '-o', library, '-shared', '-fPIC'], input=b'void f(void) { }', check=True)
        program = self.build('void f(void); int main(void) { f(); return 0; }', '-L', self.folder.name, '-lring',
                             '-Wl,-rpath,$ORIGIN')
        os.mkdir(self.path('bin'))
        os.symlink(program, self.path('bin/program'))
        self.assertNotIn('not found', doctor(self.path('bin/program'))[1])

    def test_a_script_is_judged_by_its_interpreter(self):
        program = self.build('int main(void) { return 0; }', '-static')
        status, out, _ = doctor(self.path('script', b'#!' + program.encode() + b'\n'))
        self.assertEqual(status, 3)
        self.assertIn('is a script, run by ' + program, out)
        status, out, _ = doctor(self.path('script', b'#!/usr/bin/env sh\n'))
        self.assertEqual(status, 0)

    def test_scripts_that_run_themselves_end(self):
        path = self.path('script')
        status, _, err = doctor(self.path('script', b'#!' + path.encode() + b'\n'))
        self.assertEqual(status, 2)
        self.assertIn('too deep', err)

    def test_what_is_not_there_is_said_in_one_line(self):
        status, out, err = doctor('no-such-command-anywhere')
        self.assertEqual((status, out), (2, ''))
        self.assertEqual(err, "ipctrace doctor: cannot run 'no-such-command-anywhere': No such file or directory\n")
        status, _, err = doctor(self.path('text', b'hello\n'))
        self.assertEqual(status, 2)
        self.assertIn('neither a program nor a script', err)
        self.assertEqual(doctor()[0], 2)

    def test_damaged_programs_do_no_harm(self):
        with open(self.build('int main(void) { return 0; }'), 'rb') as file:
            whole = file.read()
        for size in range(0, min(len(whole), 4096), 61):
            self.assertIn(doctor(self.path('cut', whole[:size]))[0], (0, 1, 2, 3))
        for place in range(0, len(whole), 397):
            flipped = whole[:place] + bytes([whole[place] ^ 0xff]) + whole[place + 1:]
            self.assertIn(doctor(self.path('flipped', flipped))[0], (0, 1, 2, 3))

    def test_json_says_the_same(self):
        status, out, _ = doctor('--json', self.build('int main(void) { return 0; }', '-static'))
        said = json.loads(out)
        self.assertEqual(status, 3)
        self.assertEqual(said['verdict'], 'cannot be traced')
        self.assertEqual(said['findings'][0]['level'], 'not')


unittest.main()
