#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each call of the catalogue has a sample, each sample is of a call, and each is run.

  test_complete.py SAMPLES_LIST SAMPLE...    run by meson with the samples that it tests
"""
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
CALLS = SAMPLES = None


class Complete(unittest.TestCase):
    def test_no_call_is_without_a_sample(self):
        self.assertGreater(len(CALLS), 100)
        self.assertEqual(sorted(CALLS - SAMPLES), [])

    def test_no_sample_is_without_a_call(self):
        self.assertEqual(sorted(SAMPLES - CALLS), [])

    def test_every_sample_is_run(self):
        listed = subprocess.run([sys.executable, HERE / 'list_samples.py'], check=True, text=True, capture_output=True).stdout
        self.assertEqual(set(listed.split()), SAMPLES, 'reconfigure the build: meson setup --reconfigure')


if __name__ == '__main__':
    CALLS, SAMPLES = set(pathlib.Path(sys.argv[1]).read_text().split()), set(sys.argv[2:])
    sys.argv[1:] = []
    unittest.main()
