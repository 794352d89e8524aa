#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ninja with three jobs at a time over twelve targets and one that needs them all."""
import shutil
import sys

from series import RECORDED, main, program_find

CHANGES = ['other-command']

RULES = '''rule make
  command = sh -c 'i=0; while [ $$i -lt 50 ]; do i=$$((i + 1)); done; echo {word} $out > $out'
rule join
  command = cat $in > $out
'''


def prepare(run):
    program_find('ninja')


def run(run, change):
    folder = run.folder / 'made'
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    targets = [f't{number}' for number in range(12)]
    lines = [f'build {target}: make' for target in targets] + [f'build all: join {" ".join(targets)}']
    (folder / 'build.ninja').write_text(RULES.format(word='did' if change else 'made') + '\n'.join(lines) + '\n')
    run.command(program_find('ninja'), '--quiet', '-j3', '-C', folder, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
