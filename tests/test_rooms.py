#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The arrows of the architecture: each room includes only what it may know."""
import pathlib
import re
import sys

MAY_KNOW = {'format': {'format'}, 'trace': {'trace', 'format'}, 'preload': {'preload', 'trace', 'format'}, 'reader': {'reader', 'format'}}
# `record` and `collect` are the collector's door to the command line; nothing else of the reader knows it.
EXCEPTIONS = {'reader/record.c': {'trace'}, 'reader/collect.c': {'trace'}, 'reader/env.c': {'trace'}, 'reader/recording.c': {'trace'},
              'reader/recording.h': {'trace'}}

root = pathlib.Path(sys.argv[1])
wrong, seen = [], 0
for room, known in MAY_KNOW.items():
    for path in sorted((root / room).glob('*.[ch]')):
        seen += 1
        name = f'{room}/{path.name}'
        for included in re.findall(r'^#include "(\w+)/', path.read_text(), re.M):
            if included in MAY_KNOW and included not in known | EXCEPTIONS.get(name, set()):
                wrong.append(f'{name} includes {included}/')
assert seen > 20, 'no sources found'
if wrong:
    sys.exit('\n'.join(wrong))
