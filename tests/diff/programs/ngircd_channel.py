#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ngircd with three people in a channel."""
import signal
import socket
import sys
import time

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['other-word']
# Seconds until it has heard that they have left.
SETTLED = 0.3

CONFIGURATION = '''[Global]
Name = here.test
Info = a server
Listen = 127.0.0.1
Ports = {port}
ServerUID = root
ServerGID = root
MotdPhrase = "hello"
[Options]
DNS = no
Ident = no
PAM = no
[Limits]
PingTimeout = 300
'''


class Person:
    def __init__(self, port, name):
        self.socket = socket.create_connection(('127.0.0.1', port), 30)
        self.stream = self.socket.makefile('rw', newline='\r\n')
        self.say(f'NICK {name}', f'USER {name} 0 * :{name}')
        self.hear(' 376 ')
        self.say('JOIN #here')
        self.hear(' 366 ')

    def say(self, *lines):
        for line in lines:
            self.stream.write(line + '\n')
        self.stream.flush()

    def hear(self, what):
        while what not in self.stream.readline():
            pass

    def leave(self):
        self.say('QUIT :bye')
        self.hear('ERROR')
        self.socket.close()


def prepare(run):
    program_find('ngircd')


def run(run, change):
    port = run.series.port
    (run.folder / 'ngircd.conf').write_text(CONFIGURATION.format(port=port))
    server = run.start(program_find('ngircd'), '-n', '-f', run.folder / 'ngircd.conf', name=RECORDED)
    wait_bound(port)
    people = [Person(port, name) for name in ('alice', 'bob', 'carol')]
    for number, person in enumerate(people):
        word = 'another' if change and number == 1 else f'word {number}'
        person.say(f'PRIVMSG #here :{word}')
        for other in people:
            if other != person:
                other.hear(word)
    for person in people:
        person.leave()
    time.sleep(SETTLED)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
