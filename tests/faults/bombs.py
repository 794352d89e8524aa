# SPDX-License-Identifier: MIT
"""Small logs that claim to be huge: no reader takes more memory or time than what is stated in docs/limits.md."""
import os
import subprocess

import lz4.frame
import msgpack

from trial import Trial, expect

READER_KB = 256 << 10  # docs/limits.md has where it comes from
SECONDS = 40


def frame(content):
    return lz4.frame.compress(content, content_checksum=True, store_size=True)


def frame_of_claimed_size(content, size):
    """The checksum of the head is one byte, found by trying."""
    made = bytearray(frame(content))
    made[6:14] = size.to_bytes(8, 'little')
    for made[14] in range(256):
        try:
            lz4.frame.get_frame_info(bytes(made))
            return bytes(made)
        except RuntimeError:
            pass
    raise AssertionError('no checksum fits')


COLUMN = [0, 0, b'', [], 0]
CODED = [9, 1, [], [[None, 0, b'']], bytes(16), [0, 0, 0]]  # codes without bits


def events(count, arguments, times):
    """An object of `count` events of the first call, in some sixty bytes: all columns are constant."""
    return msgpack.packb(['events', 1, 1, 0, 0, count, [[0, 0, 0, 0, [0] * arguments, []]], COLUMN, times, times, COLUMN, []])


def frames_of(window, bomb):
    return b''.join(frame(msgpack.packb(['window', 1 + i, *msgpack.unpackb(window)[2:]]) + bomb * 24) for i in range(16))


def nested(depth):
    return b'\x91' * depth + b'\xc0'


def bombs(log):
    """By name, what follows a log's first frame."""
    first = lz4.frame.LZ4FrameDecompressor().decompress(log)
    reader = msgpack.Unpacker(raw=False, strict_map_key=False, unicode_errors='replace')
    reader.feed(first)
    window = reader.unpack()
    window[1] = 1
    window = msgpack.packb(window)
    text = {'array': b'\xdd\xff\xff\xff\xff', 'map': b'\xdf\xff\xff\xff\xff', 'text': b'\xdb\xff\xff\xff\xff', 'bytes': b'\xc6\xff\xff\xff\xff'}
    yield 'a terabyte claimed', frame_of_claimed_size(window + bytes(900), 1 << 40)
    yield 'a terabyte claimed, alone', None
    for name, head in text.items():
        yield f'{name} of 4 G', frame(window + head)
        for kind in 'events', 'process', 'stack', 'modules', 'unfinished', 'end', 'log':
            yield f'{kind} with {name} of 4 G', frame(window + b'\x92' + msgpack.packb(kind) + head)
    yield 'events without end', frame(window + b'\x9c' + msgpack.packb('events') + msgpack.packb(1) * 4 + msgpack.packb(0xffffffff) + bytes([0x90] * 7))
    yield 'nested 100,000 deep', frame(window + nested(100000))
    yield 'nested in events', frame(window + b'\x9c' + msgpack.packb('events') + nested(100000))
    yield '16 MiB of zeros', frame(window + bytes((16 << 20) - 200))
    # one of these is the number of arguments that the first call has
    for arguments in range(7):
        bomb = events(65536, arguments, COLUMN)
        yield f'events of {arguments} arguments, 64 K at a time', frame(window + bomb * 100)
        yield f'events of {arguments} arguments, 16 frames', frames_of(window, bomb)
        yield f'events of {arguments} arguments, times coded, 16 frames', frames_of(window, events(65536, arguments, CODED))


def read(trial, command):
    """Runs a reader; its status, and how much memory it took, in KiB."""
    # which has malloc() touch what it gives away, used or not
    environment = {name: value for name, value in os.environ.items() if name != 'MALLOC_PERTURB_'}
    child = subprocess.Popen([trial.ipctrace, *command, trial.log], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    expect(len(said) < 10000, f'{command}: {len(said)} bytes of complaints')
    return child.returncode, usage.ru_maxrss, usage.ru_utime


def bomb_logs(tools, chance, is_long):
    trial = Trial(tools)
    worst = [(0, '')]
    try:
        subprocess.run([trial.ipctrace, 'record', '-q', '-o', trial.log, '--', 'true'], check=True, timeout=30)
        log = trial.log.read_bytes()
        for name, bomb in bombs(log):
            trial.log.write_bytes(log + bomb if bomb else frame_of_claimed_size(bytes(900), 1 << 40))
            for command in ['print'], ['check'], ['info']:
                status, kilobytes, seconds = read(trial, command)
                expect(status in (0, 2, 4), f'{name}: {command[0]} ended with {status}')
                expect(kilobytes < READER_KB and seconds < SECONDS, f'{name}: {command[0]} took {kilobytes} KiB and {seconds:.1f} s')
                worst.append((kilobytes, f'{command[0]}, {name}, {trial.log.stat().st_size} bytes'))
        print(f'  at most {max(worst)[0]} KiB: {max(worst)[1]}')
    finally:
        trial.cleanup()


CASES = {'bombs': bomb_logs}
