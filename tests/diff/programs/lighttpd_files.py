#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lighttpd, asked for files and for what is not there by three clients at a time."""
import signal
import sys
import threading
import time

from http_server import ask
from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-file']
# Seconds until what the last client left is closed.
SETTLED = 0.3


def prepare(run):
    program_find('lighttpd')
    www = run.folder / 'www'
    www.mkdir(exist_ok=True)
    for name, size in (('small', 300), ('large', 150_000), ('other', 300)):
        if not (www / name).exists():
            (www / name).write_bytes(bytes(i * 7 % 251 for i in range(size)))


def run(run, change):
    port = run.series.port
    (run.folder / 'lighttpd.conf').write_text(f'server.document-root = "{run.folder}/www"\nserver.port = {port}\nserver.bind = "127.0.0.1"\n')
    server = run.start(program_find('lighttpd'), '-D', '-f', run.folder / 'lighttpd.conf', name=RECORDED)
    wait_bound(port)
    for turn in range(4):
        clients = [threading.Thread(target=ask, args=(port, name)) for name in ('other' if change and turn == 2 else 'small', 'large', 'missing')]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
