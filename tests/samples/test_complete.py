#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every event of the catalogue has a sample that is run, and every sample is that of an event.

    test_complete.py SAMPLES.LIST FOLDER NAME...    (the names for which there is a test)
"""
import os
import sys


def main():
    with open(sys.argv[1], encoding='utf-8') as samples_list:
        events = set(samples_list.read().split())
    files = {name[:-2] for name in os.listdir(sys.argv[2]) if name.endswith('.c')}
    tested = set(sys.argv[3:])
    mistakes = [f'{name}: in the catalogue, and no sample {name}.c shows it' for name in events - files]
    mistakes += [f'{name}.c: no event of this name is in the catalogue' for name in files - events]
    mistakes += [f'{name}.c: not named in meson.build, so it is never run' for name in files & events - tested]
    for mistake in sorted(mistakes):
        print(mistake, file=sys.stderr)
    if not events:
        print('the list of samples is empty', file=sys.stderr)
    sys.exit(1 if mistakes or not events else 0)


main()
