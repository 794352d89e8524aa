#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""redis-server while redis-cli reads two hundred fixed commands to it.

Before its first command redis-cli asks for help texts; the server sends them in the order of its hash table, whose seed it draws.
"""
import shutil
import sys

from series import RECORDED, main, program_find, wait_listening

CHANGES = ['appendonly']


def commands():
    for number in range(40):
        yield from (f'set key{number} value{number}', f'get key{number}', 'incr visits', f'lpush list {number}', f'hset hash {number} x')
    yield from ('lrange list 0 -1', 'bogus', 'get visits', 'shutdown nosave')


def prepare(run):
    program_find('redis-server'), program_find('redis-cli')


def run(run, change):
    data, port = run.folder / 'data', run.series.port
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    server = run.start(program_find('redis-server'), '--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', data,
                       '--appendonly', 'yes' if change else 'no', name=RECORDED)
    wait_listening(port)
    run.command(program_find('redis-cli'), '-p', port, stdin='\n'.join(commands()) + '\n')
    run.status(server)


if __name__ == '__main__':
    main(sys.modules[__name__])
