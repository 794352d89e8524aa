#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ncat, which gives each of six clients, two at a time, a command of its own."""
import signal
import socket
import sys
import threading
import time

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-line']
# Seconds until it has heard that its last command has ended.
SETTLED = 0.3


def prepare(run):
    program_find('ncat')


def ask(port, text):
    with socket.create_connection(('127.0.0.1', port), 30) as client:
        client.sendall(text.encode())
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):
            pass


def run(run, change):
    port = run.series.port
    server = run.start(program_find('ncat'), '-l', '-k', '127.0.0.1', port, '-e', '/usr/bin/rev', name=RECORDED)
    wait_bound(port)
    for turn in range(3):
        lines = [f'turn {turn}\n', 'another\n' if change and turn == 1 else f'second of {turn}\n']
        clients = [threading.Thread(target=ask, args=(port, line)) for line in lines]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
