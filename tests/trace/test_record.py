#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`ipctrace record`, `env` and the collector of a bare LD_PRELOAD, seen from outside: what passes through, what is said,
and what is left behind."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

IPCTRACE = sys.argv.pop(1) if len(sys.argv) > 1 else 'ipctrace'
PYTHON = '/usr/bin/python3'
TALK = ('import socket\na, b = socket.socketpair()\nfor i in range(100):\n    a.send(b"ping")\n    b.recv(10)\n')


class RecordTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='ipctrace-test-')
        self.path = pathlib.Path(self.folder.name)
        self.log = self.path / 'x.ipct'

    def tearDown(self):
        self.folder.cleanup()

    def run_tool(self, *words, **settings):
        return subprocess.run([IPCTRACE, *map(str, words)], cwd=self.path, capture_output=True, text=True, timeout=60, **settings)

    def record(self, *words, **settings):
        return self.run_tool('record', '-o', self.log, *words, **settings)

    def calls(self, name):
        printed = self.run_tool('print', '--json', self.log)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        return printed.stdout.count(f'"call":"{name}"') + printed.stdout.count(f'"call": "{name}"')

    def left(self):
        return sorted(entry.name for entry in self.path.iterdir())

    def test_every_call_is_in_the_log_and_nothing_else_is_left(self):
        done = self.record(PYTHON, '-c', TALK)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, '')
        self.assertRegex(done.stderr, r'^ipctrace: [\d,]+ events, 1 process, 1 thread, [\d.]+ KiB, 0 lost -> .*x\.ipct\n$')
        self.assertEqual(self.calls('send'), 100)
        self.assertEqual(self.left(), ['x.ipct'])
        self.assertEqual(self.log.stat().st_mode & 0o777, 0o600)

    def test_the_log_is_named_after_the_command_and_its_pid(self):
        done = self.run_tool('record', 'sh', '-c', 'echo $$')
        self.assertEqual(self.left(), [f'sh.{done.stdout.strip()}.ipct'])

    def test_output_and_exit_status_pass_through(self):
        done = self.record('sh', '-c', 'echo out; echo err >&2; exit 7')
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stdout, 'out\n')
        self.assertTrue(done.stderr.startswith('err\n'))

    def test_a_fatal_signal_passes_through(self):
        self.assertEqual(self.record('sh', '-c', 'kill -9 $$').returncode, -signal.SIGKILL)
        self.assertEqual(self.record('sh', '-c', 'kill -SEGV $$').returncode, -signal.SIGSEGV)
        self.assertEqual(self.left(), ['x.ipct'])

    def info(self, log):
        return json.loads(self.run_tool('info', '--json', log).stdout)

    def test_the_log_says_how_the_command_ended(self):
        for script, ended, words in ('exit 0', {'exited': 0}, 'exited with 0'), ('exit 3', {'exited': 3}, 'exited with 3'), \
                ('kill -SEGV $$', {'signal': 'SIGSEGV'}, 'killed by SIGSEGV'):
            self.record('sh', '-c', script)
            told = self.info(self.log)['ended']
            told.pop('core', None)
            self.assertEqual(told, ended)
            self.assertRegex(self.run_tool('info', self.log).stdout, f'(?m)^Ended +{words}(, dumped core)?$')
        self.run_tool('check', '--repair', 'mended.ipct', self.log)
        self.assertIn('signal', self.info('mended.ipct')['ended'])

    def test_the_log_says_how_processes_ended_whose_parents_waited(self):
        script = ('import os, signal\n'
                  'def child(end):\n    pid = os.fork()\n    if not pid: end()\n    return pid\n'
                  'ends = [lambda: os._exit(0), lambda: os._exit(9), lambda: os.kill(os.getpid(), signal.SIGKILL),\n'
                  '        lambda: os.execv("/bin/false", ["false"])]\n'
                  'for end in ends:\n    os.waitpid(child(end), 0)\n'
                  'child(lambda: os._exit(5))\n')
        self.record(PYTHON, '-S', '-c', script)
        told = [process['ended'] for process in self.info(self.log)['processes']]
        self.assertEqual(told, [None, {'exited': 0}, {'exited': 9}, {'signal': 'SIGKILL'}, None, {'exited': 1}, None])
        shown = self.run_tool('info', self.log).stdout
        self.assertRegex(shown, r'(?m)^ +\d+ \(fork\), \d+ calls?, exited with 9$')
        self.assertRegex(shown, r'(?m)^ +\d+ \(fork\), \d+ calls?, killed by SIGKILL$')
        self.assertRegex(shown, r'(?m)^ +\d+ false, \d+ calls?, exited with 1$')
        self.assertNotIn('exited with 0', shown.split('Images')[1])

    def test_quiet_says_nothing(self):
        self.assertEqual(self.record('-q', 'true').stderr, '')

    def test_a_missing_command_leaves_no_log(self):
        done = self.record('no-such-command')
        self.assertEqual(done.returncode, 127)
        self.assertEqual(done.stderr, "ipctrace: cannot run 'no-such-command': No such file or directory\n")
        self.assertEqual(self.left(), [])

    def test_a_command_that_cannot_be_executed_spares_the_log_of_the_same_name(self):
        self.log.write_text('precious')
        done = self.record('/etc/passwd')
        self.assertEqual(done.returncode, 126)
        self.assertEqual(done.stderr, "ipctrace: cannot run '/etc/passwd': Permission denied\n")
        self.assertEqual(self.log.read_text(), 'precious')

    def test_a_log_of_the_same_name_is_replaced(self):
        self.log.write_text('old')
        self.assertEqual(self.record('true').returncode, 0)
        self.assertEqual(self.log.read_bytes()[:4], bytes.fromhex('04224d18'))

    def test_what_is_no_regular_file_is_not_replaced_by_a_log(self):
        (self.path / 'full').symlink_to('/dev/full')
        (self.path / 'stdout').symlink_to('/proc/self/fd/1')
        (self.path / 'folder').symlink_to('/tmp')
        os.mkfifo(self.path / 'pipe')
        for name, why in ('full', 'it is no regular file'), ('stdout', 'it is no regular file'), ('pipe', 'it is no regular file'), \
                ('folder', 'Is a directory'):
            kind = (self.path / name).lstat().st_mode
            with open(self.path / 'out', 'w') as out:
                done = subprocess.run([IPCTRACE, 'record', '-o', name, 'echo', 'hi'], cwd=self.path, stdout=out,
                                      stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual((done.returncode, (self.path / 'out').read_text()), (0, 'hi\n'))
            self.assertEqual(done.stderr, f"ipctrace: cannot write '{name}': {why}; the command runs untraced\n")
            self.assertEqual((self.path / name).lstat().st_mode, kind)
        self.assertEqual(self.left(), ['folder', 'full', 'out', 'pipe', 'stdout'])

    def test_links_to_files_and_to_nothing_are_replaced(self):
        (self.path / 'precious').write_text('precious')
        for target in 'precious', 'nothing':
            (self.path / target.upper()).symlink_to(target)
            self.assertEqual(self.run_tool('record', '-q', '-o', target.upper(), 'true').stderr, '')
        self.assertEqual((self.path / 'precious').read_text(), 'precious')
        self.assertEqual(self.left(), ['NOTHING', 'PRECIOUS', 'precious'])

    def test_standard_output_is_no_place_for_the_log(self):
        done = self.run_tool('record', '-o', '-', 'echo', 'hi')
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertEqual(done.stderr, "ipctrace record: -o -: standard output is the command's; a trace needs a file\n")
        self.assertEqual(self.left(), [])

    def test_without_a_place_for_the_log_the_command_runs_all_the_same(self):
        done = self.run_tool('record', '-o', '/no-such-folder/x.ipct', 'sh', '-c', 'echo hi; exit 3')
        self.assertEqual((done.returncode, done.stdout), (3, 'hi\n'))
        self.assertEqual(done.stderr, "ipctrace: cannot write '/no-such-folder/x.ipct': No such file or directory; "
                         'the command runs untraced\n')

    def test_no_command_and_wrong_settings_are_said_in_one_line(self):
        for words in ([], ['-e', 'recvv', 'true'], ['-s', 'x', 'true'], ['--on-full=never', 'true'], ['--sise=1M', 'true']):
            done = self.run_tool('record', *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
            self.assertEqual(self.left(), [])

    def test_a_log_at_its_size_limit_is_whole_but_for_what_it_says_is_lost(self):
        script = 'import os, socket\na, b = socket.socketpair()\nfor i in range(20000):\n    a.send(os.urandom(60)); b.recv(60)\n'
        done = self.record('--size', '200K', PYTHON, '-S', '-c', script)
        self.assertIn('has reached its size limit', done.stderr)
        done = self.run_tool('check', self.log)
        self.assertEqual(done.returncode, 4)
        self.assertRegex(done.stdout, r'^\S+: \d+ frames, \d+ bytes, \d+ calls\n'
                         r'  lost while recording: \d+ that could not be written: the disk was full, or --size reached\n\S+: incomplete\n$')
        told = json.loads(self.run_tool('check', '--json', self.log).stdout)
        self.assertEqual((told['verdict'], told['damage']), ('incomplete', []))
        self.assertGreater(told['events'], 0)

    def test_little_address_space_is_enough(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
        done = self.record(PYTHON, '-S', '-c', TALK, preexec_fn=limit)
        self.assertRegex(done.stderr, r'^ipctrace: [\d,]+ events, .* 0 lost')
        self.assertEqual(self.calls('send'), 100)

    def test_the_filter_selects(self):
        self.assertEqual(self.record('-e', 'recv', PYTHON, '-c', TALK).returncode, 0)
        self.assertEqual(self.calls('recv'), 100)
        self.assertEqual(self.calls('send'), 0)

    def test_children_are_followed_to_their_end(self):
        done = self.record('sh', '-c', f'{PYTHON} -c \'import socket, time; time.sleep(0.3); '
                           'a, b = socket.socketpair(); a.send(b"late")\' & exit 4')
        self.assertEqual(done.returncode, 4)
        self.assertEqual(self.calls('send'), 1)

    def test_a_daemon_is_followed_although_its_parent_ends_at_once(self):
        for _ in range(5):
            done = self.record(PYTHON, '-c', 'import ctypes, socket, time\nctypes.CDLL(None).daemon(1, 0)\ntime.sleep(0.3)\n' + TALK)
            self.assertIn(' 2 processes', done.stderr)
            self.assertEqual(self.calls('send'), 100)

    def test_two_hundred_processes_are_one_whole_log(self):
        done = self.record('sh', '-c', 'for i in $(seq 200); do /bin/true; done')
        self.assertIn(' 0 lost', done.stderr)
        self.assertRegex(done.stderr, r' 20[0-9] processes')
        self.assertEqual(self.run_tool('print', self.log).stderr, '')

    def test_the_commands_environment_has_only_what_tracing_needs(self):
        plain = subprocess.run(['env'], capture_output=True, text=True).stdout.splitlines()
        traced = self.record('env').stdout.splitlines()
        new = sorted(line.split('=')[0] for line in set(traced) - set(plain) if not line.startswith('_='))
        self.assertEqual(new, ['IPCTRACE_LIVE', 'LD_PRELOAD'])

    def test_the_command_gets_the_descriptors_signals_and_limits_of_the_caller(self):
        script = ('import os, signal, resource\n'
                  'print(sorted(os.listdir("/proc/self/fd"))[:-1], resource.getrlimit(resource.RLIMIT_NOFILE))\n'
                  'print([line for line in open("/proc/self/status") if line.startswith("Sig")][1:])\n')
        plain = subprocess.run([PYTHON, '-c', script], capture_output=True, text=True).stdout
        self.assertEqual(self.record(PYTHON, '-c', script).stdout, plain)

    def start(self, *words):
        return subprocess.Popen([IPCTRACE, 'record', '-o', str(self.log), *words], cwd=self.path, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def test_an_interrupt_from_the_terminal_is_the_commands(self):
        running = self.start(PYTHON, '-c', 'import signal, time\nsignal.signal(signal.SIGINT, lambda *a: exit(5))\n'
                             'print("ready", flush=True)\ntime.sleep(30)')
        self.assertEqual(running.stdout.readline(), 'ready\n')
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=20)
        self.assertEqual(running.returncode, 5, said)
        self.assertIn('0 lost', said)

    def test_a_second_interrupt_ends_the_trace(self):
        running = self.start(PYTHON, '-c', 'import signal, time, os\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n'
                             'print(os.getpid(), flush=True)\ntime.sleep(30)')
        pid = int(running.stdout.readline())
        running.send_signal(signal.SIGINT)
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(timeout=20), -signal.SIGINT)
        os.kill(pid, 0)  # the command goes on
        os.kill(pid, signal.SIGKILL)
        running.communicate()
        self.assertEqual(self.left(), ['x.ipct'])

    def test_a_termination_is_passed_on(self):
        running = self.start(PYTHON, '-c', 'import time\nprint("ready", flush=True)\ntime.sleep(30)')
        running.stdout.readline()
        running.terminate()
        running.communicate(timeout=20)
        self.assertEqual(running.returncode, -signal.SIGTERM)

    def test_a_killed_collector_leaves_the_program_alone_and_its_events_readable(self):
        running = self.start(PYTHON, '-c', TALK + 'print("ready", flush=True)\nimport sys\nsys.stdin.read()\n'
                             'a.send(b"x" * 10)\nprint("unharmed", flush=True)')
        self.assertEqual(running.stdout.readline(), 'ready\n')
        running.kill()
        self.assertEqual(running.stdout.readline(), 'unharmed\n')
        running.communicate()
        self.assertEqual(self.calls('recv'), 100)

    def bare(self, script, **variables):
        line = self.run_tool('env', '-o', self.log).stdout.split()
        environment = dict(os.environ, **dict(word.split('=', 1) for word in line), **variables)
        return subprocess.run([PYTHON, '-c', script], env=environment, cwd=self.path, capture_output=True, text=True, timeout=60)

    def wait_for_collector(self):
        for _ in range(400):
            if 'x.ipct.live' not in self.left():
                return
            time.sleep(0.01)
        self.fail('the collector has not ended')

    def test_a_bare_preload_records_as_well(self):
        done = self.bare(TALK)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.wait_for_collector()
        self.assertEqual(self.calls('recv'), 100)
        self.assertEqual(self.left(), ['x.ipct'])

    def test_a_bare_preload_takes_its_settings_from_the_environment(self):
        self.assertEqual(self.bare(TALK, IPCTRACE_FILTER='send').returncode, 0)
        self.wait_for_collector()
        self.assertEqual((self.calls('recv'), self.calls('send')), (0, 100))

    def test_a_bare_preload_that_cannot_write_runs_the_program(self):
        self.log = pathlib.Path('/no-such-folder/x.ipct')
        done = self.bare('print("hi")')
        self.assertEqual((done.returncode, done.stdout), (0, 'hi\n'))
        self.assertIn('the program runs untraced', done.stderr)

    def test_the_line_of_env_carries_the_settings(self):
        line = self.run_tool('env', '-o', 'y.ipct', '-k8', '--on-full=drop', '-e', '%socket').stdout
        self.assertRegex(line, r'^LD_PRELOAD=\S+/libipctrace-preload\.so IPCTRACE_OUTPUT=/\S+/y\.ipct '
                         r'IPCTRACE_FILTER=%socket IPCTRACE_STACKS=8 IPCTRACE_ON_FULL=drop\n$')

    def test_a_full_disk_is_said_and_harms_nobody(self):
        if os.geteuid() != 0:
            self.skipTest('needs a file system of its own')
        disk = self.path / 'disk'
        disk.mkdir()
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'none', disk], capture_output=True).returncode:
            self.skipTest('cannot mount')
        try:
            self.log = disk / 'x.ipct'
            load = 'import os, socket\na, b = socket.socketpair()\nfor i in range(60000):\n    a.send(os.urandom(64))\n    b.recv(64)\n'
            done = self.record('-s', '64', PYTHON, '-c', load + 'print("done")')
            self.assertEqual((done.returncode, done.stdout), (0, 'done\n'), done.stderr)
            self.assertRegex(done.stderr, r"cannot write '.*x\.ipct': No space left on device; [\d,]+ events are lost\n")
            printed = self.run_tool('print', '-q', self.log)
            self.assertGreater(printed.stdout.count('send('), 1000)
            self.assertEqual(os.listdir(disk), ['x.ipct'])
        finally:
            subprocess.run(['umount', disk], check=True)


if __name__ == '__main__':
    unittest.main()
