#!/bin/sh
# The demo plant is accepted without an error, and each example does what its first line says.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
first_read=$3
bottling=$4
pool_threads=$5
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

say "pool_threads"
expect 0 "2000 reads by 100 workers over " "$pool_threads" "$address"
ends_well "$server"
expect 1 "connection refused" "$pool_threads" "$address"
expect 1 "$address" "$first_read" "$address"
