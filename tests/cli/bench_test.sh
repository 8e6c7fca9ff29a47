#!/bin/sh
# bench: what it counts, and what it says when a PLC refuses or does not answer. Nothing of it depends on how fast this machine is.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/line.plant

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64
serve line "$plant" --listen 127.0.0.1:0

say "it reads as often as asked, alone and with several jobs at a time"
expect 0 "$address: reads of DB1.DBB0:BYTE[32] (32 bytes), 1 at a time on one connection, PDU length 960
reads    50 in " "$s7rig" bench "$address" --count 50
contains "latency  p50 " "bench"
bounded "$s7rig" bench "$address" DB1.DBD0:REAL --count 300 --jobs 5 --json >"$dir/out" || fail "bench --json"
is_json "$dir/out"
contains '"address": "DB1.DBD0:REAL", "bytes": 4, "jobs": 5,' "bench --json"
contains '"reads": 300, "refused": 0, ' "bench --json"

say "the PLC grants fewer jobs than asked for"
expect 0 "the PLC grants 2 jobs at a time, not 4" "$s7rig" bench "s7://$address?jobs=2" --jobs 4 --count 10
contains ", 2 at a time" "bench with a small window"

say "what cannot be read is told once, in words"
expect 1 "read DB9.DBB0:BYTE[8] from $address: object does not exist" "$s7rig" bench "$address" --db 9 --len 8
expect 2 "one job can read 222 with the PDU length of 240" "$s7rig" bench "$address" --pdu 240 --len 223
expect 2 "expected an endpoint and one tag at most" "$s7rig" bench "$address" MB0 MB1
expect 2 '--jobs takes a number 1..32, got "33"' "$s7rig" bench "$address" --jobs 33
expect 4 "connect to 127.0.0.1:1 " "$s7rig" bench 127.0.0.1:1
for manner in http closing; do
    peer "$manner"
    expect 4 "connect to $peer_address" "$s7rig" bench "$peer_address" --timeout 2000
done

say "an answer that does not come ends it"
sql "INSERT INTO fault (name, args) VALUES ('hang', 'fn=read nth=5')" || fail "sqlite3"
expect 4 "the deadline passed, after 3 answers" "$s7rig" bench "$address" --count 10 --timeout 200
ends_well "$server"
