#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""rsync fetching a folder from a daemon of its own; both are recorded."""
import os
import shutil
import sys

from series import RECORDED, main, program_find

CHANGES = ['checksums']


def prepare(run):
    program_find('rsync')
    source = run.folder / 'source'
    source.mkdir(exist_ok=True)
    for number in range(8):
        if not (source / f'file{number}').exists():
            (source / f'file{number}').write_bytes(bytes(i * number % 251 for i in range(3000 * number)))
    user = f'uid = {os.geteuid()}\ngid = {os.getegid()}\n'
    (run.folder / 'rsyncd.conf').write_text(f'use chroot = no\n{user}[files]\npath = {source}\nread only = yes\n')
    # the client starts its daemon over a pair of pipes, as over a remote shell
    (run.folder / 'shell').write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    (run.folder / 'shell').chmod(0o755)


def run(run, change):
    shutil.rmtree(run.folder / 'copy', ignore_errors=True)
    run.command(program_find('rsync'), '-rt', *(['-c'] if change else []), '-e', run.folder / 'shell',
                f'--rsync-path={program_find("rsync")} --config={run.folder}/rsyncd.conf', 'here::files/', run.folder / 'copy/',
                name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
