#!/bin/sh
# The demo plant is accepted without an error, and each example does what its first line says.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
first_read=$3
bottling=$4
pool_threads=$5
tag_list=$6
event_loop=$7
subscription=$8
pool_workers=$9
plant=$dir/bottling.plant

say "the demo plant"
expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64 --db 2:64
bounded sqlite3 "$plant" <"$bottling" || fail "sqlite3 does not take bottling.sql"
serve line "$plant" --listen 127.0.0.1:0
selects "14|0" "SELECT count(*), count(error) FROM tag"
prints "DB1.DBD0:REAL = 0.85
DB1.DBX18.0 = 1
DB2.DBB0:STRING(20) = Lemonade 0.5 l" "$s7rig" read "$address" DB1.DBD0:REAL DB1.DBX18.0 "DB2.DBB0:STRING(20)"

say "first_read"
prints "bottles filled: 1204, now 1205" "$first_read" "$address"
prints "bottles filled: 1205, now 1206" "$first_read" "s7://$address?rack=0&slot=1"
selects 1206 "SELECT value FROM tag WHERE name = 'bottles_filled'"
expect 1 "first_read: " "$first_read" "$address:x"

say "tag_list"
prints "recipe = Lemonade 0.5 l
shift = 2
motor_on = 1
conveyor_speed = 0.85
fill_level = 72.5
speed_setpoint = 0.9
bottles_rejected = 3

read 7 tags with PDUs of 960 bytes: 1 job (lower bound 1), 3 items
38 bytes of tags, 8 of gaps; on the wire 55 to the PLC, 81 back
  job 1: 3 items, 46 bytes
    MB2: 1 byte for 1 tag
    DB1.DBB0..18: 19 bytes for 4 tags, 8 of gaps
    DB2.DBB0..25: 26 bytes for 2 tags

speed_setpoint is 0.95 now
shift 2 makes Lemonade 0.5 l, 330 ml each, at 0.95 m/s" "$tag_list" "$address"
selects "0.95|330" "SELECT (SELECT value FROM tag WHERE name = 'speed_setpoint'), value FROM tag WHERE name = 'fill_setpoint'"

say "event_loop"
line=$address
line_server=$server
bounded "$s7rig" plant new "$dir/spare.plant" --name spare --db 1:64 || fail "no second plant"
serve spare "$dir/spare.plant" --listen 127.0.0.1:0
expect 0 "$line: speed 0.85 m/s, tank 72.5 %, motor on" "$event_loop" "$line" "$address" 2
expect 1 "two endpoints" "$event_loop" "$line"
expect 1 "numeric address" "$event_loop" "$line" plc.example

say "event_loop connects when its PLC comes back"
plant=$dir/spare.plant
sql "INSERT INTO fault (name) VALUES ('refuse')"
while bounded "$s7rig" read "$address" DB1.DBB0 >"$dir/out" 2>&1; do :; done # a few milliseconds
mkfifo "$dir/event_loop.lines"
"$event_loop" "$line" "$address" 2 >"$dir/event_loop.lines" 2>"$dir/event_loop.log" &
reader=$!
pids="$pids $reader"
exec 3<"$dir/event_loop.lines"
told() { # told PATTERN: the next line that is like it
    while read -r text <&3; do
        # shellcheck disable=SC2254
        case $text in $1) return ;; esac
    done
    fail "event_loop did not say \"$1\""
}
told "$address: connect to $address *refused*"
sql "DELETE FROM fault"
told "$address: connected"
told "$address: speed 0 m/s, tank 0 %, motor off"
wait "$reader" || fail "event_loop ended with a failure"
exec 3<&-
ends_well "$server"
plant=$dir/bottling.plant address=$line server=$line_server

say "pool_threads"
expect 0 "2000 reads by 100 workers over " "$pool_threads" "$address"
expect 0 "2000 reads by 100 workers in " "$pool_workers" "$address"
ends_well "$server"
expect 1 "connection refused" "$pool_threads" "$address"
expect 1 "connection refused" "$pool_workers" "$address"
expect 1 "$address" "$first_read" "$address"
expect 1 "connection refused" "$tag_list" "$address"

say "subscription"
peer pushing
prints "conveyor_speed = 0.85
bottles_rejected = 3
bottles_rejected = 4
conveyor_speed = 0.9" "$subscription" "$peer_address" 3
peer pushless
expect 1 "subscription: this PLC tells nothing by itself" "$subscription" "$peer_address" 3
expect 1 "connection refused" "$subscription" "$address" 3
