# SPDX-License-Identifier: MIT
"""An oracle for what a log must hold: the same run seen by the kernel, with the stack of every system call (strace -k).

The first frame that is not libc's says who called: the preloaded library, and then the log must have the call; libc or the
loader for a purpose of their own, which cannot be seen; or a program whose call was missed.
"""
import collections
import itertools
import os
import re

# A stack takes milliseconds: what programs do by the thousand when they start is looked at in the long form only.
ALWAYS = '%network,%ipc,poll,ppoll,select,pselect6,epoll_create,epoll_create1,epoll_ctl,epoll_wait,epoll_pwait,readv,writev,preadv,pwritev,' \
         'sendfile,splice,tee,vmsplice,copy_file_range,pread64,pwrite64,write,pipe,pipe2,eventfd2,memfd_create'
ALL = '%network,%ipc,%desc,%memory'
FAMILIES = '%socket,%io,%poll,%sysv,%memory,%desc'

# System calls that stand for functions of another name.
FUNCTIONS_OF = {
    'recvfrom': ('recv', 'recvfrom'), 'sendto': ('send', 'sendto'), 'pread64': ('pread',), 'pwrite64': ('pwrite',),
    'open': ('open', 'openat', 'creat'), 'select': ('select', 'pselect'), 'semop': ('semop', 'semtimedop'),
    'pipe': ('pipe', 'pipe2'), 'epoll_create': ('epoll_create', 'epoll_create1'), 'inotify_init': ('inotify_init', 'inotify_init1'),
}
SAME_CALL = {'openat': 'open', 'creat': 'open', 'pselect6': 'select', 'semtimedop': 'semop', 'pipe2': 'pipe', 'epoll_create1': 'epoll_create',
             'inotify_init1': 'inotify_init', 'eventfd2': 'eventfd', 'signalfd4': 'signalfd', 'sendfile64': 'sendfile'}
# Not functions of libc's, or not of the families.
IGNORED = {'brk', 'restart_syscall', 'getcwd', 'fstat', 'newfstatat', 'stat', 'lseek', 'getdents64', 'rseq', 'fadvise64', 'fsync',
           'fdatasync', 'ftruncate', 'fchmod', 'fchown', 'flock', 'fallocate', 'fchdir', 'faccessat', 'faccessat2', 'unlinkat', 'mkdirat',
           'fstatfs', 'sync_file_range', 'syncfs', 'readlinkat', 'renameat', 'renameat2', 'statx', 'linkat', 'utimensat',
           'clone3', 'perf_event_open', 'name_to_handle_at', 'fgetxattr', 'readahead', 'futimesat',
           'fsetxattr', 'symlinkat', 'fchownat', 'fchmodat', 'bpf'}

CALL = re.compile(r'^(\w+)\(.*\) += +(-?\w+|\?)(.*)$')
FRAME = re.compile(r'^ > ([^\[]*)')
LIBC = re.compile(r'/(libc|libc-[\d.]+|libpthread|libresolv|ld-linux-x86-64|ld-[\d.]+)\.so')


def stacks_of(path):
    """Each finished system call of a thread: name, what is said of its result, its frames: "object(function+offset)"."""
    call, frames = None, []
    for line in path.read_text(errors='replace').splitlines():
        frame, started = FRAME.match(line), CALL.match(line)
        if frame:
            frames.append(frame[1])
            continue
        if call:
            yield *call, frames
        call, frames = (started[1], started[3]) if started else None, []
    if call:
        yield *call, frames


def stands_for(frame, call):
    """Whether a frame is the wrapper of a function that becomes this system call, and not one that libc needs it for."""
    function = re.sub(r'.*\((?:__)?(\w*?)(?:64)?(?:_chk|_2)?(?:\.\w+)?\+0x.*', r'\1', frame)
    return function == 'syscall_traced' or SAME_CALL.get(function, function) == call or function in FUNCTIONS_OF.get(call, ())


def origin_of(call, frames):
    """Who made a system call: the tracer's wrapper, the tracer itself, libc, the program past us, or unknown."""
    if not frames:
        return 'unknown'
    inside = 0
    while inside < len(frames) and LIBC.search(frames[inside]):
        inside += 1
    outside = frames[inside] if inside < len(frames) else ''
    if 'libipctrace-preload' in outside:
        # a wrapper may have left the call to another function of the library
        ours = itertools.takewhile(lambda frame: 'libipctrace-preload' in frame, frames[inside:])
        return 'tracer' if inside == 0 else 'wrapper' if any(stands_for(frame, call) for frame in ours) else 'libc'
    if inside == 0:
        return 'inline'
    return 'libc' if inside > 1 or '/ld-' in frames[0] or not outside else 'missed'


class Oracle:
    def __init__(self, folder, name):
        self.files = sorted(folder.glob(f'{name}.strace.*'))
        self.threads = {int(path.suffix[1:]) for path in self.files}
        self.seen, self.restarted, self.missed = collections.Counter(), collections.Counter(), collections.Counter()
        self.inside = collections.Counter()
        for path in self.files:
            for call, outcome, frames in stacks_of(path):
                self._count(SAME_CALL.get(call, call), outcome, frames)

    def _count(self, call, outcome, frames):
        if call in IGNORED:
            return
        origin = origin_of(call, frames)
        if origin == 'wrapper':
            self.seen[call] += 1
            # one call of the function may be several of the kernel's when signals come
            self.restarted[call] += 'ERESTART' in outcome
        elif origin == 'missed':
            self.missed[call] += 1
        elif origin == 'libc':
            self.inside[call] += 1

    def compare(self, events, may_be_missed=()):
        """What is wrong with the log's events, as texts; nothing when every call is there."""
        made = collections.Counter(event['call'] for event in events if event['tid'] in self.threads and event['result'] is not None)
        wrong = [f'{count} {call} of the program were not traced' for call, count in self.missed.items()
                 if call not in may_be_missed]
        for call, count in sorted(self.seen.items()):
            recorded = sum(made[name] for name in FUNCTIONS_OF.get(call, (call,)))
            if not count - self.restarted[call] <= recorded <= count:
                wrong.append(f'{call}: the kernel saw {count} ({self.restarted[call]} restarted), the log has {recorded}')
        return wrong


def wrap(argv, trace_path, classes):
    """The command that runs `argv` under the oracle, which looks at these classes of calls."""
    return ['strace', '-ff', '-k', '--seccomp-bpf', '-e', f'trace={classes}', '-e', 'signal=none', '-s', '0', '-qq',
            '-o', os.fspath(trace_path), '--', *argv]
