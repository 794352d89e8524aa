#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Turn the annotated prototypes of *.calls into tables, wrappers, exports, the call reference and the sample list.

notation.py says how they are written. Only the standard library is used. A mistake is an error at its line, and nothing is written.
"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True  # the folder is the source's

from notation import Catalogue, Mistake, check, read_file
from reference import read_seeds, write_foreign, write_reference, write_samples, write_seeds
from tables import write_events, write_tables
from wrappers import write_exports, write_issues, write_originals, write_wrappers

OUTPUTS = {'catalogue_tables.c': write_tables, 'events.h': write_events, 'originals.h': write_originals, 'wrappers.c': write_wrappers,
           'issues.c': write_issues,
           'exports.map': write_exports, 'calls.md': write_reference, 'samples.list': write_samples}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', required=True, type=pathlib.Path, help='folder to write into')
    parser.add_argument('--seeds', type=pathlib.Path, help='list of names that other tracers have, for calls.md and foreign_names.c')
    parser.add_argument('--tables', metavar='NAME', help='write only the tables, as catalogue_NAME: of logs that no wrapper makes')
    parser.add_argument('calls', nargs='+', type=pathlib.Path)
    options = parser.parse_args()
    catalogue = Catalogue()
    try:
        for path in options.calls:
            read_file(catalogue, path)
        check(catalogue)
        if options.tables:
            (options.output / f'{options.tables}_tables.c').write_text(write_tables(catalogue, options.tables))
            return
        seeds = read_seeds(catalogue, options.seeds) if options.seeds else []
        texts = {name: write(catalogue) for name, write in OUTPUTS.items()}
    except Mistake as mistake:
        sys.exit(str(mistake))
    except OSError as error:
        sys.exit(f'{error.filename}: error: {error.strerror}')
    texts['calls.md'] += write_seeds(seeds) if seeds else ''
    texts['foreign_names.c'] = write_foreign(seeds)
    for name, text in texts.items():
        (options.output / name).write_text(text)


if __name__ == '__main__':
    main()
