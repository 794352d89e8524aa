#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""named with a zone of its own, asked for six names over UDP."""
import signal
import sys

from dnsmasq_names import ask_all
from series import RECORDED, main, program_find, wait_until

CHANGES = ['other-name']

CONFIGURATION = '''options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no;
    pid-file "{folder}/named.pid"; session-keyfile "{folder}/session.key"; dnssec-validation no; }};
controls {{ }};
zone "test" {{ type primary; file "zone"; }};
'''


def prepare(run):
    program_find('named')
    (run.folder / 'zone').write_text('$TTL 60\n@ IN SOA here. me. 1 60 60 60 60\n@ IN NS one.test.\n' + ''.join(
        f'{name} IN A 10.1.2.{number}\n' for number, name in enumerate(('one', 'two', 'three', 'four'))))


def run(run, change):
    port = run.series.port
    (run.folder / 'named.conf').write_text(CONFIGURATION.format(folder=run.folder, port=port))
    server = run.start(program_find('named'), '-g', '-n', '2', '-c', run.folder / 'named.conf', name=RECORDED)
    wait_until('named does not listen', lambda: b' running\n' in (run.folder / f'{RECORDED}.stderr').read_bytes())
    ask_all(port, change)
    run.stop(server, signal.SIGTERM)

if __name__ == '__main__':
    main(sys.modules[__name__])
