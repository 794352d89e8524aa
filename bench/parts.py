# SPDX-License-Identifier: MIT
"""The parts of the benchmark: each yields tables. Rounds go over all tracers before the next one begins."""
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import threading
import time

import programs
import tracers

MODES = {'recv': 'failing recv', 'ping': 'send/recv 64 B', 'writev': 'writev/readv', 'semop': 'semop', 'msg': 'msgsnd/msgrcv',
         'mmap': 'mmap/munmap'}

OBJECTS = {'ping': (2, 'descriptors'), 'msg': (1, 'queues')}  # how many one of work's objects is


def spread(values):
    """Median, and half the distance between the quartiles."""
    if not values:
        return None
    if len(values) < 3:
        return [statistics.median(values), 0]
    quarters = statistics.quantiles(values, n=4)
    return [statistics.median(values), (quarters[2] - quarters[0]) / 2]


def scaled(options, amount):
    return max(int(amount / (10 if options.quick else 1)), 100)


def attempts(options):
    return 1 if options.quick else options.rounds


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError, IsADirectoryError):
        path.unlink()


def measure_calls(options, known):
    """Added ns a call. Where calls can be made past a tracer, within one process; else against native processes."""
    calls, work = scaled(options, 100_000), str(options.build / 'bench/work')
    cost, sizes, collectors = {}, {}, {}
    with tracers.scratch() as folder:
        for _ in range(attempts(options)):
            for mode in MODES:
                for threads in (1, 2):
                    for tracer in known:
                        if (tracer.is_peer and threads > 1) or mode not in (tracer.modes or MODES):
                            continue
                        row = one_cost(tracer, work, mode, max(int(calls * tracer.share), 200), threads, folder / 'log')
                        for name, value in row.items():
                            cost.setdefault((tracer.name, mode, threads, name), []).append(value)
                        remove(folder / 'log')
        for tracer in known:
            if tracer.is_peer or tracer.name == 'ipctrace':
                for mode in ('recv', 'ping'):
                    amount = max(int(10 * calls * tracer.share), 200)
                    done = tracer.run([work, mode, str(amount)], str(folder / 'log'))
                    sizes[tracer.name, mode] = done.log_bytes / amount
                    collectors[tracer.name] = (done.collector_cpu, done.collector_rss, amount, done.json())
                    remove(folder / 'log')
    for threads in (1, 2):
        yield {'title': f'added ns a call, {threads} thread{"s" * (threads > 1)} (native: what the call takes)',
               'columns': ['', *MODES.values()],
               'rows': [[tracer.name, *(call_cell(cost, tracer, mode, threads) for mode in MODES)] for tracer in known
                        if (tracer.name, 'recv', threads, 'median') in cost],
               'notes': ['two clock_gettime() calls: %.0f ns' % (2 * statistics.median(cost['native', 'recv', 1, 'clock']))]}
    yield {'title': 'log and collector',
           'columns': ['', 'B a call (recv)', 'B a call (ping)', 'collector CPU ns a call', 'collector peak KiB'],
           'rows': [[name, sizes[name, 'recv'], sizes[name, 'ping'],
                     cpu * 1e9 / amount if cpu is not None else None, rss]
                    for name, (cpu, rss, amount, _) in collectors.items()]}


def one_cost(tracer, work, mode, calls, threads, log):
    """With a tracer that only starts to know the program, natively run pieces are its own measure."""
    words = [work, 'pairs', mode] if tracer.hidden else [work, mode]
    result = tracer.run([*words, str(calls), str(threads)], str(log)).json()
    return {name: result[name] for name in ('median', 'clock', 'added') if name in result}


def call_cell(cost, tracer, mode, threads):
    added = cost.get((tracer.name, mode, threads, 'added'))
    if added:
        return spread(added)
    if mode not in (tracer.modes or MODES):
        return None
    native = cost['native', mode, threads, 'median']
    if tracer.name == 'native':
        return spread(native)
    return spread([value - statistics.median(native) for value in cost[tracer.name, mode, threads, 'median']])


def measure_latency(options, known):
    calls, work = scaled(options, 300_000), str(options.build / 'bench/work')
    wanted = [t for t in known if t.name in ('native', 'empty shim', 'ipctrace', 'LTTng-UST', 'uftrace')]
    columns = ['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max']
    for mode in ('recv', 'ping'):
        found = {}
        with tracers.scratch() as folder:
            for _ in range(attempts(options)):
                for tracer in wanted:
                    found.setdefault(tracer.name, []).append(tracer.run([work, 'latency', mode, str(calls)], str(folder / 'log')).json())
                    remove(folder / 'log')
        yield {'title': f'ns that single calls took, {MODES[mode]}', 'columns': ['', *columns],
               'rows': [[name, *(statistics.median(r[c] for r in results) for c in columns)] for name, results in found.items()]}


def measure_undisturbed(options, known):
    """Single calls that the kernel has no part in, at real-time priority where that may be had: what the tracer does to them."""
    calls, work, found = scaled(options, 1_000_000), str(options.build / 'bench/work'), {}
    columns = ['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max']
    first = ['chrt', '-f', '1']
    is_first = shutil.which('chrt') and not subprocess.run([*first, 'true'], capture_output=True).returncode
    around = [*(first if is_first else []), 'env', f'LD_PRELOAD={options.build}/bench/stub.so']
    with tracers.scratch() as folder:
        for _ in range(5 * attempts(options)):
            for tracer in (t for t in known if t.name in ('native', 'ipctrace')):
                done = tracer.run([work, 'latency', 'recv', str(calls)], str(folder / 'log'), around=around)
                found.setdefault(tracer.name, []).append(done.json())
                remove(folder / 'log')
    yield {'title': 'ns that single calls took that a library answers, recv', 'columns': ['', *columns],
           'rows': [[name, *(spread([r[c] for r in results]) for c in columns)] for name, results in found.items()],
           'notes': [] if is_first else ['no real-time priority is allowed: what else the machine does is in it']}


def measure_stacks(options, known):
    """Added ns a call with and without call stacks, in pieces seen and hidden as measure_calls() does."""
    calls, work, took = scaled(options, 50_000), str(options.build / 'bench/work'), {}
    tracer = next(t for t in known if t.name == 'ipctrace')
    rows = {'no stack': ('deep', ()), 'always the same 16 frames': ('deep', ('-k16',)),
            'one of 65,536 ways to go 16 calls deep': ('paths', ('-k16',))}
    with tracers.scratch() as folder:
        for _ in range(attempts(options)):
            for name, (mode, settings) in rows.items():
                done = tracer.run([work, 'pairs', mode, str(calls)], str(folder / 'log'), settings=settings)
                took.setdefault(name, []).append((done.json()['added'], done.log_bytes / calls))
                remove(folder / 'log')
    plain = statistics.median(added for added, _ in took['no stack'])
    yield {'title': 'added ns a call with call stacks, failing recv', 'columns': ['', 'added', 'of which the stack', 'B a call'],
           'rows': [[name, spread([added for added, _ in found]), statistics.median(added for added, _ in found) - plain,
                     statistics.median(size for _, size in found)] for name, found in took.items()]}


def measure_start(options, known):
    count, work = scaled(options, 200), str(options.build / 'bench/work')
    wanted = [t for t in known if t.name not in ('shim + 2 counters', 'shim + 2 clocks', 'shim + record', 'perf trace', 'ltrace')]
    took = {}
    with tracers.scratch() as folder:
        for _ in range(attempts(options)):
            for tracer in wanted:
                amount = count if tracer.share > 0.2 else max(count // 10, 5)
                found = tracer.run([work, 'spawn', str(amount), '/bin/true'], str(folder / 'log')).json()
                took.setdefault(tracer.name, []).append(found['median'] / 1000)
                remove(folder / 'log')
    native = statistics.median(took['native'])
    commands = {'--version': ['--version'], 'record true': ['record', '-q', '-o', '{}', '--', '/bin/true'], 'report of it': ['report', '{}']}
    alone = {}
    with tracers.scratch() as folder:
        for _ in range(attempts(options)):
            for name, words in commands.items():
                line = [str(options.build / 'ipctrace'), *(word.format(folder / 'log') for word in words)]
                found = tracers.run([work, 'spawn', str(max(count // 10, 5)), *line]).json()
                alone.setdefault('ipctrace ' + name, []).append(found['median'] / 1000)
    yield {'title': 'µs to start /bin/true and see it end', 'columns': ['', 'µs', 'added'],
           'rows': [[name, spread(values), statistics.median(values) - native] for name, values in took.items()]}
    yield {'title': 'µs that the command itself takes', 'columns': ['', 'µs'],
           'rows': [[name, spread(values)] for name, values in alone.items()]}


def measure_programs(options, known):
    yield from programs.measure(options, known, attempts(options))


def timed(command, rounds, timeout):
    """Best of a few: seconds, and the most memory in KiB. None when it fails, or takes longer than `timeout` seconds."""
    best, rss = None, 0
    for _ in range(rounds):
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        watch = tracers.Watch(process.pid)
        # wait() with a timeout looks every 50 ms only, which is as long as some of what is timed here
        killer = threading.Timer(timeout, process.kill)
        killer.start()
        status = process.wait()
        seconds = time.monotonic() - started
        killer.cancel()
        watch.ended.set()
        if status:
            return None, None
        best, rss = min(best or seconds, seconds), max(rss, watch.rss)
    return best, rss


def reader_row(name, command, events, rounds):
    seconds, rss = timed(command, rounds, 120 + events / 500_000)
    return [name, events / 1e6, seconds, events / seconds / 1e6 if seconds else None, rss]


def measure_readers(options, known):
    """Events a second of each reader, on a log of its own of the same work."""
    work, by_name = str(options.build / 'bench/work'), {t.name: t for t in known}
    rounds, rows = min(attempts(options), 3), []
    ipctrace = str(options.build / 'ipctrace')
    with tracers.scratch() as folder:
        for events in (scaled(options, min(1_000_000, options.events)), scaled(options, options.events)):
            log = str(folder / 'log.ipct')
            by_name['ipctrace'].run([work, 'ping', str(events)], log, timeout=120 + events / 200_000)
            for words in (['report', '--by=call'], ['report'], ['print'], ['print', '-y', '-tt'], ['print', '--json'], ['check']):
                rows.append(reader_row('ipctrace ' + ' '.join(words), [ipctrace, *words, log], events, rounds))
            remove(folder / 'log.ipct')
        events = scaled(options, 1_000_000)
        readers = [('LTTng-UST', ['babeltrace2', '{}']), ('LTTng-UST', ['babeltrace2', '-o', 'dummy', '{}']),
                   ('uftrace', ['uftrace', 'dump', '-d', '{}']), ('uftrace', ['uftrace', 'replay', '-d', '{}']),
                   ('uftrace', ['uftrace', 'report', '-d', '{}']), ('perf trace', ['perf', 'script', '-i', '{}'])]
        for name in ('LTTng-UST', 'uftrace', 'perf trace'):
            if name not in by_name:
                continue
            log, amount = folder / 'peer', events if name == 'LTTng-UST' else events // 5
            by_name[name].run([work, 'ping', str(amount)], str(log))
            for reader in (words for owner, words in readers if owner == name and shutil.which(words[0])):
                title = ' '.join(word for word in reader if word not in ('{}', '-d', '-i'))
                rows.append(reader_row(title, [word.format(log) for word in reader], amount, 1))
            remove(log)
    yield {'title': 'readers, on as many calls of send and recv', 'columns': ['', 'M events', 's', 'M events/s', 'peak KiB'], 'rows': rows}


def scale_row(options, tracer, name, words, events, folder):
    line, seconds = [str(options.build / 'bench/work'), *map(str, words)], 120 + events / 500_000
    done = tracer.run(line, str(folder / 'log'), timeout=seconds)
    native = tracers.run(line, timeout=seconds)
    size = done.log_bytes
    remove(folder / 'log')
    # a few thousand events are over before the collector has been looked at
    collector = [done.collector_cpu * 1e9 / events, done.collector_rss] if done.collector_rss else [None, None]
    return [name, events, native.seconds * 1e9 / events, done.seconds * 1e9 / events, size / events, *collector]


def object_row(options, tracer, mode, count, events, folder):
    """One program that uses `count` objects in turns; what recording it and reading it cost."""
    each, name = OBJECTS[mode]
    line, log = [str(options.build / 'bench/work'), 'objects', mode, str(count // each), str(events)], str(folder / 'log.ipct')
    done, native = tracer.run(line, log), tracers.run(line)
    row = [f'{count:,} {name}', native.json()['mean'], done.json()['mean'], done.log_bytes / events,
           done.collector_cpu * 1e9 / events, done.collector_rss]
    for words in (['print', '-y'], ['report', '--by=object']):
        seconds, rss = timed([str(options.build / 'ipctrace'), *words, log], min(attempts(options), 3), 120)
        row += [seconds * 1e9 / events if seconds else None, rss]
    remove(pathlib.Path(log))
    return row


def measure_scale(options, known):
    ipctrace = next(t for t in known if t.name == 'ipctrace')
    columns = ['', 'events', 'ns an event, native', 'traced', 'B an event', 'collector ns an event', 'collector peak KiB']
    with tracers.scratch() as folder:
        rows = []
        for threads in (1, 4, 16, 64, 256, 1024, 2000):
            calls = max(scaled(options, 1_000_000) // threads, 10)
            rows.append(scale_row(options, ipctrace, f'{threads} threads', ['threads', threads, calls], threads * calls, folder))
        yield {'title': 'many threads', 'columns': columns, 'rows': rows}
        rows = []
        for processes in (1, 10, 100, 1000):
            calls = max(scaled(options, 500_000) // processes, 10)
            rows.append(scale_row(options, ipctrace, f'{processes} processes', ['processes', processes, calls], processes * calls, folder))
        yield {'title': 'many processes', 'columns': columns, 'rows': rows}
        rows, amount = [], 10_000
        while amount <= options.events:
            rows.append(scale_row(options, ipctrace, f'{amount:,} events', ['recv', amount], amount, folder))
            amount *= 10
        yield {'title': 'many events', 'columns': columns, 'rows': rows}
        rows = [object_row(options, ipctrace, mode, count, max(scaled(options, 500_000), 2 * count), folder)
                for mode in OBJECTS for count in (10, 100, 1000, 10_000)]
        yield {'title': 'many objects, used in turns',
               'columns': ['', 'ns a call, native', 'traced', 'B an event', 'collector ns an event', 'collector peak KiB',
                           'print -y ns', 'peak KiB', 'report by object ns', 'peak KiB'], 'rows': rows}
        rows = [scale_row(options, ipctrace, 'all arguments different', ['random', scaled(options, 500_000)], scaled(options, 500_000), folder)]
        yield {'title': 'near-random arguments', 'columns': columns, 'rows': rows}


def diff_row(options, ipctrace, calls, folder, by_name):
    """One run and one with a thousandth of its calls missing, doubled or changed, compared."""
    logs = [str(folder / name) for name in ('old.ipct', 'new.ipct')]
    for log, edits in zip(logs, (0, calls // 1000)):
        by_name['ipctrace'].run([str(options.build / 'bench/edits'), str(calls), str(edits)], log, timeout=120 + calls / 200_000)
    best = None
    for _ in range(min(attempts(options), 3)):
        started = time.monotonic()
        process = subprocess.Popen([ipctrace, 'diff', '-q', *logs], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        row = [time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
        if process.returncode != 1:
            return [f'ended with {process.returncode}, not 1', calls / 1e6, None, None, None]
        best = row if best is None or row < best else best
    for log in logs:
        os.unlink(log)
    return ['ipctrace diff', calls / 1e6, *best]


def measure_diff(options, known):
    """How the cost of comparing two runs grows with their length."""
    by_name, ipctrace = {t.name: t for t in known}, str(options.build / 'ipctrace')
    with tracers.scratch() as folder:
        rows = [diff_row(options, ipctrace, calls, folder, by_name)
                for calls in (10_000, 100_000, 1_000_000, 10_000_000) if calls <= max(options.events, 10_000)]
    yield {'title': 'two runs compared, one call in a thousand changed', 'columns': ['', 'M calls a side', 's', 'processor s', 'peak KiB'], 'rows': rows}


PARTS = {'calls': measure_calls, 'stacks': measure_stacks, 'latency': measure_latency, 'undisturbed': measure_undisturbed,
         'start': measure_start, 'programs': measure_programs, 'readers': measure_readers, 'scale': measure_scale,
         'diff': measure_diff}
