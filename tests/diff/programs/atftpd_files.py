#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""atftpd, from which three files are fetched over UDP, a thread each."""
import os
import signal
import socket
import struct
import sys
import time

from series import RECORDED, Skip, main, program_find, wait_until

CHANGES = ['other-file']
BLOCK = 512
# Seconds until the thread of the last file has ended.
SETTLED = 0.3


def prepare(run):
    if os.geteuid():
        raise Skip('atftpd wants to be root')
    program_find('atftpd')
    (run.folder / 'files').mkdir(exist_ok=True)
    for name, size in (('small', 100), ('large', 10_000), ('other', 90)):
        if not (run.folder / 'files' / name).exists():
            (run.folder / 'files' / name).write_bytes(bytes(i * 7 % 251 for i in range(size)))


def fetch(port, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.sendto(struct.pack('!H', 1) + name.encode() + b'\0octet\0', ('127.0.0.1', port))
        while True:
            block, sender = client.recvfrom(BLOCK + 4)
            client.sendto(struct.pack('!H', 4) + block[2:4], sender)
            if len(block) < BLOCK + 4:
                return


def run(run, change):
    port = run.series.port
    server = run.start(program_find('atftpd'), '--daemon', '--no-fork', '--bind-address', '127.0.0.1', '--port', port, '--user', 'root.root',
                       '--logfile', run.folder / 'log', run.folder / 'files', name=RECORDED)
    wait_until('atftpd does not listen', lambda: f':{port:04X} ' in open('/proc/net/udp').read())
    for name in ('small', 'large', 'other' if change else 'small'):
        fetch(port, name)
        time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
