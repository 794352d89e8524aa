#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""beanstalkd, into which one client puts jobs that two others fetch."""
import signal
import socket
import sys
import time

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-job']
# Seconds until it has heard that its clients are gone.
SETTLED = 0.3


def prepare(run):
    program_find('beanstalkd')


def said(stream, text, *, lines=1):
    stream.write(text)
    stream.flush()
    return [stream.readline() for _ in range(lines)]


def run(run, change):
    port = run.series.port
    server = run.start(program_find('beanstalkd'), '-l', '127.0.0.1', '-p', port, name=RECORDED)
    wait_bound(port)
    connections = [socket.create_connection(('127.0.0.1', port), 30) for _ in range(3)]
    streams = [connection.makefile('rw', newline='') for connection in connections]
    for number in range(8):
        job = f'another{number}' if change and number == 5 else f'job {number}'
        said(streams[0], f'put 0 0 60 {len(job)}\r\n{job}\r\n')
        reserved = said(streams[1 + number % 2], 'reserve\r\n', lines=2)[0]
        said(streams[1 + number % 2], f'delete {reserved.split()[1]}\r\n')
    for what in streams + connections:
        what.close()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
