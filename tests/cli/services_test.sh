#!/bin/sh
# info, clock, diag, start and stop: what they refuse to do, and what they say of peers that are no PLC. What they tell of a PLC is compared
# in tests/interop.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

say "what changes a PLC at another machine, or at a name, wants --yes, before anything is sent"
for where in 0.0.0.0:1 192.0.2.1 "s7://192.0.2.1?slot=2" "[2001:db8::1]" 127.0.0.1.example 128.0.0.1:1; do
    for words in "start" "start --cold" "stop" "clock --set now"; do
        expect 2 "is not this machine, and this changes the PLC there: say --yes if that is meant" "$s7rig" $words "$where"
    done
    expect 2 "say --yes if that is meant" "$s7rig" write "$where" DB1.DBW0=1
done
for where in 127.0.0.1:1 127.9.9.9:1 "s7://127.0.0.1:1?slot=2" "[::1]:1" localhost:1 "0.0.0.0:1 --yes"; do
    for words in "start" "start --cold" "stop" "clock --set now"; do
        expect 4 "connect to " "$s7rig" $words $where
    done
    expect 4 "connect to " "$s7rig" write $where DB1.DBW0=1
done
expect 2 'make a client for "127.0.0.1:x"' "$s7rig" write 127.0.0.1:x DB1.DBW0=1
expect 2 "no such option --cold" "$s7rig" stop 127.0.0.1:1 --yes --cold
expect 2 'got "x"' "$s7rig" write 192.0.2.1 DB1.DBW0=x

say "at a terminal it is asked for"
# The answer is in the terminal before the question comes.
at_terminal() { # at_terminal STATUS TEXT ANSWER COMMAND...
    want=$1 text=$2 answer=$3
    shift 3
    printf '%s\n' "$answer" | bounded script -qec "$*" /dev/null >"$dir/out" 2>&1
    got=$?
    [ "$got" -eq "$want" ] || fail "expected exit status $want, got $got: $*: $(cat "$dir/out")"
    contains "Go on? [y/N]" "$*"
    contains "$text" "$*"
}
if command -v script >/dev/null; then
    for answer in y Y yes; do
        at_terminal 4 "connect to 0.0.0.0:1" "$answer" "$s7rig" stop 0.0.0.0:1
    done
    for answer in n "" yess no; do
        at_terminal 2 "nothing was sent" "$answer" "$s7rig" stop 0.0.0.0:1
    done
fi

say "start and stop take the PLC of S7_ENDPOINT with --yes only, wherever it is"
for words in start stop "start --cold"; do
    expect 2 "this changes the PLC of S7_ENDPOINT, 127.0.0.1:1: name it, or say --yes" \
        env S7_ENDPOINT=127.0.0.1:1 "$s7rig" $words
    expect 4 "connect to 127.0.0.1:1" env S7_ENDPOINT=127.0.0.1:1 "$s7rig" $words --yes
    expect 4 "connect to 127.0.0.1:1" env S7_ENDPOINT=192.0.2.1 "$s7rig" $words 127.0.0.1:1
done
expect 4 "connect to 127.0.0.1:1" env S7_ENDPOINT=127.0.0.1:1 "$s7rig" clock
expect 4 "connect to 127.0.0.1:1" env S7_ENDPOINT=127.0.0.1:1 "$s7rig" clock --set now
expect 2 "say --yes" env S7_ENDPOINT=192.0.2.1 "$s7rig" clock --set now
expect 2 "say --yes" env S7_ENDPOINT=192.0.2.1 "$s7rig" write DB1.DBW0=1

say "a time is a date of 1990..2089 and a time of day"
for time in "2026-02-30 00:00:00" "1989-12-31 23:59:59" "2090-01-01 00:00:00" "2026-01-01 24:00:00" "2026-01-01" "tomorrow" \
    "2026-01-01 00:00:00.5" "2026-01-01x00:00:00" ""; do
    expect 2 "--set takes now or a time like" "$s7rig" clock 127.0.0.1:1 --yes --set "$time"
done

say "one endpoint each"
for command in info clock diag "start --yes" "stop --yes"; do
    expect 2 "expected one endpoint" "$s7rig" $command
    expect 2 "expected one endpoint" "$s7rig" $command 127.0.0.1:1 127.0.0.1:2
done

say "peers that are no PLC"
for manner in http closing; do
    peer "$manner"
    for command in info clock diag "clock --set now --yes" "start --yes" "stop --yes"; do
        expect 4 "connect to $peer_address" "$s7rig" $command "$peer_address"
    done
done
expect 4 "connect to 127.0.0.1:1 " "$s7rig" info 127.0.0.1:1

say "a PLC that does not know the services is told apart, and what still works is named"
services_plc "$3" locked
expect 1 "s7rig info: this PLC does not tell identification, order code, mode, protection, limits: it answered with error 8104
s7rig info: try: read, write, scan and dump, which do not need it" "$s7rig" info "$peer_address"
expect 1 "s7rig clock: this PLC does not tell its clock: it answered with error 8104" "$s7rig" clock "$peer_address"
expect 1 "s7rig diag: this PLC does not tell its diagnostic buffer: it answered with error 8104" "$s7rig" diag "$peer_address"
expect 1 "s7rig clock: this PLC does not let its clock be set" "$s7rig" clock "$peer_address" --set now
expect 1 "s7rig stop: this PLC does not let itself be stopped" "$s7rig" stop "$peer_address"
expect 1 "s7rig start: this PLC does not let itself be started" "$s7rig" start "$peer_address"

say "a simulated PLC tells what its personality says, and its own file"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant" --cpu s7-300
serve a "$plant" --listen 127.0.0.1:0
at="s7://$address?slot=2"
expect 0 "order code    6ES7 315-2EH14-0AB0" "$s7rig" info "$at"
contains "mode          RUN since" "info"
expect 0 "the PLC goes to STOP" "$s7rig" stop "$at"
expect 0 "mode          STOP since" "$s7rig" info "$at"
[ "$(sqlite3 "$plant" "SELECT mode FROM plc")" = STOP ] || fail "the file does not know that its PLC stopped"
[ "$(sqlite3 "$plant" "SELECT event FROM diagnostic ORDER BY id DESC LIMIT 1")" = 4304 ] || fail "no entry of the stop"
expect 0 "4304  STOP by a programming device" "$s7rig" diag "$at" -n 1
sqlite3 "$plant" "UPDATE plc SET mode = 'RUN'" || fail "sqlite3"
expect 0 "mode          RUN since" "$s7rig" info "$at"
expect 0 "4302  from startup to RUN" "$s7rig" diag "$at" -n 1
expect 0 "" "$s7rig" clock "$at" --set "1994-01-09 12:00:00"
expect 0 "1994-01-09 12:0" "$s7rig" clock "$at"
sqlite3 "$plant" "DELETE FROM personality_szl WHERE personality = 's7-300' AND list = 0x11" || fail "sqlite3"
expect 1 "module        CPU 315-2 PN/DP" "$s7rig" info "$at"
contains "this PLC does not tell order code: it answered with error D401" "info"
ends_well "$server"

say "a PLC that has them: the diagnostic buffer, the newest first"
services_plc "$3"
first="1994-01-09 00:00:00.000  4302  from startup to RUN
1994-01-09 00:00:00.000  4304  STOP by a programming device or SFB 20
1994-01-09 00:00:00.000  8510  diagnostic data of a module, coming
                         3400  asynchronous error, going"
prints "$first" "$s7rig" diag "$peer_address" -n 4
prints "$first" env S7_ENDPOINT="$peer_address" "$s7rig" diag --newest=4
expect 0 "$first" "$s7rig" diag "$peer_address"
contains "a CPU in RUN may tell the newest 10 only" "diag of ten entries"
bounded "$s7rig" diag "$peer_address" --json >"$dir/out" 2>"$dir/err.log" || fail "diag --json"
is_json "$dir/out"
contains '[{"time": "1994-01-09 00:00:00.000", "event": "4302", "text": "from startup to RUN", "priority": 255, "ob": 104, ' "diag --json"
contains '{"time": "", "event": "3400", "text": "asynchronous error, going", ' "diag --json"
prints 'time,event,text,priority,ob,data_id,info1,info2
1994-01-09 00:00:00.000,4302,from startup to RUN,255,104,C700,0000,00000000
1994-01-09 00:00:00.000,4304,STOP by a programming device or SFB 20,255,104,C700,0000,00000000
1994-01-09 00:00:00.000,8510,"diagnostic data of a module, coming",255,104,C700,0000,00000000' \
    "$s7rig" diag "$peer_address" --csv -n3
expect 2 '--newest takes a number 1..512, got "0"' "$s7rig" diag "$peer_address" -n 0
expect 2 "cannot be had together" "$s7rig" diag "$peer_address" --json --csv

say "and the others"
expect 0 "CPU 315-2 PN/DP" "$s7rig" info "$peer_address"
expect 0 "identity  ok      CPU 315-2 PN/DP 6ES7 315-2EH14-0AB0 V3.2.6" "$s7rig" doctor "$peer_address" --db 1
expect 0 "the PLC goes to STOP" "$s7rig" stop "$peer_address"
expect 1 "8402" "$s7rig" stop "$peer_address"
expect 0 "the PLC starts" "$s7rig" start "$peer_address" --cold
prints "2030-01-02 03:04:05.000 Wed" "$s7rig" clock "$peer_address" --set "2030-01-02 03:04:05"
