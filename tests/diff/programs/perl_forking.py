#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server in perl that forks for each of five clients, which come at the same time and are not recorded."""
import socket
import sys
import threading

from series import RECORDED, main, program_find, wait_until

CHANGES = ['one-more']

PROGRAM = '''
use strict; use IO::Socket::INET; use POSIX ":sys_wait_h";
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 8, ReuseAddr => 1, Proto => "tcp") or die;
open(my $ready, ">", $ARGV[1]); close($ready);
for (1 .. 5) {
    my $client = $server->accept() or die;
    my $child = fork();
    if ($child) { close($client); next; }
    close($server);
    while (my $line = <$client>) { syswrite($client, uc($line)); }
    exit 0;
}
1 while wait() > 0;
'''


def prepare(run):
    program_find('perl')
    (run.folder / 'server.pl').write_text(PROGRAM)


def ask(port, number, lines):
    with socket.create_connection(('127.0.0.1', port), 30) as client, client.makefile('rw') as stream:
        for line in range(lines):
            print(f'client {number} line {line}', file=stream, flush=True)
            assert stream.readline() == f'CLIENT {number} LINE {line}\n'


def run_asked(run, change, *server):
    """Runs a server, which is told a port and a file to make when it listens there, while five clients ask it."""
    ready = run.folder / 'ready'
    ready.unlink(missing_ok=True)
    server = run.start(*server, run.series.port, ready, name=RECORDED)
    wait_until('the server does not listen', ready.exists)
    clients = [threading.Thread(target=ask, args=(run.series.port, number, 5 if change and number == 3 else 4)) for number in range(5)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    run.status(server)


def run(run, change):
    run_asked(run, change, program_find('perl'), run.folder / 'server.pl')

if __name__ == '__main__':
    main(sys.modules[__name__])
