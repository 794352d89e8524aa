#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what the preload library exports with the catalogue, with not-traced.list and with what libc has.

  test_symbols.py LIBRARY CATALOGUE_DIRECTORY [LIBC]    run by meson
"""
import collections
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = CATALOGUE = None
LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6'
Symbol = collections.namedtuple('Symbol', 'name version is_default address')


def symbols_of(path):
    """Functions that a library defines, versions included."""
    listing = subprocess.run(['nm', '-D', '--defined-only', '--with-symbol-versions', path], text=True, check=True,
                             capture_output=True).stdout
    found = []
    for line in listing.splitlines():
        address, sort, name = line.split()
        if sort not in 'TtWwiI':
            continue
        name, _, version = name.partition('@')
        found.append(Symbol(name, version.lstrip('@') or None, version.startswith('@') or not version, address))
    return found


def described():
    """(name, version) of each row of the .calls files, read by the notation's own reader."""
    sys.path.insert(0, str(CATALOGUE))
    import notation
    catalogue = notation.Catalogue()
    build = (CATALOGUE / 'meson.build').read_text()
    for name in re.findall(r"'([\w-]+\.calls)'", build):
        notation.read_file(catalogue, CATALOGUE / name)
    return {(c.name, c.version) for c in catalogue.calls}, {(c.name, c.version) for c in catalogue.calls if c.is_default}


def not_traced():
    rows = {}
    for line in (CATALOGUE / 'not-traced.list').read_text().splitlines():
        if line and not line.startswith('#'):
            name, _, reason = line.partition(' ')
            rows[name] = reason.strip()
    return rows


def family_names():
    text = re.sub(r'(?m)^#.*$', '', (HERE / 'families.list').read_text())
    return set(text.split())


def twins_of(name):
    """The names under which libc may have the same call once more."""
    large = re.sub(r'(v2)?$', r'64\1', name)
    return {f'__{name}', f'_{name}', f'__{name}_chk', f'__{name}_2', f'{name}64', f'__{name}64', f'__{name}64_chk', f'__{name}64_2', large,
            f'{name}_nocancel', f'__{name}_nocancel', f'__libc_{name}', f'__libc_{name}64'}


# Exported, but not to be recorded: preload/stack.c, preload/sanitizer.c, preload/shell.c and preload/deepbind.c say why.
HOOKS = {'__libc_start_main', '__asan_default_options', 'system', 'popen', 'dlopen'}


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows, cls.defaults = described()
        cls.described = {name for name, _ in cls.rows}
        cls.left_out = not_traced()
        cls.libc = symbols_of(LIBC)
        cls.exported = symbols_of(LIBRARY)

    def test_every_name_of_the_families_is_traced_or_explained(self):
        self.assertGreater(len(family_names()), 300)
        self.assertEqual(sorted(family_names() - self.described - set(self.left_out)), [])

    def test_every_twin_that_libc_has_is_traced_or_explained(self):
        have = {symbol.name for symbol in self.libc}
        twins = set().union(*(twins_of(name) for name in self.described)) & have
        self.assertGreater(len(twins), 40)
        self.assertEqual(sorted(twins - self.described - set(self.left_out)), [])

    def test_every_name_of_the_same_code_is_traced_or_explained(self):
        addresses = {symbol.address for symbol in self.libc if symbol.name in self.described}
        same = {symbol.name for symbol in self.libc if symbol.address in addresses}
        self.assertEqual(sorted(same - self.described - set(self.left_out)), [])

    def test_every_row_is_exported(self):
        exported = {symbol.name for symbol in self.exported}
        self.assertEqual(sorted(self.described - exported), [])

    def test_nothing_is_exported_that_no_row_describes(self):
        exported = {symbol.name for symbol in self.exported}
        self.assertEqual(sorted(exported - self.described - HOOKS), [])

    def test_versions_are_those_of_the_rows(self):
        exported = {(symbol.name, symbol.version) for symbol in self.exported}
        exported = {symbol for symbol in exported if symbol[0] not in HOOKS}
        self.assertEqual(sorted(map(str, exported ^ self.rows)), [])
        defaults = {(symbol.name, symbol.version) for symbol in self.exported if symbol.version and symbol.is_default}
        self.assertEqual(defaults, self.defaults)

    def test_versions_with_code_of_their_own_have_rows_of_their_own(self):
        versions = collections.defaultdict(dict)
        for symbol in self.libc:
            if symbol.name in self.described:
                versions[symbol.name][symbol.version] = symbol.address
        for name, addresses in versions.items():
            if len(set(addresses.values())) > 1:
                self.assertEqual({v for n, v in self.rows if n == name}, set(addresses), name)

    def test_every_row_is_a_function_of_libc(self):
        have = {symbol.name for symbol in self.libc}
        self.assertEqual(sorted(self.described - have), [])

    def test_nothing_is_both_traced_and_left_out(self):
        self.assertEqual(sorted(self.described & set(self.left_out)), [])

    def test_every_omission_has_a_reason_and_a_symbol(self):
        have = {symbol.name for symbol in self.libc}
        self.assertEqual(sorted(set(self.left_out) - have), [])
        for name, reason in self.left_out.items():
            alike = reason[3:] if reason.startswith('as ') else None
            self.assertTrue(alike in self.left_out if alike else len(reason) > 10, f'{name}: {reason}')


if __name__ == '__main__':
    LIBRARY, CATALOGUE = sys.argv[1], pathlib.Path(sys.argv[2])
    LIBC = sys.argv[3] if len(sys.argv) > 3 else LIBC
    sys.argv[1:] = []
    unittest.main()
