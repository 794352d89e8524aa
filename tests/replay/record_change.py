# SPDX-License-Identifier: MIT
"""Changes bytes inside the frames of a log, so that it stays a log."""
import lz4.frame


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
