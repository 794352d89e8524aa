#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ipc-workers, see ipc_workers.c: a producer and consumers over System V IPC. Its options are the program and its two words.

  ipc_workers.py PROGRAM fixed|competing threads|processes IPCTRACE LOG [CHANGE]
"""
import sys

from series import RECORDED, main

CHANGES = ['lost', 'twice', 'changed', 'flag', 'write', 'socket', 'reorder', 'swap', 'leak', 'segment', 'errno']


def prepare(run):
    pass


def run(run, change):
    said = run.command(*run.series.options, *([change] if change else []), name=RECORDED)
    if change == 'segment':
        run.command('ipcrm', '-m', said.splitlines()[-1].split()[0])


if __name__ == '__main__':
    options, sys.argv[1:] = sys.argv[1:4], sys.argv[4:]
    main(sys.modules[__name__], *options)
