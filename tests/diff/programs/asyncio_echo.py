#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An echo server of Python's asyncio and eight clients at the same time in one more process; both are recorded."""
import sys

from series import RECORDED, main

CHANGES = ['one-less']

PROGRAM = '''
import asyncio, os, sys
port, lines = int(sys.argv[1]), int(sys.argv[2])

async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(b"you said " + line)
        await writer.drain()
    writer.close()

async def ask(number, count):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(count):
        writer.write(f"client {number} turn {turn}\\n".encode())
        assert await reader.readline() == f"you said client {number} turn {turn}\\n".encode()
    writer.close()
    await writer.wait_closed()

async def serve():
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    os.write(ready, b"x")
    await asyncio.sleep(0)
    await asyncio.get_running_loop().run_in_executor(None, os.waitpid, child, 0)
    server.close()

async def clients():
    await asyncio.gather(*(ask(number, lines if number == 3 else 10) for number in range(8)))

wait, ready = os.pipe()
child = os.fork()
if not child:
    os.read(wait, 1)
    asyncio.run(clients())
    os._exit(0)
asyncio.run(serve())
'''


def prepare(run):
    (run.folder / 'echo.py').write_text(PROGRAM)


def run(run, change):
    run.command('/usr/bin/python3', run.folder / 'echo.py', run.series.port, 9 if change else 10, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
