#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""redis-server while it gets two hundred fixed commands over one connection, and some from redis-cli.

redis-cli gets its commands as arguments: reading them, it would ask for help texts, whose order is drawn at random.
"""
import shutil
import socket
import sys

from series import RECORDED, main, program_find, wait_listening

CHANGES = ['appendonly']


def commands():
    for number in range(40):
        yield from (f'set key{number} value{number}', f'get key{number}', 'incr visits', f'lpush list {number}', f'hset hash {number} x')


def prepare(run):
    program_find('redis-server'), program_find('redis-cli')


def run(run, change):
    data, port = run.folder / 'data', run.series.port
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    server = run.start(program_find('redis-server'), '--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', data,
                       '--appendonly', 'yes' if change else 'no', name=RECORDED)
    wait_listening(port)
    with socket.create_connection(('127.0.0.1', port), 30) as connection, connection.makefile('rwb') as stream:
        for command in commands():
            stream.write(command.encode() + b'\r\n')
            stream.flush()
            if stream.readline().startswith(b'$'):
                stream.readline()
    client = [program_find('redis-cli'), '-p', port]
    for words in (['lrange', 'list', '0', '-1'], ['bogus'], ['get', 'visits'], ['shutdown', 'nosave']):
        run.command(*client, *words)
    run.status(server)


if __name__ == '__main__':
    main(sys.modules[__name__])
