#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""redis-server while redis-cli sends it two hundred fixed commands."""
import shutil
import sys

from series import RECORDED, main, program_find, wait_listening

CHANGES = ['appendonly']


def commands():
    for number in range(40):
        yield from (f'set key{number} value{number}', f'get key{number}', 'incr visits', f'lpush list {number}', f'hset hash {number} x')
    yield from ('lrange list 0 -1', 'bogus')


def prepare(run):
    program_find('redis-server'), program_find('redis-cli')


def run(run, change):
    data, port = run.folder / 'data', run.series.port
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    server = run.start(program_find('redis-server'), '--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', data,
                       '--appendonly', 'yes' if change else 'no', name=RECORDED)
    wait_listening(port)
    client = [program_find('redis-cli'), '-p', port]
    run.command(*client, stdin='\n'.join(commands()) + '\n')
    run.command(*client, 'shutdown', 'nosave')
    run.status(server)


if __name__ == '__main__':
    main(sys.modules[__name__])
