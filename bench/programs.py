# SPDX-License-Identifier: MIT
"""Whole programs: redis-server under redis-benchmark and nginx under wrk, traced and not, in turns."""
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

import tracers

NGINX = '''daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
 uwsgi_temp_path {folder}; scgi_temp_path {folder}; root {folder}/www;
 server {{ listen 127.0.0.1:{port}; location / {{ }} }} }}
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError('the server ended at once')
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError('the server does not listen')


def around(tracer, options, command, log):
    """The command line that starts a server under a tracer; None when this tracer is not for whole programs."""
    if tracer.name == 'native':
        return command
    if tracer.name == 'ipctrace':
        return [str(options.build / 'ipctrace'), 'record', '-o', log, '--', *command]
    if tracer.name in ('strace', 'perf trace', 'uftrace'):
        return tracer.line(command, log)
    return None


def children_of(pid):
    """A process and all below it."""
    found = [pid]
    for one in found:
        for task in pathlib.Path(f'/proc/{one}/task').glob('*/children'):
            try:
                found += [int(word) for word in task.read_text().split()]
            except OSError:
                pass
    return found


def serve(tracer, options, command, port, log, load, stop):
    """Starts the server, runs `load`, stops the server; what the load said, and what the tracer used and wrote."""
    line = around(tracer, options, command, log)
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    watch = tracers.Watch(process.pid)
    try:
        wait_for(port, process)
        said = subprocess.run(load, capture_output=True, text=True, timeout=60).stdout
        watch.look()
        stop(children_of(process.pid)[-1] if tracer.name != 'native' else process.pid)
        _, errors = process.communicate(timeout=30)
    finally:
        watch.ended.set()
        if process.poll() is None:
            for pid in reversed(children_of(process.pid)):
                os.kill(pid, signal.SIGKILL)
            process.communicate()
    events = re.search(r'([\d,]+) events', errors or '')
    return {'said': said, 'cpu': watch.cpu, 'rss': watch.rss, 'events': int(events[1].replace(',', '')) if events else None,
            'bytes': tracers.size_of(log) if tracer.name != 'native' else 0}


def redis(tracer, options, folder, log):
    port, requests = free_port(), 3000 if options.quick or tracer.name == 'strace' else 60000
    said = serve(tracer, options, ['redis-server', '--port', str(port), '--save', '', '--dir', str(folder)], port, log,
                 ['redis-benchmark', '-p', str(port), '-P', '1', '-n', str(requests), '-t', 'set,get', '--csv'],
                 lambda pid: subprocess.run(['redis-cli', '-p', str(port), 'shutdown', 'nosave'], capture_output=True))
    rates = [float(rate) for rate in re.findall(r'^"[SG]ET","([\d.]+)"', said['said'], re.M)]
    return {**said, 'rate': statistics.mean(rates)}


def nginx(tracer, options, folder, log):
    port = free_port()
    www = folder / 'www'
    www.mkdir(exist_ok=True)
    (www / 'index.html').write_text('x' * 600)
    (folder / 'nginx.conf').write_text(NGINX.format(folder=folder, port=port))

    def stop(pid):
        os.kill(int((folder / 'nginx.pid').read_text()), signal.SIGQUIT)

    said = serve(tracer, options, ['nginx', '-c', str(folder / 'nginx.conf')], port, log,
                 ['wrk', '-t1', '-c16', '-d1s' if options.quick else '-d2s', f'http://127.0.0.1:{port}/index.html'], stop)
    return {**said, 'rate': float(re.search(r'Requests/sec:\s+([\d.]+)', said['said'])[1])}


SERVERS = {'redis-server, SET and GET, -P 1': (redis, ['redis-server', 'redis-benchmark', 'redis-cli']),
           'nginx under wrk': (nginx, ['nginx', 'wrk'])}


def measure(options, known, rounds):
    wanted = [t for t in known if t.name in ('native', 'ipctrace', 'uftrace', 'perf trace', 'strace')]
    for title, (server, needed) in SERVERS.items():
        missing = [name for name in needed if not shutil.which(name)]
        if missing:
            yield {'title': title, 'columns': ['not measured'], 'rows': [[f'{", ".join(missing)} not installed']]}
            continue
        found, troubles = {}, []
        with tracers.scratch() as folder:
            for _ in range(rounds):
                for tracer in wanted:
                    log = folder / 'log'
                    try:
                        found.setdefault(tracer.name, []).append(server(tracer, options, folder, str(log)))
                    except (RuntimeError, OSError, subprocess.TimeoutExpired, statistics.StatisticsError, TypeError) as trouble:
                        troubles.append(f'{tracer.name}: {trouble}')
                    shutil.rmtree(log, ignore_errors=True)
                    log.unlink(missing_ok=True)
        yield {'title': title, 'columns': ['', 'requests/s', 'times slower', 'B an event', 'collector ns an event', 'collector peak KiB'],
               'rows': [row(name, results, found['native']) for name, results in found.items()], 'notes': sorted(set(troubles))}


def row(name, results, native):
    rate = statistics.median(r['rate'] for r in results)
    line = [name, rate, statistics.median(r['rate'] for r in native) / rate]
    events = [r for r in results if r['events']]
    if not events:
        return [*line, None, None, None]
    return [*line, statistics.median(r['bytes'] / r['events'] for r in events),
            statistics.median(r['cpu'] * 1e9 / r['events'] for r in events), max(r['rss'] for r in events)]
