#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What generate.py makes of golden.calls, and what it says of mistakes.

  test_generate.py GENERATE_PY    run by meson
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
GENERATE = None
HEAD = 'include <sys/types.h>\nfamily io\n'  # mistakes begin at line 3

# What is written from line 3 on, the line that is to be named, and words of the message.
MISTAKES = [
    ('int read(int fd : descriptor)', 3, "'descriptor' is neither a kind nor"),
    ('int read(int fd : fd, void *buf : bytes[return])', 3, "'bytes' is behind a pointer: say in, out or inout"),
    ('int read(int fd : in fd)', 3, "'fd' is no pointer and cannot have a direction"),
    ('int read(int fd : fd, void *buf : out bytes[count])', 3, "the length 'count' of 'buf' is no argument of read()"),
    ('int read(int fd : fd, void *buf : out bytes[return]', 3, 'the parameter list does not end'),
    ('int read(int fd) : int fails sometimes', 3, "cannot read 'fails sometimes' behind read()"),
    ('int read(int fd)\n\nint read(int fd)', 5, 'read() stands already at line 3'),
    ('int __read(int fd)  as read', 3, '__read() is an alias of read(), which is not described'),
    ('int read(int fd)\nint __read(void)  as read', 4, "__read() lacks the argument 'fd' of read()"),
    ('int read(int fd)\nint __read(int fd)  as read\nint ___read(int fd)  as __read', 5, '__read() is an alias itself'),
    ('pid_t wait(int *wstatus : out wait_status)', 3, "'wait_status' needs an enum signal declared above"),
    ('flags empty { }', 3, 'flags empty has no names'),
    ('flags odd { A-B }\nint read(int fd : odd)', 3, "cannot read the name 'A-B'"),
    ('flags twice { O_RDWR }\n\nenum twice { O_RDWR }', 5, "'twice' is declared twice"),
    ('flags unused { O_RDWR }\nint read(int fd)', 3, 'flags unused is used by nothing'),
    ('struct flock { l_type ! }', 3, "cannot read the field 'l_type !'"),
    ('struct ifreq { ifr_name : string }', 3, "how long is the field 'ifr_name'?"),
    ('struct pair { a : in int }', 3, "the field 'a' can only be a number"),
    ('select choice by cmd { else : int, F_GETFL : int }', 3, "'else' must be the last row"),
    ('select choice by cmd other { F_GETFL : int }', 3, "'F_GETFL : int' needs 2 deciding values"),
    ('select choice cmd { else : int }', 3, 'a selection is  select NAME by ARGUMENT [ARGUMENT]'),
    ('select choice by cmd { else : int }\nint read(int fd, int arg : choice)', 4, "which read() does not have"),
    ('select choice by cmd { else : bytes }\nint read(int cmd, void *arg : choice)', 4, "'arg' has no direction"),
    ('select choice by cmd { else : int }\nint a(int cmd, int arg : choice)\nint b(int arg : choice, int cmd)', 5,
     'deciding arguments at other positions'),
    ('select choice by cmd { else : out int }\nint read(int cmd) : choice', 4, 'the result of read() is a number'),
    ('select choice by cmd { else : int }\nint read(int fd) : choice', 4, "decides by 'cmd', which read() does not have"),
    ('int read(int a, int b, int c, int d, int e, int f, int g, int h, int i)', 3, 'records more than 8 arguments'),
    ('int execl(const char *path, ...)', 3, 'execl() takes an endless list: it must be special'),
    ('family weather', 3, "no such family 'weather'"),
    ('\nint read(int fd, \\', 4, 'the statement does not end'),
    ('flags open {\n A\n B\n', 3, 'the statement does not end'),
]


def generate(folder, *arguments):
    return subprocess.run([sys.executable, GENERATE, '--output', folder, *arguments], cwd=HERE, text=True, capture_output=True)


class Generate(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_makes_the_committed_rows(self):
        run = generate(self.folder, 'golden.calls')
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, '', ''))
        tables = (self.folder / 'catalogue_tables.c').read_text()
        rows = tables[tables.index('static const struct name_spec'):]
        self.assertEqual(rows, (HERE / 'golden.rows').read_text())
        self.assertEqual((self.folder / 'calls.md').read_text(), (HERE / 'golden.md').read_text())

    def test_lists_events_once_and_in_order(self):
        generate(self.folder, 'golden.calls')
        names = (self.folder / 'samples.list').read_text().split()
        self.assertEqual(names, ['msgrcv', 'fcntl', 'socketpair', 'open', 'getsockname', 'quick_exit', 'execl', 'mystery'])
        events = (self.folder / 'events.h').read_text()
        self.assertEqual([line.strip(' ,\t') for line in events.splitlines() if line.startswith('\tEVENT_')],
                         [f'EVENT_{name}' for name in names] + ['EVENT_COUNT'])

    def test_wraps_every_name_but_the_special_ones(self):
        generate(self.folder, 'golden.calls')
        wrappers = (self.folder / 'wrappers.c').read_text()
        for name in ['msgrcv', 'fcntl', '__fcntl', 'open', '__open_2', 'quick_exit_at_GLIBC_2_10', 'mystery']:
            self.assertRegex(wrappers, rf'(?m)^EXPORT .*\b{name}\(')
        for name in ['execl', 'quick_exit_at_GLIBC_2_24']:
            self.assertNotRegex(wrappers, rf'(?m)^EXPORT .*\b{name}\(')

    def test_fetches_an_optional_argument_only_when_it_is_given(self):
        generate(self.folder, 'golden.calls')
        wrappers = (self.folder / 'wrappers.c').read_text()
        body = wrappers[wrappers.index('EXPORT int open('):]
        body = body[:body.index('\n}\n')]
        self.assertLess(body.index('mode_t mode = 0;'), body.index('if (flags & O_CREAT)'))
        self.assertLess(body.index('if (flags & O_CREAT)'), body.index('va_arg(_rest, mode_t)'))

    def test_maps_names_of_other_tracers(self):
        seeds = self.folder / 'seeds.list'
        seeds.write_text('# note\n## There\nOLD NAME | msgrcv, open | the same\nGONE | - | was never here\n')
        run = generate(self.folder, '--seeds', str(seeds), 'golden.calls')
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue((self.folder / 'calls.md').read_text().endswith(
            '## There\n\n| there | here | |\n|---|---|---|\n| OLD NAME | `msgrcv`, `open` | the same |\n'
            '| GONE | none | was never here |\n'))
        self.assertIn('\t{"There", "OLD NAME", "msgrcv,open", "the same"},\n\t{"There", "GONE", "", "was never here"},\n',
                      (self.folder / 'foreign_names.c').read_text())

    def test_refuses_a_foreign_name_for_a_call_that_is_not_there(self):
        seeds = self.folder / 'seeds.list'
        seeds.write_text('## There\n\nOLD | msgsend | the same\n')
        run = generate(self.folder, '--seeds', str(seeds), 'golden.calls')
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, f"{seeds}:3: error: 'msgsend' is no call of the catalogue\n")
        self.assertEqual([p.name for p in self.folder.iterdir()], ['seeds.list'])

    def test_names_the_line_of_a_mistake_and_writes_nothing(self):
        for number, (text, line, words) in enumerate(MISTAKES):
            with self.subTest(text=text), tempfile.TemporaryDirectory() as folder:
                calls = self.folder / f'bad{number}.calls'
                calls.write_text(HEAD + text + '\n')
                run = generate(folder, str(calls))
                self.assertEqual(run.returncode, 1)
                self.assertTrue(run.stderr.startswith(f'{calls}:{line}: error: '), run.stderr)
                self.assertIn(words, run.stderr)
                self.assertEqual(run.stderr.count('\n'), 1)
                self.assertEqual(list(pathlib.Path(folder).iterdir()), [])

    def test_refuses_a_call_before_any_family(self):
        calls = self.folder / 'bad.calls'
        calls.write_text('int read(int fd)\n')
        run = generate(self.folder, str(calls))
        self.assertEqual((run.returncode, run.stderr), (1, f'{calls}:1: error: a call before any family\n'))

    def test_says_which_file_is_missing(self):
        run = generate(self.folder, 'absent.calls')
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, 'absent.calls: error: No such file or directory\n')


if __name__ == '__main__':
    GENERATE = sys.argv.pop(1)
    unittest.main()
