#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""Four threads that each ask a line server six times on six connections, and print the sums. Argument: the port."""
import socket
import sys
import threading

sums = {}


def ask(name):
    answers = []
    for number in range(6):
        with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as connection:
            stream = connection.makefile('rb')
            for part in range(3):
                connection.sendall(b'%s asks %d.%d\n' % (name, number, part) * (part + 1))
                answers += [stream.readline() for _ in range(part + 1)]
    sums[name] = sum(map(len, answers)), answers[-1]


threads = [threading.Thread(target=ask, args=(name,)) for name in (b'Anna', b'Boris', b'Cyril', b'Dagmar')]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(sums.items()))
