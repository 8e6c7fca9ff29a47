#!/bin/sh
# Who wrote what, as a user sees it: `plant log` and plain sqlite3 beside a running `serve`.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant"
sql "INSERT INTO tag (name, address) VALUES ('größe', 'DB1.DBW0:INT')"
serve a "$plant" --listen 127.0.0.1:0

say "a write and an edit are rows, newest first"
expect 0 "" "$s7rig" write "$address" DB1.DBW0=7
sql "UPDATE tag SET value = 8"
expect 0 "8" "$s7rig" read "$address" DB1.DBW0
selects "sql größe 7 8
s7 größe 0 7" "SELECT source || ' ' || what || ' ' || before || ' ' || after FROM last_writes"
expect 0 "größe  7       8" "$s7rig" plant log "$plant"
contains "source  peer" "plant log"
expect 0 "größe  0       7" "$s7rig" plant log "$plant" --writes -n 2

say "as JSON as well"
bounded "$s7rig" plant log "$plant" -n 1 --json >"$dir/out" || fail "plant log --json"
contains '"source": "sql", "peer": null, "what": "größe", "before": "7", "after": "8"' "plant log --json"
is_json "$dir/out"

say "jobs are noted as soon as that is switched on"
sql "UPDATE audit SET jobs = 1"
expect 0 "8" "$s7rig" read "$address" DB1.DBW0
sql "UPDATE audit SET jobs = 0"
ends_well "$server"
expect 0 "read" "$s7rig" plant log "$plant" --events
bounded "$s7rig" plant log "$plant" --events --json -n 100 >"$dir/out" || fail "plant log --events --json"
is_json "$dir/out"
contains '"fn": "read", "items": 1, "error": null, "latency_us": ' "plant log --events --json"
expect 0 "read" "$s7rig" plant log "$plant" --slow

say "who was connected, and why no longer"
selects "3" "SELECT count(*) FROM connections WHERE until > since OR until = since"
expect 0 "closed by the peer" "$s7rig" plant log "$plant" --connections

say "what it does not take"
expect 2 "expected one of --writes, --events" "$s7rig" plant log "$plant" --writes --slow
expect 2 "expected one plant file" "$s7rig" plant log
expect 2 "-n" "$s7rig" plant log "$plant" -n 0
expect 4 "nowhere" "$s7rig" plant log "$dir/nowhere"
sql "DROP VIEW slow"
expect 4 "cannot read what was noted" "$s7rig" plant log "$plant" --slow
