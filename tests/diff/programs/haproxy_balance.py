#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""haproxy with two threads between six requests, at most three at a time, and two servers that are not recorded."""
import http.server
import signal
import sys
import threading

from series import RECORDED, main, port_find, program_find, wait_bound
from http_server import ask

CHANGES = ['other-path']

CONFIGURATION = '''global
    nbthread 2
defaults
    mode http
    timeout client 30s
    timeout server 30s
    timeout connect 30s
frontend in
    bind 127.0.0.1:{port}
    default_backend out
backend out
    balance uri
    server first 127.0.0.1:{first}
    server second 127.0.0.1:{second}
'''


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f'you asked for {self.path}\n'.encode() * 100
        self.wfile.write(b'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body) + body)

    def log_message(self, *what):
        pass


def prepare(run):
    program_find('haproxy')
    run.series.backends = [http.server.ThreadingHTTPServer(('127.0.0.1', port_find()), Answer) for _ in range(2)]
    for backend in run.series.backends:
        threading.Thread(target=backend.serve_forever, daemon=True).start()


def run(run, change):
    port = run.series.port
    first, second = (backend.server_port for backend in run.series.backends)
    (run.folder / 'haproxy.cfg').write_text(CONFIGURATION.format(port=port, first=first, second=second))
    server = run.start(program_find('haproxy'), '-f', run.folder / 'haproxy.cfg', '-db', name=RECORDED)
    wait_bound(port)
    for turn in range(2):
        paths = [f'page{turn}{number}' for number in range(3)]
        if change and turn:
            paths[1] = 'another'
        clients = [threading.Thread(target=ask, args=(port, path)) for path in paths]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    run.stop(server, signal.SIGUSR1)

if __name__ == '__main__':
    main(sys.modules[__name__])
