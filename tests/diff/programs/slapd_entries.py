#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""slapd, into which five entries are written and which is asked for them."""
import shutil
import signal
import sys

from series import RECORDED, main, program_find, wait_bound

CHANGES = ['one-more']

CONFIGURATION = '''include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
database mdb
maxsize 1048576
suffix "dc=test"
rootdn "cn=admin,dc=test"
rootpw secret
directory {folder}/entries
'''


def prepare(run):
    for program in ('slapd', 'ldapadd', 'ldapsearch'):
        program_find(program)


def run(run, change):
    port = run.series.port
    shutil.rmtree(run.folder / 'entries', ignore_errors=True)
    (run.folder / 'entries').mkdir()
    (run.folder / 'slapd.conf').write_text(CONFIGURATION.format(folder=run.folder))
    where = f'ldap://127.0.0.1:{port}'
    server = run.start(program_find('slapd'), '-d', '0', '-f', run.folder / 'slapd.conf', '-h', where, name=RECORDED)
    wait_bound(port)
    entries = ['dn: dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: test\no: test\n']
    entries += [f'dn: cn=person {number},dc=test\nobjectClass: person\ncn: person {number}\nsn: {number}\n' for number in range(5 if change else 4)]
    run.command(program_find('ldapadd'), '-x', '-H', where, '-D', 'cn=admin,dc=test', '-w', 'secret', stdin='\n'.join(entries))
    for number in range(3):
        run.command(program_find('ldapsearch'), '-x', '-H', where, '-b', 'dc=test', f'sn={number}')
    run.stop(server, signal.SIGINT)

if __name__ == '__main__':
    main(sys.modules[__name__])
