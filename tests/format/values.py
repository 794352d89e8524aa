# SPDX-License-Identifier: MIT
"""Values of events as docs/json.md spells them, with the log's catalogue (docs/format.md). Reads no files."""
import errno as errors
import ipaddress
import struct

SCALARS = {'int', 'uint', 'size', 'offset', 'hex', 'address', 'fd', 'pid', 'tid', 'uid', 'gid', 'mode', 'key', 'msqid', 'semid', 'shmid',
           'mqd', 'sem', 'port', 'clock_ticks', 'wait_status', 'in_addr', 'flags', 'enum'}
FORMS = ['payload', 'raw', 'before', 'string', 'strings', 'address', 'vector', 'control', 'flags', 'length', 'type', 'local', 'peer', 'stack',
         'pid', 'ordinal', 'module', 'open-fd', 'value', 'unread']
OUTCOMES = ['returned', 'cancelled', 'jumped', 'unfinished', 'departed']
FAMILIES = {0: 'AF_UNSPEC', 1: 'AF_UNIX', 2: 'AF_INET', 3: 'AF_AX25', 4: 'AF_IPX', 9: 'AF_X25', 10: 'AF_INET6', 16: 'AF_NETLINK',
            17: 'AF_PACKET', 21: 'AF_RDS', 24: 'AF_PPPOX', 26: 'AF_LLC', 29: 'AF_CAN', 30: 'AF_TIPC', 31: 'AF_BLUETOOTH',
            33: 'AF_RXRPC', 35: 'AF_PHONET', 36: 'AF_IEEE802154', 38: 'AF_ALG', 39: 'AF_NFC', 40: 'AF_VSOCK', 41: 'AF_KCM',
            42: 'AF_QIPCRTR', 43: 'AF_SMC', 44: 'AF_XDP'}
LEVELS = {0: 'SOL_IP', 1: 'SOL_SOCKET', 6: 'SOL_TCP', 17: 'SOL_UDP', 41: 'SOL_IPV6', 132: 'SOL_SCTP', 255: 'SOL_RAW', 270: 'SOL_NETLINK',
          279: 'SOL_ALG'}
# level and type: name, width of the numbers (0: bytes), their names
CONTROLS = {(1, 1): ('SCM_RIGHTS', 4, None), (1, 2): ('SCM_CREDENTIALS', 4, ['pid', 'uid', 'gid']), (1, 3): ('SCM_SECURITY', 0, None),
            (1, 29): ('SCM_TIMESTAMP', 8, ['tv_sec', 'tv_usec']), (1, 35): ('SCM_TIMESTAMPNS', 8, ['tv_sec', 'tv_nsec']),
            (1, 37): ('SCM_TIMESTAMPING', 8, None), (0, 2): ('IP_TTL', 4, None), (0, 1): ('IP_TOS', 0, None),
            (0, 8): ('IP_PKTINFO', 0, None), (0, 11): ('IP_RECVERR', 0, None), (41, 50): ('IPV6_PKTINFO', 0, None),
            (41, 25): ('IPV6_RECVERR', 0, None), (41, 52): ('IPV6_HOPLIMIT', 4, None), (41, 67): ('IPV6_TCLASS', 4, None),
            (17, 103): ('UDP_SEGMENT', 0, None), (17, 104): ('UDP_GRO', 4, None)}
MASK = (1 << 64) - 1
MESSAGES_MAX = 1024
DEPTH_MAX = 4


def text(raw):
    return None if raw is None else raw.decode()


class Value:
    """What a word is, and what it points to."""

    def __init__(self, coded):
        kind, direction, self.width, self.signed, length, self.length_value, _, self.optional, self.table = coded[:9]
        self.kind, self.direction, self.length = text(kind), text(direction), text(length)

    def copy(self):
        copied = Value.__new__(Value)
        copied.__dict__.update(self.__dict__)
        return copied


class Call:
    def __init__(self, coded):
        self.name, self.failure = text(coded[0]), text(coded[6])
        self.result = Value(coded[9])
        self.args = [(text(argument[0]), Value(argument[1])) for argument in coded[10]]

    def failed(self, result):
        return {'-1': result == -1, 'null': result == 0, 'errno': result != 0, 'status': result != 0, 'never': False}[self.failure]


class Catalogue:
    def __init__(self, coded):
        self.flags = [[(text(row[0]), row[1], row[2]) for row in names[1]] for names in coded[b'flags']]
        self.enums = [[(text(row[0]), row[1]) for row in names[1]] for names in coded[b'enums']]
        self.structs = [(layout[1], [(text(field[0]), field[1], Value(field[2])) for field in layout[2]]) for layout in coded[b'structs']]
        self.selections = [(selection[1], selection[3], [(row[0], Value(row[2])) for row in selection[4]])
                           for selection in coded[b'selections']]
        self.calls = [Call(call) for call in coded[b'calls']]

    def resolve(self, value, args):
        """What a value of kind select is, given the other arguments."""
        if value.kind != 'select':
            return value
        by, otherwise, rows = self.selections[value.table]
        deciding = [args[argument] & 0xffffffff for argument in by]
        for at, (numbers, chosen) in enumerate(rows):
            is_last = otherwise and at == len(rows) - 1
            if not is_last and [number & 0xffffffff for number in numbers] != deciding:
                continue
            if chosen.direction != 'none' or value.direction == 'none':
                return chosen
            chosen = chosen.copy()
            chosen.direction = value.direction
            if chosen.kind in ('bytes', 'string'):
                chosen.length, chosen.length_value = value.length, value.length_value
            return chosen
        plain = value.copy()
        plain.kind, plain.direction = 'hex' if value.direction == 'none' else 'address', 'none'
        return plain

    def size(self, value):
        """Bytes of one element, 0 when that is not known."""
        if value.kind in ('bytes', 'string', 'sockaddr'):
            return 1
        if value.kind == 'struct':
            return self.structs[value.table][0]
        return (value.width or 8) if value.kind in SCALARS else 0


def latin(raw):
    return raw.decode('latin-1')


def cut_or_whole(elements, total):
    return elements if len(elements) >= total else {'total': total, 'first': elements}


# ---- scalars ---------------------------------------------------------------------------------------------------------------------

def word_of(value, word):
    width = (value.width or 8) * 8
    word &= (1 << width) - 1
    return word - (1 << width) if value.signed and word >> width - 1 else word


def load(value, raw):
    """A word from memory, of as many bytes as there are."""
    width = min(value.width or 8, len(raw), 8)
    word = int.from_bytes(raw[:width], 'little')
    return word - (1 << 8 * width) if value.signed and width and word >> 8 * width - 1 else word


def hexadecimal(word):
    return hex(word & MASK)


def pointer(word):
    return hexadecimal(word) if word else None


def flags_json(rows, word, width):
    word &= MASK
    octal = 0
    for name, _, mask in rows:
        if name.startswith('0'):
            octal |= mask
    octal &= word
    left, found = word & ~octal, []
    for name, number, mask in rows:
        if name.startswith('0'):
            continue
        if number:
            matches = left & number == number and word & mask == number
        else:
            matches = word & mask == 0 and (mask or not word)
        if matches:
            found.append(name)
            left &= ~mask
    if octal:
        found.append('0%o' % octal)
    if left:
        found.append(hex(left & (1 << 8 * width) - 1))
    return found


def wait_status(signals, status):
    def signal(number):
        return next((name for name, value in signals if value == number), number)
    low, high = status & 0xffff, status & 0xffff0000
    if low == 0xffff:
        found, rest = {'continued': True}, high
    elif low & 0xff == 0x7f:
        found, rest = {'stopped': signal(low >> 8)}, high
    elif low & 0x7f == 0:
        found, rest = {'exited': low >> 8}, high | low & 0x80
    elif low & 0x7f != 0x7f:
        found, rest = {'signal': signal(low & 0x7f)}, status & ~0xff
        if low & 0x80:
            found['core'] = True
    else:
        return hex(status)
    return {**found, 'rest': hex(rest)} if rest else found


def scalar(catalogue, value, word):
    if value.kind == 'hex':
        return hex(word & (1 << 8 * (value.width or 8)) - 1)
    if value.kind in ('address', 'sem'):
        return pointer(word)
    if value.kind == 'wait_status':
        return wait_status(catalogue.enums[value.table], word & 0xffffffff)
    if value.kind == 'in_addr':
        return str(ipaddress.IPv4Address((word & 0xffffffff).to_bytes(4, 'little')))
    if value.kind == 'port':
        return (word & 0xff) << 8 | word >> 8 & 0xff
    if value.kind == 'flags':
        return flags_json(catalogue.flags[value.table] if value.table is not None else [], word, value.width or 8)
    if value.kind == 'enum':
        mask = (1 << 8 * (value.width or 8)) - 1
        return next((name for name, number in catalogue.enums[value.table] if not (number ^ word) & mask), word)
    return word


# ---- behind pointers -------------------------------------------------------------------------------------------------------------

def address(raw):
    if len(raw) < 2:
        return {'data': latin(raw)}
    family = struct.unpack_from('<H', raw)[0]
    found = {'family': FAMILIES.get(family, family)}
    if family == 2 and len(raw) >= 8:
        found['address'] = str(ipaddress.IPv4Address(raw[4:8]))
        found['port'] = struct.unpack_from('>H', raw, 2)[0]
    elif family == 10 and len(raw) >= 24:
        found['address'] = ipv6(raw[8:24])
        found['port'], found['flow'] = struct.unpack_from('>HI', raw, 2)
        found['scope'] = int.from_bytes(raw[24:28], 'little')
    elif family == 1 and len(raw) > 2:
        if raw[2]:
            found['path'] = latin(raw[2:].split(b'\0')[0])
        else:
            found['abstract'] = latin(raw[3:])
    elif family == 16 and len(raw) >= 12:
        found['pid'], found['groups'] = struct.unpack_from('<II', raw, 4)
    elif len(raw) > 2 or family in (2, 10, 16):
        found['data'] = latin(raw[2:])
    return found


def ipv6(raw):
    """As inet_ntop() writes it: the last 32 bits dotted when the address is an IPv4 one in disguise."""
    dotted = str(ipaddress.IPv4Address(raw[12:]))
    if raw[:12] == bytes(10) + b'\xff\xff':
        return '::ffff:' + dotted
    if raw[:12] == bytes(12) and raw[12:14] != b'\0\0':
        return '::' + dotted
    return str(ipaddress.IPv6Address(raw))


def payload(item):
    return None if item is None else {'length': item.total, 'hash': '%08x' % item.hash, 'bytes': latin(item.bytes)}


def lengths(item):
    return cut_or_whole([number for number, in struct.iter_unpack('<Q', item.bytes[:len(item.bytes) // 8 * 8])], item.total)


def control_data(raw, level, kind):
    _, width, names = CONTROLS.get((level, kind), (None, 0, None))
    if not width:
        return latin(raw)
    numbers = [int.from_bytes(raw[at:at + width], 'little', signed=True) for at in range(0, len(raw) // width * width, width)]
    return dict(zip(names, numbers)) if names else numbers


def control(raw):
    found, at = [], 0
    while len(raw) - at >= 16:
        length, level, kind = struct.unpack_from('<Qii', raw, at)
        if length < 16:
            break
        found.append({'length': length, 'level': LEVELS.get(level, level), 'type': CONTROLS.get((level, kind), (kind,))[0],
                      'data': control_data(raw[at + 16:at + length], level, kind)})
        at += length + 7 & ~7
    return found


class Printer:
    """The values of one event."""

    def __init__(self, catalogue, event):
        self.catalogue, self.event = catalogue, event

    def item(self, argument, form, index=0):
        number = FORMS.index(form)
        return next((item for item in self.event.items
                     if item.argument == argument and item.form == number and item.index == index), None)

    def arg(self, at, value):
        word = self.event.args[at]
        if value.direction == 'none' and value.kind in SCALARS:
            return scalar(self.catalogue, value, word_of(value, word))
        found = getattr(self, 'behind_' + value.kind, self.behind_raw)(at, value)
        return pointer(word) if found is NOTHING else found

    def behind_bytes(self, at, value):
        item = self.item(at, 'payload')
        return NOTHING if item is None else payload(item)

    def behind_string(self, at, value):
        item = self.item(at, 'string')
        if item is None:
            return NOTHING
        return latin(item.bytes) if len(item.bytes) >= item.total else {'total': item.total, 'first': latin(item.bytes)}

    def behind_strings(self, at, value):
        item = self.item(at, 'strings')
        if item is None:
            return NOTHING
        strings = item.bytes.split(b'\0')
        if not strings[-1]:
            strings.pop()
        return cut_or_whole([latin(string) for string in strings], item.total)

    def behind_sockaddr(self, at, value):
        item = self.item(at, 'address')
        return NOTHING if item is None else address(item.bytes)

    def behind_iovec(self, at, value):
        item = self.item(at, 'vector')
        return NOTHING if item is None else {'iov': lengths(item), 'data': payload(self.item(at, 'payload'))}

    def behind_msgbuf(self, at, value):
        item, data = self.item(at, 'type'), self.item(at, 'payload')
        if item is None:
            return NOTHING
        return {'type': int.from_bytes(item.bytes[:8], 'little', signed=True), 'data': payload(data)}

    def message(self, at, index):
        name, vector, data, controls, flags = (self.item(at, form, index)
                                               for form in ('address', 'vector', 'payload', 'control', 'flags'))
        if name is None and vector is None and controls is None and flags is None:
            return None
        return {'name': None if name is None else address(name.bytes), 'iov': None if vector is None else lengths(vector),
                'data': payload(data), 'control': None if controls is None else control(controls.bytes),
                'flags': None if flags is None else self.message_flags(flags.bytes)}

    def message_flags(self, raw):
        tables = [value.table for _, value in self.event.call.args if value.kind == 'flags']
        return flags_json(self.catalogue.flags[tables[-1]] if tables else [], int.from_bytes(raw[:4], 'little'), 4)

    def behind_msghdr(self, at, value):
        message = self.message(at, 0)
        return NOTHING if message is None else message

    def behind_mmsghdr(self, at, value):
        found = []
        for index in range(MESSAGES_MAX):
            item = self.item(at, 'length', index)
            if item is None:
                break
            found.append({'length': int.from_bytes(item.bytes[:4], 'little'), **(self.message(at, index) or {})})
        return found or NOTHING

    def change(self, at, shown):
        """Before and after, when both are there and differ."""
        before, after = self.item(at, 'before'), self.item(at, 'raw')
        if before is not None and after is not None and before.bytes != after.bytes:
            return {'before': shown(before), 'after': shown(after)}
        item = after if after is not None else before
        return NOTHING if item is None else shown(item)

    def behind_fdset(self, at, value):
        return self.change(at, lambda item: [bit for bit in range(8 * len(item.bytes)) if item.bytes[bit // 8] >> bit % 8 & 1])

    def behind_raw(self, at, value):
        return self.change(at, lambda item: self.raw_item(value, item))

    def raw_item(self, value, item):
        size = self.catalogue.size(value)
        if size and item.bytes and (value.length == 'none' or len(item.bytes) < size):
            return self.element(value, item.bytes, 0)
        return self.array(value, item.bytes, item.total, 0)

    def array(self, value, raw, total, depth):
        size = self.catalogue.size(value)
        if not size:
            return latin(raw) if raw else []
        elements = [self.element(value, raw[at:at + size], depth) for at in range(0, len(raw) // size * size, size)]
        return cut_or_whole(elements, total // size)

    def element(self, value, raw, depth):
        if value.kind == 'struct':
            return latin(raw) if depth >= DEPTH_MAX else self.structure(value.table, raw, depth + 1)
        if value.kind not in SCALARS:
            return latin(raw)
        return scalar(self.catalogue, value, load(value, raw))

    def structure(self, table, raw, depth):
        return {name: self.field(value, raw[offset:], depth) for name, offset, value in self.catalogue.structs[table][1] if offset < len(raw)}

    def field(self, value, raw, depth):
        count = value.length_value if value.length == 'fixed' else 1
        wanted = raw[:self.catalogue.size(value) * count]
        if value.direction != 'none':
            return pointer(int.from_bytes(raw[:8], 'little'))
        if value.kind == 'string':
            return latin(wanted.split(b'\0')[0])
        if value.kind == 'sockaddr':
            return address(wanted)
        if value.kind == 'bytes':
            return latin(wanted)
        if value.length == 'fixed':
            return self.array(value, wanted, len(wanted), depth)
        return self.element(value, wanted, depth)


NOTHING = object()


# ---- the event -------------------------------------------------------------------------------------------------------------------

def result_json(printer, event):
    value, failed = event.call.result, event.result is not None and event.call.failed(event.result)
    if event.outcome != 0 or value.kind == 'unrecorded' or (failed and event.call.failure == 'null'):
        return None
    if failed and event.call.failure == '-1':
        return -1
    return scalar(printer.catalogue, value, word_of(value, event.result))


def extras(event):
    found = {}
    if event.outcome:
        found['outcome'] = OUTCOMES[event.outcome] if event.outcome < len(OUTCOMES) else 'unknown'
    for item in event.items:
        form = FORMS[item.form] if item.form < len(FORMS) else None
        if form in ('local', 'peer'):
            found[form] = address(item.bytes)
        elif form == 'value':
            found['values'] = [number for number, in struct.iter_unpack('<i', item.bytes[:len(item.bytes) // 4 * 4])]
        elif form == 'ordinal' and len(item.bytes) == 8:
            found['ordinal'] = int.from_bytes(item.bytes, 'little')
        elif form == 'unread' and len(item.bytes) == 4:
            found['unread'] = errors.errorcode.get(int.from_bytes(item.bytes, 'little'), int.from_bytes(item.bytes, 'little'))
    return found


def caller(event):
    if event.borrowed:
        for item in event.items:
            if item.form == FORMS.index('pid') and len(item.bytes) >= 8:
                return struct.unpack_from('<II', item.bytes)
    return event.pid, event.tid


def event_json(log, event):
    printer = Printer(log.catalogue, event)
    args = {}
    for at, (name, value) in enumerate(event.call.args):
        value = log.catalogue.resolve(value, event.args)
        if value.kind != 'unrecorded' and not (value.optional and not event.args[at]):
            args[name] = printer.arg(at, value)
    begin, (pid, tid) = log.clock.time(event.enter), caller(event)
    return {'time': begin, 'pid': pid, 'tid': tid, 'call': event.call.name, 'args': args, 'result': result_json(printer, event),
            'errno': errors.errorcode.get(event.errno, event.errno) if event.errno and event.call.failure != 'status' else None,
            'duration': None if event.outcome == 3 else log.clock.time(event.enter + event.duration & MASK) - begin & MASK, **extras(event)}
