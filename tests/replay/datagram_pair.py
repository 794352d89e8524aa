#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""Datagrams, also empty ones: `server PORT READY` answers in capitals and makes the file when it can; `client PORT` asks."""
import pathlib
import socket
import sys

place = '127.0.0.1', int(sys.argv[2])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    if sys.argv[1] == 'server':
        one.bind(place)
        pathlib.Path(sys.argv[3]).touch()
        while True:
            said, who = one.recvfrom(100)
            one.sendto(said.upper(), who)
    one.connect(place)
    for word in b'one', b'two words', b'', b'three' * 10:
        one.send(word)
        print(one.recv(100), one.getpeername() == place)
    one.send(b'unasked')
    print(one.recvfrom(4)[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
        two.connect(place)
        two.send(b'another')
        print(two.recv(100))
