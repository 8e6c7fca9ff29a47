#!/bin/sh
# `personalities`, and a CPU of one's own: the statements of docs/personalities.md, as they stand there.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
doc=$(dirname "$0")/../../docs/personalities.md
plant=$dir/a.plant
all="generic s7-300 cp343-1-lean s7-400 s7-1200 s7-1500 s7-200-smart logo"

say "each has a line, and the manual knows it"
expect 0 "NAME" "$s7rig" personalities
for cpu in $all; do
    contains "
$cpu " personalities
    grep -q "^| \`$cpu\` |" "$doc" || fail "docs/personalities.md does not know $cpu"
done
expect 0 '"name": "logo"' "$s7rig" personalities --json
contains '"db1": 1470' "personalities --json"
expect 2 "one plant file" "$s7rig" personalities a b
expect 4 "missing.plant" "$s7rig" personalities "$dir/missing.plant"
echo text >"$dir/text"
expect 3 "not a plant file" "$s7rig" personalities "$dir/text"

say "each makes a plant with its own memory"
for cpu in $all; do
    expect 0 "cpu $cpu" "$s7rig" plant new "$dir/$cpu.plant" --cpu "$cpu"
    expect 0 "cpu $cpu" "$s7rig" plant show "$dir/$cpu.plant"
done
plant=$dir/logo.plant
selects "DB 1 1470" "SELECT kind || ' ' || number || ' ' || length(data) FROM block"
plant=$dir/s7-1200.plant
selects "DB I Q M" "SELECT group_concat(kind, ' ') FROM (SELECT kind FROM block ORDER BY id)"

say "every column is in the manual, and every word of lacks"
for table in personality plc; do
    for column in $(sql "SELECT name FROM pragma_table_info('$table')"); do
        grep -q "\`$column\`" "$doc" "${doc%/*}/plant-file.md" || fail "no page knows $table.$column"
    done
done
for word in $(sql "UPDATE personality SET lacks = 'x'" 2>&1 | sed -n 's/.*some of \([a-z -]*\).*/\1/p'); do
    grep -q "\`$word\`" "$doc" || fail "docs/personalities.md does not know the word $word"
done

say "a CPU of one's own is made as the manual says, while the plant is served"
serve a "$plant" --listen 127.0.0.1:0
at="s7://$address?slot=1"
awk '/^```sql$/ {on = 1; next} /^```$/ {on = 0} on' "$doc" >"$dir/own.sql"
grep -q "INSERT INTO personality_szl" "$dir/own.sql" || fail "the manual has no statements"
bounded sqlite3 -bail "$plant" <"$dir/own.sql" || fail "the statements of the manual do not run"
expect 0 "press-7        0 1     240   3/3     6  silence  the CPU of press 7" "$s7rig" personalities "$plant"
expect 1 "order code    6ES7 215-1AG40-0XB0" "$s7rig" info "$at"
contains "firmware      V4.2.3" info
expect 0 "DB1.DBW0" "$s7rig" read "$at" DB1.DBW0
ends_well "$server"
