#!/bin/sh
# `plant import`, `plant export`, `plant diff`, and the examples of docs/plant-file.md about them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/line.plant

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:16

say "a table is imported, and what was done is told"
cat >"$dir/tags.csv" <<'END'
name;address;type;value;comment
conveyor_speed;DB1.DBD0;REAL;0.85;m/s
recipe;DB2.DBB0;STRING(20);"Lemonade ""0.5 l""";
motor_on;M0.0;;1;
END
prints "$plant: imported $dir/tags.csv
  DB2 of line1 made with 22 bytes
  tags: 3 new, 0 changed, 0 unchanged" "$s7rig" plant import "$plant" "$dir/tags.csv"
prints "$plant: imported -
  tags: 0 new, 0 changed, 3 unchanged" "$s7rig" plant import "$plant" - <"$dir/tags.csv"

say "errors name file, line and column, all of them, and nothing is imported"
before=$(sql .dump | cksum)
cat >"$dir/bad.csv" <<'END'
name,address,type,value
speed,DB1.DBD4,REAL,fast
level,DB1.DBW8,INT,40000
gate,DB1.DBX10.9,,
END
expect 3 "$dir/bad.csv: line 2, column 21: expected a number up to 3.4028235e+38, got fast" \
    "$s7rig" plant import "$plant" "$dir/bad.csv"
contains "$dir/bad.csv: line 3, column 20: expected a whole number -32768..32767, got 40000" "import"
contains "$dir/bad.csv: line 4, column 16: a bit number is 0..7, got DB1.DBX10.9" "import"
contains "nothing was imported: 3 problems" "import"
[ "$before" = "$(sql .dump | cksum)" ] || fail "the plant was changed"

say "blocks stay as long as they are with --no-grow"
echo "far,DB1.DBD16:REAL" >"$dir/far.csv"
expect 3 "line 1, column 5: it ends at byte 20, the block has 16, and is not to grow" \
    "$s7rig" plant import "$plant" "$dir/far.csv" --no-grow
expect 0 "DB1 of line1 grown from 16 to 20 bytes" "$s7rig" plant import "$plant" "$dir/far.csv"

say "more problems than are told are counted"
i=0
while [ $i -lt 25 ]; do
    echo "t$i,nowhere"
    i=$((i + 1))
done >"$dir/many.csv"
expect 3 "and 5 more like these" "$s7rig" plant import "$plant" "$dir/many.csv"

say "export writes a table, the same for the same plant, which read --symbols takes as well"
prints 'name,address,type,value,comment
conveyor_speed,DB1.DBD0,REAL,0.85,m/s
far,DB1.DBD16,REAL,0,
motor_on,M0.0,BOOL,1,
recipe,DB2.DBB0,STRING(20),"Lemonade ""0.5 l""",' "$s7rig" plant export "$plant"
prints "" "$s7rig" plant export "$plant" "$dir/out.csv"
bounded "$s7rig" plant export "$plant" - >"$dir/out" || fail "plant export -"
cmp -s "$dir/out" "$dir/out.csv" || fail "the file has something else than standard output"
prints "$plant: imported $dir/out.csv
  tags: 0 new, 1 changed, 3 unchanged" "$s7rig" plant import "$plant" "$dir/out.csv"

say "JSON makes an equal plant"
prints "" "$s7rig" plant export "$plant" "$dir/line.json"
is_json "$dir/line.json"
expect 0 "into a new plant" "$s7rig" plant import "$dir/copy.plant" "$dir/line.json"
prints "" "$s7rig" plant diff "$plant" "$dir/copy.plant"
bounded "$s7rig" plant export --json "$dir/copy.plant" >"$dir/out" || fail "plant export --json"
cmp -s "$dir/out" "$dir/line.json" || fail "the copy is exported as something else"
prints "[]" "$s7rig" plant diff --json "$plant" "$dir/copy.plant"

say "a form is told by the name's ending, by an option, or by how the text begins"
cp "$dir/line.json" "$dir/line.txt"
expect 0 "tags: 0 new, 0 changed, 4 unchanged" "$s7rig" plant import "$dir/copy.plant" "$dir/line.txt"
expect 3 "expected" "$s7rig" plant import "$dir/copy.plant" "$dir/line.txt" --csv
expect 3 "line 1, column 1: expected a value" "$s7rig" plant import "$dir/copy.plant" "$dir/tags.csv" --json

say "an export replaces a file whole or not at all"
expect 2 "is the plant itself" "$s7rig" plant export "$plant" "$plant"
expect 4 "no-such-folder" "$s7rig" plant export "$plant" "$dir/no-such-folder/x.csv"
before=$(cksum <"$dir/out.csv")
expect 4 "missing.plant" "$s7rig" plant export "$dir/missing.plant" "$dir/out.csv"
[ "$before" = "$(cksum <"$dir/out.csv")" ] || fail "the file was changed by an export that failed"
[ "$(ls "$dir" | grep -c 'out.csv')" = 1 ] || fail "a file was left behind"
expect 4 "" "$s7rig" plant export "$plant" /dev/full
ln -s out.csv "$dir/link.csv"
prints "" "$s7rig" plant export "$dir/copy.plant" "$dir/link.csv"
[ -L "$dir/link.csv" ] || fail "a link was replaced"
"$s7rig" plant export "$dir/copy.plant" >"$dir/plain.csv"
cmp -s "$dir/out.csv" "$dir/plain.csv" || fail "what a link points to was not written"
for out in /dev/stdout /dev/fd/1; do
    { echo first && "$s7rig" plant export --csv "$dir/copy.plant" "$out"; } >"$dir/both" || fail "$out"
    { echo first && cat "$dir/plain.csv"; } | cmp -s - "$dir/both" || fail "in $out is: $(cat "$dir/both")"
    "$s7rig" plant export --csv "$dir/copy.plant" "$out" | cmp -s - "$dir/plain.csv" || fail "$out as a pipe"
done

say "diff tells what differs, and by its status that something does"
copy=$dir/copy.plant
bounded sqlite3 "$copy" "UPDATE tag SET value = 0.9 WHERE name = 'conveyor_speed'; DELETE FROM tag WHERE name = 'far';
    UPDATE plc SET slot = 2; INSERT INTO tag (name, address, value) VALUES ('shift', 'MB2', 3);
    INSERT INTO block (kind, number, data) VALUES ('DB', 9, x'00')" || fail "sqlite3"
expect 1 "PLC line1
  ~ slot: (none) -> 2
  ~ M byte 2: 00 -> 03
  + DB9: 1 bytes
  ~ tag conveyor_speed value: 0.85 -> 0.9
  - tag far: DB1.DBD16:REAL = 0
  + tag shift: MB2 = 3" "$s7rig" plant diff "$plant" "$copy"
bounded "$s7rig" plant diff --json "$plant" "$copy" >"$dir/out"
[ $? -eq 1 ] || fail "diff --json did not end with 1"
is_json "$dir/out"
contains '{"plc": "line1", "what": "bytes", "name": "M", "byte": 2, "length": 1, "a": "00", "b": "03"}' "diff --json"
contains '{"plc": "line1", "what": "tag", "name": "shift", "a": null, "b": "MB2 = 3"}' "diff --json"

say "a plant that is served sees what is imported at once"
serve line "$plant" --listen 127.0.0.1:0
prints "DB1.DBD0:REAL = 0.85" "$s7rig" read "$address" DB1.DBD0:REAL
cat >"$dir/more.csv" <<'END'
name,address,value
conveyor_speed,DB1.DBD0:REAL,1.25
pressure,DB7.DBW10:INT,-3
END
expect 0 "DB7 of line1 made with 12 bytes" "$s7rig" plant import "$plant" "$dir/more.csv"
prints "DB1.DBD0:REAL = 1.25
DB7.DBW10:INT = -3" "$s7rig" read "$address" DB1.DBD0:REAL DB7.DBW10:INT
expect 0 "" "$s7rig" write "$address" DB7.DBW10:INT=4
selects 4 "SELECT value FROM tag WHERE name = 'pressure'"
bounded "$s7rig" plant export "$plant" >"$dir/out" || fail "plant export"
contains "pressure,DB7.DBW10,INT,4," "plant export"
bounded "$s7rig" read "$address" --symbols "$dir/out" pressure >"$dir/err.log" || fail "read --symbols of an export"
ends_well "$server"

say "who is in the way is told"
mkfifo "$dir/hold" "$dir/held"
sqlite3 "$plant" <"$dir/hold" >"$dir/held" 2>"$dir/hold.log" &
holder=$!
pids="$pids $holder"
exec 9>"$dir/hold"
echo "BEGIN IMMEDIATE; SELECT 'locked';" >&9
read -r word <"$dir/held"
[ "$word" = locked ] || fail "nobody holds the lock"
expect 4 "another program holds its lock" "$s7rig" plant import "$plant" "$dir/more.csv"
exec 9>&-
wait "$holder"

say "wrong use"
expect 2 "expected a plant file and the file to import, got 1" "$s7rig" plant import "$plant"
expect 2 "say one" "$s7rig" plant import "$plant" "$dir/more.csv" --csv --json
expect 2 "got 0" "$s7rig" plant export
expect 2 "expected two plant files, got 1" "$s7rig" plant diff "$plant"
expect 4 "cannot read" "$s7rig" plant import "$plant" "$dir/no-such.csv"
expect 4 "plant new" "$s7rig" plant import "$dir/none.plant" "$dir/more.csv"
[ ! -e "$dir/none.plant" ] || fail "a file was made"
expect 3 "tags.csv" "$s7rig" plant diff "$plant" "$dir/tags.csv"
