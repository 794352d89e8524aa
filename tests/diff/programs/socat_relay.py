#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""socat passing on what three clients say, one after the other, to a cat of each one's own."""
import signal
import socket
import sys

from series import RECORDED, descendants, main, program_find, wait_bound, wait_until

CHANGES = ['one-more']


def prepare(run):
    program_find('socat')


def ask(port, number, lines):
    with socket.create_connection(('127.0.0.1', port), 30) as client:
        for line in range(lines):
            said = f'client {number} line {line}\n'.encode()
            client.sendall(said)
            heard = b''
            while len(heard) < len(said):
                heard += client.recv(100)


def run(run, change):
    port = run.series.port
    server = run.start(program_find('socat'), f'TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr', 'EXEC:cat', name=RECORDED)
    wait_bound(port)
    processes = len(descendants(server.pid))
    for number in range(3):
        ask(port, number, 6 if change and number == 1 else 5)
        wait_until('the session does not end', lambda: len(descendants(server.pid)) <= processes)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
