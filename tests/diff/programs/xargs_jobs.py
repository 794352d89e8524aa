#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""xargs with three jobs at a time over twelve words, each written into a file of its own."""
import shutil
import sys

from series import RECORDED, main, program_find

CHANGES = ['one-more']


def prepare(run):
    program_find('xargs')


def run(run, change):
    folder = run.folder / 'made'
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    words = '\n'.join(f'word{number}' for number in range(13 if change else 12)) + '\n'
    run.command(program_find('xargs'), '-P3', '-n1', 'sh', '-c', f'echo made $1 | tr a-z A-Z > {folder}/$1', 'sh', stdin=words, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
