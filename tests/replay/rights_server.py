#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""Passes what clients ask for as descriptors: a file with text, one end of a pair that says hello. Argument: the socket."""
import os
import socket
import sys
import tempfile

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(5)
while True:
    connection, _ = listener.accept()
    with connection:
        for word in iter(lambda: connection.recv(100), b''):
            if word == b'file':
                with tempfile.TemporaryFile() as file:
                    file.write(b'a line of the file\n' * 3)
                    file.seek(0)
                    socket.send_fds(connection, [b'here'], [file.fileno()])
            elif word == b'talk':
                ours, theirs = socket.socketpair()
                with ours, theirs:
                    ours.sendall(b'hello over a descriptor')
                    socket.send_fds(connection, [b'there'], [theirs.fileno()])
                    theirs.close()
                    ours.recv(100)
            else:
                connection.sendall(b'what is ' + word + b'?')
