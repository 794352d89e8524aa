#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Calls that go the short way through the tracer are recorded as by the long way, which a trace with stacks takes."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

IPCTRACE = pathlib.Path(sys.argv.pop(1)).resolve()
PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
OF_THE_RUN = ('time', 'duration', 'stack')
PROCESSES = ('fork', 'wait', 'wait4', 'waitpid')  # their arguments and results are numbers of processes


class Pass(unittest.TestCase):
    def recorded(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            log = f'{folder}/log'
            subprocess.run([IPCTRACE, 'record', '-q', '-o', log, *options, '--', PROGRAM], check=True, timeout=60)
            lines = subprocess.run([IPCTRACE, 'print', '--json', log], check=True, timeout=60, capture_output=True, text=True).stdout
        calls, processes = {}, []
        for event in map(json.loads, lines.splitlines()):
            if 'call' not in event:
                continue
            if event['pid'] not in processes:
                processes.append(event['pid'])
            kept = {key: value for key, value in event.items() if key not in (*OF_THE_RUN, 'pid', 'tid')}
            buf = kept['args'].get('buf')
            if isinstance(buf, str) and int(buf, 16) > 4096:
                kept['args']['buf'] = 'somewhere'
            if event['call'] in PROCESSES:
                kept = {'call': event['call'], 'errno': event['errno']}
            calls.setdefault(processes.index(event['pid']), []).append(kept)
        return calls

    def compare(self, *options):
        short, long = self.recorded(*options), self.recorded('-k1', *options)
        self.assertEqual(set(short), {0, 1})
        for process, calls in long.items():
            self.assertEqual(short[process], calls)
        return short

    def test_they_are_the_same_whatever_is_unusual_about_a_call(self):
        calls = self.compare()
        self.assertGreater(len(calls[0]), 80)
        self.assertIn(('recv', 300, 'somewhere'), [(c['call'], c['result'], c['args'].get('buf')) for c in calls[0] if 'args' in c])
        self.assertIn(('write', 8, 'somewhere'), [(c['call'], c['result'], c['args'].get('buf')) for c in calls[0] if 'args' in c])
        self.assertEqual([c['args']['buf']['bytes'] for c in calls[0][-7:] if c.get('call') == 'send'], ['handler', 'end'])
        self.assertEqual([c['args']['buf']['bytes'] for c in calls[1] if c['call'] in ('send', 'recv')], ['child', 'child', 'parent'])

    def test_they_are_the_same_when_all_payload_is_kept(self):
        whole = [c for c in self.compare('-s5000')[0] if c['call'] == 'pread']
        self.assertTrue(all(len(c['args']['buf']['bytes']) == c['result'] for c in whole))

    def test_they_are_the_same_when_payload_is_redacted(self):
        for what in ('prefix', 'hash', 'length'):
            with self.subTest(what):
                self.compare(f'--redact={what}')


if __name__ == '__main__':
    unittest.main(verbosity=2)
