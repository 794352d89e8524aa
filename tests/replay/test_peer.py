#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real clients without their servers, and real servers without their clients, played from a record of both.

  test_peer.py IPCTRACE NAME [--long]     one of the pairs below, or `all`; 77 when it cannot be had here

Each is recorded once with its other end. Then it runs without it: its output must be the same, and all it sends as recorded.
A record of which one byte is changed must be said to diverge at that byte. Long: 20 times each, else twice.
"""
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'programs'))
from program import PATIENCE, SKIPPED, Run, Skip, port_find, program_find, wait_listening, wait_until
import record_change

HERE = pathlib.Path(__file__).resolve().parent
IPCTRACE, NAME = os.path.realpath(sys.argv[1]), sys.argv[2]
ROUNDS = 20 if '--long' in sys.argv else 2
IS_ROOT = os.geteuid() == 0
PYTHON = '/usr/bin/python3'


class Pair:
    """A server, and a client as a list of commands that are run one after the other by a shell."""
    servers_record_is_enough = True  # what the server sends is all in its record
    settings = {}

    def __init__(self, run):
        self.run, self.folder, self.port = run, run.folder, port_find()
        run.environment |= self.settings

    def server(self):
        raise NotImplementedError

    def client(self):
        raise NotImplementedError

    def ready(self):
        wait_listening(self.port)

    def stop(self, server):
        return self.run.stop(server)

    def also(self, log, command):
        """What is to be tried beside."""

    def check_told(self, told):
        """Whether the changed byte is shown, as it is in the record and as it is sent."""
        old, new = self.byte
        place = [a != b for a, b in zip(old, new)].index(True)
        rows = re.findall(r'  (recorded|now) (.*(?:\n {10}.*)*)', told)
        shown = {side: bytes.fromhex(re.search('>([0-9a-f]{2})', row)[1]) for side, row in rows}
        assert shown == {'recorded': new[place:place + 1], 'now': old[place:place + 1]}, told


class Redis(Pair):
    byte = b'Praha', b'Plaha'

    def server(self):
        return [program_find('redis-server'), '--port', self.port, '--bind', '127.0.0.1', '--save', '']

    def client(self):
        cli = f"{program_find('redis-cli')} -p {self.port}"
        return [f'{cli} set city Praha', f'{cli} get city', f'{cli} incr visits', f'{cli} lpush list a b c', f'{cli} lrange list 0 -1',
                f'{cli} bogus', f'{cli} -r 20 -i 0 incr visits', f'{cli} eval "return string.rep(KEYS[1], 50000)" 1 x | cksum']


class Nginx(Pair):
    byte = b'a=1', b'a=2'
    configuration = '''{user}worker_processes 1; daemon off; error_log /dev/null; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
'''

    def server(self):
        www, names = self.folder / 'www', ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')
        www.mkdir(exist_ok=True)
        (www / 'small').write_bytes(b'hello\n' * 50)
        (www / 'large').write_bytes(bytes(i * 7 % 251 for i in range(400_000)))
        for path in (self.folder, www):
            path.chmod(0o755)
        temporary = ' '.join(f'{name}_temp_path {self.folder}/temporary-{name};' for name in names)
        path = self.folder / 'nginx.conf'
        path.write_text(self.configuration.format(folder=self.folder, port=self.port, temporary=temporary,
                                                  user='user nobody nogroup;\n' if IS_ROOT else ''))
        return [program_find('nginx', '/usr/sbin/nginx'), '-c', path, '-e', '/dev/null']

    def stop(self, server):
        return self.run.stop(server, signal.SIGQUIT)


class Curl(Nginx):
    def client(self):
        curl, site = f"{program_find('curl')} -s", f'http://127.0.0.1:{self.port}'
        return [f'{curl} {site}/small', f'{curl} {site}/large {site}/small {site}/none | cksum', f'{curl} -d a=1 {site}/small']


class Urllib(Nginx):
    byte = b'/large', b'/Large'
    fetch = '''import sys, zlib, urllib.request
for name in "small", "large", "small":
    with urllib.request.urlopen(sys.argv[1] + name) as answer: print(answer.status, zlib.crc32(answer.read()), answer.headers["Server"])
'''

    def client(self):
        path = self.folder / 'fetch.py'
        path.write_text(self.fetch)
        return [f'{PYTHON} {path} http://127.0.0.1:{self.port}/']


class Postgres(Pair):
    byte = b'generate_series', b'penerate_series'
    settings = {'PGSSLMODE': 'disable', 'PGGSSENCMODE': 'disable', 'PGTZ': 'UTC'}

    def find(self, name):
        return program_find(name, f'/usr/lib/postgresql/*/bin/{name}')

    def server(self):
        if IS_ROOT:
            self.run.user = 'nobody'
            self.folder.chmod(0o777)
        self.run.command(self.find('initdb'), '-D', self.folder / 'data', '-A', 'trust', '-U', 'tester', '--no-sync', '--locale=C', '-E', 'UTF8')
        return [self.find('postgres'), '-D', self.folder / 'data', '-p', self.port, '-h', '127.0.0.1', '-k', self.folder, '-F',
                '-c', 'autovacuum=off']

    def ready(self):
        wait_until('postgres is not ready', lambda: subprocess.run(
            [self.find('pg_isready'), '-q', '-h', '127.0.0.1', '-p', str(self.port)]).returncode == 0)

    def stop(self, server):
        return self.run.stop(server, signal.SIGINT)

    def client(self):
        psql = f'{self.find("psql")} -h 127.0.0.1 -p {self.port} -U tester -At'
        return [f'{psql} -d postgres -c "create temp table t(a int, b text)" -c "insert into t select i, repeat(\'x\', 100) '
                f'from generate_series(1,1000) i" -c "select * from t"', f'{psql} -d postgres -c "select 1/0" 2>&1',
                f'{psql} -d nowhere -c "select 1" 2>&1']


class Git(Pair):
    byte = b'git-upload-pack', b'git-upload-pick'
    settings = {'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'safe.directory', 'GIT_CONFIG_VALUE_0': '*'}

    def server(self):
        git, work = program_find('git'), self.folder / 'work'
        identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org']
        daemon = pathlib.Path(subprocess.check_output([git, '--exec-path'], text=True).strip()) / 'git-daemon'
        if not daemon.exists():
            raise Skip('git-daemon is not installed')
        self.run.command(git, 'init', '-q', '-b', 'main', work)
        for number in range(10):
            (work / f'file{number}').write_text('\n'.join(str(i * number) for i in range(500)))
            self.run.command(git, '-C', work, 'add', '.')
            self.run.command(git, '-C', work, *identity, 'commit', '-q', '-m', f'number {number}')
        return [daemon, f'--base-path={self.folder}', '--export-all', '--listen=127.0.0.1', f'--port={self.port}', '--reuseaddr', self.folder]

    def client(self):
        git = program_find('git')
        return ['rm -rf copy', f'{git} clone -q git://127.0.0.1:{self.port}/work copy', f'{git} -C copy log --format=%H',
                f'{git} -C copy fsck --full']


class Workers(Pair):
    byte = b'Cyril asks 3.1', b'Cyril asks 3.7'

    def server(self):
        return [PYTHON, '-S', HERE / 'fork_server.py', self.port]

    def client(self):
        return [f'{PYTHON} -S {HERE}/fork_clients.py {self.port}']


class Edges(Pair):
    byte = b'close', b'clase'

    def server(self):
        return [PYTHON, '-S', HERE / 'edge_server.py', self.port]

    def client(self):
        return [f'{PYTHON} -S {HERE}/edge_client.py {self.port}']


class Datagrams(Pair):
    byte = b'two words', b'two wards'

    def server(self):
        return [PYTHON, '-S', HERE / 'datagram_pair.py', 'server', self.port, self.folder / 'ready']

    def client(self):
        return [f'{PYTHON} -S {HERE}/datagram_pair.py client {self.port}']

    def ready(self):
        wait_until('nobody waits for datagrams', (self.folder / 'ready').exists)


class Rights(Pair):
    byte = b'nothing', b'nuthing'

    def server(self):
        return [PYTHON, '-S', HERE / 'rights_server.py', self.folder / 'socket']

    def client(self):
        return [f'{PYTHON} -S {HERE}/rights_client.py {self.folder}/socket']

    def ready(self):
        wait_until('nobody listens', (self.folder / 'socket').exists)

    def stop(self, server):
        (self.folder / 'socket').unlink()
        return self.run.stop(server)


class SystemV(Pair):
    byte = b'asks for job 3', b'asks for jab 3'

    def __init__(self, run):
        super().__init__(run)
        self.program, self.key = pathlib.Path(IPCTRACE).parent / 'tests' / 'replay' / 'sysv-pair', hex(0x7e000000 + random.randrange(1 << 20) * 4)

    def server(self):
        return [self.program, 'consumer', self.key]

    def client(self):
        return [f'{self.program} producer {self.key}']

    def ready(self):
        """The producer waits for the consumer itself."""

    def stop(self, server):
        return self.run.status(server)

    def also(self, log, command):
        """Where no namespace can be had; nothing is left behind."""
        before = self.ids()
        done = subprocess.run(['unshare', '--user', '--map-root-user', '/bin/sh', '-c', 'echo 0 >/proc/sys/user/max_ipc_namespaces && exec "$@"',
                               'sh', IPCTRACE, 'replay', '--peer', log, '--', *map(str, command)], capture_output=True, text=True, timeout=PATIENCE)
        if not done.stderr.startswith('unshare:'):
            assert done.returncode == 0 and ': same' in done.stderr, done.stderr
            wait_until('objects are left behind', lambda: self.ids() <= before)

    def ids(self):
        """Of our keys, whoever has them."""
        return {line.split()[0] for name in ('msg', 'sem', 'shm') for line in pathlib.Path(f'/proc/sysvipc/{name}').read_text().splitlines()[1:]
                if int(line.split()[0]) >> 24 == 0x7e and int(line.split()[0]) != int(self.key, 16)}

    def check_told(self, told):
        assert 'ipctrace: diverged at queue 0x7e' in told and re.search('  recorded type .*"thread . asks for jab 3', told) and \
            re.search('  now      type .*"thread . asks for job', told), told


# Which ends are played: the server to its client; recorded clients to their server, from the record of either.
PAIRS = {
    'redis-cli': (Redis, 'client'), 'redis-server': (Redis, 'server'),
    'curl': (Curl, 'client'), 'urllib': (Urllib, 'client'), 'nginx': (Curl, 'server'),
    'psql': (Postgres, 'client'), 'git': (Git, 'client'),
    'workers': (Workers, 'server'), 'threads': (Workers, 'client'), 'descriptors': (Rights, 'client'),
    'datagrams': (Datagrams, 'client'), 'edges': (Edges, 'client'), 'sysv': (SystemV, 'client'),
}


def record(pair, who):
    """One run of both ends, of which those in `who` are recorded; the client's output."""
    run, script = pair.run, pair.folder / 'client.sh'
    script.write_text('\n'.join(pair.client()) + '\n')
    pair.command = pair.server()
    server = run.start(*pair.command, name='server' if 'server' in who else 'plain')
    pair.ready()
    said = run.command('/bin/sh', script, name='client' if 'client' in who else None, status=pair_status(pair))
    pair.stop(server)
    return said


def pair_status(pair):
    return 2 if isinstance(pair, Postgres) else 0


def play(pair, options, log, command, status):
    done = subprocess.run([IPCTRACE, 'replay', *options, log, '--', *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, cwd=pair.folder, env=pair.run.environment, **owner(pair))
    assert done.returncode == status, f'status {done.returncode}: {done.stderr[-3000:]}'
    return done


def owner(pair):
    return {} if not pair.run.user else {'user': pair.run.user, 'group': 65534, 'extra_groups': []}


def check_same(pair, options, log, command):
    done = play(pair, options, log, command, 0)
    summary = re.search(r'ipctrace: (\d+) of (\d+) conversations, (\d+) of (\d+) messages matched, \d+ masked: same', done.stderr)
    assert summary and summary[1] == summary[2] and summary[3] == summary[4] and int(summary[3]), done.stderr
    return done.stdout


def check_changed(pair, options, log, command):
    """A record of which one byte is another: that byte is named, and both are shown."""
    changed = log.with_name('changed.ipct')
    record_change.replace(log, changed, *pair.byte)
    told = play(pair, options, changed, command, 1).stderr
    assert 'ipctrace: diverged at ' in told and ': diverged' in told, told
    pair.check_told(told)


def try_client(pair):
    said = record(pair, ['client'])
    log, command = pair.folder / 'client.ipct', ['/bin/sh', pair.folder / 'client.sh']
    for _ in range(ROUNDS):
        assert check_same(pair, ['--peer'], log, command) == said, 'the output differs'
    check_changed(pair, ['--peer'], log, command)
    pair.also(log, command)


def try_server(pair):
    record(pair, ['client', 'server'])
    for _ in range(ROUNDS):
        check_same(pair, ['--peer=clients'], pair.folder / 'client.ipct', pair.command)
        check_same(pair, ['--peer'], pair.folder / 'server.ipct', pair.command)


def wrap(folder):
    return lambda argv, name: argv if name == 'plain' else [IPCTRACE, 'record', '-q', '-s', '1M', '-o', folder / f'{name}.ipct', '--', *argv]


def main():
    make, end = PAIRS[NAME]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run = Run(folder, wrap(folder))
        try:
            {'client': try_client, 'server': try_server}[end](make(run))
        except Skip as reason:
            print(reason)
            sys.exit(SKIPPED)
        finally:
            run.end()


main()
