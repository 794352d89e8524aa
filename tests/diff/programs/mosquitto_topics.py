#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mosquitto, which passes what one client publishes on to another one; only the broker is recorded."""
import signal
import subprocess
import sys
import time

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-message']
MESSAGES = 6


def prepare(run):
    for name in ('mosquitto', 'mosquitto_pub', 'mosquitto_sub'):
        program_find(name)


def run(run, change):
    port = run.series.port
    (run.folder / 'mosquitto.conf').write_text(f'listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n')
    server = run.start(program_find('mosquitto'), '-c', run.folder / 'mosquitto.conf', name=RECORDED)
    wait_bound(port)
    where = ['-h', '127.0.0.1', '-p', str(port)]
    with subprocess.Popen([program_find('mosquitto_sub'), *where, '-i', 'listener', '-t', 'a/#', '-C', str(MESSAGES)], stdout=subprocess.PIPE) as listener:
        time.sleep(0.3)
        for number in range(MESSAGES):
            said = 'another thing' if change and number == 3 else f'message {number}'
            run.command(program_find('mosquitto_pub'), *where, '-i', f'speaker{number}', '-q', number % 3, '-t', f'a/{number}', '-m', said)
        listener.wait(30)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
