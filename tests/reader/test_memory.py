#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Readers take no more memory for a log of many frames than for one of few. Arguments: the command, write_frames."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

IPCTRACE, WRITE_FRAMES = (os.path.abspath(path) for path in (sys.argv.pop(1), sys.argv.pop(1)))
FEW, MANY = 25000, 150000
# What is kept of the first 65,536 frames, and what the allocator makes of it. 140 bytes a frame would be 17 MiB.
GROWTH_KB = 8 << 10
READERS = ['print', '-T'], ['report'], ['report', '--by=call'], ['info'], ['check'], ['export', '--format=chrome', '-o', '-']

# A process's peak begins with what its parent had when it was forked: this one is small.
MEASURE = '''
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=sys.stderr)
'''


def peak(command):
    """In KiB, of a command that must succeed."""
    environment = {name: value for name, value in os.environ.items() if name != 'MALLOC_PERTURB_'}
    done = subprocess.run([sys.executable, '-S', '-c', MEASURE, IPCTRACE, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, timeout=100, env=environment, check=True)
    status, kilobytes = map(int, done.stderr.split()[-2:])
    assert status == 0, done.stderr
    return kilobytes


class Memory(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, frames, *words):
        path = pathlib.Path(self.folder.name) / f'{frames}.ipct'
        subprocess.run([WRITE_FRAMES, path, str(frames), *words], check=True, timeout=100)
        return path

    def test_does_not_grow_with_the_number_of_frames(self):
        few, many = (self.write(frames, 'late') for frames in (FEW, MANY))
        for reader in READERS:
            with self.subTest(' '.join(reader)):
                before, after = peak([*reader, few]), peak([*reader, many])
                self.assertLess(after, before + GROWTH_KB, f'KiB of {MANY} frames; of {FEW} frames {before}')

    def test_all_calls_are_there_and_in_order(self):
        path = self.write(70000, 'many', 'waits', 'late')
        printed = subprocess.run([IPCTRACE, 'print', '-ttt', path], stdout=subprocess.PIPE, timeout=100, check=True).stdout
        times = [line.split(b'] ')[1].split(b' ')[0] for line in printed.splitlines()]
        self.assertEqual(len(times), 70000 * 2 + 70000 * 49 // 16 + 70000 + 1)
        self.assertEqual(times, sorted(times))


if __name__ == '__main__':
    unittest.main()
