#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server in ruby with a thread for each of five clients, which come at the same time and are not recorded."""
import sys
import threading

from perl_forking import ask
from series import RECORDED, main, program_find, wait_until

CHANGES = ['one-more']

PROGRAM = '''
require "socket"
server = TCPServer.new("127.0.0.1", ARGV[0].to_i)
File.write(ARGV[1], "")
threads = 5.times.map do
  Thread.new(server.accept) do |client|
    while line = client.gets
      client.write(line.upcase)
    end
    client.close
  end
end
threads.each(&:join)
'''


def prepare(run):
    program_find('ruby')
    (run.folder / 'server.rb').write_text(PROGRAM)


def run(run, change):
    ready = run.folder / 'ready'
    ready.unlink(missing_ok=True)
    server = run.start(program_find('ruby'), run.folder / 'server.rb', run.series.port, ready, name=RECORDED)
    wait_until('the server does not listen', ready.exists)
    clients = [threading.Thread(target=ask, args=(run.series.port, number, 5 if change and number == 3 else 4)) for number in range(5)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    run.status(server)

if __name__ == '__main__':
    main(sys.modules[__name__])
