#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make with three jobs at a time, which share a pipe of tokens, over twelve targets."""
import shutil
import sys

from series import RECORDED, main, program_find

CHANGES = ['one-more']

RULES = '''
all: {targets}
t%:
\t@sh -c 'i=0; while [ $$i -lt 50 ]; do i=$$((i + 1)); done; echo made $@ > $@'
'''


def prepare(run):
    program_find('make')


def run(run, change):
    folder = run.folder / 'made'
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / 'Makefile').write_text(RULES.format(targets=' '.join(f't{number}' for number in range(13 if change else 12))))
    run.command(program_find('make'), '-s', '-j3', '-C', folder, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
