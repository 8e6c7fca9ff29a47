#!/bin/sh
# scan: which data blocks it finds, how large, and what it says of what it cannot know.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant" --cpu s7-300 --db 1:64 --db 2:513 --db 7:1 --db 1000:65535 --db 1001:65536
serve a "$plant" --listen 127.0.0.1:0
at="s7://$address?slot=2"

say "without a block list the numbers of a range are tried, and single bytes for the sizes"
prints "DB1          64 bytes
DB2         513 bytes
DB7           1 byte
DB1000    65535 bytes" "$s7rig" scan "$at" --probe
expect 0 "DB7           1 byte" "$s7rig" scan "$at" --probe
contains "DB1 to DB1000 (--from, --to); what has optimized access (S7-1200, S7-1500) looks missing" "scan"
prints "DB7           1 byte" "$s7rig" scan "$at" --probe --from 3 --to 999
prints "DB1001    65536 bytes or more" "$s7rig" scan "$at" --probe --from 1001
prints "$(bounded "$s7rig" scan "$at" --probe 2>/dev/null)" env S7_ENDPOINT="$at" "$s7rig" scan --probe
expect 0 "found no DB" "$s7rig" scan "$at" --probe --from 3 --to 6

say "areas, and as a table or JSON"
prints "block,bytes,by,error
DB7,1,reads,
M,2048,reads,
I,128,reads,
Q,128,reads," "$s7rig" scan "$at" --probe --from 3 --to 999 --areas --csv
bounded "$s7rig" scan "$at" --json --probe --to 2 --areas >"$dir/out" 2>"$dir/err.log" || fail "scan --json"
is_json "$dir/out"
contains '"from": 1, "to": 2, "blocks": [
 {"block": "DB1", "bytes": 64, "by": "reads"},
 {"block": "DB2", "bytes": 513, "by": "reads"},
 {"block": "M", "bytes": 2048, "by": "reads"},' "scan --json"
bounded "$s7rig" scan "$at" --probe --json --from 3 --to 6 >"$dir/out" 2>"$dir/err.log" || fail "scan --json of nothing"
is_json "$dir/out"

say "many bytes go into one job"
expect 0 "scan: 1 jobs" "$s7rig" scan "$at" --probe -v --from 3 --to 6
expect 0 "scan: 4 jobs" "$s7rig" scan "$at" --probe -v --from 3 --to 40 --rate 1000
contains "DB7           1 byte" "scan --rate"

say "a PLC that does not let its memory be read, and one that is not there"
services_plc "$3" locked
expect 1 "PUT/GET" "$s7rig" scan "$peer_address"
ends_well "$server"
expect 4 "connect to $address" "$s7rig" scan "$address"

say "where there is a block list, it is asked; what it does not tell is tried"
services_plc "$3"
prints "DB1         256 bytes
DB26          2 bytes
DB300         ? not one byte can be read: object does not exist (empty, or with optimized access?)" \
    "$s7rig" scan "$peer_address"
prints "DB26          2 bytes" "$s7rig" scan "$peer_address" --from 2 --to 299
prints "block,bytes,by,error
DB1,256,list,
DB300,,reads,object does not exist" sh -c '"$1" scan "$2" --csv | grep -v DB26' sh "$s7rig" "$peer_address"
prints "DB1       65536 bytes or more" "$s7rig" scan "$peer_address" --probe --to 400
bounded "$s7rig" scan "$peer_address" --json --areas >"$dir/out" 2>"$dir/err.log" || fail "scan --json"
is_json "$dir/out"
contains '"blocks": [
 {"block": "DB1", "bytes": 256, "by": "list"},' "scan --json of a list"
contains '{"block": "M", "bytes": 256, "by": "reads"}' "scan --json of a list"

say "bad input"
expect 2 "--from 5 is behind --to 4" "$s7rig" scan "$address" --from 5 --to 4
expect 2 "--to takes a number 1..65535" "$s7rig" scan "$address" --to 65536
expect 2 "cannot be had together" "$s7rig" scan "$address" --json --csv
expect 2 "expected one endpoint" "$s7rig" scan
expect 2 "expected one endpoint" "$s7rig" scan "$address" DB1
