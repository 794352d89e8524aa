#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""openssl s_server saying backwards what three clients say under TLS, one after the other."""
import sys

from series import RECORDED, main, program_find, wait_bound
from stunnel_relay import ask

CHANGES = ['one-more']
CLIENTS = 3


def prepare(run):
    if not (run.folder / 'key').exists():
        run.command(program_find('openssl'), 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', run.folder / 'key', '-out',
                    run.folder / 'cert', '-days', 9, '-subj', '/CN=here')


def run(run, change):
    port = run.series.port
    server = run.start(program_find('openssl'), 's_server', '-accept', f'127.0.0.1:{port}', '-key', run.folder / 'key', '-cert', run.folder / 'cert',
                       '-rev', '-quiet', '-naccept', CLIENTS, name=RECORDED)
    wait_bound(port)
    for number in range(CLIENTS):
        ask(port, number, 4 if change and number == 1 else 3)
    run.status(server)

if __name__ == '__main__':
    main(sys.modules[__name__])
