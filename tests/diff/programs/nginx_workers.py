#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""nginx with two workers while it is asked fifty times by five clients; the kernel decides which worker gets a connection."""
import os
import signal
import subprocess
import sys
import threading
import time

from http_server import ask
from series import RECORDED, main, program_find, wait_listening

CHANGES = ['sendfile-off']
# Seconds until both workers wait, so that beginning and end do not depend on who was first.
SETTLED = 0.2
REQUESTS, CLIENTS = 50, 5

CONFIGURATION = '''{user}worker_processes 2; daemon off; error_log stderr; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{ access_log {folder}/access.log; sendfile {sendfile}; {temporary}
server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
'''


def ask_often(port, first):
    for number in range(first, REQUESTS, CLIENTS):
        ask(port, ('small', 'large', 'missing')[number % 3])


def prepare(run):
    program_find('nginx')
    (run.folder / 'www').mkdir(exist_ok=True)
    for name, size in (('small', 300), ('large', 100_000)):
        page = run.folder / 'www' / name
        # when it was written is part of what the server says
        if not page.exists():
            page.write_bytes(bytes(i * 7 % 251 for i in range(size)))


def run(run, change):
    port, nginx = run.series.port, program_find('nginx')
    about = subprocess.run([nginx, '-V'], capture_output=True, text=True).stderr
    modules = [word[len('--http-'):-len('-temp-path')] for word in (part.split('=')[0] for part in about.split())
               if word.startswith('--http-') and word.endswith('-temp-path')]
    temporary = ' '.join(f'{module.replace("-", "_")}_temp_path {run.folder}/temporary-{module};' for module in modules)
    (run.folder / 'access.log').unlink(missing_ok=True)
    (run.folder / 'nginx.conf').write_text(CONFIGURATION.format(
        folder=run.folder, port=port, temporary=temporary, sendfile='off' if change else 'on',
        user='user nobody nogroup;\n' if os.geteuid() == 0 else ''))
    server = run.start(nginx, '-c', run.folder / 'nginx.conf', name=RECORDED)
    wait_listening(port)
    time.sleep(SETTLED)
    clients = [threading.Thread(target=ask_often, args=(port, first)) for first in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGQUIT)


if __name__ == '__main__':
    main(sys.modules[__name__])
