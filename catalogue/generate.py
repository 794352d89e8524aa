#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Turn the annotated prototypes of *.calls into tables, wrappers, exports, the call reference and the sample list.

A .calls file reads like the SYNOPSIS of a man page. Behind a colon stands what C does not say:

  include <sys/msg.h>                        the header that declares what follows; the compiler checks each line against it
  family sysv                                `-e %sysv` selects the calls below
  flags msg_flags { IPC_NOWAIT MSG_NOERROR } bit names; NAME/MASK is one value of a field, the field being MASK
  enum msg_cmd { IPC_RMID IPC_SET }          names of single values; NAME=VALUE where no header has the name
  struct sembuf { sem_num, sem_op, sem_flg : sem_flags }
                                             fields to record; `struct name = C TYPE { .. }` where C spells it differently, and
                                             `name = path.to.field` where the field has a better name
  select fcntl_arg by cmd { F_SETFL : open_flags, F_GETLK : inout flock, else : hex }
                                             a value whose kind other arguments decide; a row without a direction has that
                                             of the argument
  ssize_t msgrcv(int msqid : msqid, void *msgp : out msgbuf[return], size_t msgsz, long msgtyp, int msgflg : msg_flags) \\
          waits aix 3CA MSGRCV
                                             a call; a trailing backslash continues the line

An annotation is  [in|out|inout] KIND [LENGTH] [new|gone].  KIND is a kind of format/catalogue.h in lower case, or a flags,
enum, struct or select declared above; with a direction it is what the pointer points to.  LENGTH is the name of an argument,
*argument (what it points to), a number, or `return`: in bytes for bytes, sockaddr, msgbuf and selections, in elements otherwise.
`new` and `gone` say that an identity begins or ends here.
`...` is followed by the optional arguments that a variadic call may have; alone it stands for an endless list, which only a
wrapper by hand can pass on.

Behind the closing parenthesis, in any order:
  : KIND            what the result is
  fails HOW         -1 (the default), NULL, errno (the result is the error number), status (any result but 0), never
  as CALL           another name of CALL: records the same event; arguments are matched by name, NAME=VALUE supplies one
  at VERSION        an old symbol version with code of its own; `default VERSION` marks the current one of such a pair
  special           the wrapper is written by hand in preload/; with a version it is called NAME_at_GLIBC_X_Y, and
                    VERSIONED_NAME_at_GLIBC_X_Y; of originals.h stands in the same file
  waits             the time it takes measures a peer
  given CONDITION   C, last in the statement: the optional arguments are there only when it holds, and 0 otherwise
  replay HOW        what running a trace again does instead of making the call: fork, thread, join, exec, exit: takes part in the tree of
                    creation; standin: its descriptor is played by one of the replay's own; sweep: closes those descriptors that
                    it closed; own: only made on what the replay made itself; take: takes
                    something without waiting for it; fill: not made, the recorded result stands
  aix/stap/dtrace   the names that trace hooks, SystemTap and DTrace have for it; DTrace's is the call's own unless said
                    otherwise, and `none` for what is no system call

Only the standard library is used. A mistake is an error at its line, and nothing is written.
"""
import argparse
import pathlib
import re
import sys

SCALARS = ['int', 'uint', 'size', 'offset', 'hex', 'address', 'fd', 'pid', 'tid', 'uid', 'gid', 'mode', 'key', 'msqid', 'semid',
           'shmid', 'mqd', 'sem', 'port', 'clock_ticks', 'wait_status', 'in_addr']
TABLES = ['flags', 'enum']
POINTED = ['bytes', 'string', 'strings', 'sockaddr', 'struct', 'iovec', 'msghdr', 'mmsghdr', 'msgbuf', 'fdset', 'select', 'unrecorded']
NAMED_BY = {'wait_status': 'signal'}  # kinds that need the names of one enum
INLINE = ['bytes', 'string', 'sockaddr']
KINDS = SCALARS + TABLES + POINTED
FAMILIES = ['socket', 'io', 'sysv', 'posix-ipc', 'memory', 'poll', 'desc', 'process']
DEFAULT_KINDS = {'size_t': 'size', 'socklen_t': 'size', 'off_t': 'offset', 'off64_t': 'offset', 'loff_t': 'offset',
                 'pid_t': 'pid', 'uid_t': 'uid', 'gid_t': 'gid', 'mode_t': 'mode', 'key_t': 'key', 'mqd_t': 'mqd'}
ARGS_MAX = 8


class Mistake(Exception):
    """Something wrong in a .calls file: says where."""

    def __init__(self, place, text):
        super().__init__(f'{place[0]}:{place[1]}: error: {text}')


class Value:
    """One annotation: what a word is, or what it points to."""

    def __init__(self):
        self.kind = None
        self.table = None
        self.direction = 'none'
        self.length = None
        self.identity = 'none'
        self.optional = False


class Parameter:
    def __init__(self, declaration, name, ctype, value, variadic):
        self.declaration, self.name, self.ctype, self.value, self.variadic = declaration, name, ctype, value, variadic


class Call:
    def __init__(self, place):
        self.place = place
        self.name = self.ctype = self.family = self.alias = self.version = self.given = None
        self.parameters, self.result, self.failure = [], Value(), '-1'
        self.special = self.waits = self.is_default = self.variadic = self.endless = False
        self.supplied = {}
        self.names = {'aix': None, 'stap': None, 'dtrace': None}
        self.replay = 'make'

    @property
    def symbol(self):
        """The C name of the wrapper: unique even where one name has two versions."""
        if self.version is None:
            return self.name
        return f'{self.name}_at_{self.version}'.replace('.', '_')

    def recorded(self):
        return [p for p in self.parameters if p.value.kind != 'unrecorded']


class Catalogue:
    def __init__(self):
        self.includes, self.calls, self.order = [], [], {}
        self.tables = {'flags': {}, 'enum': {}, 'struct': {}, 'select': {}}

    def table_of(self, name):
        for sort, tables in self.tables.items():
            if name in tables:
                return sort, list(tables).index(name)
        return None, None

    def events(self):
        return [c for c in self.calls if c.alias is None]

    def forwarded(self):
        """Calls that can be passed on: not those with an endless argument list (execl), whose twins with a vector are."""
        return [c for c in self.calls if not c.endless]

    def find(self, name):
        return next((c for c in self.calls if c.name == name and c.alias is None), None)


# ---- reading ----------------------------------------------------------------------------------------------------------------

def logical_lines(path):
    """Statements with their first line number: comments dropped, backslashes and open braces continued."""
    text, start, depth = '', 0, 0
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        line = re.sub(r'(^|\s)#(\s.*)?$', '', raw).rstrip()
        if not text:
            start = number
        continued = line.endswith('\\')
        text = (text + ' ' + (line[:-1] if continued else line)).strip()
        depth = text.count('{') - text.count('}')
        if text and not continued and depth <= 0:
            yield (str(path), start), text
            text = ''
    if text:
        raise Mistake((str(path), start), 'the statement does not end')


def parse_annotation(catalogue, place, text, value=None, inherits=False):
    """`inherits`: the direction may come from elsewhere (a selection's row has that of the argument)."""
    value = value or Value()
    match = re.fullmatch(r'(?:(in|out|inout)\s+)?(?:(new|gone)\s+)?(?:(optional)\s+)?(\w+)\s*(?:\[\s*([^\]]*?)\s*\])?(?:\s+(new|gone))?', text.strip())
    if not match:
        raise Mistake(place, f"cannot read the annotation '{text.strip()}'")
    direction, identity, optional, kind, length, identity_after = match.groups()
    value.direction = direction or 'none'
    value.identity = identity or identity_after or 'none'
    value.optional = optional is not None
    value.length = length
    sort, _ = catalogue.table_of(kind)
    if sort:
        value.kind, value.table = sort, kind
    elif kind in KINDS and kind not in TABLES + ['struct', 'select']:
        value.kind, value.table = kind, NAMED_BY.get(kind)
        if value.table and value.table not in catalogue.tables['enum']:
            raise Mistake(place, f"'{kind}' needs an enum {value.table} declared above")
    else:
        raise Mistake(place, f"'{kind}' is neither a kind nor a flags, enum, struct or select declared above")
    if value.kind in POINTED and value.kind not in ('unrecorded', 'select') and value.direction == 'none' and not inherits:
        raise Mistake(place, f"'{kind}' is behind a pointer: say in, out or inout")
    return value


def parse_names(catalogue, place, sort, name, body):
    rows = []
    for token in body.split():
        match = re.fullmatch(r'(\w+)(?:=(\w+))?(?:/(\w+))?', token)
        if not match:
            raise Mistake(place, f"cannot read the name '{token}'")
        rows.append(match.groups())
    if not rows:
        raise Mistake(place, f'{sort} {name} has no names')
    catalogue.tables[sort][name] = (place, rows)


def split_top(text, separator=','):
    """Split at separators that stand in no bracket."""
    parts, depth, part = [], 0, ''
    for char in text:
        depth += char in '([{'
        depth -= char in ')]}'
        if char == separator and depth == 0:
            parts.append(part.strip())
            part = ''
        else:
            part += char
    parts.append(part.strip())
    return [p for p in parts if p]


def parse_struct(catalogue, place, name, ctype, body):
    fields = []
    for part in split_top(body):
        match = re.fullmatch(r'(?:(\w+)\s*=\s*)?([\w.]+)\s*(?::(.*))?', part, re.S)
        if not match:
            raise Mistake(place, f"cannot read the field '{part}'")
        shown, path, annotation = match.groups()
        value = parse_annotation(catalogue, place, annotation, inherits=True) if annotation else None
        if value and (value.kind not in SCALARS + TABLES + INLINE + ['struct'] or value.direction != 'none'):
            raise Mistake(place, f"the field '{path}' can only be a number, a struct, or string, bytes or sockaddr that lie in the struct")
        if value and value.kind in INLINE and not (value.length or '').isdigit():
            raise Mistake(place, f"how long is the field '{path}'? Say {value.kind}[NUMBER]")
        fields.append((shown or path, path, value))
    catalogue.tables['struct'][name] = (place, ctype or f'struct {name}', fields)


def parse_select(catalogue, place, name, deciders, body):
    rows, otherwise = [], False
    for part in split_top(body):
        when, _, annotation = part.partition(':')
        if otherwise:
            raise Mistake(place, "'else' must be the last row")
        if not annotation:
            raise Mistake(place, f"what is it for '{part}'?")
        otherwise = when.strip() == 'else'
        values = [] if otherwise else when.split()
        if not otherwise and len(values) != len(deciders):
            raise Mistake(place, f"'{part}' needs {len(deciders)} deciding values")
        value = parse_annotation(catalogue, place, annotation, inherits=True)
        if value.kind == 'select' or (value.length and not value.length.isdigit()):
            raise Mistake(place, f"'{annotation.strip()}' cannot stand in a selection")
        rows.append((values, value))
    catalogue.tables['select'][name] = (place, deciders, rows, otherwise)


def parse_parameter(catalogue, place, text):
    declaration, _, annotation = text.partition(':')
    declaration = declaration.strip()
    variadic = declaration.startswith('...')
    declaration = declaration[3:].strip() if variadic else declaration
    pointer = re.search(r'\(\*\s*(\w*)\)', declaration)
    if pointer:
        name, ctype = pointer.group(1), declaration.replace(f'(*{pointer.group(1)})', '(*)')
    else:
        match = re.fullmatch(r'(.*?[\s*])(\w+)\s*(\[\w*\])*', declaration)
        if not match:
            raise Mistake(place, f"cannot read the parameter '{text}'")
        ctype, name = match.group(1).strip(), match.group(2)
        if match.group(3):
            ctype += ' *'
    value = parse_annotation(catalogue, place, annotation) if annotation else Value()
    if value.kind is None:
        value.kind = default_kind(ctype)
    if '*' not in ctype and value.direction != 'none':
        raise Mistake(place, f"'{name}' is no pointer and cannot have a direction")
    return Parameter(declaration, name, ctype, value, variadic)


def default_kind(ctype):
    if '*' in ctype or ctype in ('sighandler_t',):
        return 'address'
    words = [w for w in ctype.split() if w not in ('const', 'volatile', 'restrict', '__restrict')]
    kind = DEFAULT_KINDS.get(words[-1])
    return kind or ('uint' if 'unsigned' in words or words[-1].startswith('u') or words[-1] == 'nfds_t' else 'int')


def parse_call(catalogue, place, text, family):
    head = re.match(r'(.*?[\s*])(\w+)\s*\(', text)
    if not head:
        raise Mistake(place, f"cannot read '{text[:60]}'")
    depth, end = 0, None
    for index in range(head.end() - 1, len(text)):
        depth += text[index] == '('
        depth -= text[index] == ')'
        if depth == 0:
            end = index
            break
    if end is None:
        raise Mistake(place, 'the parameter list does not end')
    call = Call(place)
    call.ctype, call.name, call.family = head.group(1).strip(), head.group(2), family
    inner = text[head.end():end].strip()
    if inner != 'void':
        for part in split_top(inner):
            if part == '...':
                call.variadic = call.endless = True
                continue
            parameter = parse_parameter(catalogue, place, part)
            call.variadic = call.variadic or parameter.variadic
            parameter.variadic = call.variadic
            call.parameters.append(parameter)
    call.result.kind = 'unrecorded' if call.ctype == 'void' else default_kind(call.ctype)
    parse_attributes(catalogue, call, text[end + 1:])
    return call


ATTRIBUTE = re.compile(r'\s*(?::\s*(?P<result>(?:new\s+|gone\s+)?\w+)'
                       r'|fails\s+(?P<fails>-1|NULL|errno|status|never)'
                       r'|as\s+(?P<alias>\w+)(?:\((?P<supplied>[^)]*)\))?'
                       r'|at\s+(?P<at>GLIBC_[\d.]+)|default\s+(?P<default>GLIBC_[\d.]+)'
                       r'|(?P<special>special)|(?P<waits>waits)'
                       r'|given\s+(?P<given>.+)$'
                       r'|replay\s+(?P<replay>fork|thread|join|exec|exit|standin|sweep|own|take|fill)'
                       r'|aix\s+(?P<aix>3[C-E][0-9A-F]\s+\w+)|stap\s+(?P<stap>[\w.]+)|dtrace\s+(?P<dtrace>\w+))', re.S)


def parse_attributes(catalogue, call, text):
    position = 0
    while text[position:].strip():
        match = ATTRIBUTE.match(text, position)
        if not match:
            raise Mistake(call.place, f"cannot read '{text[position:].strip()}' behind {call.name}()")
        position = match.end()
        found = {k: v for k, v in match.groupdict().items() if v is not None}
        if 'result' in found:
            parse_annotation(catalogue, call.place, found['result'], call.result)
        call.failure = found.get('fails', call.failure)
        call.replay = found.get('replay', call.replay)
        call.alias = found.get('alias', call.alias)
        call.special = call.special or 'special' in found
        call.waits = call.waits or 'waits' in found
        call.is_default = call.is_default or 'default' in found
        call.given = found.get('given', call.given)
        call.version = found.get('at') or found.get('default') or call.version
        for part in split_top(found.get('supplied', '')):
            name, _, value = part.partition('=')
            call.supplied[name.strip()] = value.strip()
        for sort in call.names:
            call.names[sort] = found.get(sort, call.names[sort])


STATEMENT = re.compile(r'(?P<word>include|family|flags|enum|struct|select)\b\s*(?P<rest>.*)', re.S)


def read_file(catalogue, path):
    family = None
    for place, text in logical_lines(path):
        match = STATEMENT.match(text)
        word, rest = (match.group('word'), match.group('rest')) if match else (None, text)
        braces = re.fullmatch(r'([^{]*)\{(.*)\}', rest, re.S) if match else None
        if word == 'include':
            if rest not in catalogue.includes:
                catalogue.includes.append(rest)
        elif word == 'family':
            if rest not in FAMILIES:
                raise Mistake(place, f"no such family '{rest}'; there are {' '.join(FAMILIES)}")
            family = rest
        elif word in ('flags', 'enum', 'struct', 'select') and braces:
            read_table(catalogue, place, word, braces.group(1).strip(), braces.group(2).strip())
        else:
            if family is None:
                raise Mistake(place, 'a call before any family')
            catalogue.calls.append(parse_call(catalogue, place, text, family))


def read_table(catalogue, place, word, head, body):
    name = head.split()[0] if head else ''
    if catalogue.table_of(name)[0] or name in KINDS:
        raise Mistake(place, f"'{name}' is declared twice")
    if word in ('flags', 'enum'):
        parse_names(catalogue, place, word, name, body)
    elif word == 'struct':
        _, _, ctype = head.partition('=')
        parse_struct(catalogue, place, name, ctype.strip(), body)
    else:
        match = re.fullmatch(r'(\w+)\s+by\s+(\w+)(?:\s+(\w+))?', head)
        if not match:
            raise Mistake(place, 'a selection is  select NAME by ARGUMENT [ARGUMENT] { ... }')
        parse_select(catalogue, place, name, [g for g in match.groups()[1:] if g], body)


# ---- checking ---------------------------------------------------------------------------------------------------------------

def check(catalogue):
    seen = {}
    for call in catalogue.calls:
        if (call.name, call.version) in seen:
            raise Mistake(call.place, f"{call.name}() stands already at line {seen[call.name, call.version]}")
        seen[call.name, call.version] = call.place[1]
        if len(call.recorded()) > ARGS_MAX:
            raise Mistake(call.place, f'{call.name}() records more than {ARGS_MAX} arguments')
        if call.endless and not call.special:
            raise Mistake(call.place, f"{call.name}() takes an endless list: it must be special")
        check_alias(catalogue, call)
        if call.result.kind in POINTED and call.result.kind != 'unrecorded':
            raise Mistake(call.place, f"{call.name}() cannot have a result of kind {call.result.kind}")
        for parameter in call.recorded():
            check_length(catalogue, call, parameter)
    check_used(catalogue)


def check_used(catalogue):
    values = [v for c in catalogue.events() for v in [p.value for p in c.parameters] + [c.result]]
    values += [v for *_, fields in catalogue.tables['struct'].values() for *_, v in fields if v]
    values += [v for _, _, rows, _ in catalogue.tables['select'].values() for _, v in rows]
    used = {v.table for v in values}
    for sort, tables in catalogue.tables.items():
        for name, (place, *_) in tables.items():
            if name not in used:
                raise Mistake(place, f'{sort} {name} is used by nothing')


def check_alias(catalogue, call):
    if call.alias is None:
        return
    target = catalogue.find(call.alias)
    if target is None and any(c.name == call.alias for c in catalogue.calls):
        raise Mistake(call.place, f"{call.alias}() is an alias itself: say which call it is")
    if target is None:
        raise Mistake(call.place, f"{call.name}() is an alias of {call.alias}(), which is not described")
    own = {p.name for p in call.parameters}
    for parameter in target.recorded():
        if parameter.name not in own and parameter.name not in call.supplied:
            raise Mistake(call.place, f"{call.name}() lacks the argument '{parameter.name}' of {call.alias}()")


def check_length(catalogue, call, parameter):
    names = [p.name for p in call.recorded()]
    value = parameter.value
    if value.length and not value.length.isdigit() and value.length != 'return' and value.length.lstrip('*') not in names:
        raise Mistake(call.place, f"the length '{value.length}' of '{parameter.name}' is no argument of {call.name}()")
    if value.kind != 'select' or call.alias:
        return
    place, deciders, rows, _ = catalogue.tables['select'][value.table]
    for when, row in rows:
        if value.direction == 'none' and row.direction == 'none' and row.kind in POINTED and row.kind != 'unrecorded':
            raise Mistake(call.place, f"'{parameter.name}' has no direction, and for {' '.join(when) or 'else'} select {value.table} "
                          'does not say one')
    positions = []
    for decider in deciders:
        if decider not in names:
            raise Mistake(call.place, f"select {value.table} decides by '{decider}', which {call.name}() does not have")
        positions.append(names.index(decider))
    known = catalogue.order.setdefault(value.table, positions)
    if known != positions:
        raise Mistake(call.place, f"select {value.table} is used with its deciding arguments at other positions elsewhere")


# ---- writing ----------------------------------------------------------------------------------------------------------------

HEAD = '/* Generated by catalogue/generate.py from the .calls files. SPDX-License-Identifier: MIT */\n'


def c_string(text):
    return 'NULL' if text is None else '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def line_directive(place):
    return f'#line {place[1]} "{place[0]}"\n'


def value_row(catalogue, value, ctype, names=(), scalar_type=None):
    """The initialiser of a struct value_spec. `ctype` is the C type of the word; `scalar_type` overrides what is measured."""
    table = catalogue.table_of(value.table)[1] if value.table else 0
    length, length_value = 'LENGTH_NONE', 0
    if value.length == 'return':
        length = 'LENGTH_RETURN'
    elif value.length and value.length.isdigit():
        length, length_value = 'LENGTH_FIXED', int(value.length)
    elif value.length:
        length = 'LENGTH_POINTED' if value.length.startswith('*') else 'LENGTH_ARG'
        length_value = names.index(value.length.lstrip('*'))
    width, signed = '0', '0'
    scalar = value.kind in SCALARS + TABLES
    if scalar and ctype not in ('void', None):
        measured = scalar_type or (f'__typeof__(*({ctype})0)' if value.direction != 'none' else ctype)
        width = f'sizeof({measured})'
        signed = f'IS_SIGNED({measured})'
    return ('{ ' + f'KIND_{value.kind.upper()}, DIRECTION_{value.direction.upper()}, {width}, {signed}, {length}, {length_value}, '
            f'IDENTITY_{value.identity.upper()}, {int(value.optional)}, {table}' + ' }')


def write_names(catalogue, sort, out):
    for name, (place, rows) in catalogue.tables[sort].items():
        out.append(f'static const struct name_spec {sort}_{name}[] = {{\n{line_directive(place)}')
        for spelled, literal, mask in rows:
            value = literal or spelled
            out.append(f'\t{{ "{spelled}", (uint64_t)({value}), (uint64_t)({mask or value}) }},\n')
        out.append('};\n')
    plural = 'flags' if sort == 'flags' else 'enums'
    out.append(f'static const struct names_spec {plural}[] = {{\n')
    for name, (_, rows) in catalogue.tables[sort].items():
        out.append(f'\t{{ "{name}", {sort}_{name}, {len(rows)} }},\n')
    out.append('};\n\n')


def write_structs(catalogue, out):
    for name, (place, ctype, fields) in catalogue.tables['struct'].items():
        out.append(f'static const struct field_spec struct_{name}[] = {{\n')
        for shown, path, value in fields:
            measured = f'__typeof__((({ctype} *)0)->{path})'
            out.append(line_directive(place))
            out.append(f'\t{{ "{shown}", offsetof({ctype}, {path}), {field_row(catalogue, value, measured)} }},\n')
        out.append('};\n')
    out.append('static const struct struct_spec structs[] = {\n')
    for name, (place, ctype, fields) in catalogue.tables['struct'].items():
        out.append(f'{line_directive(place)}\t{{ "{name}", sizeof({ctype}), {len(fields)}, struct_{name} }},\n')
    out.append('};\n\n')


def field_row(catalogue, value, measured):
    """A field without an annotation is a number, signed or not as C says; struct fields need no measuring."""
    if value is not None:
        inner = Value()
        inner.__dict__.update(value.__dict__)
        if inner.kind in POINTED:
            inner.direction = 'none'
        return value_row(catalogue, inner, measured, scalar_type=measured)
    return f'{{ IS_SIGNED({measured}) ? KIND_INT : KIND_UINT, DIRECTION_NONE, sizeof({measured}), IS_SIGNED({measured}), 0, 0, 0, 0, 0 }}'


WORD_TYPES = {'fd': 'int', 'int': 'int', 'pid': 'pid_t', 'uint': 'unsigned', 'mode': 'mode_t'}


def write_selections(catalogue, out):
    for name, (place, deciders, rows, otherwise) in catalogue.tables['select'].items():
        out.append(f'static const struct choice_spec select_{name}[] = {{\n{line_directive(place)}')
        for values, value in rows:
            when = ', '.join(f'(int64_t)({v})' for v in values) or '0'
            names = ', '.join(c_string(v) for v in values) or 'NULL'
            scalar = 'int' if value.kind in TABLES or value.kind in WORD_TYPES else 'unsigned long'
            out.append(f'\t{{ {{ {when} }}, {{ {names} }}, '
                       f'{value_row(catalogue, value, "int", scalar_type=WORD_TYPES.get(value.kind, scalar))} }},\n')
        out.append('};\n')
    out.append('static const struct selection_spec selections[] = {\n')
    for name, (place, deciders, rows, otherwise) in catalogue.tables['select'].items():
        by = catalogue.order[name]
        out.append(f'\t{{ "{name}", {{ {", ".join(c_string(d) for d in deciders)} }}, {{ {", ".join(map(str, by))} }}, '
                   f'{len(deciders)}, {str(otherwise).lower()}, {len(rows)}, select_{name} }},\n')
    out.append('};\n\n')


FAILURES = {'-1': 'FAILURE_MINUS_ONE', 'NULL': 'FAILURE_NULL', 'errno': 'FAILURE_ERRNO', 'never': 'FAILURE_NEVER',
            'status': 'FAILURE_STATUS'}


def write_tables(catalogue):
    out = [HEAD, '#undef _FILE_OFFSET_BITS\n#undef _FORTIFY_SOURCE\n']
    out += [f'#include {i}\n' for i in catalogue.includes]
    out.append('\n#include "format/catalogue.h"\n\n#define IS_SIGNED(T) ((T)-1 < (T)1)\n'
               '#pragma GCC diagnostic ignored "-Wtype-limits"\n#pragma GCC diagnostic ignored "-Wextra"\n\n')
    out.append('const char *const kind_names[KIND_COUNT] = {\n')
    out += [f'\t[KIND_{k.upper()}] = "{k}",\n' for k in KINDS] + ['};\n\n']
    write_names(catalogue, 'flags', out)
    write_names(catalogue, 'enum', out)
    write_structs(catalogue, out)
    write_selections(catalogue, out)
    out.append('static const struct call_spec calls[] = {\n')
    for call in catalogue.events():
        out.append(line_directive(call.place) + call_row(catalogue, call))
    out.append('};\n\n#define COUNT(a) (sizeof(a) / sizeof((a)[0]))\n'
               'const struct catalogue catalogue_builtin = {\n\tcalls, flags, enums, structs, selections,\n'
               '\tCOUNT(calls), COUNT(flags), COUNT(enums), COUNT(structs), COUNT(selections)\n};\n')
    return ''.join(out)


def call_row(catalogue, call):
    names = [p.name for p in call.recorded()]
    args, captured = [], 0
    for index, parameter in enumerate(call.recorded()):
        value = parameter.value
        if value.direction != 'none' or value.kind == 'select':
            captured |= 1 << index
        args.append(f'\t\t{{ "{parameter.name}", {value_row(catalogue, value, parameter.ctype, names)} }},\n')
    result = value_row(catalogue, call.result, call.ctype)
    dtrace = dtrace_name(call)
    aix = ' '.join(call.names['aix'].split()) if call.names['aix'] else None
    return (f'\t{{ "{call.name}", {c_string(synopsis(call))}, "{call.family}", {c_string(aix)}, {c_string(call.names["stap"])}, '
            f'{c_string(dtrace)}, {len(args)}, {FAILURES[call.failure]}, {str(call.waits).lower()}, {captured},\n\t  {result},\n\t  {{\n'
            + ''.join(args) + '\t  } },\n')


def dtrace_name(call):
    """The syscall provider names its probes after system calls, as most calls are; `none` is for those that are not."""
    name = call.names['dtrace'] or call.name
    return None if name == 'none' else f'syscall::{name}'


def synopsis(call):
    parts = [p.declaration for p in call.parameters if not p.variadic]
    if call.variadic:
        parts.append('...')
    space = '' if call.ctype.endswith('*') else ' '
    return f'{call.ctype}{space}{call.name}({", ".join(parts) or "void"})'


def write_events(catalogue):
    rows = ''.join(f'\tEVENT_{c.name},\n' for c in catalogue.events())
    return (HEAD + '#ifndef IPCTRACE_EVENTS_H\n#define IPCTRACE_EVENTS_H\n\n/* The calls, in the order of the catalogue. */\n'
            'enum event_number {\n' + rows + '\tEVENT_COUNT\n};\n\n#endif\n')


def parameters_of(call):
    """The C parameter list, the forwarded arguments, and the lines that fetch variadic ones."""
    fixed = [p for p in call.parameters if not p.variadic]
    optional = [p for p in call.parameters if p.variadic]
    listed = ', '.join([p.declaration for p in fixed] + (['...'] if call.variadic else [])) or 'void'
    forwarded = ', '.join(p.name for p in call.parameters)
    fetch = ''
    if optional and call.given:
        fetch = ''.join(f'\t{p.declaration} = 0;\n' for p in optional)
        fetch += f'\tif ({call.given}) {{\n\t\tva_list _rest;\n\t\tva_start(_rest, {fixed[-1].name});\n'
        fetch += ''.join(f'\t\t{p.name} = va_arg(_rest, {p.ctype});\n' for p in optional) + '\t\tva_end(_rest);\n\t}\n'
    elif optional:
        fetch = f'\tva_list _rest;\n\tva_start(_rest, {fixed[-1].name});\n'
        fetch += ''.join(f'\t{p.declaration} = va_arg(_rest, {p.ctype});\n' for p in optional) + '\tva_end(_rest);\n'
    return listed, forwarded, fetch


def as_word(parameter):
    return f'(uint64_t)(uintptr_t){parameter.name}' if '*' in parameter.ctype else f'(uint64_t){parameter.name}'


def write_originals(catalogue):
    out = [HEAD, '#ifndef IPCTRACE_ORIGINALS_H\n#define IPCTRACE_ORIGINALS_H\n\n']
    out += [f'#include {i}\n' for i in catalogue.includes]
    for call in catalogue.calls:
        if call.special and (call.version or call.name.startswith('__')):
            out.append(f'{call.ctype} {call.symbol}({parameters_of(call)[0]});\n')
        if call.special and call.version:
            out.append(f'#define VERSIONED_{call.symbol} {symver(call)}\n')
    out.append('\n/* What each name meant before us; resolved once by originals_resolve(), usable at any time. */\n')
    for call in catalogue.forwarded():
        listed, _, _ = parameters_of(call)
        out.append(f'extern {call.ctype} (*real_{call.symbol})({listed});\n')
    out.append('\n/* 0 when resolved; 1 when it is being resolved further up this stack. */\nint originals_resolve(void);\n\n#endif\n')
    return ''.join(out)


def write_wrappers(catalogue):
    out = [HEAD, '#undef _FILE_OFFSET_BITS\n#undef _FORTIFY_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <stdarg.h>\n'
           '#include <stdatomic.h>\n#include <sys/syscall.h>\n#include "events.h"\n#include "originals.h"\n'
           '#include "preload/capture.h"\n#include "preload/early.h"\n#include "preload/syscall.h"\n#include "trace/raw.h"\n\n'
           '#pragma GCC diagnostic ignored "-Wmissing-prototypes"\n'
           '#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"\n'
           '#pragma GCC diagnostic ignored "-Wnonnull-compare"\n\n']
    for call in catalogue.forwarded():
        out.append(early_function(call))
    out.append(resolve_function(catalogue))
    out.append(syscall_table(catalogue))
    for call in catalogue.calls:
        if call.version and not call.special:
            sign = '@@' if call.is_default else '@'
            out.append(f'__asm__(".symver {call.symbol}, {call.name}{sign}{call.version}");\n')
        if not call.special:
            out.append(wrapper_function(catalogue, call))
    return ''.join(out)


def symver(call):
    """Must stand in the file that defines the wrapper: for special ones, through VERSIONED_name of originals.h."""
    return f'__asm__(".symver {call.symbol}, {call.name}{"@@" if call.is_default else "@"}{call.version}")'


def syscall_table(catalogue):
    """Which system call numbers stand for which events; a name that the kernel does not have is left out."""
    rows = functions = ''
    for call in catalogue.calls:
        target = call.alias or call.name
        if not call.version and not catalogue.find(target).special and not call.name.startswith('__'):
            given = 'NULL'
            if call.given:
                given = f'given_{call.symbol}'
                words = ''.join(f'\t{p.ctype} {p.name} = ({p.ctype})_words[{i}];\n\t(void){p.name};\n'
                                for i, p in enumerate(call.recorded()) if not p.variadic)
                functions += (f'#ifdef SYS_{call.name}\nstatic bool {given}(const uint64_t *_words)\n{{\n{words}'
                              f'\treturn {call.given};\n}}\n#endif\n\n')
            rows += f'#ifdef SYS_{call.name}\n\t{{ SYS_{call.name}, EVENT_{target}, {given} }},\n#endif\n'
    return (functions + 'const struct syscall_row syscall_rows[] = {\n' + rows + '};\n'
            'const unsigned syscall_rows_count = sizeof(syscall_rows) / sizeof(syscall_rows[0]);\n\n')


def early_function(call):
    """Before originals are resolved: resolve them; from inside that, the bare system call."""
    listed, forwarded, fetch = parameters_of(call)
    words = ', '.join(f'(long){p.name}' for p in call.parameters)
    void = call.ctype == 'void'
    back = '' if void else 'return '
    failure = {'NULL': 'NULL', 'errno': 'ENOSYS', 'never': f'({call.ctype})0'}.get(call.failure, f'({call.ctype})-1')
    text = f'static {call.ctype} early_{call.symbol}({listed})\n{{\n{fetch}'
    text += f'\tif (originals_resolve() == 0) {{\n\t\t{back}real_{call.symbol}({forwarded});\n' + ('\t\treturn;\n' if void else '') + '\t}\n'
    if not void and len(call.parameters) <= 6:
        text += f'#ifdef SYS_{call.name}\n\treturn ({call.ctype})raw_syscall_errno(SYS_{call.name}{", " + words if words else ""});\n#endif\n'
    text += ('\terrno = ENOSYS;\n' + ('' if void else f'\treturn {failure};\n')) + '}\n'
    return text + f'{call.ctype} (*real_{call.symbol})({listed}) = early_{call.symbol};\n\n'


def resolve_function(catalogue):
    rows = ''.join(f'\t{{ "{c.name}", {c_string(c.version)}, (void **)&real_{c.symbol} }},\n' for c in catalogue.forwarded())
    return ('static const struct {\n\tconst char *name;\n\tconst char *version;\n\tvoid **original;\n} originals[] = {\n' + rows + '};\n\n'
            'int originals_resolve(void)\n{\n'
            '\tstatic _Atomic int state; /* 0 not yet, 1 under way, 2 done */\n'
            '\tint expected = 0;\n\n'
            '\tif (!atomic_compare_exchange_strong(&state, &expected, 1))\n\t\treturn expected == 2 ? 0 : 1;\n'
            '\tfor (unsigned i = 0; i < sizeof(originals) / sizeof(originals[0]); i++) {\n'
            '\t\tvoid *found = originals[i].version ? dlvsym(RTLD_NEXT, originals[i].name, originals[i].version)\n'
            '\t\t\t\t\t\t : dlsym(RTLD_NEXT, originals[i].name);\n'
            '\t\tif (found)\n\t\t\t*originals[i].original = found;\n\t}\n'
            '\tatomic_store(&state, 2);\n\treturn 0;\n}\n\n')


def wrapper_function(catalogue, call):
    target = catalogue.find(call.alias) if call.alias else call
    listed, forwarded, fetch = parameters_of(call)
    own = {p.name: p for p in call.parameters}
    void = call.ctype == 'void'
    text = f'{line_directive(call.place)}EXPORT {call.ctype} {call.symbol}({listed})\n{{\n{fetch}'
    text += f'\tif (!CAPTURE_ENABLED(EVENT_{target.name})) {{\n\t\t{"" if void else "return "}real_{call.symbol}({forwarded});\n'
    text += ('\t\treturn;\n' if void else '') + '\t}\n'
    text += '\tstruct capture _capture;\n'
    for index, parameter in enumerate(target.recorded()):
        word = as_word(own[parameter.name]) if parameter.name in own else f'(uint64_t)({call.supplied[parameter.name]})'
        text += f'\t_capture.args[{index}] = {word};\n'
    text += f'\tcapture_enter(&_capture, EVENT_{target.name}, {len(target.recorded())}, __builtin_return_address(0));\n'
    if void:
        return text + f'\treal_{call.symbol}({forwarded});\n\tcapture_leave(&_capture, 0);\n}}\n\n'
    cast = '(int64_t)(intptr_t)' if '*' in call.ctype else '(int64_t)'
    return (text + f'\t{call.ctype} _result = real_{call.symbol}({forwarded});\n'
            f'\tcapture_leave(&_capture, {cast}_result);\n\treturn _result;\n}}\n\n')


def write_issues(catalogue):
    """Functions that make each call from words, for running a trace again; what a row does not record is given as 0."""
    out = [HEAD, '#undef _FILE_OFFSET_BITS\n#undef _FORTIFY_SOURCE\n']
    out += [f'#include {i}\n' for i in catalogue.includes]
    out.append('\n#include "replay/issue.h"\n\n#pragma GCC diagnostic ignored "-Wnonnull"\n'
               '#pragma GCC diagnostic ignored "-Wdeprecated-declarations"\n\n')
    rows = ''
    for call in catalogue.events():
        makes = call.replay in ('make', 'own', 'take', 'exit')
        if makes:
            out.append(issue_function(call))
        rows += f'\t{{ {"issue_" + call.symbol if makes else "NULL"}, ISSUE_{call.replay.upper()} }},\n'
    return ''.join(out) + 'const struct issue_row issue_rows[] = {\n' + rows + '};\n'


def issue_function(call):
    recorded = [p.name for p in call.recorded()]
    words = ', '.join(f'({p.ctype})words[{recorded.index(p.name)}]' if p.name in recorded else f'({p.ctype})0' for p in call.parameters)
    unused = '' if recorded else '\t(void)words;\n'
    text = f'{line_directive(call.place)}static int64_t issue_{call.symbol}(const uint64_t *words)\n{{\n{unused}'
    if call.ctype == 'void':
        return text + f'\t{call.name}({words});\n\treturn 0;\n}}\n\n'
    cast = '(int64_t)(intptr_t)' if '*' in call.ctype else '(int64_t)'
    return text + f'\treturn {cast}{call.name}({words});\n}}\n\n'


def write_exports(catalogue):
    versions = sorted({c.version for c in catalogue.calls if c.version}, key=lambda v: [int(n) for n in v[6:].split('.')])
    nodes = [f'{v} {{ }};\n' for v in versions]
    if nodes:
        nodes[0] = f'{versions[0]} {{ local: *_at_GLIBC_*; etext; edata; end; }};\n'
    return ('/* Versions whose code differs; every other export is unversioned and satisfies any. What stays inside are the names\n'
            ' * by which wrappers of versions go, and those that the linker provides. */\n') + ''.join(nodes)


def write_reference(catalogue):
    out = ['<!-- Generated by catalogue/generate.py. SPDX-License-Identifier: MIT -->\n# What is traced\n']
    for family in FAMILIES:
        calls = [c for c in catalogue.events() if c.family == family]
        if not calls:
            continue
        out.append(f'\n## %{family}: {len(calls)} calls\n\n| call | also traced as | AIX hook | SystemTap | DTrace |\n|---|---|---|---|---|\n')
        for call in calls:
            aliases = ', '.join(f'`{a.name}`' + (f' ({a.version})' if a.version else '') for a in catalogue.calls if a.alias == call.name)
            aix = ' '.join(call.names['aix'].split()) if call.names['aix'] else ''
            out.append(f'| `{synopsis(call)}` | {aliases} | {aix} | {call.names["stap"] or ""} | '
                       f'{dtrace_name(call) or ""} |\n')
    return ''.join(out)


def read_seeds(catalogue, path):
    """Sections of (name, calls, remark) from a list of foreign event names."""
    sections = []
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        place, line = (str(path), number), raw.strip()
        if line.startswith('## '):
            sections.append((line[3:], []))
            continue
        if not line or line.startswith('#'):
            continue
        parts = [p.strip() for p in line.split('|')]
        if len(parts) != 3 or not sections:
            raise Mistake(place, 'a row is  NAME | CALLS | REMARK  below a line with its section')
        calls = [] if parts[1] == '-' else [c.strip() for c in parts[1].split(',')]
        for name in calls:
            if catalogue.find(name) is None:
                raise Mistake(place, f"'{name}' is no call of the catalogue")
        sections[-1][1].append((parts[0], calls, parts[2]))
    return sections


def write_seeds(sections):
    out = ['\n# Names that other tracers have for these events\n']
    for title, rows in sections:
        out.append(f'\n## {title}\n\n| there | here | |\n|---|---|---|\n')
        out += [f'| {name} | {", ".join(f"`{c}`" for c in calls) or "none"} | {remark} |\n' for name, calls, remark in rows]
    return ''.join(out)


def write_samples(catalogue):
    return ''.join(f'{c.name}\n' for c in catalogue.events())


OUTPUTS = {'catalogue_tables.c': write_tables, 'events.h': write_events, 'originals.h': write_originals, 'wrappers.c': write_wrappers,
           'issues.c': write_issues,
           'exports.map': write_exports, 'calls.md': write_reference, 'samples.list': write_samples}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', required=True, type=pathlib.Path, help='folder to write into')
    parser.add_argument('--seeds', type=pathlib.Path, help='list of names that other tracers have, for calls.md')
    parser.add_argument('calls', nargs='+', type=pathlib.Path)
    options = parser.parse_args()
    catalogue = Catalogue()
    try:
        for path in options.calls:
            read_file(catalogue, path)
        check(catalogue)
        seeds = write_seeds(read_seeds(catalogue, options.seeds)) if options.seeds else ''
        texts = {name: write(catalogue) for name, write in OUTPUTS.items()}
    except Mistake as mistake:
        sys.exit(str(mistake))
    except OSError as error:
        sys.exit(f'{error.filename}: error: {error.strerror}')
    texts['calls.md'] += seeds
    for name, text in texts.items():
        (options.output / name).write_text(text)


if __name__ == '__main__':
    main()
