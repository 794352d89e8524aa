#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stunnel taking TLS off what three clients say, one after the other, for a server that is not recorded."""
import signal
import socket
import socketserver
import ssl
import sys
import threading
import time

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['one-more']


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


def prepare(run):
    program_find('stunnel4')
    if not (run.folder / 'key').exists():
        run.command(program_find('openssl'), 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', run.folder / 'key', '-out',
                    run.folder / 'cert', '-days', 9, '-subj', '/CN=here')
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    run.series.backend = socketserver.ThreadingTCPServer(('127.0.0.1', run.series.port + 1), Echo)
    threading.Thread(target=run.series.backend.serve_forever, daemon=True).start()


def ask(port, number, lines):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(('127.0.0.1', port), 30) as plain, context.wrap_socket(plain) as client:
        for line in range(lines):
            client.sendall(f'client {number} line {line}\n'.encode())
            assert client.recv(100)


def run(run, change):
    port = run.series.port
    (run.folder / 'stunnel.conf').write_text(
        f'foreground = yes\npid =\ncert = {run.folder}/cert\nkey = {run.folder}/key\n[echo]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{port + 1}\n')
    server = run.start(program_find('stunnel4'), run.folder / 'stunnel.conf', name=RECORDED)
    wait_bound(port)
    for number in range(3):
        ask(port, number, 4 if change and number == 1 else 3)
        time.sleep(0.1)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
