#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Disturb recordings of a loaded program, and count: what a program had committed must be in the trace.

  run_faults.py IPCTRACE PROGRAMS [--long] [--seed=N] CASE...     PROGRAMS: the folder with the built subjects
"""
import pathlib
import random
import sys

import bombs
import endings
import kills
import scale
import security
import stopped
from trial import SKIP, Wrong

CASES = {**kills.CASES, **endings.CASES, **stopped.CASES, **scale.CASES, **security.CASES, **bombs.CASES}


def main():
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    is_long = '--long' in sys.argv
    seed = next((int(word[7:]) for word in sys.argv if word.startswith('--seed=')), 1)
    tools, names = (str(pathlib.Path(words[0]).resolve()), pathlib.Path(words[1]).resolve()), words[2:]
    results = []
    for name in names or CASES:
        print(f'{name}:', flush=True)
        try:
            results.append(CASES[name](tools, random.Random(seed), is_long) or 0)
        except Wrong as wrong:
            print(f'  WRONG (seed {seed}): {wrong}')
            results.append(1)
    return 1 if 1 in results else SKIP if results and set(results) == {SKIP} else 0


if __name__ == '__main__':
    sys.exit(main())
