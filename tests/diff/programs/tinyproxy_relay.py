#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tinyproxy between six requests, two at a time, and a server that is not recorded."""
import http.server
import signal
import socket
import sys
import threading
import time

from haproxy_balance import Answer
from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-path']


def prepare(run):
    program_find('tinyproxy')
    run.series.backend = http.server.ThreadingHTTPServer(('127.0.0.1', run.series.port + 1), Answer)
    threading.Thread(target=run.series.backend.serve_forever, daemon=True).start()


def ask(port, path):
    with socket.create_connection(('127.0.0.1', port), 30) as client:
        client.sendall(f'GET http://127.0.0.1:{port + 1}/{path} HTTP/1.0\r\nHost: here\r\n\r\n'.encode())
        while client.recv(1 << 16):
            pass


def run(run, change):
    port = run.series.port
    (run.folder / 'tinyproxy.conf').write_text(f'Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 10\nAllow 127.0.0.1\n')
    server = run.start(program_find('tinyproxy'), '-d', '-c', run.folder / 'tinyproxy.conf', name=RECORDED)
    wait_bound(port)
    for turn in range(3):
        paths = [f'page{turn}', 'another' if change and turn == 1 else f'picture{turn}']
        clients = [threading.Thread(target=ask, args=(port, path)) for path in paths]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    time.sleep(0.2)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
