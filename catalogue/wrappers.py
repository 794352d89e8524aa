# SPDX-License-Identifier: MIT
"""What stands between a program and libc: the wrappers, the real functions behind them, and how a call is made again."""
from tables import HEAD, c_string, line_directive


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
           '#include "preload/capture.h"\n#include "preload/early.h"\n#include "preload/pass.h"\n#include "preload/syscall.h"\n'
           '#include "trace/raw.h"\n\n'
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


def passed(target, call):
    """Of a call that goes by preload/pass.h: what struct pass wants to know beside its event and arguments; else None."""
    recorded, own = target.recorded(), call.parameters
    behind = [i for i, p in enumerate(recorded) if p.value.direction != 'none']
    if len(behind) != 1 or len(own) not in (3, 4) or any(p.variadic for p in own) or call.variadic:
        return None
    payload = recorded[behind[0]].value
    if ([p.name for p in recorded] != [p.name for p in own] or (payload.kind, payload.length) != ('bytes', 'return')
            or (target.failure, call.failure, call.ctype, recorded[0].value.kind) != ('-1', '-1', 'ssize_t', 'fd')):
        return None
    flags = [i for i, p in enumerate(recorded) if p.value.kind == 'flags' and payload.direction == 'out']
    may_be_unread = target.family == 'io' and payload.direction == 'in'
    return f'{behind[0]}, {flags[0] if flags else "ITEM_NO_ARG"}, {str(may_be_unread).lower()}'


def pass_function(target, call, way):
    """All of it in lines of code of its own."""
    listed, forwarded, _ = parameters_of(call)
    words = [as_word(p) for p in call.parameters] + ['0'] * (4 - len(call.parameters))
    return (f'{line_directive(call.place)}EXPORT __attribute__((aligned(64))) {call.ctype} {call.symbol}({listed})\n{{\n'
            f'\tif (!CAPTURE_ENABLED(EVENT_{target.name}))\n\t\treturn real_{call.symbol}({forwarded});\n'
            f'\treturn ({call.ctype})pass_bytes((struct pass){{EVENT_{target.name}, {len(call.parameters)}, {way}}}, '
            f'{", ".join(words)}, (pass_real *)(void *)real_{call.symbol}, __builtin_return_address(0));\n}}\n\n')


def wrapper_function(catalogue, call):
    target = catalogue.find(call.alias) if call.alias else call
    way = passed(target, call)
    if way:
        return pass_function(target, call, way)
    listed, forwarded, fetch = parameters_of(call)
    own = {p.name: p for p in call.parameters}
    void = call.ctype == 'void'
    text = f'{line_directive(call.place)}EXPORT {call.ctype} {call.symbol}({listed})\n{{\n{fetch}'
    text += f'\tif (!CAPTURE_ENABLED(EVENT_{target.name})) {{\n\t\t{"" if void else "return "}real_{call.symbol}({forwarded});\n'
    text += ('\t\treturn;\n' if void else '') + '\t}\n'
    text += '\tstruct capture _capture;\n'
    kept = dict.fromkeys(own)
    for index, parameter in enumerate(target.recorded()):
        if parameter.name in own and not parameter.variadic and not own[parameter.name].variadic:
            kept[parameter.name] = f'(__typeof__({parameter.name}))(uintptr_t)_capture.args[{index}]'
        word = as_word(own[parameter.name]) if parameter.name in own else f'(uint64_t)({call.supplied[parameter.name]})'
        text += f'\t_capture.args[{index}] = {word};\n'
    text += f'\tcapture_enter(&_capture, EVENT_{target.name}, {len(target.recorded())}, __builtin_return_address(0));\n'
    # the arguments come back from memory: to keep them in registers, those would have to be saved before. A failing recv()
    # takes 2 ns less so, a send() or recv() of 64 bytes 12
    forwarded = ', '.join(kept[p.name] or p.name for p in call.parameters)
    if void:
        return text + f'\treal_{call.symbol}({forwarded});\n\tcapture_leave(&_capture, 0);\n}}\n\n'
    cast = '(intptr_t)' if '*' in call.ctype else ''
    return (text + f'\treturn ({call.ctype}){cast}capture_leave(&_capture, (int64_t){cast}real_{call.symbol}({forwarded}));\n}}\n\n')


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
