#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""gearmand with two threads between a worker and four clients, one after the other; the server alone is recorded."""
import signal
import subprocess
import sys

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-word']


def prepare(run):
    for program in ('gearmand', 'gearman'):
        program_find(program)


def run(run, change):
    port = run.series.port
    server = run.start(program_find('gearmand'), '-L', '127.0.0.1', '-p', port, '-t', 2, '-l', run.folder / 'log', name=RECORDED)
    wait_bound(port)
    gearman = [program_find('gearman'), '-h', '127.0.0.1', '-p', str(port), '-f', 'backwards']
    with subprocess.Popen([*gearman, '-w', '-c', '4', '--', '/usr/bin/rev'], env=run.environment) as worker:
        for number in range(4):
            run.command(*gearman, stdin='another\n' if change and number == 2 else f'word {number}\n')
        worker.wait(30)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
