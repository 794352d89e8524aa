#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Python's http.server while it is asked twenty times, each time over a new connection."""
import signal
import socket
import sys
import time

from series import RECORDED, main, wait_listening

CHANGES = ['missing-file', 'other-port']
# Seconds until the thread of the last answer has closed its connection, too.
SETTLED = 0.3


def prepare(run):
    www = run.folder / 'www'
    www.mkdir(exist_ok=True)
    (www / 'small.txt').write_text('hello\n')
    (www / 'large.bin').write_bytes(bytes(i * 5 % 256 for i in range(200_000)))


def ask(port, path):
    with socket.create_connection(('127.0.0.1', port), 30) as connection:
        connection.sendall(f'GET /{path} HTTP/1.0\r\nHost: here\r\n\r\n'.encode())
        while connection.recv(1 << 20):
            pass


def run(run, change):
    port = run.series.port + (change == 'other-port')
    server = run.start('/usr/bin/python3', '-u', '-m', 'http.server', port, '--bind', '127.0.0.1', '-d', run.folder / 'www', name=RECORDED)
    wait_listening(port)
    for number in range(20):
        ask(port, 'nothing.txt' if change == 'missing-file' and number == 10 else ('small.txt', 'large.bin')[number % 2])
    time.sleep(SETTLED)
    run.stop(server, signal.SIGINT)


if __name__ == '__main__':
    main(sys.modules[__name__])
