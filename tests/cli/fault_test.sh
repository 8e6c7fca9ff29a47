#!/bin/sh
# Faults by `INSERT INTO fault` while `serve` runs, as a user meets them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant"
serve a "$plant" --listen 127.0.0.1:0 --recordings "$dir"
read_byte() {
    bounded "$s7rig" read "$address" DB1.DBB0 >"$dir/out" 2>&1
}
counts="SELECT armed || ' ' || matched || ' ' || fired || ' ' || coalesce(error, '-') FROM fault"

say "the read after the INSERT fails, and its count is in the file at once"
read_byte || fail "$(cat "$dir/out")"
sql "INSERT INTO fault (name, args) VALUES ('hang', 'fn=read count=1')"
expect 4 "no answer came in time" "$s7rig" read --timeout 1000 "$address" DB1.DBB0
selects "0 1 1 -" "$counts"
read_byte || fail "the fault is used up, but it acts"

say "an UPDATE arms it anew, DELETE ends it"
sql "UPDATE fault SET name = 'rst_now', args = 'fn=read', armed = 1"
expect 4 "reset" "$s7rig" read "$address" DB1.DBB0
selects "1 1 1 -" "$counts"
sql "DELETE FROM fault"
read_byte || fail "it was deleted, but it acts"

say "who dials after 'refuse' is not served, and nobody waits when it is gone"
sql "INSERT INTO fault (name) VALUES ('refuse')"
if read_byte; then fail "it was served: $(cat "$dir/out")"; fi
selects "1 1 1 -" "$counts"
expect 4 "refused" "$s7rig" read "$address" DB1.DBB0
sql "DELETE FROM fault"
until read_byte; do # a few milliseconds
    contains "refused" "read"
done

say "a row that says nonsense, or what no kernel does, says why and stays armed"
sql "INSERT INTO fault (id, name, args) VALUES
 (1, 'hang', 'fn=reed'), (2, 'half_open', 'dir=out')"
read_byte || fail "$(cat "$dir/out")"
sql "SELECT error FROM fault WHERE id = 1" >"$dir/out"
contains "reed" "fault.error"
selects "2 1 0" "SELECT id || ' ' || armed || ' ' || fired FROM fault WHERE error LIKE 'half_open cannot be done here: %'"

say "times come from a file of the folder that was given, and from nowhere else"
printf '10s\n' >"$dir/times.txt"
sql "DELETE FROM fault; INSERT INTO fault (id, name, args) VALUES (3, 'slow', 'fn=read dist=table(times.txt)'),
 (4, 'slow', 'dist=table(../a.plant)'), (5, 'slow', 'dist=table(none.txt)')"
expect 4 "no answer came in time" "$s7rig" read --timeout 1000 "$address" DB1.DBB0
selects "1" "SELECT fired FROM fault WHERE id = 3 AND error IS NULL"
sql "SELECT error FROM fault WHERE id > 3 ORDER BY id" >"$dir/out"
contains "dist takes TIME" "fault.error"
contains "table(none.txt): " "fault.error"
ends_well "$server"
