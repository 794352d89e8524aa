#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/porting.md has a row for each name in catalogue/seeds.list, and its examples work. Arguments: the command, both files."""
import re
import subprocess
import sys
import unittest

IPCTRACE, SEEDS, PORTING = sys.argv[1:4]


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def seeds():
    """Name and calls."""
    rows = [line.split(' | ') for line in read(SEEDS).splitlines() if ' | ' in line and not line.startswith('#')]
    return {row[0]: set() if row[1] == '-' else set(row[1].split(', ')) for row in rows}


def porting():
    """The cells of each row that ends with an example, by its name."""
    rows = [[cell.strip() for cell in line.strip('|').split(' | ')] for line in read(PORTING).splitlines() if line.startswith('| ')]
    return {row[0].strip('| '): row for row in rows if row[-1].strip('| ').startswith('`ipctrace ')}


class Porting(unittest.TestCase):
    def chosen(self, expression):
        done = subprocess.run([IPCTRACE, 'calls', '--json', expression], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return set(re.findall(r'^{"call":"([^"]+)"', done.stdout, re.M))

    def test_every_name_has_a_row_and_every_row_is_of_a_name(self):
        rows = {name for name, row in porting().items() if not name.startswith('`')}
        self.assertEqual(rows, set(seeds()))

    def test_rows_name_the_calls_that_the_name_stands_for(self):
        known = self.chosen('all')
        rows = porting()
        for name, calls in seeds().items():
            with self.subTest(name):
                cells = rows[name][1:-1]
                named = [set(re.findall(r'`(\w+)`', cell)) for cell in cells]
                self.assertIn(calls, named if calls else named + [set()])
                if calls:
                    self.assertLessEqual(calls, known)
                    self.assertEqual(self.chosen(name), calls)

    def test_examples_choose_calls_by_names_that_are_known(self):
        for name, row in porting().items():
            expression = re.search(r' -e (\S+)', row[-1])
            with self.subTest(name):
                if expression:
                    chosen = self.chosen(expression[1])
                    self.assertTrue(chosen)
                    self.assertLessEqual(seeds().get(name) or chosen, chosen)

    def test_options_of_examples_exist(self):
        helps = {}
        for name, row in porting().items():
            words = row[-1].strip('|` ').split(' -- ')[0].split()
            with self.subTest(name):
                command = words[1]
                if command not in helps:
                    helps[command] = subprocess.run([IPCTRACE, command, '--help'], capture_output=True, text=True).stdout
                for word in words[2:]:
                    if word.startswith('--'):
                        self.assertIn(word.split('=')[0], helps[command])
                    elif word.startswith('-'):
                        self.assertRegex(helps[command], rf'(?m)^ +{word[:2]}\b')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
