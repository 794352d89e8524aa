# SPDX-License-Identifier: MIT
"""A small web server, whichever it is, asked for files and for what is not there, two at a time."""
import signal
import threading
import time

from http_server import ask
from series import RECORDED, program_find, wait_bound

CHANGES = ['other-file']
# Seconds until it has heard that the process of the last answer has ended.
SETTLED = 0.3


def prepare(run, program):
    program_find(program)
    www = run.folder / 'www'
    www.mkdir(exist_ok=True)
    for name, size in (('small', 300), ('large', 150_000), ('other', 200)):
        if not (www / name).exists():
            (www / name).write_bytes(bytes(i * 7 % 251 for i in range(size)))


def run(run, change, *argv):
    port = run.series.port
    server = run.start(program_find(argv[0]), *argv[1:], name=RECORDED)
    wait_bound(port)
    for turn in range(3):
        clients = [threading.Thread(target=ask, args=(port, name)) for name in ('other' if change and turn == 1 else 'small', ('large', 'missing')[turn % 2])]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)
