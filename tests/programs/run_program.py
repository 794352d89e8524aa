#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a real program three times under the same load: by itself, recorded, and recorded under strace.

  run_program.py IPCTRACE SOURCE PROGRAM [--long]    SOURCE is the root of the project; 77 when the program cannot be had here

Recorded, all results and statuses must be those of the run by itself, and the logs whole. Under strace, every call that the
kernel saw coming from the program must be in the log; in the long form also those of files and memory.
"""
import hashlib
import pathlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

import kernel_calls
from program import SKIPPED, Log, Run, Skip, port_find, program_find, wait_listening, wait_until

IS_ROOT = os.geteuid() == 0


def redis_prepare(run):
    program_find('redis-server'), program_find('redis-cli'), program_find('redis-benchmark')


def redis_run(run):
    port = port_find()
    server = run.start(program_find('redis-server'), '--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes',
                       '--dir', run.folder, '--appenddirname', f'aof{port}', '--io-threads', 1 if run.is_watched else 2, name='server')
    wait_listening(port)
    cli = [program_find('redis-cli'), '-p', port]
    said = run.command(*cli, name='client', stdin='set city Praha\nget city\nincr visits\nlpush l a b c\nlrange l 0 -1\nhset h a 1\nbogus\n')
    run.command(program_find('redis-benchmark'), '-p', port, '-n', run.amount(300, 20), '-c', 4, '-q', '-t', 'set,get,lpush,lrange_100', name='benchmark')
    keys = run.command(*cli, 'dbsize'), int(run.command(*cli, 'llen', 'mylist')) / run.amount(300, 20), run.command(*cli, 'bgrewriteaof')
    run.command(*cli, 'shutdown', 'nosave', name='shutdown')
    return {'said': said, 'keys': keys, 'status': run.status(server)}


NGINX = '''{user}worker_processes 2; daemon off; error_log stderr; pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{ access_log {folder}/access.log; sendfile on; {temporary}
server {{ listen 127.0.0.1:{port}; root {folder}/www; location /proxy/ {{ proxy_pass http://127.0.0.1:{port}/; }} }} }}
'''


def nginx_prepare(run):
    program_find('nginx'), program_find('wrk')
    (run.folder / 'www').mkdir()
    for name, size in (('small', 300), ('large', 700_000)):
        (run.folder / 'www' / name).write_bytes(bytes(i * 7 % 251 for i in range(size)))


def http_get(port, path):
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/{path}', timeout=30) as answer:
        return answer.status, hashlib.sha256(answer.read()).hexdigest()


def nginx_run(run):
    port, nginx = port_find(), program_find('nginx')
    about = subprocess.run([nginx, '-V'], capture_output=True, text=True).stderr
    modules = [word[len('--http-'):-len('-temp-path')] for word in (part.split('=')[0] for part in about.split())
               if word.startswith('--http-') and word.endswith('-temp-path')]
    temporary = ' '.join(f'{module.replace("-", "_")}_temp_path {run.folder}/temporary-{module};' for module in modules)
    configuration = run.folder / 'nginx.conf'
    configuration.write_text(NGINX.format(folder=run.folder, port=port, temporary=temporary, user='user nobody nogroup;\n' if IS_ROOT else ''))
    server = run.start(nginx, '-c', configuration, name='server')
    wait_listening(port)
    answers = {http_get(port, path) for path in ['small', 'large', 'proxy/small', 'proxy/large'] * run.amount(5, 1)}
    wrk = run.command(program_find('wrk'), '-t', 1, '-d', 1, '-c', run.amount(4, 1), f'http://127.0.0.1:{port}/small', name='client')
    return {'answers': answers, 'errors': 'Socket errors' in wrk or 'Non-2xx' in wrk, 'status': run.stop(server, signal.SIGQUIT)}


def postgres_find(name):
    return program_find(name, f'/usr/lib/postgresql/*/bin/{name}')


def postgres_prepare(run):
    postgres_find('postgres'), postgres_find('pgbench')
    if IS_ROOT:
        run.user = 'nobody'
        run.folder.chmod(0o777)
    run.command(postgres_find('initdb'), '-D', run.folder / 'data', '-A', 'trust', '-U', 'tester', '--no-sync', '--locale=C', '-E', 'UTF8')
    port, server = postgres_start(run)
    run.command(*postgres_bench(port), '-i', '-q', '-s', 1, 'postgres')
    run.stop(server, signal.SIGINT)


def postgres_start(run):
    port = port_find()
    server = run.start(postgres_find('postgres'), '-D', run.folder / 'data', '-p', port, '-h', '127.0.0.1', '-k', run.folder, '-F',
                       '-c', 'shared_memory_type=sysv', '-c', 'autovacuum=off', name='server')
    wait_until('postgres is not ready', lambda: subprocess.run(
        [postgres_find('pg_isready'), '-q', '-h', '127.0.0.1', '-p', str(port)]).returncode == 0)
    return port, server


def postgres_bench(port):
    return [postgres_find('pgbench'), '-h', '127.0.0.1', '-p', port, '-U', 'tester']


def postgres_run(run):
    port, server = postgres_start(run)
    psql = [postgres_find('psql'), '-h', '127.0.0.1', '-p', port, '-U', 'tester', '-d', 'postgres', '-At']
    run.command(*postgres_bench(port), '-n', '-c', 2, '-j', 2, '-t', run.amount(20, 2), 'postgres', name='client')
    rows = run.command(*psql, '-c', 'select count(*) from pgbench_accounts', '-c', 'select count(*) > 0 from pgbench_history')
    return {'rows': rows, 'status': run.stop(server, signal.SIGINT)}


def memcached_prepare(run):
    program_find('memcached')


def memcached_load(port, amount):
    answers = hashlib.sha256()
    with socket.create_connection(('127.0.0.1', port), 30) as connection, connection.makefile('rwb') as stream:
        for number in range(60):
            value = bytes([65 + number % 26]) * (500_000 if number == 30 else number * 10)
            stream.write(b'set key%d 0 0 %d\r\n%s\r\nget key%d\r\n' % (number, len(value), value, number))
            stream.flush()
            answers.update(stream.readline() + stream.readline() + stream.read(len(value) + 2) + stream.readline())
    return answers.hexdigest()


def memcached_run(run):
    port = port_find()
    server = run.start(program_find('memcached'), '-U', 0, '-l', '127.0.0.1', '-p', port, '-t', 2, *(['-u', 'nobody'] if IS_ROOT else []),
                       name='server')
    wait_listening(port)
    return {'answers': memcached_load(port, 40), 'status': run.stop(server)}


FETCH = '''import sys, hashlib, urllib.request
for name in ["a.txt", "b.bin"] * 5:
    print(name, hashlib.sha256(urllib.request.urlopen(sys.argv[1] + name).read()).hexdigest())
'''


def http_prepare(run):
    (run.folder / 'www').mkdir()
    (run.folder / 'www' / 'a.txt').write_text('hello\n')
    (run.folder / 'www' / 'b.bin').write_bytes(bytes(i * 5 % 256 for i in range(300_000)))


def http_run(run):
    port, python = port_find(), '/usr/bin/python3'
    server = run.start(python, '-u', '-m', 'http.server', port, '--bind', '127.0.0.1', '-d', run.folder / 'www', name='server')
    wait_listening(port)
    said = run.command(python, '-c', FETCH, f'http://127.0.0.1:{port}/', name='client')
    return {'said': said, 'status': run.stop(server, signal.SIGINT)}


def git_prepare(run):
    git, work = program_find('git'), run.folder / 'work'
    run.environment |= {'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'safe.directory',
                        'GIT_CONFIG_VALUE_0': '*'}
    identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org']
    run.command(git, 'init', '-q', '-b', 'main', work)
    for number in range(20):
        (work / f'file{number}').write_text('\n'.join(str(i * number) for i in range(500)))
        run.command(git, '-C', work, 'add', '.')
        run.command(git, '-C', work, *identity, 'commit', '-q', '-m', f'number {number}')


def git_run(run):
    port, git, core = port_find(), program_find('git'), run.folder / f'clone{len(list(run.folder.glob("clone*")))}'
    daemon = pathlib.Path(subprocess.check_output([git, '--exec-path'], text=True).strip()) / 'git-daemon'
    if not daemon.exists():
        raise Skip('git-daemon is not installed')
    server = run.start(daemon, '--base-path=' + str(run.folder), '--export-all', '--listen=127.0.0.1', f'--port={port}',
                       '--reuseaddr', run.folder, name='server')
    wait_listening(port)
    run.command(git, 'clone', '-q', f'git://127.0.0.1:{port}/work', core, name='client')
    head = run.command(git, '-C', core, 'log', '--format=%T %s'), run.command(git, '-C', core, 'fsck', '--full')
    return {'head': head, 'status': run.stop(server)}


def build_prepare(run):
    program_find('meson'), program_find('ninja')


def build_run(run):
    """The configuration and one library of the project itself: some hundred processes, pipes and files."""
    folder = run.folder / 'build'
    subprocess.run(['rm', '-rf', folder], check=True)
    run.command(program_find('meson'), 'setup', folder, run.source, '-Ddebug=false', '-Doptimization=0', name='setup')
    run.command(program_find('ninja'), '-C', folder, '-j2', 'format/libformat.a', name='compile')
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob('*.o'))}


# How to prepare, how to run, whether under the oracle as well: a compiler under strace takes too long.
PROGRAMS = {
    'redis': (redis_prepare, redis_run, True),
    'nginx': (nginx_prepare, nginx_run, True),
    'postgres': (postgres_prepare, postgres_run, True),
    'memcached': (memcached_prepare, memcached_run, True),
    'http.server': (http_prepare, http_run, True),
    'git': (git_prepare, git_run, True),
    'build': (build_prepare, build_run, False),
}
# What a function of libc's own ends with, leaving no frame: closedir() ends in close().
TAIL_CALLED = {'close'}


class Trial:
    def __init__(self, ipctrace, source, name, folder, classes):
        self.ipctrace, self.source, self.folder, self.classes = ipctrace, source, folder, classes
        self.prepare, self.run, self.has_oracle = PROGRAMS[name]
        self.user, self.environment = None, None
        self.logs = []

    def record(self, *options):
        def wrap(argv, name):
            self.logs.append(Log(self.ipctrace, self.folder / f'{name}.ipct'))
            return [self.ipctrace, 'record', '-o', self.logs[-1].path, *options, '--', *argv]
        return wrap

    def watch(self, argv, name):
        """Recorded, and what runs is strace with the program."""
        self.watched.append(name)
        return self.record('-e', kernel_calls.FAMILIES)(kernel_calls.wrap(argv, self.folder / f'{name}.strace', self.classes), name)

    def once(self, wrap, prepare=False):
        run = Run(self.folder, wrap, self.source, wrap == self.watch, self.user)
        run.environment = self.environment or run.environment
        self.logs = []
        try:
            if prepare:
                self.prepare(run)
                self.user, self.environment = run.user, run.environment
            return self.run(run)
        finally:
            run.end()

    def try_all(self):
        alone = self.once(lambda argv, name: argv, prepare=True)
        recorded = self.once(self.record())
        assert recorded == alone, f'alone {alone}\nrecorded {recorded}'
        for log in self.logs:
            print(f'{log.path.stem}: {log.verify()}')
        if self.has_oracle:
            program_find('strace')
            self.watched = []
            watched = self.once(self.watch)
            assert watched == alone, f'alone {alone}\nunder strace {watched}'
            self.compare()

    def compare(self):
        wrong = []
        for name in self.watched:
            oracle, log = kernel_calls.Oracle(self.folder, name), Log(self.ipctrace, self.folder / f'{name}.ipct')
            log.verify()
            seen = sum(oracle.seen.values())
            print(f'{name}: the kernel saw {seen} calls of the program, and {sum(oracle.inside.values())} of libc\'s own')
            wrong += [f'{name}: {line}' for line in oracle.compare(log.events(), TAIL_CALLED)]
            wrong += [] if seen else [f'{name}: the oracle saw nothing']
        assert not wrong, '\n'.join(wrong)


def main():
    ipctrace, source, name = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2]), sys.argv[3]
    classes = kernel_calls.ALL if '--long' in sys.argv[4:] else kernel_calls.ALWAYS
    with tempfile.TemporaryDirectory(prefix=f'ipctrace-{name}-') as folder:
        os.chmod(folder, 0o755)
        try:
            Trial(ipctrace, source, name, pathlib.Path(folder), classes).try_all()
        except Skip as reason:
            print(f'skipped: {reason}')
            return SKIPPED
        except (AssertionError, TimeoutError, subprocess.TimeoutExpired) as trouble:
            print(f'{name}: {trouble}', file=sys.stderr)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
