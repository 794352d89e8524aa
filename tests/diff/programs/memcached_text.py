#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""memcached with two worker threads while three clients store and fetch over connections of their own, in turn."""
import os
import signal
import socket
import sys

from series import RECORDED, main, program_find, wait_listening

CHANGES = ['one-more']


def prepare(run):
    program_find('memcached')


def run(run, change):
    port = run.series.port
    server = run.start(program_find('memcached'), '-l', '127.0.0.1', '-p', port, '-U', '0', '-t', '2',
                       *(['-u', 'nobody'] if os.geteuid() == 0 else []), name=RECORDED)
    wait_listening(port)
    clients = [socket.create_connection(('127.0.0.1', port), 30) for _ in range(3)]
    for number in range(30 + bool(change)):
        client = clients[number % 3]
        client.sendall(f'set key{number} 0 0 5\r\nvalue\r\n'.encode())
        assert client.recv(100) == b'STORED\r\n'
        client.sendall(f'get key{number} nothing\r\n'.encode())
        assert b'END' in client.recv(1000)
    for client in clients:
        client.close()
    run.stop(server, signal.SIGINT)

if __name__ == '__main__':
    main(sys.modules[__name__])
