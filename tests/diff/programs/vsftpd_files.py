#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""vsftpd, from which two clients, one after the other, fetch a list and a file."""
import ftplib
import os
import signal
import sys
import time

from series import RECORDED, Skip, main, program_find, wait_bound

CHANGES = ['other-file']

CONFIGURATION = '''listen=YES
background=NO
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=YES
anon_root={folder}/files
run_as_launching_user=YES
secure_chroot_dir={folder}/empty
xferlog_enable=NO
seccomp_sandbox=NO
pasv_promiscuous=YES
'''


def prepare(run):
    if os.geteuid():
        raise Skip('vsftpd wants to be root')
    program_find('vsftpd')
    for name in ('files', 'empty'):
        (run.folder / name).mkdir(exist_ok=True)
        (run.folder / name).chmod(0o555)
    for name in ('one', 'two'):
        if not (run.folder / 'files' / name).exists():
            (run.folder / 'files' / name).write_text(f'a line of {name}\n' * 1000)


def run(run, change):
    port = run.series.port
    (run.folder / 'vsftpd.conf').write_text(CONFIGURATION.format(port=port, folder=run.folder))
    server = run.start(program_find('vsftpd'), run.folder / 'vsftpd.conf', name=RECORDED)
    wait_bound(port)
    for number in range(2):
        with ftplib.FTP() as client:
            client.connect('127.0.0.1', port, 30)
            client.login()
            client.nlst()
            client.retrbinary('RETR ' + ('two' if change and number else 'one'), lambda data: None)
        time.sleep(0.2)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
