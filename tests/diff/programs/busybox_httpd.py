#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""busybox httpd, a process a connection."""
import sys

import small_httpd
from series import main

CHANGES = small_httpd.CHANGES


def prepare(run):
    small_httpd.prepare(run, 'busybox')


def run(run, change):
    small_httpd.run(run, change, 'busybox', 'httpd', '-f', '-p', f'127.0.0.1:{run.series.port}', '-h', run.folder / 'www')

if __name__ == '__main__':
    main(sys.modules[__name__])
