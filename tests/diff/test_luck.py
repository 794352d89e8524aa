#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the scheduler decides is no difference, however it decides; what the program does is one. Both are decided by `luck`.

  test_luck.py IPCTRACE LUCK
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

IPCTRACE, LUCK = (os.path.realpath(path) for path in sys.argv[1:3])
del sys.argv[1:3]

SAME, DIFFERENT = 0, 1


class Luck(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='ipctrace-luck-')
        cls.addClassCleanup(cls.folder.cleanup)

    def record(self, topic, event):
        log = os.path.join(self.folder.name, f'{topic}-{event}.ipct')
        if not os.path.exists(log):
            subprocess.run([IPCTRACE, 'record', '-q', '-o', log, '--', LUCK, topic, str(event)], check=True, timeout=60)
        return log

    def diff(self, topic, old, new):
        done = subprocess.run([IPCTRACE, 'diff', '--json', '--latency=off', self.record(topic, old), self.record(topic, new)],
                              capture_output=True, text=True, timeout=60)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [(line['class'], line['call']) for line in lines[1:] if line['counts']]

    def expect(self, topic, base='late', **others):
        """Early and late are the same both ways; each other event differs from one of them by a class and a call."""
        for old, new in (('early', 'late'), ('late', 'early')):
            self.assertEqual(self.diff(topic, old, new), (SAME, []), f'{topic}: {old} and {new}')
        for event, wanted in others.items():
            status, found = self.diff(topic, base, event)
            self.assertEqual(status, DIFFERENT, f'{topic}: {base} and {event}')
            self.assertIn(wanted, found, f'{topic}: {base} and {event}')

    def test_how_far_a_process_comes_before_it_is_told_to_end(self):
        self.expect('told', less=('removed', 'send'), wrong=('removed', 'send'))

    def test_whether_a_group_of_processes_is_there_yet(self):
        self.expect('group', wrong=('result', 'kill'))

    def test_whether_a_process_waits_when_its_own_handler_would_wake_it(self):
        self.expect('awake', wrong=('added', 'kill'))

    def test_which_of_two_a_process_is_woken_by_first(self):
        self.expect('ready', base='early', wrong=('reordered-causal', 'recv'))

    def test_which_of_two_threads_does_a_piece_of_work(self):
        self.expect('work', base='early', wrong=('payload', 'send'))

    def test_which_of_two_threads_is_given_what(self):
        self.expect('own', base='early', wrong=('arguments', 'read'))

    def test_which_of_two_children_ends_first(self):
        self.expect('children', base='early', wrong=('arguments', 'send'))

    def test_how_many_tokens_a_parent_takes_for_its_jobs(self):
        self.expect('stock', base='early', less=('removed', 'write'), wrong=('arguments', '_exit'))

    def test_which_of_several_jobs_answers_first(self):
        self.expect('answers', wrong=('payload', 'read'))

    def test_which_of_two_jobs_says_first_that_it_is_done_and_how_it_has_the_lock(self):
        self.expect('shared', wrong=('payload', 'write'))

    def test_whether_a_child_ends_before_it_is_told_to(self):
        self.expect('overtaken', wrong=('removed', 'kill'))

    def test_how_many_workers_it_takes(self):
        self.expect('pool', wrong=('payload', 'recv'))

    def test_how_much_an_allocator_keeps(self):
        self.expect('memory', base='plain', wrong=('leak', 'munmap'))

    def test_a_shorter_message_is_another_one_and_not_cut_off(self):
        self.expect('message', less=('bytes', 'recv'))

    def test_where_an_allocator_cuts_its_memory(self):
        self.expect('trim', less=('leak', 'munmap'), wrong=('bytes', 'munmap'))

    def test_a_drawn_name_that_looks_like_a_word_among_others_that_do_not(self):
        self.expect('names', base='early', wrong=('arguments', 'open'))

    def test_a_piece_of_a_file_is_known_by_its_place(self):
        self.expect('pieces', wrong=('reordered-causal', 'pwrite'))

    def test_how_often_a_timer_goes_off(self):
        self.expect('timer', less=('count', 'send'))

    def test_whether_a_number_is_a_pid_of_one_of_the_runs(self):
        printed = subprocess.run([IPCTRACE, 'print', '--json', self.record('number', 'own')], capture_output=True, check=True, timeout=60)
        pid = json.loads(printed.stdout.splitlines()[0])['pid']
        for old, new in (('own', pid), (pid, 'own')):
            self.assertEqual(self.diff('number', old, new), (SAME, []))
        self.assertEqual(self.diff('number', pid, pid + 40000), (DIFFERENT, [('payload', 'send')]))
        self.assertEqual(self.diff('number', 'own', pid + 40000), (DIFFERENT, [('payload', 'send')]))

    def test_how_often_threads_take_a_lock_and_give_it_back(self):
        self.expect('locks', base='plain', less=('removed', 'sem_post'), wrong=('added', 'sem_post'))

    def test_which_port_a_listener_draws_after_another_one(self):
        self.expect('ports', wrong=('arguments', 'bind'), less=('reordered', 'close'))
        self.assertIn(('arguments', 'bind'), self.diff('ports', 'early', 'less')[1], 'ports that are open together are none of lot')

    def test_which_of_two_ports_is_come_to_first(self):
        self.expect('visits', wrong=('arguments', 'connect'))

    def test_when_a_process_hears_what_it_told_itself(self):
        self.expect('bell', less=('bytes', 'read'), wrong=('payload', 'write'))

    def test_what_wakes_nobody_any_more(self):
        self.expect('left', base='early', less=('bytes', 'read'))

    def test_which_of_several_connections_is_reset(self):
        self.expect('farewells', less=('leak', 'close'), wrong=('added', 'setsockopt'))

    def test_whether_there_was_something_when_a_connection_was_asked_first(self):
        self.expect('asked', base='early', wrong=('added', 'epoll_ctl'))

    def test_when_a_file_is_read_for_another_connection_and_what_is_left_is_closed(self):
        self.expect('served', base='early', less=('leak', 'close'), wrong=('arguments', 'pread'))


if __name__ == '__main__':
    unittest.main()
