#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""squid without a disk between six requests, two at a time, and a server that is not recorded."""
import http.server
import signal
import sys
import threading
import time

from haproxy_balance import Answer
from series import RECORDED, main, program_find, wait_bound
from tinyproxy_relay import ask

CHANGES = ['other-path']
# Seconds until the last connection is closed.
SETTLED = 0.3

CONFIGURATION = '''http_port 127.0.0.1:{port}
http_access allow all
cache deny all
access_log none
cache_log {folder}/cache.log
pid_filename {folder}/squid.pid
coredump_dir {folder}
pinger_enable off
icp_port 0
shutdown_lifetime 0 seconds
'''


def prepare(run):
    program_find('squid')
    run.series.backend = http.server.ThreadingHTTPServer(('127.0.0.1', run.series.port + 1), Answer)
    threading.Thread(target=run.series.backend.serve_forever, daemon=True).start()


def run(run, change):
    port = run.series.port
    (run.folder / 'cache.log').unlink(missing_ok=True)
    (run.folder / 'squid.conf').write_text(CONFIGURATION.format(port=port, folder=run.folder))
    server = run.start(program_find('squid'), '-N', '-f', run.folder / 'squid.conf', name=RECORDED)
    wait_bound(port)
    for turn in range(3):
        paths = [f'page{turn}', 'another' if change and turn == 1 else f'picture{turn}']
        clients = [threading.Thread(target=ask, args=(port, path)) for path in paths]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
