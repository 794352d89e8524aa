#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is made of three runs of a suite: that a difference is found, and that chance and hanging are none.

  test_suite.py IPCTRACE
"""
import contextlib
import io
import pathlib
import re
import sys
import tempfile
import unittest

from suite import Suite, compare, compare_all

IPCTRACE = str(pathlib.Path(sys.argv.pop(1)).resolve())


def judge(status, text):
    """Lines like `test one: passed`."""
    return {'the whole': status, **dict(re.findall(r'^test (\w+): (\w+)$', text, re.M))}


def suite(script, timeout=30, **more):
    return Suite('scripts', ['sh', '-c', script], judge, timeout, **more)


class Suites(unittest.TestCase):
    def compared(self, *given, **more):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            found = compare(IPCTRACE, 'it', suite(*given, **more))
        return found, said.getvalue()

    def test_the_same_in_all_three_runs_is_no_difference(self):
        found, said = self.compared('echo test one: passed; echo test two: failed; exit 3')
        self.assertEqual((found.compared, found.unstable, found.different, found.lost, said), (3, 0, 0, 0, ''))
        self.assertGreater(found.events, 0)

    def test_a_test_that_ends_otherwise_when_traced_is_named(self):
        found, said = self.compared('if [ -n "$IPCTRACE_LIVE" ]; then echo test one: failed; else echo test one: passed; fi')
        self.assertEqual((found.compared, found.different), (2, 1))
        self.assertEqual(said, '  DIFFERENT it, one: passed untraced, failed traced\n')

    def test_a_test_that_does_not_happen_when_traced_is_named(self):
        found, said = self.compared('[ -n "$IPCTRACE_LIVE" ] || echo test one: passed')
        self.assertIn('one: passed untraced, missing traced', said)

    def test_another_exit_status_is_a_difference(self):
        self.assertEqual(self.compared('[ -z "$IPCTRACE_LIVE" ]')[0].different, 1)

    def test_what_differs_between_native_runs_is_left_out_and_counted(self):
        found, said = self.compared('echo test one: $(cat /proc/sys/kernel/random/uuid | tr -d -); echo test two: passed')
        self.assertEqual((found.compared, found.unstable, found.different, said), (2, 1, 0, ''))

    def test_what_chance_decides_is_unstable_even_if_two_native_runs_agree(self):
        with tempfile.TemporaryDirectory() as folder:
            found, said = self.compared('[ -n "$IPCTRACE_LIVE" ] || echo >>runs; [ $(wc -l <runs) -gt 3 ] || [ -n "$IPCTRACE_LIVE" ] || '
                                        'echo test one: passed; echo test two: passed', folder=folder)
        self.assertEqual((found.compared, found.unstable, found.different, said), (2, 1, 0, ''))

    def test_a_suite_that_hangs_without_the_tracer_is_not_compared(self):
        found, said = self.compared('echo test one: passed; sleep 60', timeout=0.3)
        self.assertEqual((found.compared, found.unstable, found.different, said), (0, 2, 0, ''))

    def test_a_suite_that_hangs_when_traced_is_a_difference(self):
        found, said = self.compared('[ -z "$IPCTRACE_LIVE" ] || sleep 60', timeout=3)
        self.assertIn('the whole: 0 untraced, late traced', said)

    def test_a_trace_that_was_cut_off_is_wrong(self):
        found, said = self.compared('[ -z "$IPCTRACE_LIVE" ] || kill -9 $PPID')
        self.assertEqual(found.excess, 1)
        self.assertIn('the trace did not come to its end', said)

    def test_the_table_adds_up_families(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            wrong = compare_all(IPCTRACE, {'first': suite('exit 1'), 'second': suite('echo test one: passed')}, True)
        self.assertEqual(wrong, 0)
        self.assertRegex(said.getvalue(), r'(?m)^\| scripts \| 2 \| 3 \| 0 \| 0 \| [\d,]+ \| 0 \|$')


if __name__ == '__main__':
    unittest.main()
