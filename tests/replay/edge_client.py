#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""Looks at connections from all sides and prints what it sees. Argument: the port."""
import errno
import os
import select
import socket
import sys

place = '127.0.0.1', int(sys.argv[1])


def say(what, look):
    try:
        print(what, look())
    except OSError as error:
        print(what, errno.errorcode[error.errno])


# registered before it is connected, without blocking, looked at through a duplicate and in a child
with socket.socket() as one, select.epoll() as epoll:
    one.setblocking(False)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    epoll.register(one, select.EPOLLOUT | select.EPOLLET)
    print(errno.errorcode.get(one.connect_ex(place)))
    print(epoll.poll(10) == [(one.fileno(), select.EPOLLOUT)] or 'elsewhere')
    print(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), one.connect_ex(place))
    print(one.getpeername() == place, one.getsockname()[0], one.getsockname()[1] > 0)
    print(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), one.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == socket.AF_INET,
          one.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77)
    say('too early', lambda: one.recv(10))
    copy = one.dup()
    print(copy.getpeername() == place)
    copy.sendall(b'copy')
    epoll.modify(one, select.EPOLLIN)
    print(epoll.poll(10) == [(one.fileno(), select.EPOLLIN)])
    reading, writing = os.pipe()
    if not os.fork():
        os.write(writing, b'%d ' % (copy.getpeername() == place) + one.recv(100))
        os._exit(0)
    os.wait()
    print(os.read(reading, 100))
    copy.close()

for word in b'reset', b'half', b'close', b'late':
    with socket.create_connection(place) as one:
        one.sendall(word)
        if word == b'late':
            one.shutdown(socket.SHUT_WR)
        say(word, lambda: one.recv(100))
        if word == b'reset':
            one.sendall(b'do it')
        say(word, lambda: one.recv(100))

with socket.socket() as one:
    say('refused', lambda: one.connect(('127.0.0.1', 1)))
with socket.socket() as one:
    one.setblocking(False)
    print(errno.errorcode.get(one.connect_ex(('127.0.0.1', 1))))
    print(select.select([], [one], [], 10)[1] == [one])
    print(errno.errorcode.get(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)), one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
with socket.socket(socket.AF_UNIX) as one:
    say('nowhere', lambda: one.connect('/nowhere/at/all'))
