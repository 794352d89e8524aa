# SPDX-License-Identifier: MIT
"""Real programs under a load that is the same each time, recorded; and small changes to them that a diff must find.

Each program is a class with `record(path, change)`; the ports differ from run to run. Ends only what it started.
"""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'programs'))
from program import Run, Skip, descendants, port_find, program_find, wait_listening, wait_until  # noqa: E402

PAYLOAD = '256K'


class Program:
    changes = {}

    def __init__(self, ipctrace, folder):
        self.ipctrace, self.folder = ipctrace, folder
        self.user = None
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        self.prepare()

    def prepare(self):
        pass

    def start_run(self, path):
        def wrap(argv, name):
            return [self.ipctrace, 'record', '-q', '-s', PAYLOAD, '-o', str(path), '--', *argv]
        run = Run(self.folder, wrap, user=self.user)
        self.adapt(run)
        return run

    def adapt(self, run):
        pass

    def record(self, path, change=''):
        run = self.start_run(path)
        try:
            self.work(run, change)
        finally:
            run.end()
        return path


class Workshop(Program):
    """Producers and consumers over System V IPC."""
    mode = 'fixed'
    program = None
    # the change, then the class and the call that must come first
    changes = {'lost': ('removed', 'msgsnd'), 'twice': ('added', 'msgsnd'), 'changed': ('payload', 'msgsnd'),
               'reorder': ('reordered-causal', 'msgsnd'), 'nowait': ('arguments', 'msgsnd'), 'semflag': ('arguments', 'semop'),
               'socket': ('arguments', 'send'), 'swap': ('reordered-causal', 'send'), 'write': ('arguments', 'send'),
               'leak': ('leak', 'close'), 'segment': ('leak', 'shmctl'), 'errno': ('result', 'open')}

    def work(self, run, change):
        run.environment['WORKSHOP_CHANGE'] = change
        run.command(self.program, self.mode, name='x')


class Competing(Workshop):
    mode = 'competing'


class Redis(Program):
    changes = {'appendonly': (None, None)}

    def prepare(self):
        program_find('redis-server'), program_find('redis-cli')

    def work(self, run, change):
        port = port_find()
        data = self.folder / 'data'
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        (self.folder / 'redis.conf').write_text(f'port {port}\nbind 127.0.0.1\nsave ""\ndir {data}\n'
                                                f'appendonly {"yes" if change == "appendonly" else "no"}\n')
        server = run.start(program_find('redis-server'), 'redis.conf', name='server')
        wait_until('redis is not ready', lambda: subprocess.run(
            [program_find('redis-cli'), '-p', str(port), 'ping'], capture_output=True).stdout == b'PONG\n')
        script = '\n'.join(f'set key{i} value{i}\nget key{i}\nincr counter\nlpush list item{i}' for i in range(50)) + '\n'
        run.command(program_find('redis-cli'), '-p', port, stdin=script)
        run.command(program_find('redis-cli'), '-p', port, 'shutdown', 'nosave')
        run.status(server)


NGINX = '''{user}worker_processes 2; daemon off; error_log stderr; pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{ access_log {folder}/access.log; sendfile {sendfile}; {temporary}
server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
'''


class Nginx(Program):
    changes = {'sendfile': ('removed', 'sendfile')}

    def prepare(self):
        nginx = program_find('nginx')
        (self.folder / 'www').mkdir(exist_ok=True)
        for i in range(10):
            (self.folder / 'www' / f'page{i}').write_bytes(bytes(i * 7 + k % 251 & 255 for k in range(300 + 1000 * i)))
        about = subprocess.run([nginx, '-V'], capture_output=True, text=True).stderr
        modules = [word[len('--http-'):-len('-temp-path')] for word in (part.split('=')[0] for part in about.split())
                   if word.startswith('--http-') and word.endswith('-temp-path')]
        self.temporary = ' '.join(f'{module.replace("-", "_")}_temp_path {self.folder}/temporary-{module};' for module in modules)

    def work(self, run, change):
        port = port_find()
        shutil.rmtree(self.folder / 'access.log', ignore_errors=True)
        (self.folder / 'nginx.conf').write_text(NGINX.format(
            folder=self.folder, port=port, temporary=self.temporary, sendfile='off' if change == 'sendfile' else 'on',
            user='user nobody nogroup;\n' if os.geteuid() == 0 else ''))
        server = run.start(program_find('nginx'), '-c', self.folder / 'nginx.conf', name='server')
        wait_listening(port)

        def fetch(first):
            for i in range(first, 50, 5):
                urllib.request.urlopen(f'http://127.0.0.1:{port}/page{i % 10}', timeout=30).read()
        clients = [threading.Thread(target=fetch, args=(i,)) for i in range(5)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        run.stop(server, signal.SIGQUIT)


class Http(Program):
    """The http.server of Python, which makes a thread for each request."""

    def prepare(self):
        (self.folder / 'www').mkdir(exist_ok=True)
        for i in range(5):
            (self.folder / 'www' / f'page{i}').write_bytes(bytes(i + k % 200 for k in range(500 + 40000 * i)))

    def work(self, run, change):
        port = port_find()
        server = run.start('/usr/bin/python3', '-u', '-m', 'http.server', port, '--bind', '127.0.0.1', '-d', self.folder / 'www',
                           name='server')
        wait_listening(port)
        for i in range(20):
            urllib.request.urlopen(f'http://127.0.0.1:{port}/page{i % 5}', timeout=30).read()
        wait_until('the last request does not end', lambda: len(os.listdir(f'/proc/{descendants(server.pid)[-1]}/task')) == 1)
        run.stop(server, signal.SIGINT)


class Git(Program):
    """A clone from git daemon: the client and all that it starts."""

    def adapt(self, run):
        run.environment |= {'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'safe.directory',
                            'GIT_CONFIG_VALUE_0': '*', 'TZ': 'UTC'}

    def prepare(self):
        git, work = program_find('git'), self.folder / 'work'
        self.daemon = pathlib.Path(subprocess.check_output([git, '--exec-path'], text=True).strip()) / 'git-daemon'
        if not self.daemon.exists():
            raise Skip('git-daemon is not installed')
        run = self.start_run(None)
        if work.exists():
            return
        identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org']
        run.command(git, 'init', '-q', '-b', 'main', work)
        for number in range(10):
            (work / f'file{number}').write_text('\n'.join(str(i * number) for i in range(500)))
            run.command(git, '-C', work, 'add', '.')
            run.command(git, '-C', work, *identity, 'commit', '-q', '-m', f'number {number}')

    def work(self, run, change):
        port = port_find()
        clone = self.folder / 'clone'
        shutil.rmtree(clone, ignore_errors=True)
        server = subprocess.Popen([self.daemon, f'--base-path={self.folder}', '--export-all', '--listen=127.0.0.1', f'--port={port}',
                                   '--reuseaddr', self.folder], env=run.environment)
        try:
            wait_listening(port)
            run.command(program_find('git'), 'clone', '-q', f'git://127.0.0.1:{port}/work', clone, name='client')
        finally:
            server.terminate()
            server.wait()


class Curl(Program):
    changes = {'http1.0': ('payload', 'send')}

    def prepare(self):
        program_find('curl')
        (self.folder / 'www').mkdir(exist_ok=True)
        (self.folder / 'www' / 'page').write_bytes(b'x' * 5000)

    def work(self, run, change):
        port = port_find()
        server = subprocess.Popen(['/usr/bin/python3', '-m', 'http.server', str(port), '--bind', '127.0.0.1', '-d',
                                   str(self.folder / 'www')], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_listening(port)
            (self.folder / 'curlrc').write_text(f'url = "http://127.0.0.1:{port}/page"\noutput = "{self.folder}/page"\n'
                                                f'{"http1.0" if change else "http1.1"}\nsilent\n')
            run.command(program_find('curl'), '-K', self.folder / 'curlrc', name='client')
        finally:
            server.terminate()
            server.wait()


class Postgres(Program):
    """A fixed script of SQL against a database that is the same each time."""

    def find(self, name):
        return program_find(name, f'/usr/lib/postgresql/*/bin/{name}')

    def prepare(self):
        if os.geteuid() == 0:
            self.user = 'nobody'
        run = self.start_run(None)
        run.command('mkdir', '-p', self.folder / 'data')
        if (self.folder / 'original').exists():
            return
        run.command(self.find('initdb'), '-D', self.folder / 'original', '-A', 'trust', '-U', 'tester', '--no-sync', '--locale=C',
                    '-E', 'UTF8')

    def work(self, run, change):
        port, data = port_find(), self.folder / 'data'
        # the folder stays: its inode is the key of the shared memory
        run.command('/bin/sh', '-c', 'rm -rf data/* && cp -a original/. data/')
        with open(data / 'postgresql.conf', 'a') as settings:
            settings.write(f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\nfsync = off\n"
                           'autovacuum = off\nshared_memory_type = sysv\n')
        server = run.start(self.find('postgres'), '-D', data, name='server')
        # not by asking it, which would be work for it
        wait_until('postgres is not ready', lambda: b'ready to accept connections' in (self.folder / 'server.stderr').read_bytes())
        script = 'create table t (a int primary key, b text);\n' + ''.join(
            f"insert into t values ({i}, 'row {i}');\nselect b from t where a = {i};\n" for i in range(20)) + 'drop table t;\n'
        run.command(self.find('psql'), '-h', '127.0.0.1', '-p', port, '-U', 'tester', '-d', 'postgres', '-At', stdin=script)
        processes = len(descendants(server.pid))
        wait_until('the session does not end', lambda: len(descendants(server.pid)) < processes or not time.sleep(0.5))
        run.stop(server, signal.SIGINT)


PROGRAMS = {'workshop': Workshop, 'competing': Competing, 'redis': Redis, 'nginx': Nginx, 'http.server': Http, 'git': Git,
            'curl': Curl, 'postgres': Postgres}
