#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""Asks the server of descriptors for each sort, and prints what comes out of them. Argument: the socket."""
import os
import socket
import sys

for _ in range(2):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
        print('server', connection.getpeername() == sys.argv[1])
        for word in b'file', b'talk', b'nothing', b'file':
            connection.sendall(word)
            said, fds, _, _ = socket.recv_fds(connection, 100, 2)
            for fd in fds:
                if word == b'talk':
                    with socket.socket(fileno=fd) as passed:
                        passed.sendall(b'thanks')
                        print(said, passed.recv(100))
                else:
                    print(said, os.read(fd, 1000))
                    os.close(fd)
            if not fds:
                print(said)
