#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""sshd, over which two commands are run; all of it is enciphered, and only the daemon with what it starts is recorded."""
import os
import signal
import sys
import time

from series import RECORDED, Skip, main, program_find, wait_bound

CHANGES = ['other-command']
# Seconds until it has heard that its last session has ended.
SETTLED = 0.3


def prepare(run):
    if os.geteuid():
        raise Skip('sshd wants to be root')
    os.makedirs('/run/sshd', exist_ok=True)
    for name in ('host', 'own'):
        if not (run.folder / name).exists():
            run.command(program_find('ssh-keygen'), '-q', '-t', 'ed25519', '-N', '', '-f', run.folder / name)
    (run.folder / 'authorized').write_text((run.folder / 'own.pub').read_text())
    (run.folder / 'authorized').chmod(0o600)


def run(run, change):
    port = run.series.port
    server = run.start(program_find('sshd'), '-D', '-e', '-f', '/dev/null', '-p', port, '-h', run.folder / 'host', '-o', 'ListenAddress=127.0.0.1',
                       '-o', f'AuthorizedKeysFile={run.folder}/authorized', '-o', 'StrictModes=no', '-o', 'PidFile=none', '-o', 'UsePAM=no',
                       name=RECORDED)
    wait_bound(port)
    for number in range(2):
        words = ['cat', '/etc/hostname'] if change and number else ['echo', 'hello', str(number)]
        run.command(program_find('ssh'), '-F', '/dev/null', '-i', run.folder / 'own', '-p', port, '-o', 'StrictHostKeyChecking=no',
                    '-o', 'UserKnownHostsFile=/dev/null', 'root@127.0.0.1', *words)
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
