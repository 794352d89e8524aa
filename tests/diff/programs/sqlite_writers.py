#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Processes that write to one database of sqlite in its WAL mode, which is mapped memory, one after the other."""
import sys

from series import RECORDED, main, program_find

CHANGES = ['one-more']

SCRIPT = '''
rm -f base base-wal base-shm
{sqlite} base "pragma journal_mode = wal; create table things (id integer primary key, name text);"
for i in 1 2 3 {more}; do
    {sqlite} base "begin immediate; insert into things (name) values ('thing $i'), ('other $i'); commit; select count(*) from things;"
done
{sqlite} base "select name from things order by name;"
'''


def prepare(run):
    program_find('sqlite3')


def run(run, change):
    run.command('/bin/sh', '-c', SCRIPT.format(sqlite=program_find('sqlite3'), more='4' if change else ''), name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
