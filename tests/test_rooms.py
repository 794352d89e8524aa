#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The arrows of the architecture: each room includes only what it may know."""
import pathlib
import re
import sys

MAY_KNOW = {'format': {'format'}, 'trace': {'trace', 'format'}, 'preload': {'preload', 'trace', 'format'}, 'reader': {'reader', 'format'},
            'replay': {'replay', 'reader', 'format', 'peer'}, 'peer': {'peer'},
            'posix': {'posix', 'trace', 'format'}}
# The one door between the two: what starts a collector and reads its settings. Nothing else of the reader knows it.
EXCEPTIONS = {f'reader/{name}': {'trace'} for name in ('record.c', 'collect.c', 'setting_option.h')}
# The table of commands has a row for that room's.
EXCEPTIONS['reader/main.c'] = {'replay'}
# System calls without libc: a header that knows nothing of tracing.
EXCEPTIONS |= {f'peer/{name}': {'trace'} for name in ('ask.c', 'replace.c', 'socket.c')}

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
