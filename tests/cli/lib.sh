# shellcheck shell=sh
# What the tests of the command share. Sourced with the paths of s7rig and odd_peer as $1 and $2.
#
# Every program that a test starts is ended by its own pid; readiness is a line read from a pipe, never a pause.
set -u
s7rig=$1
odd_peer=$2
dir=$(mktemp -d)
pids=
step=start

cleanup() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null
    done
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAILED: $step: $*" >&2
    for log in "$dir"/*.log; do
        [ -s "$log" ] && sed "s|^|${log##*/}: |" "$log" >&2
    done
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

say() {
    step=$*
    echo "- $*"
}

# bounded COMMAND...: no command of a test may hang it.
bounded() {
    timeout -k 5 30 "$@"
}

# expect STATUS TEXT COMMAND...: it ends with STATUS and prints TEXT, on whichever stream. The output stays in $dir/out.
expect() {
    want=$1 text=$2
    shift 2
    bounded "$@" >"$dir/out" 2>&1
    got=$?
    [ "$got" -eq "$want" ] || fail "expected exit status $want, got $got: $*
$(cat "$dir/out")"
    contains "$text" "$*"
}

# contains TEXT WHAT: TEXT is part of $dir/out.
contains() {
    case $(cat "$dir/out") in
    *"$1"*) ;;
    *) fail "expected \"$1\" from: $2
got: $(cat "$dir/out")" ;;
    esac
}

# prints TEXT COMMAND...: it ends well and TEXT is all that it prints to stdout.
prints() {
    text=$1
    shift
    got=$(bounded "$@" 2>"$dir/err.log") || fail "expected exit status 0: $*"
    [ "$got" = "$text" ] || fail "expected \"$text\", got \"$got\" from: $*"
}

sql() {
    bounded sqlite3 -cmd '.timeout 10000' -cmd 'PRAGMA foreign_keys=ON' "$plant" "$1"
}

# selects TEXT STATEMENT: what plain sqlite3 sees in $plant.
selects() {
    got=$(sql "$2") || fail "sqlite3 could not run: $2"
    [ "$got" = "$1" ] || fail "expected \"$1\", got \"$got\" from: $2"
}

# serve NAME PLANT [OPTION...]: starts a server; sets address (of its first PLC) and server, its pid. Its log is NAME.log.
serve() {
    name=$1
    shift
    mkfifo "$dir/$name.ready"
    "$s7rig" serve "$@" >"$dir/$name.ready" 2>"$dir/$name.log" &
    server=$!
    pids="$pids $server"
    read -r word plc address <"$dir/$name.ready" || fail "$name ended before it listened"
    [ "$word" = listening ] || fail "expected a line \"listening NAME ADDRESS\", got \"$word $plc $address\""
}

# ends_well PID: SIGTERM ends the server with status 0.
ends_well() {
    kill -TERM "$1" || fail "the server is gone"
    wait "$1"
    got=$?
    [ "$got" -eq 0 ] || fail "the server ended with status $got after SIGTERM"
}

# peer MANNER: starts an odd peer; sets peer_address.
peer() {
    mkfifo "$dir/$1.ready"
    "$odd_peer" "$1" >"$dir/$1.ready" 2>"$dir/$1.log" &
    pids="$pids $!"
    read -r port <"$dir/$1.ready" || fail "the odd peer did not start"
    peer_address=127.0.0.1:$port
}

# services_plc PROGRAM [locked]: starts the PLC that has services; sets peer_address.
services_plc() {
    services="$dir/services$(echo "$pids" | wc -w)"
    mkfifo "$services.ready"
    "$@" >"$services.ready" 2>"$services.log" &
    pids="$pids $!"
    read -r port <"$services.ready" || fail "the PLC did not start"
    peer_address=127.0.0.1:$port
}

# is_json FILE
is_json() {
    if command -v python3 >/dev/null; then
        python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$1" 2>"$dir/err.log" ||
            fail "no JSON: $(cat "$1")"
    fi
}

command -v sqlite3 >/dev/null || skip "no sqlite3 command (apt-get install sqlite3)"
