#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""GNU parallel with three jobs at a time over ten words; it keeps what they say in files until it is their turn."""
import sys

from series import RECORDED, main, program_find

CHANGES = ['other-word']


def prepare(run):
    program_find('parallel')
    (run.folder / '.parallel').mkdir(exist_ok=True)
    (run.folder / '.parallel' / 'will-cite').write_text('')
    # what it finds out about the machine it keeps
    run.command(program_find('parallel'), 'echo', '{}', stdin='once\n')


def run(run, change):
    words = ''.join(f'word{number}\n' for number in range(10))
    run.command(program_find('parallel'), '-k', '-j3', 'echo said {} | tr a-z A-Z',
                stdin=words.replace('word7', 'other') if change else words, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
