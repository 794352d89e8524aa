#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""Ends each connection as its first word asks: reset, half, close, late. Argument: the port."""
import socket
import struct
import sys
import threading

listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))


def serve(connection):
    with connection:
        word = connection.recv(100)
        if word == b'reset':
            connection.sendall(b'as you like')
            connection.recv(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        elif word == b'half':
            connection.sendall(b'the end')
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(100):
                pass
        elif word == b'late':
            while connection.recv(100):
                pass
            connection.sendall(b'only now')
        else:
            connection.sendall(b'what was ' + word)


while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
