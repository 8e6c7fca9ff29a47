#!/bin/sh
# watch: lines where nobody looks, a table on a terminal (on_pty.c is one), and what it does when the PLC goes and comes.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
on_pty=$3
plant=$dir/line.plant
export TZ=UTC

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64
serve line "$plant" --listen 127.0.0.1:0
line=$server
printf 'name;address\nspeed;DB1.DBW0:INT\ntext;DB1.DBB10:STRING(20)\n' >"$dir/line.csv"

# without_time FILE: the lines without what stands before the first tag
without_time() {
    sed 's/^[0-9-]* [0-9:.]* //' "$1"
}

say "wrong words are told before anything is sent"
expect 2 "expected an endpoint and at least one tag" "$s7rig" watch "$address"
expect 2 '--every takes a time from 1ms to 60m, like 500ms, 2s or 1m, got "500"' "$s7rig" watch "$address" MB0 --every 500
expect 2 "cannot be had together" "$s7rig" watch "$address" MB0 --csv --json
expect 2 "wrong address: a bit number is 0..7" "$s7rig" watch "$address" M0.9
expect 4 "connect to 127.0.0.1:1 " "$s7rig" watch 127.0.0.1:1 MB0

say "as many rounds as asked for; values that stay are one line each"
bounded "$s7rig" watch "$address" DB1.DBW0:INT M0.0 --every 1ms --count 5 >"$dir/out" || fail "watch --count"
[ "$(without_time "$dir/out")" = 'DB1.DBW0:INT = 0
M0.0 = 0' ] || fail "got $(cat "$dir/out")"

say "a tag that the PLC refuses does not spoil the others, and is said in the exit status"
bounded "$s7rig" watch "$address" DB9.DBW0 DB1.DBW0 --every 1ms --count 2 >"$dir/out"
[ $? -eq 1 ] || fail "expected exit status 1"
[ "$(without_time "$dir/out")" = 'DB9.DBW0: object does not exist
DB1.DBW0 = 0' ] || fail "got $(cat "$dir/out")"

say "it ends when nobody reads any more, though nothing changes"
bounded sh -c '"$0" watch "$1" DB1.DBW0 --every 5ms | head -n 1' "$s7rig" "$address" >"$dir/out" || fail "watch | head -n 1"
[ "$(without_time "$dir/out")" = 'DB1.DBW0 = 0' ] || fail "got $(cat "$dir/out")"

# follow NAME OPTION...: watches speed and text; its lines come from descriptor 3, its diagnostics from 4.
follow() {
    rm -f "$dir/$1.out" "$dir/$1.err"
    mkfifo "$dir/$1.out" "$dir/$1.err"
    "$s7rig" watch "$address" --symbols "$dir/line.csv" speed text --every 5ms "$@" >"$dir/$1.out" 2>"$dir/$1.err" &
    watch=$!
    pids="$pids $watch"
    exec 3<"$dir/$1.out" 4<"$dir/$1.err"
}

# next TEXT: the next line ends with TEXT.
next() {
    IFS= read -r got <&3 || fail "watch ended before \"$1\": $(cat <&4)"
    case $got in
    *"$1") ;;
    *) fail "expected a line that ends with \"$1\", got \"$got\"" ;;
    esac
}

say "a line for each change, as JSON and as a table"
follow --json
next '"name": "speed", "address": "DB1.DBW0:INT", "status": "S7_OK", "value": 0}'
next '"name": "text", "address": "DB1.DBB10:STRING(20)", "status": "S7_OK", "value": ""}'
expect 0 "" "$s7rig" write "$address" DB1.DBW0:INT=-5
next '"value": -5}'
expect 0 "" "$s7rig" write "$address" 'DB1.DBB10:STRING(20)=a "b", c'
next '"value": "a \"b\", c"}'
ends_well "$watch"
follow --csv
next 'time,tag,status,value,error'
next ',speed,S7_OK,-5,'
next ',text,S7_OK,"a ""b"", c",'
expect 0 "" "$s7rig" write "$address" DB1.DBW0:INT=6
next ',speed,S7_OK,6,'
kill -INT "$watch" # ignored by what a shell without job control starts in the background
ends_well "$watch"

say "a PLC that is gone is waited for; what happened meanwhile is seen"
follow --changes
next ' speed = 6'
next ' text = a "b", c'
kill -9 "$line"
wait "$line" 2>/dev/null
read -r got <&4
case $got in
"s7rig watch: 2"*" no values: "*) ;;
*) fail "expected \"no values\", got \"$got\"" ;;
esac
sql "UPDATE block SET data = zeroblob(64) WHERE kind = 'DB' AND number = 1" || fail "sqlite3"
serve again "$plant" --listen "$address"
line=$server
next ' speed = 0'
next ' text = '
read -r got <&4
case $got in
*" connected again") ;;
*) fail "expected \"connected again\", got \"$got\"" ;;
esac
ends_well "$watch"

say "who ends it while the PLC is gone does not wait"
follow --json --timeout 3600000
next '"value": 0}'
next '"value": ""}'
kill -9 "$line"
wait "$line" 2>/dev/null
read -r got <&3
case $got in
*'"connected": false, "error": "'*) ;;
*) fail "expected \"connected\": false, got \"$got\"" ;;
esac
kill -TERM "$watch"
wait "$watch"
[ $? -eq 4 ] || fail "without values at the end the exit status is 4"
serve third "$plant" --listen "$address"
line=$server

# shows STATUS TEXT STEP... -- COMMAND...: on a terminal it ends with STATUS, TEXT was shown, and the terminal is as it was.
shows() {
    want=$1 text=$2
    shift 2
    TERM=xterm bounded "$on_pty" 10x80 "$@" >"$dir/out" 2>"$dir/err.log" || fail "on_pty"
    contains "ended with $want, terminal restored" "$*"
    contains "$text" "$*"
}
enter=$(printf '\033[?1049h') leave=$(printf '\033[?1049l')

say "a table on a terminal, with a mark at what changed; q ends it and the last values stay"
shows 0 "$leave" wait="$enter" wait="speed  0 " "run=$s7rig write $address DB1.DBW0:INT=7 >$dir/run.log" wait="* speed  7 " \
    wait="  speed  7 " send=q -- "$s7rig" watch "$address" --symbols "$dir/line.csv" speed MB1 --every 5ms
case $(cat "$dir/out") in
*"$leave"*"  speed  7 "*) ;;
*) fail "the last table did not stay" ;;
esac

say "Ctrl-C, SIGTERM, SIGHUP and the last round restore the terminal as well"
ctrl_c=$(printf '\003')
shows 0 "$leave" wait="MB1 " send="$ctrl_c" -- "$s7rig" watch "$address" MB1
shows 0 "$leave" wait="MB1 " signal=15 -- "$s7rig" watch "$address" MB1 --every 60m
shows 0 "$leave" wait="MB1 " signal=1 -- "$s7rig" watch "$address" MB1 --every 60m
shows 0 "$leave" -- "$s7rig" watch "$address" MB1 --count 2 --every 1ms

say "more tags than rows: they are moved by keys, and a window of another size is filled"
tags=$(i=0; while [ $i -lt 30 ]; do echo "DB1.DBB$i"; i=$((i + 1)); done)
# shellcheck disable=SC2086 # one tag a word
shows 0 "$leave" wait="1 to 7 of 30 tags" send=j wait="2 to 8 of 30 tags" 'send=\e[A\e[B\e[B' wait="3 to 9 of 30 tags" 'send=\e[6~' \
    wait="10 to 16 of 30" 'send=\e[6~\e[6~\e[6~' wait="24 to 30 of 30" size=20x60 wait="14 to 30 of 30 tags" size=40x80 \
    wait="DB1.DBB29 " send=q -- "$s7rig" watch "$address" $tags --every 60m

say "a PLC that is gone is told on the screen, and Ctrl-C does not wait for it"
shows 4 "no values at the end: " wait="MB1 " "run=kill -9 $line" wait="NO VALUES since" send="$ctrl_c" -- "$s7rig" watch "$address" \
    MB1 --every 5ms
serve fourth "$plant" --listen "$address"

say "lines on a terminal that cannot do more, or when asked for"
shows 0 "MB1 = 0" -- "$s7rig" watch "$address" MB1 --count 1 --changes
case $(cat "$dir/out") in
*"$enter"*) fail "--changes took the screen" ;;
esac
shows 2 "raw bytes are not for a terminal" -- "$s7rig" read "$address" --raw MB1
ends_well "$server"
