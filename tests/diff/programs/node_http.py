#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server of node's http module, with its threads, that answers six requests from memory and from a file."""
import http.client
import sys

from series import RECORDED, main, program_find, wait_until

CHANGES = ['other-path']

PROGRAM = '''
const http = require("http"), fs = require("fs");
let left = 6;
const server = http.createServer((request, response) => {
    const end = (body) => { response.end(body); if (!--left) server.close(); };
    if (request.url == "/file") fs.readFile(process.argv[3], (error, data) => end(data));
    else end("you asked for " + request.url + "\\\\n");
});
server.listen(+process.argv[2], "127.0.0.1", () => fs.closeSync(fs.openSync(process.argv[4], "w")));
'''.replace('\\\\', '\\')


def prepare(run):
    program_find('node')
    (run.folder / 'server.js').write_text(PROGRAM)
    (run.folder / 'data').write_bytes(bytes(range(256)) * 40)


def run(run, change):
    ready, port = run.folder / 'ready', run.series.port
    ready.unlink(missing_ok=True)
    server = run.start(program_find('node'), run.folder / 'server.js', port, run.folder / 'data', ready, name=RECORDED)
    wait_until('the server does not listen', ready.exists)
    for path in ('/one', '/file', '/two', '/file', '/another' if change else '/three', '/four'):
        client = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        client.request('GET', path, headers={'Connection': 'close'})
        client.getresponse().read()
        client.close()
    run.status(server)

if __name__ == '__main__':
    main(sys.modules[__name__])
