#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `ipctrace diff` says of one small change of each sort, of runs that are not quite comparable, and to a CI job.

  test_diff.py IPCTRACE CHANGES     the command, and the program that changes.c makes
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

IPCTRACE, CHANGES = (os.path.realpath(path) for path in sys.argv[1:3])
del sys.argv[1:3]

SAME, DIFFERENT, TROUBLE, SLOWER, INCOMPLETE = range(5)


def run(*words):
    done = subprocess.run([IPCTRACE, *map(str, words)], capture_output=True, text=True, timeout=60, errors='surrogateescape')
    return done.returncode, done.stdout, done.stderr


def diff(*words):
    """The verdict and the differences that count."""
    status, out, err = run('diff', '--json', '--latency=off', *words)
    lines = [json.loads(line) for line in out.splitlines()]
    if not lines:
        raise AssertionError(f'status {status}: {err}')
    assert lines[0]['status'] == status
    return lines[0], [line for line in lines[1:] if line['counts']]


class Diff(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='ipctrace-diff-')
        cls.addClassCleanup(cls.folder.cleanup)
        os.chdir(cls.folder.name)
        cls.base = cls.record('')

    @classmethod
    def record(cls, change, *options, name=None, command=None):
        """A run of the program with a change; each is recorded once."""
        log = os.path.join(cls.folder.name, f'{name or change or "base"}.ipct')
        if not os.path.exists(log):
            status, _, err = run('record', '-q', '-k', *options, '-o', log, '--', *(command or [CHANGES, *change.split()]))
            assert status == 0, err
        return log

    def compare(self, change, *options):
        return diff(*options, self.base, self.record(change))

    # ---- classes

    def check_class(self, change, wanted, call, thing, severity, count=1):
        verdict, found = self.compare(change)
        self.assertEqual((verdict['verdict'], verdict['status']), ('different', DIFFERENT))
        said = [(row['class'], row['call'], row['object']) for row in found]
        self.assertEqual(len(found), count, said)
        first = found[0]
        self.assertEqual((first['class'], first['call'], first['severity']), (wanted, call, severity), said)
        self.assertRegex(first['object'] or 'nothing', thing)
        sides = {'removed': ['old'], 'leak': ['old'], 'added': ['new'], 'structure': ['new']}.get(wanted, ['old', 'new'])
        if wanted == 'count':
            sides = ['old'] if first['old'] else ['new']
        for side in sides:
            site = first[side]
            self.assertEqual(site['thread'].split(' ')[-1], '(changes)')
            self.assertTrue(site['line'].startswith(first['new_value'] + '(' if first['field'] == 'call' and side == 'new' else call + '('))
            self.assertTrue(site['time'] and site['pid'] and site['before'] + site['after'])
            self.assertTrue(any('(talk+' in frame or 'changes' in frame for frame in site['stack']), site['stack'])
        return first

    def test_a_command_that_ended_otherwise_after_the_same_calls_is_a_result(self):
        log = os.path.join(self.folder.name, 'crash.ipct')
        self.assertEqual(run('record', '-q', '-k', '-o', log, '--', CHANGES, 'crash')[0], -signal.SIGILL)
        verdict, found = diff(self.base, log)
        self.assertEqual((verdict['verdict'], verdict['status'], len(found)), ('different', DIFFERENT, 1))
        self.assertEqual([found[0][key] for key in ('class', 'call', 'field', 'old_value')], ['result', 'exit', 'status', 'exited with 0'])
        self.assertRegex(found[0]['new_value'], '^killed by SIGILL')
        self.assertEqual(diff('--ignore', 'result call=exit', self.base, log)[0]['verdict'], 'same')
        self.assertEqual(diff(log, log)[0]['verdict'], 'same')
        self.assertRegex(run('diff', self.base, log)[1], r'(?m)^1\. result exit: .*exited with 0.* -> .*killed by SIGILL')
        for option in '--markdown', '-q':
            self.assertEqual(run('diff', option, self.base, log)[0], DIFFERENT)
        run('diff', '-q', '--junit=crash.xml', self.base, log)
        with open('crash.xml') as file:
            self.assertIn('killed by SIGILL', file.read())

    def test_a_run_is_the_same_as_itself_and_as_the_next(self):
        self.assertEqual(diff(self.base, self.base)[0]['verdict'], 'same')
        verdict, found = diff(self.base, self.record('', name='again'))
        self.assertEqual((verdict['status'], found), (SAME, []))

    def test_a_call_less_is_removed(self):
        first = self.check_class('removed', 'removed', 'send', r'unix-pair#0\.a', 'high')
        self.assertIn('"two"', first['old']['line'])
        self.assertIsNone(first['new'])
        self.assertIn('"three"', first['new_next']['line'])
        self.assertIn('"one"', first['old']['before'][0]['line'])
        self.assertTrue(any('talk' in frame for frame in first['new_next']['stack']))

    def test_a_call_more_is_added(self):
        first = self.check_class('added', 'added', 'send', r'unix-pair#0\.a', 'high')
        self.assertIn('two and a half', first['new']['line'])
        self.assertIsNone(first['old'])

    def test_a_call_by_a_thread_of_another_sort_is_moved(self):
        self.check_class('moved', 'moved', 'send', r'unix-pair#2\.b', 'low')

    def test_an_order_that_matters_is_causal(self):
        self.check_class('reordered-causal', 'reordered-causal', 'send', r'unix-pair#0\.a', 'high')

    def test_an_order_that_nobody_sees_is_benign(self):
        self.check_class('reordered', 'reordered', 'shmctl', 'shm#0', 'low')

    def test_calls_that_moved_together_have_kept_their_order(self):
        self.check_class('reordered-block', 'reordered', 'open', 'file /dev/null', 'low', count=2)

    def test_what_was_jumped_over_need_not_be_a_neighbour(self):
        self.check_class('reordered-far', 'reordered-causal', 'semctl', 'semset#0', 'high')

    def test_what_is_removed_here_and_added_there_is_two_differences(self):
        verdict, found = self.compare('exchanged')
        self.assertEqual([(row['class'], row['call'], row['times']) for row in found], [('removed', 'send', 1), ('added', 'send', 1)])

    def test_what_has_changed_everywhere_has_changed_nowhere_else(self):
        """Between calls that are the same, so that a changed one has its partner, and not the next one like it."""
        text = ('import socket\na, b = socket.socketpair(type=socket.SOCK_DGRAM)\nfor i in range(5000):\n'
                ' for s in (b"one %d %s" % i, b"beat", b"two %d %s" % i, b"again"):\n  a.send(s); b.recv(99)\n')
        runs = [self.record('', '-e', 'socketpair,send', name='all-' + word, command=['/usr/bin/python3', '-S', '-c', text.replace('%s', word)]) for word in ('old', 'new')]
        verdict, found = diff(*runs)
        self.assertEqual({row['class'] for row in found}, {'payload'})

    def test_another_argument_names_the_field_and_both_values(self):
        first = self.check_class('arguments', 'arguments', 'setsockopt', 'unix#0', 'high')
        self.assertEqual((first['field'], first['old_value'], first['new_value']), ('optval', '[4096]', '[8192]'))

    def test_another_thing_is_an_argument(self):
        first = self.check_class('object', 'arguments', 'send', r'unix-pair#0\.a', 'high')
        self.assertEqual((first['old_value'], first['new_value']), ('unix-pair#0.a', 'unix-pair#1.a'))

    def test_another_call_in_its_place_is_an_argument(self):
        first = self.check_class('call', 'arguments', 'send', r'unix-pair#0\.a', 'high')
        self.assertEqual((first['field'], first['old_value'], first['new_value']), ('call', 'send', 'write'))

    def test_another_errno_is_a_result(self):
        first = self.check_class('result', 'result', 'open', 'nothing', 'high')
        self.assertEqual(first['field'], 'errno')
        self.assertIn('ENOENT', first['old_value'])
        self.assertIn('ENOTDIR', first['new_value'])

    def test_less_than_was_asked_for_is_short(self):
        self.check_class('short-io', 'short-io', 'preadv', 'fd 3', 'medium')

    def test_other_bytes_are_payload_with_the_place_of_the_first(self):
        first = self.check_class('payload', 'payload', 'send', r'unix-pair#0\.a', 'medium')
        self.assertEqual((first['old_value'], first['new_value']), ('"three"', '"thrEe"'))
        self.assertIn('byte 3', first['explanation'])

    def test_more_bytes_are_bytes(self):
        first = self.check_class('bytes', 'bytes', 'send', r'unix-pair#0\.a', 'medium')
        self.assertEqual((first['old_value'], first['new_value']), ('5 bytes', '14 bytes'))

    def test_a_loop_of_one_call_is_counted(self):
        first = self.check_class('count', 'count', 'send', r'unix-pair#1\.a', 'medium')
        self.assertEqual((first['field'], first['old_value'], first['new_value']), ('times', '12', '9'))

    def test_a_loop_of_several_calls_is_counted_in_turns(self):
        first = self.check_class('count-turns', 'count', 'send', r'unix-pair#0\.a', 'medium')
        self.assertEqual((first['old_value'], first['new_value'], first['explanation']), ('6', '9', 'a loop of 2 calls'))

    def test_what_is_left_behind_is_a_leak(self):
        self.check_class('leak', 'leak', 'close', r'unix-pair#1\.b', 'high')
        self.check_class('leak-segment', 'leak', 'shmctl', 'shm#', 'high')
        self.check_class('leak-queue', 'leak', 'msgctl', 'msgq#', 'high')
        self.check_class('leak-mapping', 'leak', 'munmap', 'mapping#', 'high')

    def test_a_new_pair_that_nobody_uses_or_ends_is_a_leak(self):
        for change, call in (('leak-pair', 'socketpair'), ('leak-pipe', 'pipe')):
            found = self.compare(change)[1]
            self.assertEqual([(row['class'], row['call'], row['explanation']) for row in found],
                             [('leak', call, 'nothing ends it in the new run')])

    def test_equal_new_threads_are_one_difference(self):
        verdict, found = self.compare('structure')
        self.assertEqual((found[0]['class'], found[0]['threads']), ('structure', 3))
        self.assertIn('is new', found[0]['explanation'])
        text = run('diff', '--latency=off', self.base, self.record('structure'))[1]
        self.assertRegex(text, r'1\. structure: thread P0\.t4 is new, with \d+ calls?; 3 like it in all')

    def test_a_new_process_is_structure(self):
        verdict, found = self.compare('process')
        self.assertEqual((verdict['status'], found[0]['class']), (DIFFERENT, 'structure'))
        self.assertIn('process P0.2 is new', found[0]['explanation'])

    # ---- time

    def test_slow_calls_are_latency_and_slow_peers_a_wait(self):
        for change, wanted, call in (('latency', 'latency', 'munmap'), ('wait', 'wait', 'recv')):
            for mode, status in (('warn', SAME), ('auto', SAME), ('off', SAME), ('fail', SLOWER)):
                got, out, err = run('diff', '--json', f'--latency={mode}', self.base, self.record(change))
                self.assertEqual(got, status, (change, mode, out))
                shifts = [row for row in map(json.loads, out.splitlines()[1:]) if (row['class'], row['call']) == (wanted, call)]
                self.assertEqual(len(shifts), mode != 'off', out)
                for row in shifts:
                    self.assertEqual((row['field'], row['severity'], row['counts']), ('median', 'low', True))
                    self.assertRegex(row['explanation'], r'longer with a chance of \d+ %, \d+ calls against \d+')

    def test_several_runs_a_side_need_enough_of_them_to_prove_a_shift(self):
        old = [self.record('', name=f'old{i}') for i in range(2)]
        new = [self.record('wait', name=f'new{i}') for i in range(2)]
        status, out, _ = run('diff', '--latency=fail', '--old', *old, '--new', *new)
        self.assertRegex(out, r'not enough runs to prove a shift of time: \d+ a side are needed')
        needed = int(re.search(r'time: (\d+) a side', out).group(1))
        old += [self.record('', name=f'old{i}') for i in range(2, needed)]
        new += [self.record('wait', name=f'new{i}') for i in range(2, needed)]
        status, out, _ = run('diff', '--old', *old, '--new', *new)
        self.assertEqual(status, SLOWER, out)
        self.assertIn('wait recv on unix-pair', out)
        self.assertNotIn('not enough', out)

    # ---- what people see

    def test_the_first_divergence_is_marked_and_shows_the_stacks_of_both(self):
        old, new = self.base, self.record('result')
        status, out, _ = run('diff', '--color=never', '--latency=off', old, new)
        self.assertRegex(out, r'- open\(.*ENOENT[^\n]*\n(        > [^\n]*\n)*        > [^\n]*\(ask_files\+0x')
        self.assertRegex(out, r'\+ open\(.*ENOTDIR[^\n]*\n(        > [^\n]*\n)*        > [^\n]*\(ask_files\+0x')
        verdict, found = self.compare('process')
        self.assertEqual([row['first'] for row in found].count(True), 1)
        out = run('diff', '--latency=off', self.base, self.record('process'))[1]
        self.assertEqual(out.count('the first divergence in time'), 1)

    def test_loops_around_a_difference_are_said_once(self):
        out = run('diff', '--color=never', '--latency=off', self.base, self.record('count-turns'))[1]
        self.assertRegex(out, r'"tick"[^\n]*\n       \.\.\. 1[12] times\n')

    def test_colour_is_for_terminals(self):
        new = self.record('removed')
        self.assertNotIn('\033', run('diff', self.base, new)[1])
        self.assertIn('\033[31m', run('diff', '--color=always', self.base, new)[1])

    def test_quiet_is_one_line(self):
        status, out, _ = run('diff', '-q', self.base, self.record('removed'))
        self.assertEqual((status, len(out.splitlines())), (DIFFERENT, 1))

    def test_limit_leaves_out_but_not_the_first_in_time(self):
        new = self.record('process')
        out = run('diff', '--limit=1', '--latency=off', self.base, new)[1]
        self.assertIn('more; --limit shows them', out)
        self.assertIn('the first divergence in time', out)

    # ---- runs that are not quite comparable

    def check_incomplete(self, old, new, *said):
        verdict, found = diff(old, new)
        self.assertEqual((verdict['verdict'], verdict['status']), ('incomplete', INCOMPLETE))
        rows = [row for row in found if row['class'] == 'incomplete']
        self.assertTrue(rows and all(row['severity'] == 'high' for row in rows))
        for pattern in said:
            self.assertTrue(any(re.search(pattern, row['explanation']) for row in rows), rows)
        status, out, _ = run('diff', old, new)
        self.assertEqual(status, INCOMPLETE)
        # nothing makes it green
        for option in ('--ignore=*', '--fail-on=leak', '--ignore=incomplete'):
            self.assertEqual(run('diff', '-q', option, old, new)[0], INCOMPLETE, option)
        return verdict

    def test_losses_are_never_green(self):
        command = ['/usr/bin/python3', '-S', '-c', 'import socket\na, b = socket.socketpair()\nfor i in range(20000):\n a.send(b"x%d" % i); b.recv(99)']
        lossy = self.record('', '--size=64K', name='lossy', command=command)
        self.check_incomplete(lossy, lossy, r'lossy\.ipct: [1-9]\d* calls were lost')

    def test_a_trace_that_was_cut_off_is_compared_as_far_as_it_goes(self):
        with open(self.base, 'rb') as file:
            data = file.read()
        with open('cut.ipct', 'wb') as file:
            file.write(data[:-20])
        verdict = self.check_incomplete(self.base, 'cut.ipct', r'cut.*: the trace (was cut off|is damaged)')
        self.assertGreater(verdict['compared'], 100)

    def test_a_torn_trace_says_so(self):
        with open(self.base, 'rb') as file:
            data = bytearray(file.read())
        data[len(data) * 2 // 3] ^= 0x55
        with open('torn.ipct', 'wb') as file:
            file.write(data)
        self.check_incomplete(self.base, 'torn.ipct', 'torn.ipct: the trace is damaged; see ipctrace check')

    def test_a_trace_without_calls_says_so(self):
        nothing = self.record('', '-e', 'mq_open', name='nothing')
        self.check_incomplete(nothing, nothing, 'no calls were recorded')

    def test_other_filters_are_compared_by_what_both_recorded(self):
        verdict = self.check_incomplete(self.base, self.record('', '-e', 'send,recv', name='filtered'), 'recorded with -e all and -e send,recv')
        self.assertEqual(verdict['differences'], 0)
        self.assertGreater(verdict['compared'], 20)

    def test_other_payload_limits_are_said_and_compared(self):
        short, long = self.record('', '-s', '4', name='short'), self.record('', '-s', '4096', name='long')
        verdict, found = diff(short, long)
        self.assertEqual((verdict['status'], found), (SAME, []))
        self.assertRegex(verdict['notes'][0], '^4 and 4096 bytes of each payload were kept')
        verdict, found = diff(short, self.record('payload'))
        self.assertEqual([row['class'] for row in found], ['payload'])

    def test_masked_content_is_the_same_whatever_was_kept(self):
        """A time of day stands where the one run kept it and the other one did not."""
        text = 'import socket, time\na, b = socket.socketpair()\na.send(b"it is " + time.strftime("%F %T").encode() + b" now, and so on"); b.recv(99)\n'
        # python's own memory is had in an order by lot
        runs = [self.record('', '-e', 'socketpair,send,recv', '-s', size, name='time' + size, command=['/usr/bin/python3', '-S', '-c', text + 'time.sleep(1.1)\n' * (size == '64')])
                for size in ('64', '4096')]
        self.assertEqual(diff(*runs)[0]['status'], SAME)

    def test_different_programs_are_named(self):
        verdict, found = diff(self.base, self.record('', name='other', command=['/usr/bin/python3', '-S', '-c', 'import socket; socket.socketpair()']))
        self.assertEqual(verdict['status'], DIFFERENT)
        self.assertIn('these are different programs: changes and python3', verdict['notes'])

    def test_what_is_no_trace_is_one_line_that_names_it(self):
        with open('empty', 'wb'), open('words', 'w') as file:
            file.write('no log\n' * 100)
        os.makedirs('folder', exist_ok=True)
        for path in ('empty', 'words', 'folder', 'missing'):
            for words in ((self.base, path), (path, self.base)):
                status, out, err = run('diff', *words)
                self.assertEqual((status, out, len(err.splitlines())), (TROUBLE, '', 1), err)
                self.assertIn(path, err)

    # ---- rules

    def test_fail_on_chooses_the_classes_that_count(self):
        new = self.record('removed')
        for classes, status in (('removed', DIFFERENT), ('leak,removed', DIFFERENT), ('*', DIFFERENT), ('leak', SAME), ('reordered,payload', SAME)):
            self.assertEqual(run('diff', f'--fail-on={classes}', '--latency=off', self.base, new)[0], status, classes)
        self.assertEqual(run('diff', '--fail-on=reordered', '--latency=off', self.base, self.record('reordered-causal'))[0], DIFFERENT)

    def test_rules_take_out_by_call_object_field_value_and_place(self):
        cases = [('removed', 'removed', True), ('removed', '*', True), ('removed', 'removed call=send', True), ('removed', 'removed call=recv', False),
                 ('removed', 'removed object="unix-pair#0.*"', True), ('removed', 'removed object="tcp*"', False), ('removed', '* thread="P0 *"', True),
                 ('removed', '* thread="P0.t*"', False), ('arguments', 'arguments field=optval', True), ('arguments', 'arguments field=level', False),
                 ('arguments', 'arguments old="*4096*" new="*8192*"', True), ('arguments', 'arguments new="*1234*"', False),
                 ('count', 'count range=8..10', True), ('count', 'count range=1..8', False), ('count', 'count values=9|11', True),
                 ('count', 'count values=8|11', False), ('removed', 'removed times=1', True), ('process', 'structure,added', True),
                 ('removed', 'removed call=s[e]nd # a reason', True)]
        for change, rule, is_taken in cases:
            status, out, err = run('diff', '--latency=off', f'--ignore={rule}', self.base, self.record(change))
            self.assertEqual(status, SAME if is_taken else DIFFERENT, (change, rule, out, err))
            self.assertEqual('ignored by rules' in out, is_taken)

    def test_rules_may_stand_in_a_file_to_be_reviewed(self):
        with open('rules', 'w') as file:
            file.write('# why\n\nremoved call=send object="unix-pair#0.a"   # known\n  payload\n')
        self.assertEqual(run('diff', '--latency=off', '--ignore=rules', self.base, self.record('removed'))[0], SAME)
        self.assertEqual(run('diff', '--latency=off', '--ignore=rules', self.base, self.record('added'))[0], DIFFERENT)
        self.assertEqual(run('diff', '--latency=off', '--ignore=rules', '--ignore=added', self.base, self.record('added'))[0], SAME)

    def test_wrong_rules_and_options_are_one_line(self):
        with open('wrong', 'w') as file:
            file.write('removed\nremoved cal=send\n')
        cases = [('--ignore=wrong', r"wrong: line 2: 'cal=send' is none of"), ('--ignore=misspelt.rules', 'no such file, and as a rule'),
                 ('--ignore=folder.d', 'Is a directory'), ('--fail-on=leaks', "no class 'leaks'"), ('--latency=sometimes', 'auto, off, warn or fail'),
                 ('--fali-on=leak', "did you mean '--fail-on'"), ('--limit=many', '--limit'), ('--json --markdown', 'only one of them'),
                 ('--old', 'expected --old RUN'), ('--baseline=missing', 'missing'), ('--color=red', '--color')]
        os.makedirs('folder.d', exist_ok=True)
        for words, said in cases:
            status, out, err = run('diff', *words.split(), self.base, self.base)
            self.assertEqual((status, out, len(err.splitlines())), (TROUBLE, '', 1), (words, err))
            self.assertRegex(err, said)
        for words in ((), (self.base,), (self.base,) * 3):
            self.assertRegex(run('diff', *words)[2], '^ipctrace diff: expected two traces')

    def test_when_a_program_has_more_memory_for_itself_is_no_difference(self):
        """That it has more, or another thing in its place, is one."""
        code = 'import mmap, socket, sys; s = socket.socket()\nfor what in sys.argv[1]:\n' \
               '    mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) if what == "m" else s.getsockopt(1, int(what))'
        runs = {order: self.record('', name=f'memory-{order}', command=['/usr/bin/python3', '-S', '-c', code, order])
                for order in ('3m74', '37m4', 'm374', '374', '7m34')}
        for order, wanted in (('37m4', set()), ('m374', set()), ('374', {'removed'}), ('7m34', {'reordered-causal'})):
            found = {row['class'] for row in diff(runs['3m74'], runs[order])[1] if row['call'] in ('mmap', 'munmap', 'getsockopt')}
            self.assertEqual(found, wanted, order)

    def test_what_only_looks_drawn_by_lot_counts_where_several_runs_had_the_same(self):
        """A number in binary looks like one that was drawn; another one against runs that all had one is a change."""
        code = 'import os, socket, struct, sys; a, b = socket.socketpair(); ' \
               'a.send(b"HD\\0\\1" + struct.pack("<d", float(sys.argv[1])) + bytes(8)); b.recv(64); b.send(bytes([200]) * 8 + os.urandom(40))'
        runs = [self.record('', name=f'drawn-{number}', command=['/usr/bin/python3', '-S', '-c', code, value])
                for number, value in enumerate(['3.14159'] * 4 + ['2.71828'])]
        self.assertEqual(run('diff', '--latency=off', runs[0], runs[4])[0], SAME)
        self.assertEqual(run('baseline', 'learn', '-o', 'drawn', *runs[:3])[0], 0)
        with open('drawn') as file:
            self.assertIn('random call="send"', file.read())
        for old in (['--baseline', 'drawn'], ['--old', *runs[:3], '--new']):
            self.assertEqual(diff(*old, runs[3])[1], [])
            found = diff(*old, runs[4])[1]
            self.assertEqual([(row['class'], row['call'], row['object']) for row in found],
                             [('payload', 'send', 'unix-pair#0.a'), ('payload', 'recv', 'unix-pair#0.b')])
            self.assertIn('was the same in all runs', found[0]['explanation'])
        os.symlink('/dev/full', 'full')
        status, out, err = run('baseline', 'learn', '-o', 'full', *runs[:2])
        self.assertEqual((status, err.splitlines()[-1]), (TROUBLE, 'ipctrace baseline: full: Operation not supported'))
        self.assertTrue(os.path.islink('full'))
        with open('drawn') as file, open('older', 'w') as older:
            older.write(file.read().replace('baseline 2', 'baseline 1', 1))
        self.assertEqual(run('baseline', 'check', 'older', runs[3])[::2],
                         (TROUBLE, 'ipctrace baseline: older: made by another version of ipctrace; learn it anew\n'))
        self.assertEqual(run('baseline', 'check', 'drawn', runs[3])[0], SAME)
        self.assertEqual(run('baseline', 'check', 'drawn', runs[4])[0], DIFFERENT)

    # ---- for machines

    def test_junit_is_well_formed_and_counts_what_fails(self):
        for change, status, failures, errors in (('', SAME, 0, 0), ('removed', DIFFERENT, 1, 0), ('process', DIFFERENT, 3, 0), ('latency', SAME, 0, 0)):
            new = self.record(change)
            self.assertEqual(run('diff', '-q', '--junit=report.xml', self.base, new)[0], status)
            suite = xml.etree.ElementTree.parse('report.xml').getroot()
            self.assertEqual((suite.tag, int(suite.get('failures')), int(suite.get('errors'))), ('testsuite', failures, errors))
            self.assertEqual(int(suite.get('tests')), len(suite.findall('testcase')))
            self.assertEqual(len(suite.findall('testcase/failure')), failures)
            for failure in suite.findall('testcase/failure'):
                self.assertRegex(failure.text, r'(?m)^(old|new): \w+\(')
        filtered = self.record('', '-e', 'send,recv', name='filtered')
        self.assertEqual(run('diff', '-q', '--junit=report.xml', self.base, filtered)[0], INCOMPLETE)
        suite = xml.etree.ElementTree.parse('report.xml').getroot()
        self.assertEqual((suite.get('errors'), len(suite.findall('testcase/error'))), ('1', 1))

    def test_names_of_any_bytes_break_no_report(self):
        """A socket's path may hold what ends a block, a line or a string, or is no UTF-8."""
        text = ('import os, socket, sys\nname = b"/tmp/<&\\"`~~~\\x1b[31m\\xff\\n' + '```\\n" + sys.argv[1].encode()\ns = socket.socket(socket.AF_UNIX)\n'
                's.bind(name)\nos.unlink(name)\ns.listen(1)\n')
        old, new = (self.record('', name='bytes' + tail, command=['/usr/bin/python3', '-S', '-c', text, tail]) for tail in ('ab', 'cdefg'))
        status, out, _ = run('diff', '--json', old, new)
        self.assertEqual(status, DIFFERENT)
        self.assertTrue(all(json.loads(line) for line in out.splitlines()))
        run('diff', '-q', '--junit=report.xml', old, new)
        self.assertGreater(int(xml.etree.ElementTree.parse('report.xml').getroot().get('failures')), 0)
        for words in (('--color=never',), ('--markdown',)):
            out = run('diff', *words, old, new)[1]
            self.assertNotRegex(out, '[\x00-\x09\x0b-\x1f]')
        fences = [line for line in out.splitlines() if re.match(r' {0,3}(```|~~~)', line)]
        self.assertTrue(len(fences) % 2 == 0 and all(line in ('   ```diff', '   ```') for line in fences), fences)

    def test_markdown_has_the_verdict_and_each_difference_as_a_block(self):
        status, out, _ = run('diff', '--markdown', '--latency=off', self.base, self.record('process'))
        self.assertEqual(status, DIFFERENT)
        self.assertTrue(out.startswith('### ipctrace diff: different: '))
        self.assertEqual(out.count('```diff'), 3)
        self.assertEqual(out.count('the first divergence in time'), 1)
        self.assertRegex(out, r'(?m)^   \+fork\(')
        self.assertRegex(out, r'(?m)^        > ')


if __name__ == '__main__':
    unittest.main()
