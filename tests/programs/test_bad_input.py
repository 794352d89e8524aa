#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whatever is wrong with a command, an option, a folder or a log: one clear line, the right status, and all that can be kept is.

  test_bad_input.py IPCTRACE GREET GREET_STATIC    the command, and a program that says "greetings" and ends with 3, linked both ways
"""
import io
import json
import os
import pathlib
import pwd
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import unittest

import lz4.frame
import msgpack

IPCTRACE, GREET, GREET_STATIC = (os.path.realpath(path) for path in sys.argv[1:4])
READERS = ['print', 'report', 'info', 'check']
IS_ROOT = os.geteuid() == 0
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(('IPCTRACE_', 'LD_'))} | {'LC_ALL': 'C'}
LOOP = 'import os\nf = os.open("/dev/urandom", 0)\nfor i in range(60000): os.read(f, 64)\nprint("done")'


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ipctrace-bad-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.log = self.folder / 'a.ipct'

    def run_it(self, *argv, **options):
        return subprocess.run([IPCTRACE, *map(str, argv)], cwd=self.folder, env=ENVIRONMENT, text=True, capture_output=True,
                              errors='replace', timeout=60, stdin=subprocess.DEVNULL, **options)

    def expect_line(self, done, status, *words):
        """Exactly one line on stderr, which says all of the words."""
        lines = done.stderr.splitlines()
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith('ipctrace'), lines[0])
        self.assertLess(len(lines[0]), 300)
        for word in words:
            self.assertIn(str(word), lines[0])

    def expect_untraced(self, done, *words):
        """The program ran as if we were not there."""
        self.assertEqual(done.stdout, 'greetings\n')
        self.expect_line(done, 3, 'untraced', *words)

    def expect_nothing_left(self, *names):
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(names))

    def record_loop(self, count=2000):
        """A log of several frames."""
        script = LOOP.replace('60000', str(count))
        done = self.run_it('record', '-o', self.log, '-e', 'read', '--', '/usr/bin/python3', '-c', script)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.log.read_bytes()


class Commands(Case):
    def test_a_command_that_is_missing(self):
        self.expect_line(self.run_it('record', '-o', self.log, '--', './nosuch'), 127, "'./nosuch'", 'No such file')
        self.expect_nothing_left()

    def test_a_command_that_is_no_program(self):
        (self.folder / 'text').write_text('#!/bin/sh\n')
        self.expect_line(self.run_it('record', '-o', self.log, './text'), 126, "'./text'", 'Permission denied')
        self.expect_line(self.run_it('record', '-o', self.log, self.folder), 126, 'Permission denied')
        self.expect_nothing_left('text')

    def test_a_static_program(self):
        self.expect_beyond(GREET_STATIC)

    def test_static_programs_that_a_traced_one_started_are_named(self):
        script = ('import os, sys\n'
                  'static = sys.argv[1]\n'
                  'os.waitpid(os.posix_spawn(static, [static], {}), 0)\n'
                  'os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)\n'
                  'if not os.fork():\n    os.execv(static, [static])\n'
                  'os.wait()\n'
                  'try:\n    os.execv("/nowhere", ["nowhere"])\nexcept OSError:\n    os.execv(static, [static])\n')
        done = self.run_it('record', '-q', '-o', self.log, '/usr/bin/python3', '-S', '-c', script, GREET_STATIC)
        self.assertEqual(done.returncode, 3, done.stderr)
        told = json.loads(self.run_it('info', '--json', self.log).stdout)
        self.assertEqual(told['images_never_seen'], 3)
        self.assertEqual([start['path'] for start in told['never_seen']], [GREET_STATIC] * 3)
        self.assertEqual(len({start['pid'] for start in told['never_seen']}), 3)
        shown = self.run_it('info', self.log).stdout
        self.assertRegex(shown, r'(?m)^Not seen +3 programs that were started and never reported .*:\n( +\d+ %s\n){3}' % GREET_STATIC)

    def test_a_setuid_program(self):
        if not IS_ROOT:
            self.skipTest('only root can make a set-user-ID program of somebody else')
        program = self.folder / 'greet'
        shutil.copy(GREET, program)
        os.chown(program, pwd.getpwnam('nobody').pw_uid, -1)
        program.chmod(0o4755)
        self.folder.chmod(0o755)
        if os.statvfs(program).f_flag & os.ST_NOSUID:
            self.skipTest('the folder for temporary files ignores set-user-ID')
        self.expect_beyond(program)

    def test_a_32_bit_program(self):
        program = self.folder / 'small'
        code = b'\xb8\x04\0\0\0\xbb\x01\0\0\0\xb9\x80\x80\x04\x08\xba\x0a\0\0\0\xcd\x80\xb8\x01\0\0\0\xbb\x03\0\0\0\xcd\x80'
        head = b'\x7fELF\x01\x01\x01' + bytes(9) + struct.pack('<HHIIIIIHHHHHH', 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 40, 0, 0)
        body = head + struct.pack('<IIIIIIII', 1, 0, 0x8048000, 0x8048000, 256, 256, 5, 4096) + code
        program.write_bytes(body.ljust(0x80, b'\0') + b'greetings\n'.ljust(128, b'\0'))
        program.chmod(0o755)
        try:
            subprocess.run([program], capture_output=True)
        except OSError as error:
            self.skipTest(f'the kernel runs no 32-bit programs: {error}')
        self.expect_beyond(program)

    def expect_beyond(self, program):
        done = self.run_it('record', '-q', '-o', self.log, program)
        self.assertEqual(done.stdout, 'greetings\n')
        self.expect_line(done, 3, program, 'could not be traced', 'ipctrace doctor')
        self.assertEqual(self.run_it('check', self.log).returncode, 0)
        self.assertRegex(self.run_it('info', self.log).stdout, r'(?m)^Not seen +1 program that was started and never reported')

    def test_values_with_control_bytes_in_them(self):
        """An error is one line, and nothing in a name or value speaks to the terminal."""
        value = 'two\nlines \033[31mred'
        quoted = "two\\nlines \\033[31mred"
        self.expect_line(self.run_it('record', '-s', value, '-o', self.log, GREET), 2, quoted)
        self.expect_line(self.run_it('record', '-e', value, '-o', self.log, GREET), 2, quoted)
        self.expect_line(self.run_it('record', '-o', self.log, value), 127, quoted)
        for words in (['print', value], ['diff', value, value], ['replay', value], ['check', value], [value], ['ctl', 'x', 'select', value]):
            done = self.run_it(*words)
            self.expect_line(done, done.returncode, quoted)
            self.assertTrue(done.returncode)

    def test_sizes_with_a_unit(self):
        """What record takes, print takes."""
        self.run_it('record', '-q', '-s', '1k', '-o', self.log, GREET)
        whole = self.run_it('print', '-s', '1024', self.log)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(self.run_it('print', '-s', '1k', self.log).stdout, whole.stdout)
        self.expect_line(self.run_it('print', '-s', '1T', self.log), 2, "'1T'")

    def test_nothing_to_record(self):
        done = self.run_it('record', '-o', self.log, '-e', 'none', GREET)
        self.expect_line(done, 3, '0 events', '0 lost')
        self.expect_line(self.run_it('print', self.log), 0, 'no calls were recorded')
        for reader in READERS[1:]:
            done = self.run_it(reader, self.log)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertTrue(done.stdout)


class Places(Case):
    def test_a_log_that_is_a_pipe_is_not_waited_for(self):
        os.mkfifo(self.log)
        for reader in READERS:
            self.expect_line(self.run_it(reader, self.log), 2, self.log, 'not a regular file')
        self.expect_line(self.run_it('diff', self.log, self.log), 2, self.log, 'not a regular file')

    def test_a_live_area_that_is_a_pipe_is_not_waited_for(self):
        whole = self.record_loop()
        self.log.write_bytes(whole[:-100])
        os.mkfifo(f'{self.log}.live')
        for reader in READERS:
            self.assertIn(self.run_it(reader, self.log).returncode, (0, 2, 4))

    def test_a_folder_that_is_gone(self):
        done = subprocess.run(['/bin/sh', '-c', f'mkdir gone && cd gone && rmdir ../gone && exec {IPCTRACE} record -- {GREET}'],
                              cwd=self.folder, env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, 'greetings\n')
        self.expect_line(done, 3, "cannot write '.'", 'No such file or directory', 'untraced')


class Options(Case):
    IMPOSSIBLE = [(['record'], 'no command'), (['record', '--nonsense', 'true'], '--nonsense'), (['record', '-o'], '-o'),
                  (['record', '-s', 'x', 'true'], '-s'), (['record', '-s', '-5', 'true'], '-5'), (['record', '-k999', 'true'], '999'),
                  (['record', '--on-full=maybe', 'true'], 'maybe'), (['record', '-e', 'nosuchcall', 'true'], 'nosuchcall'),
                  (['record', '-e', '%nosuch', 'true'], 'nosuch'), (['record', '-e', '', 'true'], 'empty'),
                  (['record', '--size=0', 'true'], '--size'), (['record', '--buffer=1', 'true'], '--buffer'),
                  (['record', '--buffer=1G', 'true'], '1G'), (['record', '-o', '', 'true'], '-o'), (['print'], 'trace'),
                  (['print', 'a', 'b'], 'trace'), (['print', '-p', 'x', 'a'], '-p'), (['print', '--color=x', 'a'], 'auto, always or never'),
                  (['report', '--by=x', 'a'], '--by'), (['check', '--repair'], '--repair'), (['check'], 'trace'), (['info'], 'trace'),
                  (['frobnicate'], 'frobnicate'), (['prnit', 'a'], "'print'")]

    def test_options_that_cannot_be(self):
        for argv, word in self.IMPOSSIBLE:
            with self.subTest(argv=argv):
                self.expect_line(self.run_it(*argv), 2, word)
        self.expect_nothing_left()

    def test_calls_that_are_not_traced(self):
        self.record_loop(10)
        for reader in ('print', 'report'):
            self.expect_line(self.run_it(reader, '-e', 'nosuch', self.log), 2, 'nosuch')

    def test_an_output_that_is_full(self):
        self.record_loop(10)
        for reader in READERS + ['calls']:
            with self.subTest(reader=reader), open('/dev/full', 'w') as full:
                argv = [IPCTRACE, reader, *([self.log] if reader != 'calls' else [])]
                done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
                self.expect_line(done, 2, 'No space left on device')
        for words in ['--help'], ['--version'], ['help', 'print'], ['print', '--help'], ['env']:
            with self.subTest(words=words), open('/dev/full', 'w') as full:
                done = subprocess.run([IPCTRACE, *words], stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
                self.expect_line(done, 2, 'standard output: No space left on device')

    def test_help_is_had_either_way(self):
        self.assertEqual(self.run_it('help', 'print').stdout, self.run_it('print', '--help').stdout)
        self.assertEqual(self.run_it('help').stdout, self.run_it('--help').stdout)
        self.assertEqual(self.run_it('help', 'nosuch').stdout, self.run_it('--help').stdout)

    def test_a_family_that_there_is_not_is_answered_with_those_there_are(self):
        self.record_loop(10)
        self.expect_line(self.run_it('print', '-e', '%rpc', self.log), 2, "'%rpc'; there are ", '%sysv', '%posix-ipc', '%socket', '%process')


class Folders(Case):
    def test_a_folder_that_is_not_there(self):
        self.expect_untraced(self.run_it('record', '-o', 'nosuch/a.ipct', GREET), 'nosuch/a.ipct', 'No such file')

    def test_a_folder_that_is_a_file(self):
        (self.folder / 'file').touch()
        self.expect_untraced(self.run_it('record', '-o', 'file/a.ipct', GREET), 'Not a directory')
        self.expect_untraced(self.run_it('record', '-o', '.', GREET), 'Is a directory')

    def test_a_folder_that_may_not_be_written(self):
        self.folder.chmod(0o555)
        as_user = {'user': 'nobody', 'group': pwd.getpwnam('nobody').pw_gid, 'extra_groups': []} if IS_ROOT else {}
        try:
            done = self.run_it('record', '-o', 'a.ipct', GREET, **as_user)
        except PermissionError:
            self.skipTest('the build folder is not for everybody')
        self.expect_untraced(done, 'a.ipct', 'Permission denied')
        self.expect_nothing_left()

    def mount(self, size):
        if not IS_ROOT:
            self.skipTest('only root can mount a small file system')
        small = self.folder / 'small'
        small.mkdir()
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'ipctrace-test', small], capture_output=True).returncode:
            self.skipTest('a small file system cannot be mounted here')
        self.addCleanup(subprocess.run, ['umount', small], check=True)
        return small / 'a.ipct'

    def test_a_folder_that_is_full(self):
        log = self.mount('64k')
        self.expect_untraced(self.run_it('record', '-o', log, GREET), 'No space left on device')
        self.assertEqual(os.listdir(log.parent), [])

    def test_a_folder_that_becomes_full(self):
        log = self.mount('3m')
        done = self.run_it('record', '-e', 'read', '-o', log, '--', '/usr/bin/python3', '-c', LOOP)
        self.assertEqual((done.returncode, done.stdout), (0, 'done\n'))
        said, summary = done.stderr.splitlines()
        self.assertIn('No space left on device', said)
        lost = int(summary.split(', ')[-1].split(' lost')[0].replace(',', ''))
        self.assertIn(f'{lost:,} events are lost', said)
        self.assertGreater(lost, 0)
        check = self.run_it('check', log)
        self.assertEqual(check.returncode, 4)
        self.assertIn(str(lost), check.stdout)
        shown = self.run_it('print', '--json', log)
        self.assertIn(f'{lost} calls were lost', shown.stderr)
        # python itself reads a few files
        self.assertLess(60000, lost + len(shown.stdout.splitlines()))
        self.assertGreater(62000, lost + len(shown.stdout.splitlines()))


class Logs(Case):
    def expect_no_trace(self, content, *words):
        self.log.write_bytes(content)
        for reader in READERS:
            with self.subTest(reader=reader):
                done = self.run_it(reader, self.log)
                self.assertEqual(done.stdout, '')
                self.expect_line(done, 2, self.log, *words)

    def test_a_log_that_is_missing(self):
        for reader in READERS:
            self.expect_line(self.run_it(reader, 'nosuch'), 2, 'nosuch', 'No such file')
            self.expect_line(self.run_it(reader, '.'), 2, 'not a regular file')

    def test_an_empty_log(self):
        self.expect_no_trace(b'', 'empty')

    def test_foreign_files(self):
        for content in (b'hello\n', bytes(5000), pathlib.Path(GREET).read_bytes(), lz4.frame.compress(b'hello\n'),
                        lz4.frame.compress(msgpack.packb(['window', 0, [1, 2, 3], [1, 2, 3]])), b'\x04\x22\x4d\x18' + bytes(range(200))):
            self.expect_no_trace(content, 'not an ipctrace log')

    def test_a_log_of_a_newer_version(self):
        content = self.record_loop(10)
        context = lz4.frame.create_decompression_context()
        head, used, _ = lz4.frame.decompress_chunk(context, content)
        objects = list(msgpack.Unpacker(io.BytesIO(head), raw=True, strict_map_key=False, unicode_errors='surrogateescape'))
        self.assertEqual(objects[1][0], b'ipctrace')
        objects[1][1][b'format'] = 99
        newer = b''.join(msgpack.packb(thing, use_bin_type=False) for thing in objects)
        self.expect_no_trace(lz4.frame.compress(newer, content_checksum=True) + content[used:], '99')

    def events(self, status):
        done = self.run_it('print', '--json', self.log)
        self.assertEqual(done.returncode, status, done.stderr)
        if status:
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn('damaged', done.stderr)
        return [json.dumps(json.loads(line), sort_keys=True) for line in done.stdout.splitlines()]

    def check_others(self, damaged):
        for reader in READERS[1:]:
            done = self.run_it(reader, self.log)
            self.assertIn(done.returncode, (0, 4), f'{reader}: {done.stderr}')
            if reader == 'check':
                self.assertEqual(done.returncode, 4 if damaged else 0, done.stdout)

    def frames_of(self, content):
        """Where each frame begins and ends."""
        at, spans = 0, []
        while at < len(content):
            _, used, _ = lz4.frame.decompress_chunk(lz4.frame.create_decompression_context(), content[at:])
            spans.append((at, at + used))
            at += used
        return spans

    def test_a_log_cut_short_keeps_all_whole_frames(self):
        content = self.record_loop(20000)
        whole, spans = self.events(0), self.frames_of(content)
        self.assertGreater(len(spans), 3)
        kept = 0
        for start, end in spans[1:]:
            self.log.write_bytes(content[:end - 1])
            events = self.events(4)
            self.assertEqual(events, whole[:len(events)])
            self.assertGreaterEqual(len(events), kept)
            kept = len(events)
            self.check_others(True)
        self.assertGreater(kept, len(whole) // 2)

    def test_a_flipped_bit_costs_one_frame(self):
        content = self.record_loop(20000)
        whole, spans = self.events(0), self.frames_of(content)
        lost = 0
        for start, end in spans[1:]:
            place = (start + end) // 2
            self.log.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1:])
            events = self.events(4)
            self.assertLessEqual(set(events), set(whole))
            lost += len(whole) - len(events)
            self.check_others(True)
        # each event was lost with its frame and no other
        self.assertEqual(lost, len(whole))

    def test_rubbish_between_frames_costs_nothing(self):
        content = self.record_loop(20000)
        whole, (start, _) = self.events(0), self.frames_of(content)[2]
        self.log.write_bytes(content[:start] + b'rubbish' * 100 + content[start:])
        self.assertEqual(self.events(4), whole)

    def test_much_damage_is_not_listed_without_end(self):
        content = self.record_loop()
        start, _ = self.frames_of(content)[1]
        self.log.write_bytes(content[:start] + lz4.frame.compress(b'\xc1', content_checksum=True) * 70 + content[start:])
        done = self.run_it('check', self.log)
        self.assertEqual(done.returncode, 4)
        self.assertIn('\n  50 more; --json lists them\n', done.stdout)
        self.assertLess(done.stdout.count('\n'), 30)
        self.assertEqual(len(json.loads(self.run_it('check', '--json', self.log).stdout)['damage']), 70)

    def test_a_repaired_log_is_whole(self):
        content = self.record_loop(20000)
        start, end = self.frames_of(content)[2]
        self.log.write_bytes(content[:start + 20] + b'\xff' * 20 + content[start + 40:])
        readable, repaired = self.events(4), self.folder / 'repaired.ipct'
        done = self.run_it('check', '--repair', repaired, self.log)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.log = repaired
        events = self.run_it('print', '-q', '--json', repaired).stdout.splitlines()
        self.assertEqual([json.dumps(json.loads(line), sort_keys=True) for line in events], readable)
        self.assertNotIn('unreadable', self.run_it('check', repaired).stdout)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
