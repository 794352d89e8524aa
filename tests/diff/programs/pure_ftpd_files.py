#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pure-ftpd, from which two clients, one after the other, are told that there is nothing for them without a name."""
import socket
import sys
import signal
import time

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-name']
# Seconds until it has heard that its client is gone.
SETTLED = 0.3


def prepare(run):
    program_find('pure-ftpd')


def talk(port, *lines):
    with socket.create_connection(('127.0.0.1', port), 30) as client, client.makefile('rw', newline='\r\n') as stream:
        for line in ('', *lines):
            stream.write(f'{line}\n' if line else '')
            stream.flush()
            while stream.readline()[3:4] == '-':
                pass


def run(run, change):
    port = run.series.port
    server = run.start(program_find('pure-ftpd'), '-S', f'127.0.0.1,{port}', '-H', '-E', name=RECORDED)
    wait_bound(port)
    for number in range(2):
        talk(port, 'USER somebody' if change and number else 'USER nobody', 'SYST', 'NOOP', 'QUIT')
        time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
