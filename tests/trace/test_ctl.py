#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`ipctrace ctl`: a trace that is running is stopped, started and chosen anew, and its log says so.

The traced program does what it is told line by line, so that the test knows what was done while the trace was suspended.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

IPCTRACE = sys.argv.pop(1) if len(sys.argv) > 1 else 'ipctrace'
PYTHON = '/usr/bin/python3'
# does each line of its input, and answers when it has done so
OBEDIENT = ('import os, socket, sys\n'
            'a, b = socket.socketpair()\n'
            'def talk(text):\n    a.send(text)\n    b.recv(20)\n'
            'print("ready", flush=True)\n'
            'for line in iter(sys.stdin.readline, ""):\n    exec(line)\n    print("done", flush=True)\n')
# two threads, each of which sends its numbers in turn
LOADED = ('import os, socket, threading, time\n'
          'def load(name):\n'
          '    a, b = socket.socketpair()\n    i = 0\n'
          '    while not os.path.exists("enough"):\n'
          '        a.send(b"%s %d" % (name, i))\n        b.recv(20)\n        i += 1\n        time.sleep(0.0002)\n'
          'threads = [threading.Thread(target=load, args=(name,)) for name in (b"one", b"two")]\n'
          'for thread in threads:\n    thread.start()\n'
          'for thread in threads:\n    thread.join()\n')


class CtlTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='ipctrace-test-')
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.path.chmod(0o755)
        self.log = self.path / 'x.ipct'
        self.children = []
        self.addCleanup(self.end_children)

    def end_children(self):
        for child in self.children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()

    def spawn(self, words, **settings):
        child = subprocess.Popen([str(word) for word in words], cwd=self.path, text=True, start_new_session=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)
        self.children.append(child)
        return child

    def start(self, *options, log=None, program=OBEDIENT):
        self.recorder = self.spawn([IPCTRACE, 'record', '-q', '-o', log or self.log, *options, '--', PYTHON, '-S', '-c', program])
        if program is OBEDIENT:
            self.assertEqual(self.recorder.stdout.readline(), 'ready\n')
        return self.recorder

    def tell(self, *lines):
        for line in lines:
            self.recorder.stdin.write(line + '\n')
            self.recorder.stdin.flush()
            self.assertEqual(self.recorder.stdout.readline(), 'done\n')

    def finish(self):
        self.recorder.stdin.close()
        self.assertEqual(self.recorder.wait(timeout=30), 0)

    def run_tool(self, *words):
        return subprocess.run([IPCTRACE, *map(str, words)], cwd=self.path, capture_output=True, text=True, timeout=60)

    def ctl(self, *words, log=None):
        done = self.run_tool('ctl', log or self.log, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done.stdout

    def status(self):
        done = self.run_tool('ctl', '--json', self.log, 'status')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return json.loads(done.stdout)

    def refused(self, *words, trace=None):
        done = self.run_tool('ctl', trace or self.log, *words)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, '')
        self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
        return done.stderr

    def lines(self, *options, log=None):
        done = self.run_tool('print', '--json', *options, log or self.log)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def sent(self, **where):
        return [line['args']['buf']['bytes'] for line in self.lines(**where) if line.get('call') == 'send']

    def controls(self):
        return [line['control'] for line in self.lines() if 'control' in line]

    def test_a_stopped_trace_records_nothing_and_resumes(self):
        self.start()
        self.tell('talk(b"before")')
        self.ctl('stop')
        self.assertEqual(self.status()['state'], 'suspended')
        self.tell(*['talk(b"unseen")'] * 20)
        self.ctl('start')
        self.tell('talk(b"after")')
        self.finish()
        self.assertEqual(self.sent(), ['before', 'after'])
        self.assertEqual(self.controls(), ['stop', 'start'])
        self.assertEqual(self.run_tool('check', self.log).returncode, 0)

    def test_a_trace_that_begins_suspended_has_no_call_before_the_start(self):
        self.start('--suspended')
        self.tell('talk(b"unseen")')
        self.ctl('start')
        self.tell('talk(b"seen")')
        self.finish()
        calls = self.lines()
        self.assertEqual([line.get('control') for line in calls[:2]], ['begin', 'start'])
        self.assertEqual(self.sent(), ['seen'])

    def test_what_is_selected_later_appears_and_what_is_not_does_not(self):
        self.start('-e', 'none')
        self.tell('talk(b"unseen")')
        self.ctl('select', 'send')
        self.tell('talk(b"one")')
        self.ctl('select', 'recv')
        self.tell('talk(b"two")')
        self.ctl('stop', 'select', 'all')
        self.tell('talk(b"unseen")')
        self.ctl('start')
        self.tell('talk(b"three")')
        self.finish()
        seen = [(line['call'], line['args']['buf']['bytes']) for line in self.lines() if line.get('call') in ('send', 'recv')]
        self.assertEqual(seen, [('send', 'one'), ('recv', 'two'), ('send', 'three'), ('recv', 'three')])

    def test_a_flush_is_in_the_file_when_the_command_returns(self):
        self.start()
        copy = self.path / 'copy.ipct'
        for number in range(5):
            self.tell(f'talk(b"number {number}")')
            self.ctl('flush')
            shutil.copy(self.log, copy)
            self.assertEqual(self.sent(log=copy), [f'number {n}' for n in range(number + 1)])
        self.finish()

    def test_the_status_accounts_for_every_call(self):
        self.start()
        self.tell('talk(b"one")')
        self.ctl('stop')
        deadline = time.monotonic() + 20
        while True:  # a call that had begun may take its time
            self.ctl('flush')
            status = self.status()
            if status['made'] == status['written'] + status['lost'] or time.monotonic() > deadline:
                break
        self.finish()
        self.assertEqual((status['state'], status['calls'], status['processes'], status['threads']), ('suspended', 'all', 1, 1))
        self.assertEqual((status['made'], status['lost']), (status['written'], 0))
        # the program waited for its next line meanwhile, which is a call that had begun before the stop
        self.assertIn(len([line for line in self.lines() if 'call' in line]) - status['written'], (0, 1))

    def test_marks_stand_where_they_were_made(self):
        self.start()
        text = 'test 7 "begins" hér\x1b[31m\n'
        self.tell('talk(b"before")')
        self.ctl('mark', text)
        self.tell('talk(b"after")')
        self.finish()
        lines = [line for line in self.lines() if line.get('call') == 'send' or line.get('control')]
        self.assertEqual([line.get('text') or line['args']['buf']['bytes'] for line in lines], ['before', text, 'after'])
        self.assertIn('--- mark: test 7 \\"begins\\" h\\303\\251r\\33[31m\\n ---\n', self.run_tool('print', self.log).stdout)

    def test_a_descriptor_that_was_opened_unseen_has_no_name_and_never_an_old_one(self):
        self.start()
        self.tell('pair = socket.socketpair(); number = os.dup(pair[0].fileno()); os.write(number, b"seen")', 'os.writev(number, [b"1"])')
        self.ctl('stop')
        self.tell('os.close(number); file = os.open("file", os.O_RDWR | os.O_CREAT); assert file == number')
        self.ctl('start')
        self.tell('os.writev(number, [b"2"])', 'os.close(number); again = os.open("known", os.O_RDWR | os.O_CREAT); os.writev(again, [b"3"])')
        self.finish()
        objects = {line['args']['iov']['data']['bytes']: line['object'] for line in self.lines() if line.get('call') == 'writev'}
        self.assertRegex(objects['1'], '^unix-pair')
        self.assertRegex(objects['2'], r'^fd \d+$')
        self.assertEqual(objects['3'], 'file known')

    def test_a_thousand_pauses_under_load_lose_nothing(self):
        self.start('-e', 'send,recv', program=LOADED)
        deadline = time.monotonic() + 20
        while not (self.log.exists() and self.status()['made'] > 200):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        for _ in range(20):
            self.ctl(*['stop', 'start'] * 50)
            time.sleep(0.02)
        (self.path / 'enough').touch()
        self.finish()
        check = json.loads(self.run_tool('check', '--json', self.log).stdout)
        self.assertEqual((check['verdict'], check['lost']), ('whole', 0))
        lines = self.lines()
        self.assertEqual([line['control'] for line in lines if 'control' in line], ['stop', 'start'] * 1000)
        self.numbers_have_gaps_only_where_it_stopped(lines)

    def numbers_have_gaps_only_where_it_stopped(self, lines):
        """Of each thread: what it sent is all there, from the first call after a start to the last before a stop."""
        last, paused, between = {}, set(), 0
        for line in lines:
            if line.get('control') == 'stop':
                paused = set(last)
            elif line.get('call') == 'send':
                name, number = line['args']['buf']['bytes'].split()
                if name in last and name not in paused:
                    self.assertEqual(int(number), last[name] + 1)
                    between += 1
                self.assertGreater(int(number), last.get(name, -1))
                last[name] = int(number)
                paused.discard(name)
        self.assertEqual(set(last), {'one', 'two'})
        self.assertGreater(between, 10)

    def test_many_at_once_are_done_one_after_the_other(self):
        self.start()
        commands = [self.spawn([IPCTRACE, 'ctl', self.log, *(word for n in range(25) for word in ('mark', f'{who} {n}'))])
                    for who in range(4)]
        for command in commands:
            self.assertEqual(command.wait(timeout=60), 0, command.stderr.read())
        self.finish()
        texts = [line['text'] for line in self.lines() if line.get('control') == 'mark']
        for who in range(4):
            self.assertEqual([text for text in texts if text.startswith(f'{who} ')], [f'{who} {n}' for n in range(25)])

    def test_a_ctl_killed_in_the_middle_hurts_nobody(self):
        self.start()
        os.kill(self.recorder.pid, signal.SIGSTOP)
        asking = self.spawn([IPCTRACE, 'ctl', self.log, 'stop'])
        waiting = self.spawn([IPCTRACE, 'ctl', self.log, 'mark', 'waited'])
        time.sleep(0.3)
        self.assertIsNone(asking.poll())
        asking.kill()
        os.kill(self.recorder.pid, signal.SIGCONT)
        self.assertEqual(waiting.wait(timeout=30), 0)
        self.ctl('start')
        self.tell('talk(b"after")')
        self.finish()
        self.assertIn('after', self.sent())
        self.assertIn('mark', self.controls())

    def test_killed_over_and_over_it_leaves_the_trace_steerable(self):
        self.start()
        for number in range(40):
            child = self.spawn([IPCTRACE, 'ctl', self.log, *['stop', 'start'] * 100])
            time.sleep(0.001 * (number % 10))
            child.kill()
            child.wait()
        self.ctl('start')
        self.tell('talk(b"after")')
        self.finish()
        self.assertIn('after', self.sent())
        self.assertEqual(self.run_tool('check', self.log).returncode, 0)

    def test_who_does_not_wait_is_heard_all_the_same(self):
        self.start()
        for number in range(20):
            self.assertEqual(self.run_tool('ctl', '-n', self.log, 'mark', number).returncode, 0)
        self.ctl('flush')
        self.finish()
        self.assertEqual([line['text'] for line in self.lines() if 'control' in line], [str(n) for n in range(20)])

    def test_a_trace_is_found_by_the_process_that_is_traced(self):
        self.start()
        self.tell('open("pid", "w").write(str(os.getpid()))')
        self.ctl('mark', 'by pid', log=(self.path / 'pid').read_text())
        self.finish()
        self.assertEqual(self.controls(), ['mark'])
        self.assertIn('is not traced', self.refused('status', trace=os.getpid()))

    def test_a_bare_preload_is_steered_as_well(self):
        line = self.run_tool('env', '-o', self.log, '--suspended').stdout
        settings = dict(word.split('=', 1) for word in line.split())
        self.assertEqual(settings['IPCTRACE_SUSPENDED'], '1')
        settings['IPCTRACE_COLLECTOR'] = str(pathlib.Path(IPCTRACE).resolve())
        self.recorder = self.spawn([PYTHON, '-S', '-c', OBEDIENT], env={**os.environ, **settings})
        self.assertEqual(self.recorder.stdout.readline(), 'ready\n')
        self.tell('talk(b"unseen")')
        self.ctl('start')
        self.tell('talk(b"seen")')
        self.ctl('stop')
        self.tell('talk(b"unseen")')
        self.finish()
        deadline = time.monotonic() + 20
        while pathlib.Path(f'{self.log}.live').exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.sent(), ['seen'])
        self.assertEqual(self.controls(), ['begin', 'start', 'stop'])

    def test_what_cannot_be_steered_is_said_in_one_line(self):
        self.assertIn('No such file', self.refused('status'))
        self.assertIn('not a trace', self.refused('status', trace=self.path))
        self.start()
        self.finish()
        self.assertIn('is finished', self.refused('stop'))
        (self.path / 'x.ipct.live').write_bytes(bytes(8192))
        self.assertIn('not a live area', self.refused('stop'))
        for words in (['stopp'], ['select'], ['select', 'recvv'], ['stop', 'mark'], ['mark', 'x' * 960], []):
            self.refused(*words)
        self.assertIn("did you mean 'stop'?", self.refused('stopp'))

    def test_a_dead_collector_is_said_and_not_waited_for(self):
        self.start()
        self.recorder.kill()
        self.recorder.wait()
        self.assertIn('its collector has died', self.refused('stop'))

    def test_only_who_may_write_the_live_area_may_steer(self):
        if os.geteuid() != 0 or not shutil.which('setpriv'):
            self.skipTest('needs another user')
        self.start()
        done = subprocess.run(['setpriv', '--reuid=65534', '--clear-groups', IPCTRACE, 'ctl', self.log, 'stop'],
                              capture_output=True, text=True, timeout=60)
        if 'cannot' in done.stderr or 'failed to execute' in done.stderr:
            self.skipTest('the command cannot be run by another user')
        self.assertEqual(done.returncode, 2)
        self.assertIn('Permission denied', done.stderr)
        self.finish()
        self.assertEqual(self.controls(), [])

    def test_marks_are_no_difference_and_pauses_of_one_run_make_it_incomplete(self):
        logs = []
        for number, words in enumerate((['mark', 'old'], ['mark', 'new', 'mark', 'more'], ['stop', 'start'])):
            logs.append(self.path / f'{number}.ipct')
            self.start(log=logs[-1])
            self.tell('talk(b"same")')
            self.ctl(*words, log=logs[-1])
            self.tell('talk(b"same")')
            self.finish()
        self.assertEqual(self.run_tool('diff', logs[0], logs[1]).returncode, 0)
        done = self.run_tool('diff', logs[0], logs[2])
        self.assertEqual(done.returncode, 4)
        self.assertEqual((done.stdout + done.stderr).count('with pauses or selections of their own'), 1)
        self.assertIn('STEERED: suspended once', self.run_tool('report', logs[2]).stdout)
        self.assertIn('suspended once', self.run_tool('info', logs[2]).stdout)
        self.assertIn('calls were left out in the middle', self.run_tool('replay', '--peer', logs[2], 'true').stderr)
        self.assertEqual(json.loads(self.run_tool('info', '--json', logs[1]).stdout)['steered']['marks'], 2)


if __name__ == '__main__':
    unittest.main()
