#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A postgres that begins with the same data each time and answers a fixed script of SQL."""
import os
import signal
import sys

from series import RECORDED, descendants, main, program_find, wait_until

CHANGES = ['one-row-more']

SQL = '''create table things (id int primary key, name text);
insert into things select i, 'thing ' || i from generate_series(1, {rows}) i;
select count(*), sum(length(name)) from things;
update things set name = upper(name) where id % 10 = 0;
select name from things order by name limit 20;
delete from things where id > 50;
select count(*) from things;
'''


def find(name):
    return program_find(name, f'/usr/lib/postgresql/*/bin/{name}')


def prepare(run):
    find('postgres'), find('psql')
    if os.geteuid() == 0:
        run.user = 'nobody'
    if not (run.folder / 'fresh').exists():
        run.command(find('initdb'), '-D', run.folder / 'fresh', '-A', 'trust', '-U', 'tester', '--no-sync', '--locale=C', '-E', 'UTF8')


def run(run, change):
    data, port = run.folder / 'data', run.series.port
    # the folder stays: its inode is the key of the shared memory
    run.command('/bin/sh', '-c', 'mkdir -p data && chmod 700 data && rm -rf data/* && cp -a fresh/. data/')
    server = run.start(find('postgres'), '-D', data, '-p', port, '-h', '127.0.0.1', '-k', run.folder, '-F',
                       '-c', 'shared_memory_type=sysv', '-c', 'autovacuum=off', name=RECORDED)
    # not by asking it, which would be work for it
    wait_until('postgres is not ready', lambda: b'ready to accept connections' in (run.folder / f'{RECORDED}.stderr').read_bytes())
    processes = len(descendants(server.pid))
    run.command(find('psql'), '-h', '127.0.0.1', '-p', port, '-U', 'tester', '-d', 'postgres', '-At', '-q',
                stdin=SQL.format(rows=101 if change else 100))
    wait_until('the session does not end', lambda: len(descendants(server.pid)) <= processes)
    run.stop(server, signal.SIGINT)


if __name__ == '__main__':
    main(sys.modules[__name__])
