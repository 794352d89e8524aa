#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dnsmasq saying addresses of its own to a client that asks for six names."""
import signal
import socket
import struct
import sys

from series import RECORDED, main, program_find, wait_until

CHANGES = ['other-name']
NAMES = ['one.test', 'two.test', 'one.test', 'nobody.test', 'three.test', 'two.test']


def prepare(run):
    program_find('dnsmasq')
    (run.folder / 'names').write_text(''.join(f'10.1.2.{number} {name}.test\n' for number, name in enumerate(('one', 'two', 'three', 'four'))))


def ask(client, number, name):
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'
    client.send(struct.pack('>6H', 1000 + number, 0x100, 1, 0, 0, 0) + labels + struct.pack('>2H', 1, 1))
    return client.recv(1000)


def ask_all(port, change):
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.connect(('127.0.0.1', port))
        for number, name in enumerate(NAMES):
            ask(client, number, 'four.test' if change and number == 4 else name)


def run(run, change):
    port = run.series.port
    server = run.start(program_find('dnsmasq'), '-k', '-C', '/dev/null', f'--port={port}', '--listen-address=127.0.0.1', '--bind-interfaces',
                       '--no-resolv', '--no-hosts', f'--addn-hosts={run.folder}/names', '--local=/test/', '--user=root', f'--pid-file={run.folder}/pid',
                       '--log-facility=-', name=RECORDED)
    wait_until('dnsmasq does not listen', lambda: b'read' in (run.folder / f'{RECORDED}.stderr').read_bytes())
    ask_all(port, change)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
