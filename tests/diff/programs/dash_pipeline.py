#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pipelines of dash: processes that only talk over pipes, and end as they please."""
import sys

from series import RECORDED, main, program_find

CHANGES = ['other-field']

SCRIPT = '''
for i in 1 2 3 4 5 6; do
    seq 1 200 | sed "s/$/ $i/" | sort -rn -k1,1 | cut -d" " -f{field} | uniq | head -40 | tail -5
done > lines
wc -l < lines
cat lines | tr 0-9 a-j | sort -u > letters
'''


def prepare(run):
    program_find('dash')


def run(run, change):
    run.command(program_find('dash'), '-c', SCRIPT.format(field=2 if change else 1), name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
