#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""git clone from a git daemon of its own, which is not recorded."""
import pathlib
import shutil
import subprocess
import sys

from series import RECORDED, Skip, main, program_find, wait_listening

CHANGES = ['shallow']


def prepare(run):
    git, work = program_find('git'), run.folder / 'work'
    run.series.environment = {'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'safe.directory',
                              'GIT_CONFIG_VALUE_0': '*'}
    run.environment |= run.series.environment
    if work.exists():
        return
    identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.org']
    run.command(git, 'init', '-q', '-b', 'main', work)
    for number in range(5):
        (work / f'file{number}').write_text('\n'.join(str(i * number) for i in range(500)))
        run.command(git, '-C', work, 'add', '.')
        run.command(git, '-C', work, *identity, 'commit', '-q', '-m', f'number {number}')
    run.command(git, '-C', work, 'repack', '-q', '-a', '-d')


def run(run, change):
    git, port = program_find('git'), run.series.port
    daemon = pathlib.Path(subprocess.check_output([git, '--exec-path'], text=True).strip()) / 'git-daemon'
    if not daemon.exists():
        raise Skip('git-daemon is not installed')
    shutil.rmtree(run.folder / 'clone', ignore_errors=True)
    server = run.start(daemon, f'--base-path={run.folder}', '--export-all', '--listen=127.0.0.1', f'--port={port}', '--reuseaddr',
                       run.folder, name='daemon')
    wait_listening(port)
    run.command(git, 'clone', '-q', *(['--depth=1'] if change else []), f'git://127.0.0.1:{port}/work', run.folder / 'clone', name=RECORDED)
    run.stop(server)


if __name__ == '__main__':
    main(sys.modules[__name__])
