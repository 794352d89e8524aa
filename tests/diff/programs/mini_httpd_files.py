#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mini_httpd, a process a connection."""
import sys

import small_httpd
from series import main

CHANGES = small_httpd.CHANGES


def prepare(run):
    small_httpd.prepare(run, 'mini_httpd')


def run(run, change):
    small_httpd.run(run, change, 'mini_httpd', '-D', '-h', '127.0.0.1', '-p', run.series.port, '-d', run.folder / 'www', '-u', 'nobody')

if __name__ == '__main__':
    main(sys.modules[__name__])
