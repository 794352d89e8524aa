#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The manual page and the help texts name the same commands and options. Arguments: the command, the page."""
import re
import shutil
import subprocess
import sys
import unittest

PAGE = sys.argv.pop(2)
IPCTRACE = sys.argv.pop(1)


def help_of(*words):
    done = subprocess.run([IPCTRACE, *words, '--help'], capture_output=True, text=True, check=True)
    return done.stdout


def commands():
    """As in the overview."""
    text = help_of().split('Commands:', 1)[1].split('Options:', 1)[0]
    return re.findall(r'^  (\w+) ', text, re.M)


def options_of_help(command):
    """Letters and long names at the beginning of a line."""
    found = set()
    for line in help_of(command).splitlines():
        found |= set(re.findall(r'(?:^  |, )(-\w|--[\w-]+)', line[:24])) | set(re.findall(r'^      (--[\w-]+)', line))
    return found - {'-h', '--help'}


def options_of_page(command):
    """Those that the section of the command lists."""
    section = re.search(r'^\.Ss %s$(.*?)(?=^\.S[sh] )' % command, page(), re.M | re.S).group(1)
    found = set()
    for line in re.findall(r'^\.It (Fl .*)$', section, re.M):
        found |= {'-' + name for name in re.findall(r'Fl (-?[\w-]+)', line)}
    return found


def options_of_synopsis(command):
    text = re.search(r'^\.Cm %s\n(.*?)(?=^\.Nm|^\.Sh)' % command, page(), re.M | re.S).group(1)
    found = set()
    for name in re.findall(r'Fl (-?[\w-]+)', text):
        if name.startswith('-'):
            found |= {'-' + name} if len(name) > 1 else set()
        else:
            found |= {'-' + letter for letter in name}
    return found


def page():
    with open(PAGE) as file:
        return file.read()


class Manual(unittest.TestCase):
    def test_every_command_has_a_section_and_a_synopsis(self):
        for command in commands():
            self.assertRegex(page(), r'(?m)^\.Ss %s$' % command)
            self.assertRegex(page(), r'(?m)^\.Cm %s$' % command)

    def test_options_are_those_of_the_help(self):
        for command in commands():
            if command == 'env':
                self.assertEqual(options_of_help(command) - {'-q', '--quiet', '-f', '--follow'},
                                 options_of_page('record') - {'-q', '--quiet', '-f', '--follow'})
            elif options_of_help(command) != {'--json'}:
                self.assertEqual(options_of_page(command), options_of_help(command), command)

    def test_the_synopsis_names_only_options_that_there_are(self):
        for command in commands():
            self.assertLessEqual(options_of_synopsis(command), options_of_help(command), command)

    def test_mandoc_finds_no_mistake(self):
        if not shutil.which('mandoc'):
            self.skipTest('no mandoc')
        done = subprocess.run(['mandoc', '-Tlint', '-Wwarning', PAGE], capture_output=True, text=True)
        self.assertEqual(done.stdout, '')


unittest.main()
