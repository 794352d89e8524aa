#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dbus-daemon while dbus-send asks it a few things; the daemon is recorded."""
import socket
import sys

from series import RECORDED, main, program_find, wait_until

CHANGES = ['one-more']


def prepare(run):
    program_find('dbus-daemon'), program_find('dbus-send')


def connects(path):
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
    return True


def run(run, change):
    (run.folder / 'bus').unlink(missing_ok=True)
    server = run.start(program_find('dbus-daemon'), '--session', f'--address=unix:path={run.folder}/bus', '--nofork', '--nopidfile',
                       name=RECORDED)
    wait_until('the bus is not there', lambda: connects(run.folder / 'bus'))
    for method in ['ListNames', 'ListActivatableNames', 'GetNameOwner string:org.freedesktop.DBus', 'ListNames'] + ['Hello'] * bool(change):
        run.command(program_find('dbus-send'), f'--bus=unix:path={run.folder}/bus', '--print-reply', '--dest=org.freedesktop.DBus',
                    '/org/freedesktop/DBus', *(f'org.freedesktop.DBus.{method}'.split()), status=bool(change and method == 'Hello'))
    run.stop(server)


if __name__ == '__main__':
    main(sys.modules[__name__])
