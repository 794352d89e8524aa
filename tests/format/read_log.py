#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An independent reader of logs, written from docs/format.md and docs/json.md alone: read_log.py NAME.ipct

Prints every event as one JSON object a line, as `ipctrace print --json` does, but without the keys `object` and `stack`, which
take more than the log's bytes. Damage is named on stderr; the exit status is 0, 4 when something was missing, 2 when it is no log.
This file reads the bytes; values.py knows how they are spelled.
"""
import bisect
import json
import struct
import sys

import lz4.frame
import msgpack

import values

FRAME_MAX = 16 << 20
FORMAT = 2
MASK = (1 << 64) - 1


class Foreign(Exception):
    """Not a log, or not one that this reader can read."""


def signed(word):
    return word - (1 << 64) if word >> 63 else word


# ---- frames ---------------------------------------------------------------------------------------------------------------------

def frame_size(data, offset):
    """Length of the LZ4 frame at `offset`, from its head and the heads of its blocks; None when there is none."""
    if data[offset:offset + 4] != b'\x04\x22\x4d\x18':
        return None
    try:
        info = lz4.frame.get_frame_info(data[offset:offset + 19])
    except RuntimeError:
        return None
    if not 0 < info['content_size'] <= FRAME_MAX:
        return None
    at = offset + 7 + 8
    while at + 4 <= len(data):
        block = struct.unpack_from('<I', data, at)[0]
        at += 4
        if block == 0:
            return at + 4 - offset if at + 4 <= len(data) else None
        at += block & 0x7fffffff
    return None


def frames(data, trouble):
    """The objects of each frame that can be read."""
    offset = 0
    while offset < len(data):
        size = frame_size(data, offset)
        content = None
        if size:
            try:
                content = lz4.frame.decompress(data[offset:offset + size])
            except RuntimeError:
                pass
        if content is not None:
            unpacker = msgpack.Unpacker(raw=True, strict_map_key=False, max_buffer_size=FRAME_MAX)
            unpacker.feed(content)
            yield list(unpacker)
            offset += size
            continue
        following = data.find(b'\x04\x22\x4d\x18', offset + 1)
        while following >= 0 and not frame_size(data, following):
            following = data.find(b'\x04\x22\x4d\x18', following + 1)
        trouble.append(f'bytes {offset} to {following if following >= 0 else len(data)} cannot be read')
        offset = following if following >= 0 else len(data)


# ---- columns --------------------------------------------------------------------------------------------------------------------

def column(coded, count):
    """The words of a column."""
    width, base, planes, exceptions, order = coded[:5]
    unit = coded[5] if len(coded) > 5 else 1
    if len(planes) != count * width:
        raise Foreign('a column has the wrong length')
    words, exceptions, escape = [], iter(exceptions), (1 << 8 * width) - 1
    for i in range(count):
        word = sum(planes[plane * count + i] << 8 * plane for plane in range(width))
        if 1 <= width <= 4 and word == escape:
            words.append(next(exceptions) & MASK)
        else:
            words.append(word * unit + base & MASK)
    if order:
        value = 0
        for i, word in enumerate(words):
            value = value + (-(word >> 1) - 1 if word & 1 else word >> 1) & MASK
            words[i] = value
    return words


def book(coded):
    """Which call's times are coded by it, and what each code, as a text of digits, stands for: the number's top, and how many bits follow."""
    call, least, lengths = coded[:3]
    lengths = [half for byte in lengths for half in (byte & 15, byte >> 4)]
    codes, code, before = {}, 0, 0
    for length, symbol in sorted((length, least + i) for i, length in enumerate(lengths) if length):
        code <<= length - before
        codes[f'{code:0{length}b}'] = symbol
        code, before = code + 1, length
    tops = {text: (symbol, 0) if symbol < 16 else (8 + symbol % 8, symbol // 8 - 1) for text, symbol in (codes or {'': least}).items()}
    return call, tops


def times(coded, count, calls):
    """The words of a column of times of events with these calls."""
    if coded[0] != 9:
        return column(coded, count)
    _, unit, patches, books, data, sizes = coded[:6]
    books, words = dict(book(one) for one in books), []
    starts = [0, sizes[0], sizes[0] + sizes[1], sum(sizes[:3])]
    at, bits = [8 * start for start in starts], f'{int.from_bytes(b"1" + data, "big"):b}'[6:]
    for i in range(count):
        codes, begin = books.get(calls[i], books.get(None)), at[i % 4]
        end = begin
        while bits[begin:end] not in codes:
            if end == len(bits):
                raise Foreign('times end too early')
            end += 1
        top, tail = codes[bits[begin:end]]
        at[i % 4] = end + tail
        words.append((top << tail | int('0' + bits[end:end + tail], 2)) * unit & MASK)
    for place, word in zip(patches[::2], patches[1::2]):
        words[place] = word & MASK
    return words


class Item:
    def __init__(self, coded):
        self.argument, self.form, self.index, self.total, self.hash, self.bytes = coded[:6]


class Event:
    """One call. `args` are words; `result` is signed."""

    def __init__(self, pid, tid, call, outcome, errno, site, args, items):
        self.pid, self.tid, self.call, self.errno, self.site, self.args = pid, tid, call, errno, site, args
        self.outcome, self.borrowed = outcome & 7, bool(outcome & 8)
        self.items = items
        self.number = self.enter = self.duration = self.result = None


def text(raw):
    """UTF-8; what is not, by the numbers of its bytes."""
    if raw is None:
        return ''
    return ''.join(chr(ord(c) - 0xdc00) if 0xdc80 <= ord(c) <= 0xdcff else c for c in raw.decode('utf-8', 'surrogateescape'))


class Control:
    """How the recording was steered, and when: in order with the events."""

    ACTIONS = ('begin', 'stop', 'start', 'select', 'mark')

    def __init__(self, fields):
        self.enter, self.action, self.fields = fields[b'ticks'], text(fields[b'action']), fields

    def json(self, log):
        return {'time': log.clock.time(self.enter), 'control': self.action if self.action in self.ACTIONS else None,
                'suspended': self.fields[b'suspended'], 'calls': text(self.fields[b'selection']),
                'text': text(self.fields[b'text']) if self.action == 'mark' else None}


def events(coded, calls):
    """The events of an "events" object."""
    pid, tid, first, lost, count, shapes = coded[1:7]
    shape, result = column(coded[7], count), column(coded[10], count)
    gap, duration = (times(part, count, [shapes[index][0] for index in shape]) for part in coded[8:10])
    found, of_call, end = [], {}, 0
    for i in range(count):
        number, outcome, errno, site, args, items = shapes[shape[i]][:6]
        event = Event(pid, tid, calls[number], outcome, errno, site, [None if a is None else a & MASK for a in args],
                      None if items is None else [Item(item) for item in items])
        event.enter = end + gap[i] & MASK
        event.duration, event.result, event.number = duration[i], signed(result[i]), first + i
        end = event.enter + duration[i] & MASK
        found.append(event)
        of_call.setdefault(number, []).append(event)
    for number, argument, varying in (part[:3] for part in coded[11]):
        own = of_call[number]
        if argument is None:
            lists, indices = varying[0], column(varying[1], len(own))
            for event, index in zip(own, indices):
                event.items = [Item(item) for item in lists[index]]
        else:
            for event, word in zip(own, column(varying, len(own))):
                event.args[argument] = word
    return found


# ---- the log --------------------------------------------------------------------------------------------------------------------

class Clock:
    """Time from ticks, by straight lines between the anchors."""

    def __init__(self):
        self.anchors = []

    def add(self, anchor):
        if not self.anchors or (anchor[0] > self.anchors[-1][0] and anchor[1] > self.anchors[-1][1]):
            self.anchors.append(anchor)

    def time(self, ticks):
        first, last = self.anchors[0], self.anchors[-1]
        run, rise = (last[0] - first[0], last[1] - first[1]) if len(self.anchors) > 1 else (1, 1)
        if ticks >= last[0]:
            monotonic = last[1] + (ticks - last[0]) * rise // run
        elif ticks < first[0]:
            monotonic = first[1] - (first[0] - ticks) * rise // run
        else:
            at = bisect.bisect_right(self.anchors, ticks, key=lambda anchor: anchor[0]) - 1
            a, b = self.anchors[at], self.anchors[at + 1]
            monotonic = a[1] + (ticks - a[0]) * (b[1] - a[1]) // (b[0] - a[0])
        return monotonic + first[2] - first[1] & MASK


class Log:
    """Everything that a log says."""

    def __init__(self, data):
        self.trouble, self.events, self.clock, self.catalogue, self.end = [], [], Clock(), None, None
        self.next_frame = 0
        for objects in frames(data, self.trouble):
            self.take_frame(objects)
        if self.catalogue is None:
            raise Foreign('not a log, or its first frame is lost')

    def take_frame(self, objects):
        name, number, _, before, after = objects[0][:5]
        if name != b'window':
            raise Foreign('a frame without a window')
        if number != self.next_frame:
            self.trouble.append(f'frame {number} stands where frame {self.next_frame} belongs')
        self.next_frame = number + 1
        self.clock.add(before)
        self.clock.add(after)
        for taken in objects[1:]:
            taker = TAKERS.get(taken[0])
            if taker:
                taker(self, taken)

    def take_head(self, taken):
        head = taken[1]
        if head[b'format'] > FORMAT:
            raise Foreign(f'written in format {head[b"format"]}')
        self.catalogue = values.Catalogue(head[b'catalogue'])

    def take_events(self, taken):
        if self.catalogue is None:
            raise Foreign('the first frame is lost, and with it the catalogue')
        self.events += events(taken, self.catalogue.calls)

    def take_unfinished(self, taken):
        fields = taken[1]
        event = Event(fields[b'pid'], fields[b'tid'], self.catalogue.calls[fields[b'call']], 3, 0, fields[b'site'],
                      [word & MASK for word in fields[b'args']], [Item(item) for item in fields.get(b'items', [])])
        event.args += [0] * (len(event.call.args) - len(event.args))
        event.enter = fields[b'ticks']
        self.events.append(event)

    def take_control(self, taken):
        self.events.append(Control(taken[1]))

    def take_end(self, taken):
        self.end = taken[1]


TAKERS = {b'ipctrace': Log.take_head, b'events': Log.take_events, b'unfinished': Log.take_unfinished, b'control': Log.take_control,
          b'end': Log.take_end}


def main():
    with open(sys.argv[1], 'rb') as file:
        data = file.read()
    try:
        log = Log(data)
    except Foreign as problem:
        print(f'{sys.argv[1]}: {problem}', file=sys.stderr)
        return 2
    for event in sorted(log.events, key=lambda event: event.enter):
        told = event.json(log) if isinstance(event, Control) else values.event_json(log, event)
        print(json.dumps(told, ensure_ascii=False, separators=(',', ':')))
    for line in log.trouble:
        print(f'{sys.argv[1]}: {line}', file=sys.stderr)
    return 4 if log.trouble else 0


if __name__ == '__main__':
    sys.exit(main())
