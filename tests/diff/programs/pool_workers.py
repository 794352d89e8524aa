#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A pool of four processes of Python's multiprocessing, which share two pipes and their locks, with forty pieces of work."""
import sys

from series import RECORDED, main

CHANGES = ['one-more']

PROGRAM = '''
import multiprocessing, sys
def square(number):
    return number * number
if __name__ == "__main__":
    count = int(sys.argv[1])
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert sum(pool.map(square, range(count), chunksize=2)) == sum(i * i for i in range(count))
        pool.close()
        pool.join()
'''


def prepare(run):
    (run.folder / 'pool.py').write_text(PROGRAM)


def run(run, change):
    run.command('/usr/bin/python3', run.folder / 'pool.py', 42 if change else 40, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
