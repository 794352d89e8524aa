#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server of Python's aiohttp, of which three clients at a time ask three pages each over one connection."""
import http.client
import signal
import sys
import threading
import time

from series import RECORDED, Skip, main, wait_bound

CHANGES = ['other-page']
# Seconds until it has heard that the last client is gone.
SETTLED = 0.3

PROGRAM = '''
import asyncio, sys
from aiohttp import web

async def page(request):
    await asyncio.sleep(0.01)
    return web.json_response({"page": request.match_info["name"], "said": await request.text()})

app = web.Application()
app.add_routes([web.get("/{name}", page), web.post("/{name}", page)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
'''


def prepare(run):
    try:
        run.command('/usr/bin/python3', '-c', 'import aiohttp')
    except AssertionError:
        raise Skip("Python's aiohttp is not installed") from None
    (run.folder / 'pages.py').write_text(PROGRAM)


def ask(port, name):
    client = http.client.HTTPConnection('127.0.0.1', port, 30)
    for number in range(3):
        client.request('POST' if number else 'GET', f'/{name}{number}', body=f'body {number}' if number else None)
        client.getresponse().read()
    client.close()


def run(run, change):
    port = run.series.port
    server = run.start('/usr/bin/python3', run.folder / 'pages.py', port, name=RECORDED)
    wait_bound(port)
    clients = [threading.Thread(target=ask, args=(port, name)) for name in ('red', 'another' if change else 'green', 'blue')]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
