#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A call that does not return is shown with what its arguments point to: while it hangs, and in the log after a kill.

  test_hang.py IPCTRACE HANGS    HANGS: a program whose threads wait, each in another call (hangs.c)
"""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

IPCTRACE, HANGS = (os.path.realpath(path) for path in sys.argv[1:3])
READ_LOG = pathlib.Path(__file__).resolve().parent.parent / 'format' / 'read_log.py'
PATIENCE = 30


class HangTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ipctrace-hang-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.log = self.folder / 'hang.ipct'
        self.before = []
        self.lines = [
            r'semop\(\d+, \[{sem_num=0, sem_op=1, sem_flg=0}, {sem_num=1, sem_op=-3, sem_flg=SEM_UNDO}\], 2',
            r'msgsnd\(\d+, {mtype=77, mtext=\.\.\.}, 4000, 0',
            r'poll\(\[{fd=\d+, events=POLLIN, revents=0}, {fd=-1, events=POLLOUT, revents=0}\], 2, -1',
            r'select\(\d+, \[\d+\], NULL, NULL, NULL',
            r'writev\(\d+, \[{iov_base=\.\.\., iov_len=200000}, {iov_base=\.\.\., iov_len=10}\], 2',
            rf'sendto\(\d+, 0x\w+, 1, 0, {{sa_family=AF_UNIX, sun_path="{self.folder}/deaf"}}, 110',
            rf'connect\(\d+, {{sa_family=AF_UNIX, sun_path="{self.folder}/busy"}}, 110',
            rf'open\("{self.folder}/fifo", O_RDONLY',
            r'sem_timedwait\(0x\w+, {tv_sec=4000000000, tv_nsec=5}',
        ]

    def start(self, *words):
        """Words are the program's, or what runs it."""
        recorder = subprocess.Popen([*self.before, IPCTRACE, 'record', '-q', '-o', self.log, '--', *words], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(self.end, recorder)
        for line in recorder.stdout:
            if line == 'ready\n':
                return recorder
            self.addCleanup(subprocess.run, ['ipcrm', *line.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.fail('the program does not come up')

    def end(self, recorder):
        """Itself and its program: they are a group."""
        try:
            os.killpg(recorder.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        recorder.wait()
        recorder.stdout.close()

    def program_of(self, recorder):
        return int(pathlib.Path(f'/proc/{recorder.pid}/task/{recorder.pid}/children').read_text().split()[0])

    def make_it_look(self):
        """It does so a few times a second; when it is asked for something, at once."""
        subprocess.run([*self.before, IPCTRACE, 'ctl', self.log, 'flush'], check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)

    def unfinished(self):
        done = subprocess.run([*self.before, IPCTRACE, 'print', '-q', self.log], text=True, capture_output=True, timeout=PATIENCE)
        return '\n'.join(line for line in done.stdout.splitlines() if line.endswith(' <unfinished ...>'))

    def expect_lines(self, wanted):
        """Threads come to their calls in their own time."""
        end, missing = time.monotonic() + PATIENCE, wanted
        while missing and time.monotonic() < end:
            found = self.unfinished()
            missing = [line for line in wanted if not re.search(line + ' <unfinished', found)]
            time.sleep(0.1 if missing else 0)
        self.assertFalse(missing, found)

    def test_what_waits_is_shown_while_it_does(self):
        self.start(HANGS, self.folder)
        self.expect_lines(self.lines)
        report = json.loads(subprocess.check_output([IPCTRACE, 'report', '--json', '--by', 'unfinished', self.log], timeout=PATIENCE))
        (semop,) = (row for row in report['unfinished'] if row['call'] == 'semop')
        self.assertIn('sem_num=1, sem_op=-3', semop['line'])

    def test_what_waited_for_long_is_in_the_log_of_a_program_that_was_killed(self):
        recorder = self.start(HANGS, self.folder)
        self.expect_lines(self.lines)
        self.make_it_look()
        os.kill(self.program_of(recorder), signal.SIGKILL)
        recorder.wait(PATIENCE)
        self.assertEqual(subprocess.run([IPCTRACE, 'check', '-q', self.log]).returncode, 0)
        self.assertFalse(pathlib.Path(f'{self.log}.live').exists())
        self.expect_lines(self.lines)
        self.assertEqual(self.told_by([READ_LOG]), self.told_by([IPCTRACE, 'print', '-q', '--json']))

    def told_by(self, reader):
        """The calls of the log that did not return, without what is not in it."""
        lines = subprocess.check_output([*reader, self.log], text=True, timeout=PATIENCE).splitlines()
        events = [json.loads(line) for line in lines]
        return [{name: value for name, value in event.items() if name != 'object'} for event in events if event.get('outcome')]

    def test_whether_it_was_looked_at_is_no_difference(self):
        recorder = self.start(HANGS, self.folder)
        self.expect_lines(self.lines)
        self.make_it_look()
        os.kill(self.program_of(recorder), signal.SIGKILL)
        recorder.wait(PATIENCE)
        seen, self.log = self.log, self.folder / 'again.ipct'
        for name in ('deaf', 'busy', 'fifo'):
            (self.folder / name).unlink()
        recorder = self.start(HANGS, self.folder)
        self.expect_lines(self.lines)
        self.end(recorder)  # nobody can look any more
        self.assertNotIn('sem_num', self.unfinished())
        compared = subprocess.run([IPCTRACE, 'diff', seen, self.log], text=True, capture_output=True, timeout=PATIENCE)
        self.assertIn(' 0 differences,', compared.stdout)

    def test_what_waits_is_in_the_log_when_only_the_recording_ends(self):
        recorder = self.start('sh', '-c', '"$0" "$1" &', HANGS, self.folder)
        self.expect_lines(self.lines)
        os.kill(recorder.pid, signal.SIGINT)
        recorder.wait(PATIENCE)
        self.assertFalse(pathlib.Path(f'{self.log}.live').exists())
        self.expect_lines(self.lines)

    def test_memory_that_may_not_be_read_is_said(self):
        if os.geteuid() == 0:  # root reads everything
            nobody = pwd.getpwnam('nobody')
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.before = ['setpriv', f'--reuid={nobody.pw_uid}', f'--regid={nobody.pw_gid}', '--clear-groups', '--inh-caps=-all']
        recorder = self.start(HANGS, self.folder, 'secret')
        self.expect_lines([r'semop\(\d+, 0x\w+, 2'])
        self.make_it_look()
        os.kill(self.program_of(recorder), signal.SIGKILL)
        recorder.wait(PATIENCE)
        report = subprocess.check_output([IPCTRACE, 'report', '--by', 'unfinished', self.log], text=True, timeout=PATIENCE)
        self.assertRegex(report, r'semop\(\d+<.*>, 0x\w+, 2\)')
        self.assertRegex(report, r'may not be read: (Permission denied|Operation not permitted); see ptrace_scope')
        told = subprocess.check_output([IPCTRACE, 'print', '--json', '-e', 'semop', self.log], text=True, timeout=PATIENCE)
        self.assertIn(json.loads(told)['unread'], ('EACCES', 'EPERM'))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
