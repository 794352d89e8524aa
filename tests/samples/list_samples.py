#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The names of the sample programs beside this file, one a line."""
import pathlib

for path in sorted(pathlib.Path(__file__).resolve().parent.glob('*.c')):
    print(path.stem)
