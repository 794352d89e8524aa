#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""curl fetching a file from a server that is not recorded."""
import http.server
import sys
import threading

from series import RECORDED, main, program_find

CHANGES = ['http-1.0']


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        body = self.path.encode() * 50
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def prepare(run):
    program_find('curl')


def run(run, change):
    with http.server.ThreadingHTTPServer(('127.0.0.1', run.series.port), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            run.command(program_find('curl'), '-s', *(['--http1.0'] if change else []), f'http://127.0.0.1:{run.series.port}/file',
                        name=RECORDED)
        finally:
            server.shutdown()
            serving.join()


if __name__ == '__main__':
    main(sys.modules[__name__])
