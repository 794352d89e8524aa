#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server of tmux with two panes, told by commands of its own what to do; the server, the commands and the panes are recorded."""
import sys

from series import RECORDED, main, program_find

CHANGES = ['other-word']

SCRIPT = '''set -e
run() {{ {tmux} -S {folder}/socket -f /dev/null "$@"; }}
run new-session -d -s here -x 80 -y 24 'cat >{folder}/first'
run split-window -t here 'cat >{folder}/second'
run send-keys -t here:0.0 'hello there' Enter
run send-keys -t here:0.1 '{word}' Enter
run list-panes -t here -F '#{{pane_index}}' 
run kill-server
'''


def prepare(run):
    program_find('tmux')


def run(run, change):
    (run.folder / 'socket').unlink(missing_ok=True)
    run.environment['TERM'] = 'screen'
    script = SCRIPT.format(tmux=program_find('tmux'), folder=run.folder, word='another' if change else 'good bye')
    run.command('/bin/sh', '-c', script, name=RECORDED)

if __name__ == '__main__':
    main(sys.modules[__name__])
