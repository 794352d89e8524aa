#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what tracing and reading cost, ipctrace beside what else the machine has, in turns within one run."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

import parts
import tracers


def machine():
    model = next((line.split(':', 1)[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), 'unknown')
    return {'date': datetime.date.today().isoformat(), 'processor': model, 'cores': os.cpu_count(), 'kernel': platform.release(),
            'load': os.getloadavg()[0]}


def print_table(table):
    rows = [table['columns']] + [[cell(value) for value in row] for row in table['rows']]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{table['title']}")
    for row in rows:
        print('  ' + '  '.join(text.ljust(width) if i == 0 else text.rjust(width)
                               for i, (text, width) in enumerate(zip(row, widths))).rstrip())
    for note in table.get('notes', []):
        print(f'  {note}')


def cell(value):
    if value is None:
        return '-'
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):  # a median and how far half of the values are around it
        return f'{cell(value[0])} ±{cell(value[1])}'
    if abs(value) >= 100 or value == int(value):
        return f'{value:,.0f}'
    return f'{value:.1f}' if abs(value) >= 10 else f'{value:.2f}'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('build', type=pathlib.Path, help='folder that meson has set up')
    parser.add_argument('parts', nargs='*', metavar='PART', help='what to measure; all by default: ' + ', '.join(parts.PARTS))
    parser.add_argument('--rounds', type=int, default=3, help='how often each measurement is made (3)')
    parser.add_argument('--quick', action='store_true', help='a tenth of the work: whether it works, not what it costs')
    parser.add_argument('--events', type=int, default=10_000_000, help='of the largest trace that is read (10,000,000)')
    parser.add_argument('--no-peers', action='store_true', help='ipctrace alone')
    parser.add_argument('--json', action='store_true', help='one JSON object instead of tables')
    options = parser.parse_intermixed_args()
    for name in options.parts:
        if name not in parts.PARTS:
            parser.error(f"no part '{name}': there are {', '.join(parts.PARTS)}")
    options.build = options.build.resolve()
    built = subprocess.run(['ninja', '-C', options.build, 'bench-programs', 'all'], capture_output=True, text=True)
    if built.returncode:
        sys.exit(f'bench: the build failed\n{built.stdout[-2000:]}')
    about, tables = machine(), []
    if not options.json:
        print(', '.join(f'{key} {value}' for key, value in about.items()))
    known = [t for t in tracers.all_tracers(options.build) if not (options.no_peers and t.is_peer)]
    missing = [f'{t.name}: {t.missing}' for t in known if t.missing]
    try:
        for name in options.parts or parts.PARTS:
            for table in parts.PARTS[name](options, [t for t in known if not t.missing]):
                tables.append(table)
                if not options.json:
                    print_table(table)
                    sys.stdout.flush()
    finally:
        for tracer in known:
            tracer.close()
    if options.json:
        print(json.dumps({'machine': about, 'missing': missing, 'tables': tables}, indent=1))
    elif missing:
        print('\nnot measured:\n' + ''.join(f'  {line}\n' for line in missing), end='')


if __name__ == '__main__':
    main()
