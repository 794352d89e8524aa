#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server in ruby with a thread for each of five clients, which come at the same time and are not recorded."""
import sys

from perl_forking import run_asked
from series import main, program_find

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
    run_asked(run, change, program_find('ruby'), run.folder / 'server.rb')

if __name__ == '__main__':
    main(sys.modules[__name__])
