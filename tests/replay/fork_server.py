#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""A server of eight processes that accept from one listener; ends with the word bye. Argument: the port."""
import os
import signal
import socket
import sys

listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=64)
workers = []
for number in range(8):
    pid = os.fork()
    if not pid:
        while True:
            connection, peer = listener.accept()
            with connection:
                for line in connection.makefile('rb'):
                    connection.sendall(b'%d letters: ' % (len(line) - 1) + line)
                    if line == b'bye\n':
                        os.kill(os.getppid(), signal.SIGTERM)
    workers.append(pid)


def finish(*_):
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    sys.exit(0)


signal.signal(signal.SIGTERM, finish)
while True:
    signal.pause()
