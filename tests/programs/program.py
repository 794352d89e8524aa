# SPDX-License-Identifier: MIT
"""What the tests on real programs share: free ports, own folders, processes that end, and logs that must be whole.

Knows no program and no call; ends only what it started.
"""
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import time

SKIPPED = 77
# Long enough for a loaded machine; meson ends the test before.
PATIENCE = 60


class Skip(Exception):
    """Cannot be tried on this machine; the text says why."""


def program_find(name, *patterns):
    """The path of an installed program, also outside PATH."""
    for pattern in patterns:
        found = sorted(pathlib.Path('/').glob(pattern.lstrip('/')))
        if found:
            return str(found[-1])
    path = shutil.which(name) or shutil.which(name, path='/usr/sbin:/sbin')
    if not path:
        raise Skip(f'{name} is not installed')
    return path


def port_find():
    """Below the range from which the kernel takes the ports of clients: one of them could come first, or meet itself."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
        return port


def wait_until(what, condition):
    """Polls until the condition holds; what it raises in the meantime does not matter."""
    end, trouble = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError as error:
            trouble = error
        time.sleep(0.02)
    raise TimeoutError(f'{what}: {trouble}')


def wait_listening(port):
    def connects():
        socket.create_connection(('127.0.0.1', port), 1).close()
        return True
    wait_until(f'nobody listens on port {port}', connects)


def descendants(pid):
    """A process and all that it started, parents first."""
    found = [pid]
    for parent in found:
        for children in pathlib.Path(f'/proc/{parent}/task').glob('*/children'):
            found += map(int, children.read_text().split())
    return found


def executable_of(pid):
    try:
        return os.readlink(f'/proc/{pid}/exe')
    except OSError:
        return ''


class Run:
    """One run of a program, the same for all ways of running: `wrap` puts what runs it in front of a command."""

    def __init__(self, folder, wrap, source=None, is_watched=False, user=None):
        self.folder, self.wrap, self.source, self.is_watched, self.user = folder, wrap, source, is_watched, user
        self.servers = []
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(('IPCTRACE_', 'LD_'))} | {'LC_ALL': 'C', 'HOME': str(folder)}

    def amount(self, usual, watched):
        """How much to do: the oracle is slow."""
        return watched if self.is_watched else usual

    def _options(self):
        as_user = {} if not self.user else {'user': self.user, 'group': pwd.getpwnam(self.user).pw_gid, 'extra_groups': []}
        return {'cwd': self.folder, 'env': self.environment, **as_user}

    def command(self, *argv, name=None, status=0, stdin=''):
        """Runs to the end; its standard output. With a name it runs wrapped, into a log of that name."""
        argv = [str(word) for word in argv]
        words = self.wrap(argv, name) if name else argv
        done = subprocess.run(words, input=stdin, text=True, capture_output=True, timeout=PATIENCE, **self._options())
        if name:
            self._error_path(name).write_text(done.stderr)
        if done.returncode != status:
            raise AssertionError(f'{" ".join(argv)}: status {done.returncode}, expected {status}: {done.stderr}')
        return done.stdout

    def start(self, *argv, name):
        """Starts a server, wrapped."""
        argv = [str(word) for word in argv]
        with open(self._error_path(name), 'w') as error, open(self.folder / f'{name}.stdout', 'w') as output:
            server = subprocess.Popen(self.wrap(argv, name), stdin=subprocess.DEVNULL, stdout=output, stderr=error,
                                      start_new_session=True, **self._options())
        server.program = os.path.realpath(argv[0])
        self.servers.append(server)
        return server

    def stop(self, server, number=signal.SIGTERM):
        """Ends a server by a signal to itself and not to what runs it; its status, as a shell has it."""
        own = [pid for pid in descendants(server.pid) if executable_of(pid) == server.program]
        if own:
            os.kill(own[0], number)
        return self.status(server)

    def status(self, server):
        status = server.wait(PATIENCE)
        self.servers.remove(server)
        return status if status >= 0 else 128 - status

    def end(self):
        """What a failed test left running."""
        for server in self.servers:
            for pid in reversed(descendants(server.pid)):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            server.wait(PATIENCE)

    def _error_path(self, name):
        return self.folder / f'{name}.stderr'


class Log:
    """A recorded log, looked at through the command."""

    def __init__(self, ipctrace, path):
        self.ipctrace, self.path = ipctrace, path

    def verify(self):
        """Whole, without loss, and nothing left beside it."""
        check = subprocess.run([self.ipctrace, 'check', self.path], text=True, capture_output=True, timeout=PATIENCE)
        assert check.returncode == 0, f'check: status {check.returncode}: {check.stdout}{check.stderr}'
        said = self.path.with_suffix('.stderr').read_text()
        summary = re.search(r'ipctrace: ([\d,]+) events?, .*, ([\d,]+) lost -> ', said)
        assert summary, f'no summary in {said!r}'
        assert summary[2] == '0', said
        assert int(summary[1].replace(',', '')) > 0, said
        assert not self.path.with_name(self.path.name + '.live').exists(), 'the live area was left behind'
        return summary[0]

    def events(self):
        with subprocess.Popen([self.ipctrace, 'print', '-q', '--json', self.path], stdout=subprocess.PIPE, text=True) as shown:
            for line in shown.stdout:
                yield json.loads(line)
        assert shown.returncode == 0, f'print: status {shown.returncode}'
