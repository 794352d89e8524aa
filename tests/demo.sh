#!/bin/sh
# SPDX-License-Identifier: MIT
# ./dev demo: records a server and its clients, then shows what can be seen of them. Leaves only the trace.
#
#   demo.sh IPCTRACE    the command in a build folder; the trace goes to the folder demo beside it
set -eu
ipctrace=$1
build=$(cd "$(dirname "$ipctrace")" && pwd)
folder=$build/demo
trace=$folder/demo.ipct
shown=${trace#"$PWD/"}
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

bold= plain=
if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

say() {
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# A port that nobody listens on.
port=$((10000 + $$ % 20000))
while grep -qi ":$(printf %04X $port) " /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
	port=$((port + 1))
done

if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
	server="redis-server --port $port --bind 127.0.0.1 --save '' --dir '$work'"
	client="redis-cli -p $port set city Praha; redis-cli -p $port get city"
	stop="redis-cli -p $port shutdown nosave"
else
	pair=$build/tests/programs
	server="'$pair/echo-server' $port"
	client="'$pair/echo-client' $port hello; '$pair/echo-client' $port 'who is there?'"
	stop="'$pair/echo-client' $port bye"
fi

# Both ends in one trace: a shell starts the server, waits for a word that it is ready, and asks.
mkfifo "$work/ready"
cat >"$work/both.sh" <<TEXT
$server >'$work/said' 2>&1 &
read -r word <'$work/ready'
$client
$stop
wait
TEXT
say '1. Record: a server and two clients, unmodified, started as always, with "ipctrace record" in front.'
sed -n -e "s,'$work/[a-z]*',FILE,g; s/2>&1 //; s/^/    /p" "$work/both.sh"
echo "  \$ ipctrace record -o $shown -- sh both.sh"
"$ipctrace" record -o "$shown" -- sh "$work/both.sh" &
recorder=$!
tries=0
until grep -q 'Ready to accept' "$work/said" 2>/dev/null; do
	tries=$((tries + 1))
	if [ $tries -gt 200 ] || ! kill -0 $recorder 2>/dev/null; then
		echo 'demo: the server does not start:' >&2
		cat "$work/said" >&2
		kill $recorder 2>/dev/null || true
		exit 1
	fi
	sleep 0.05
done
echo ready >"$work/ready"
wait $recorder

say '2. Print: the calls of both ends in order of time; each descriptor says what it is and who is at the other end.'
echo "  \$ ipctrace print -y -r -z -e connect,accept,accept4,send,recv,read,write $shown | grep :$port"
"$ipctrace" print -y -r -z -e connect,accept,accept4,send,recv,read,write --color=never "$trace" | grep ":$port" | sed -n 1,14p

say '3. Report: who talked to whom, how much, and how long they waited for each other.'
echo "  \$ ipctrace report --by object --by process -e %socket,read,write $shown | grep -v ': file '"
"$ipctrace" report --by object --by process -e '%socket,read,write' --color=never "$trace" | grep -v ': file ' | sed -n 1,24p

say "The trace is $shown. Some more to ask it:"
cat <<TEXT
  ipctrace report --by call $shown
  ipctrace print -tt -T -y -e %poll $shown
  ipctrace print --json -e send,recv $shown
  ipctrace info $shown
TEXT
