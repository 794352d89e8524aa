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
	# --hz 1: what the server does of itself is done in every run, not in those that take a little longer
	server="redis-server --port $port --bind 127.0.0.1 --hz 1 --save '' --dir '$work'"
	client="redis-cli -p $port set city Praha; redis-cli -p $port get"
	word=city new_word=town
	stop="redis-cli -p $port shutdown nosave"
	again="redis-cli -p $port get city"
	other="redis-cli -p $port get town"
else
	pair=$build/tests/programs
	server="'$pair/echo-server' $port"
	client="'$pair/echo-client' $port hello; '$pair/echo-client' $port"
	word="'who is there?'" new_word="'who are you?'"
	stop="'$pair/echo-client' $port bye"
	again="$pair/echo-client $port hello"
	other="$pair/echo-client $port hallo"
fi

mkfifo "$work/ready"

# Both ends in one trace: a shell starts the server, waits for a word that it is ready, and asks. The last question is $1.
write_both() {
	cat >"$work/both.sh" <<TEXT
$server >'$work/said' 2>&1 &
read -r word <'$work/ready'
$client $1
$stop
wait
TEXT
}

# Records what was written, into $1, and says when the server is ready. All output goes to files, or it would be a difference
# where it goes.
record_both() {
	rm -f "$work/said"
	"$ipctrace" record -o "$1" -- sh "$work/both.sh" >"$work/out" 2>"$work/err" &
	recorder=$!
	tries=0
	until grep -q 'Ready to accept' "$work/said" 2>/dev/null; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ] || ! kill -0 $recorder 2>/dev/null; then
			echo 'demo: the server does not start:' >&2
			cat "$work/said" "$work/err" >&2
			kill $recorder 2>/dev/null || true
			exit 1
		fi
		sleep 0.05
	done
	echo ready >"$work/ready"
	wait $recorder
}

write_both "$word"
say '1. Record: a server and two clients, unmodified, started as always, with "ipctrace record" in front.'
sed -n -e "s,'$work/[a-z]*',FILE,g; s/2>&1 //; s/^/    /p" "$work/both.sh"
echo "  \$ ipctrace record -o $shown -- sh both.sh"
record_both "$shown"
cat "$work/out"
cat "$work/err" >&2

say '2. Print: the calls of both ends in order of time; each descriptor says what it is and who is at the other end.'
echo "  \$ ipctrace print -y -r -z -e connect,accept,accept4,send,recv,read,write $shown | grep :$port"
"$ipctrace" print -y -r -z -e connect,accept,accept4,send,recv,read,write --color=never "$trace" | grep ":$port" | sed -n 1,14p

say '3. Report: who talked to whom, how much, and how long they waited for each other.'
echo "  \$ ipctrace report --by object --by process -e %socket,read,write $shown | grep -v ': file '"
"$ipctrace" report --by object --by process -e '%socket,read,write' --color=never "$trace" | grep -v ': file ' | sed -n 1,24p

say '4. Replay: a client is tested without its server, which is not running any more; then one that says something else.'
echo "  \$ ipctrace replay --peer $shown -- ${again##*/}"
# shellcheck disable=SC2086
"$ipctrace" replay --peer "$trace" -- $again 2>&1
echo "  \$ ipctrace replay --peer $shown -- ${other##*/}"
# shellcheck disable=SC2086
"$ipctrace" replay --peer "$trace" -- $other 2>&1 || true

say '5. Compare: the same once more, and with another question. What chance decides does not count, what changed is named.'
record_both "$folder/again.ipct"
echo "  \$ ipctrace diff $shown ${shown%demo.ipct}again.ipct"
"$ipctrace" diff --color=never "$trace" "$folder/again.ipct" | grep -v '^not counted'
write_both "$new_word"
record_both "$folder/changed.ipct"
echo "  \$ ipctrace diff --limit=1 $shown ${shown%demo.ipct}changed.ipct     # the last line asks for $new_word"
"$ipctrace" diff --color=never --limit=1 "$trace" "$folder/changed.ipct" | sed '/^2\. /,$d; /^not counted/d; s,^\(.\{150\}\).*,\1,'

say "The trace is $shown. Some more to ask it:"
cat <<TEXT
  ipctrace report --by call $shown
  ipctrace print -tt -T -y -e %poll $shown
  ipctrace print --json -e send,recv $shown
  ipctrace info $shown
TEXT
