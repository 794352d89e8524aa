# SPDX-License-Identifier: MIT
"""Runs of one program that are meant to be the same: the same command in the same folder with the same port, recorded each into
a log of its own. A program is a module with prepare(series), run(series, change) and CHANGES, the changes it knows.

  PROGRAM.py IPCTRACE LOG [CHANGE]     records one run; 77 when the program cannot be had here
"""
import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'programs'))
from program import SKIPPED, Run, Skip, descendants, port_find, program_find, wait_listening, wait_until  # noqa: E402,F401

RECORDED = 'recorded'
LISTENING = ' 0A '
# Enough of each message that times in it are seen for what they are.
PAYLOAD_KEPT = '256K'


def wait_bound(port):
    """Until somebody listens on the port; not by connecting, which would be work for the server."""
    wait_until(f'nobody listens on port {port}', lambda: any(
        f':{port:04X} ' in line and LISTENING in line for line in pathlib.Path('/proc/net/tcp').read_text().splitlines()))


class Series:
    def __init__(self, program, ipctrace, folder, *options):
        """`options` are the program's own, as the path of what was built for it."""
        self.program, self.ipctrace, self.options = program, os.path.realpath(ipctrace), options
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o777)
        self.port = self._choose_port()
        self.user, self.environment, self.log = None, {}, None
        self.is_prepared = False

    def _choose_port(self):
        """The same whenever runs are added to the folder: a server's port is part of what it does."""
        kept = self.folder / 'port'
        if not kept.exists():
            kept.write_text(str(port_find()))
        return int(kept.read_text())

    def _wrap(self, argv, name):
        return [self.ipctrace, 'record', '-s', PAYLOAD_KEPT, '-o', str(self.log), '--', *argv] if name == RECORDED else argv

    def record(self, log, change=None):
        """One run into the file `log`. What is not called RECORDED runs untraced."""
        if change and change not in self.program.CHANGES:
            raise ValueError(f'{change}: no such change')
        self.log = self.folder / 'recorded.ipct'
        self.log.unlink(missing_ok=True)
        run = Run(self.folder, self._wrap, user=self.user)
        run.environment |= self.environment
        run.series = self
        try:
            if not self.is_prepared:
                self.program.prepare(run)
                self.user, self.is_prepared = run.user, True
                run.environment |= self.environment
            self.program.run(run, change)
        finally:
            run.end()
        # it may have been written by another user, who may write here only
        return shutil.move(self.log, log)


def main(program, *options):
    if len(sys.argv) not in (3, 4):
        sys.exit(f'usage: {sys.argv[0]} IPCTRACE LOG [{"|".join(program.CHANGES)}]')
    with tempfile.TemporaryDirectory(prefix='ipctrace-series-') as folder:
        try:
            Series(program, sys.argv[1], folder, *options).record(*sys.argv[2:])
        except Skip as reason:
            print(f'skipped: {reason}', file=sys.stderr)
            sys.exit(SKIPPED)
