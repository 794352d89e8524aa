#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mariadbd, into whose table rows are put, and that is asked for them, by two clients, one after the other."""
import os
import shutil
import signal
import sys

from series import RECORDED, Skip, main, program_find, wait_bound

CHANGES = ['one-row-more']


def prepare(run):
    if os.geteuid():
        raise Skip('mariadbd is started by root here')
    for program in ('mariadbd', 'mariadb'):
        program_find(program)
    if not (run.folder / 'empty').exists():
        run.command(program_find('mariadb-install-db'), '--no-defaults', '--user=root', f'--datadir={run.folder}/empty', '--auth-root-authentication-method=normal',
                    '--skip-test-db')


def run(run, change):
    port = run.series.port
    shutil.rmtree(run.folder / 'data', ignore_errors=True)
    shutil.copytree(run.folder / 'empty', run.folder / 'data')
    server = run.start(program_find('mariadbd'), '--no-defaults', '--user=root', f'--datadir={run.folder}/data', '--bind-address=127.0.0.1',
                       f'--port={port}', f'--socket={run.folder}/socket', f'--pid-file={run.folder}/pid', name=RECORDED)
    wait_bound(port)
    rows = ','.join(f"({number},'row {number}')" for number in range(21 if change else 20))
    for statements in (f'create database here; create table here.rows (number int primary key, word text); insert into here.rows values {rows};',
                       "select count(*) from here.rows; select word from here.rows where number=7; update here.rows set word='x' where number=3;"):
        run.command(program_find('mariadb'), '--no-defaults', '-h', '127.0.0.1', '-P', port, '-u', 'root', '--skip-ssl', '-e', statements)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
