# SPDX-License-Identifier: MIT
"""Changes bytes inside the frames of a log, so that it stays a log."""
import lz4.frame


def frames_of(source):
    data, at = source.read_bytes(), 0
    while at < len(data):
        content, size = lz4.frame.decompress(data[at:], return_bytes_read=True)
        yield content
        at += size


def spoil(source, target, chance):
    """Some bytes of the inside of frames are others, or gone; the frames themselves are whole."""
    frames = [bytearray(frame) for frame in frames_of(source)]
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        frame = chance.choice(frames)
        place, how = chance.randrange(len(frame)), chance.random()
        if how < 0.6:
            frame[place] = chance.choice([0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)])
        elif how < 0.8:
            frame[place:place + chance.randrange(1, 9)] = chance.randbytes(chance.randrange(1, 9))
        else:
            del frame[place:place + chance.randrange(1, 5)]
    target.write_bytes(b''.join(lz4.frame.compress(bytes(frame), content_checksum=True, store_size=True) for frame in frames))


def replace(source, target, old, new):
    """Every `old`, wherever it stands, becomes `new`, which is as long."""
    assert len(old) == len(new)
    data, at, done = source.read_bytes(), 0, False
    with open(target, 'wb') as out:
        while at < len(data):
            content, size = lz4.frame.decompress(data[at:], return_bytes_read=True)
            done |= old in content
            out.write(lz4.frame.compress(content.replace(old, new), content_checksum=True, store_size=True))
            at += size
    assert done, f'{old} is not in {source}'
