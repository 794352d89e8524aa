# SPDX-License-Identifier: MIT
"""The annotated prototypes of *.calls: their notation, what is read from them, and what must hold of it.

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
  : KIND            what the result is; a select says what it is for some arguments, beside what its type says
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

A mistake is a Mistake at its line. What is made of a catalogue is not known here.
"""
import re

SCALARS = ['int', 'uint', 'size', 'offset', 'hex', 'address', 'fd', 'pid', 'tid', 'uid', 'gid', 'mode', 'key', 'msqid', 'semid',
           'shmid', 'mqd', 'sem', 'port', 'clock_ticks', 'wait_status', 'in_addr']
TABLES = ['flags', 'enum']
POINTED = ['bytes', 'string', 'strings', 'sockaddr', 'struct', 'iovec', 'msghdr', 'mmsghdr', 'msgbuf', 'fdset', 'select', 'unrecorded']
NAMED_BY = {'wait_status': 'signal'}  # kinds that need the names of one enum
INLINE = ['bytes', 'string', 'sockaddr']
KINDS = SCALARS + TABLES + POINTED
FAMILIES = ['socket', 'io', 'sysv', 'posix-ipc', 'memory', 'poll', 'desc', 'process', 'trace']
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
        self.answer = None  # the select that says more of the result
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
        if found.get('result') in catalogue.tables['select']:
            call.answer = found['result']
        elif 'result' in found:
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
        check_answer(catalogue, call)
    check_used(catalogue)


def check_used(catalogue):
    values = [v for c in catalogue.events() for v in [p.value for p in c.parameters] + [c.result]]
    values += [v for *_, fields in catalogue.tables['struct'].values() for *_, v in fields if v]
    values += [v for _, _, rows, _ in catalogue.tables['select'].values() for _, v in rows]
    used = {v.table for v in values} | {c.answer for c in catalogue.events()}
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
    check_deciders(catalogue, call, value.table)


def check_answer(catalogue, call):
    if call.answer is None or call.alias:
        return
    for when, row in catalogue.tables['select'][call.answer][2]:
        if row.direction != 'none' or row.kind not in SCALARS + TABLES:
            raise Mistake(call.place, f"the result of {call.name}() is a number, and select {call.answer} for {' '.join(when) or 'else'} says another thing")
    check_deciders(catalogue, call, call.answer)


def check_deciders(catalogue, call, select):
    """One place in the tables says where the deciding arguments of a select stand."""
    names = [p.name for p in call.recorded()]
    positions = []
    for decider in catalogue.tables['select'][select][1]:
        if decider not in names:
            raise Mistake(call.place, f"select {select} decides by '{decider}', which {call.name}() does not have")
        positions.append(names.index(decider))
    known = catalogue.order.setdefault(select, positions)
    if known != positions:
        raise Mistake(call.place, f"select {select} is used with its deciding arguments at other positions elsewhere")
