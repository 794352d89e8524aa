#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""xinetd with a service of its own and one that is a command, asked twice each."""
import os
import signal
import sys
import time

from ncat_exec import ask
from series import RECORDED, Skip, main, program_find, wait_bound

CHANGES = ['other-line']
# Seconds until it has heard that its last command has ended.
SETTLED = 0.3

CONFIGURATION = '''defaults
{{
    log_type = FILE {folder}/log
}}
service echo
{{
    type = INTERNAL UNLISTED
    id = own
    socket_type = stream
    protocol = tcp
    wait = no
    port = {port}
    bind = 127.0.0.1
}}
service backwards
{{
    type = UNLISTED
    socket_type = stream
    protocol = tcp
    wait = no
    user = root
    server = /usr/bin/rev
    port = {other}
    bind = 127.0.0.1
}}
'''


def prepare(run):
    if os.geteuid():
        raise Skip('xinetd wants to be root')
    program_find('xinetd')


def run(run, change):
    port = run.series.port
    (run.folder / 'log').unlink(missing_ok=True)
    (run.folder / 'xinetd.conf').write_text(CONFIGURATION.format(folder=run.folder, port=port, other=port + 1))
    server = run.start(program_find('xinetd'), '-f', run.folder / 'xinetd.conf', '-dontfork', '-pidfile', run.folder / 'pid', name=RECORDED)
    wait_bound(port + 1)
    for number in range(2):
        ask(port, 'another\n' if change and number else f'own {number}\n')
        ask(port + 1, f'command {number}\n')
        time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
