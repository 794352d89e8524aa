#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The server that php has built in, with two workers, while it is asked for a script and a file by two clients at a time."""
import os
import signal
import sys
import threading
import time

from http_server import ask
from series import RECORDED, descendants, main, program_find, wait_bound

CHANGES = ['other-word']
# Seconds until the workers wait again.
SETTLED = 0.2


def prepare(run):
    program_find('php')
    www = run.folder / 'www'
    www.mkdir(exist_ok=True)
    (www / 'hello.php').write_text('<?php foreach (range(1, 20) as $i) echo strtoupper($_GET["word"]), " $i\\n";')
    (www / 'file.txt').write_text('a line\n' * 1000)


def run(run, change):
    port = run.series.port
    run.environment['PHP_CLI_SERVER_WORKERS'] = '2'
    server = run.start(os.path.realpath(program_find('php')), '-n', '-S', f'127.0.0.1:{port}', '-t', run.folder / 'www', name=RECORDED)
    wait_bound(port)
    time.sleep(SETTLED)
    for turn in range(4):
        word = 'another' if change and turn == 2 else f'word{turn}'
        clients = [threading.Thread(target=ask, args=(port, path)) for path in (f'hello.php?word={word}', 'file.txt')]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    time.sleep(SETTLED)
    # to all of them, as a terminal does: the workers do not end with the first process
    for pid in descendants(server.pid)[1:]:
        os.kill(pid, signal.SIGINT)
    run.status(server)

if __name__ == '__main__':
    main(sys.modules[__name__])
