#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a server's loop leaves to chance is no difference, and what it does not is one.

  test_loop.py IPCTRACE LOOP     the command, and the program that loop.c makes
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

IPCTRACE, LOOP = (os.path.realpath(path) for path in sys.argv[1:3])
del sys.argv[1:3]

SAME, DIFFERENT = 0, 1


class Loop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='ipctrace-loop-')
        cls.addClassCleanup(cls.folder.cleanup)
        os.chdir(cls.folder.name)

    @classmethod
    def record(cls, *words):
        log = '+'.join(words or ['plain']) + '.ipct'
        if not os.path.exists(log):
            subprocess.run([IPCTRACE, 'record', '-q', '-s', '64K', '-o', log, '--', LOOP, *words], check=True, timeout=60)
        return log

    def compare(self, old, new):
        """The status, and what counts, as class and call."""
        done = subprocess.run([IPCTRACE, 'diff', '--json', '--latency=off', self.record(*old), self.record(*new)],
                              capture_output=True, text=True, timeout=60)
        rows = [json.loads(line) for line in done.stdout.splitlines()[1:]]
        return done.returncode, [(row['class'], row['call']) for row in rows if row['counts']]

    # ---- timers

    def test_a_timer_that_is_served_between_requests_may_be_so_elsewhere_and_more_often(self):
        for new in (('due=4',), ('due=3', 'due=6'), ('due=2', 'due=4', 'due=7')):
            self.assertEqual(self.compare(('due=2', 'due=5'), new), (SAME, []), new)

    def test_what_a_timer_does_is_compared(self):
        status, said = self.compare(('due=2', 'due=5'), ('due=2', 'due=5', 'tick=shorter'))
        self.assertEqual((status, {call for _, call in said}), (DIFFERENT, {'pwrite'}))
        status, said = self.compare(('due=2', 'due=5'), ('due=2', 'due=5', 'tick=swapped'))
        self.assertEqual(status, DIFFERENT)
        self.assertLessEqual(set(said), {('reordered-causal', 'pwrite'), ('reordered-causal', 'fcntl')})

    # ---- connections

    def test_an_answer_on_the_wrong_connection_is_no_matter_of_turns(self):
        status, said = self.compare((), ('elsewhere=1',))
        self.assertEqual(status, DIFFERENT)
        self.assertIn(('arguments', 'send'), said)

    # ---- memory

    def test_where_an_allocator_needed_more_is_in_nobodys_way(self):
        self.assertEqual(self.compare(('memory=6',), ('memory=4',)), (SAME, []))
        status, said = self.compare(('memory=6',), ('memory=4', 'changed=4'))
        self.assertEqual((status, set(said)), (DIFFERENT, {('payload', 'send'), ('payload', 'recv')}))

    # ---- what is said in no order

    def test_a_list_in_another_order_is_the_same_however_it_is_cut(self):
        for new in (('order=3',), ('order=7', 'pieces=90'), ('order=33', 'pieces=101')):
            self.assertEqual(self.compare(('order=1',), new), (SAME, []), new)

    def test_a_list_in_another_order_with_another_entry_is_another_list(self):
        for new in (('order=3', 'list=changed'), ('order=7', 'pieces=90', 'list=changed'), ('order=33', 'pieces=101', 'list=changed')):
            status, said = self.compare(('order=1',), new)
            self.assertEqual((status, {kind for kind, _ in said}), (DIFFERENT, {'payload'}), new)
            self.assertIn(('payload', 'send'), said, new)


if __name__ == '__main__':
    unittest.main()
