#!/bin/sh
# `plant new` and `plant show`.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/a.plant

say "a plant without options has DB 1 and the memory of the generic CPU"
expect 0 "PLC plc1, cpu generic, DB1 256 bytes" "$s7rig" plant new "$plant"
selects "DB 1 256
I 0 1024
Q 0 1024
M 0 8192
T 0 1024
C 0 1024" "SELECT kind || ' ' || number || ' ' || length(data) FROM block ORDER BY id"
selects "plc1|generic|" "SELECT name, cpu, listen FROM plc"

say "a file that exists is left alone"
before=$(cksum <"$plant")
expect 2 "a.plant" "$s7rig" plant new "$plant" --db 7:8
[ "$before" = "$(cksum <"$plant")" ] || fail "the file was changed"

say "options say what the plant is made of"
plant=$dir/b.plant
expect 0 "PLC line1, cpu s7-300, DB7 65536 bytes, DB65535 1 bytes" "$s7rig" plant new "$plant" --cpu s7-300 \
    --name line1 --listen 127.0.0.1:12345 --db 7:65536 --db=65535:1
selects "line1|s7-300|127.0.0.1:12345" "SELECT name, cpu, listen FROM plc"
selects "DB 7 65536
DB 65535 1
I 0 128" "SELECT kind || ' ' || number || ' ' || length(data) FROM block ORDER BY id LIMIT 3"

say "wrong options are refused, quote what came, and make no file"
new() { # new TEXT OPTION...
    text=$1
    shift
    expect 2 "$text" "$s7rig" plant new "$dir/c.plant" "$@"
    [ ! -e "$dir/c.plant" ] || fail "a file was made by: plant new $*"
}
new '--db takes NUMBER:BYTES such as 1:256, got "5"' --db 5
new 'the number of a DB is 1..65535, got "0" in --db 0:5' --db 0:5
new 'got "65536" in --db 65536:5' --db 65536:5
new 'got "-1"' --db -1:5
new 'got "123456789:5"' --db 123456789:5
new 'a DB has 1..65536 bytes, got "0" in --db 1:0' --db 1:0
new 'got "65537"' --db 1:65537
new 'got "" in --db 1:' --db 1:
new 'got "8:9"' --db 1:8:9
new 'DB 4 is given twice, again in --db 4:16' --db 4:8 --db 4:16
new 'no such CPU: s7-30; did you mean s7-300?' --cpu s7-30
contains '  generic ' "plant new --cpu s7-30"
new 'no such CPU: x' --cpu x
new '--name takes 1..64 bytes without blanks, got "two words"' --name 'two words'
new 'got ""' --name ''
new 'got "localhost:102"' --listen localhost:102
new 'got "127.0.0.1"' --listen 127.0.0.1
new 'got "127.0.0.1:65536"' --listen 127.0.0.1:65536
new 'no such option --dbs; did you mean --db?' --dbs 1:5
expect 2 "expected the name of one new file, got 0" "$s7rig" plant new
expect 2 "expected the name of one new file, got 2" "$s7rig" plant new "$dir/c.plant" "$dir/d.plant"
expect 4 "no-such-folder" "$s7rig" plant new "$dir/no-such-folder/c.plant"

say "names are text, never SQL"
plant=$dir/e.plant
expect 0 "PLC" "$s7rig" plant new "$plant" --name "x');DROP/**/TABLE/**/tag;--"
selects "x');DROP/**/TABLE/**/tag;--|0" "SELECT name, (SELECT count(*) FROM tag) FROM plc"

say "show prints blocks and tags, pending edits included, and changes nothing"
plant=$dir/f.plant
expect 0 "PLC" "$s7rig" plant new "$plant" --name line1 --db 1:16 --db 2:32
sql "INSERT INTO tag(name, address, value) VALUES
 ('speed', 'DB1.DBD0:REAL', 1.5), ('größe', 'DB1.DBW4:INT', -7), ('beyond', 'DB1.DBD14:REAL', 1),
 ('recipe', 'DB2.DBB0:STRING(20)', 'Äpfel \"süß\"')" || fail "sqlite3"
before=$(sql .dump | cksum)
expect 0 "PLC line1, cpu generic, listens on the next free place from 127.0.0.1:10102 up" "$s7rig" plant show "$plant"
contains "  DB1          16 bytes" "plant show"
contains "  T          1024 bytes, 512 timers" "plant show"
contains "  speed   DB1.DBD0:REAL        1.5" "plant show"
contains "  größe   DB1.DBW4:INT         -7" "plant show"
contains "  recipe  DB2.DBB0:STRING(20)  Äpfel \"süß\"" "plant show"
contains "  beyond  DB1.DBD14:REAL       error: " "plant show"
[ "$before" = "$(sql .dump | cksum)" ] || fail "show changed the file"

say "show --json is JSON"
bounded "$s7rig" plant show --json "$plant" >"$dir/out" || fail "plant show --json"
is_json "$dir/out"
contains '{"name": "speed", "address": "DB1.DBD0:REAL", "value": 1.5}' "plant show --json"
contains '"value": "Äpfel \"süß\""}' "plant show --json"
contains '{"block": "DB2", "bytes": 32}' "plant show --json"

say "a refused edit is shown with the value that the block holds"
sql "UPDATE tag SET value = 'fast' WHERE name = 'speed'" || fail "sqlite3"
expect 0 "  speed   DB1.DBD0:REAL        0  error: expected a number" "$s7rig" plant show "$plant"
bounded "$s7rig" plant show --json "$plant" >"$dir/out" || fail "plant show --json"
is_json "$dir/out"
contains '{"name": "speed", "address": "DB1.DBD0:REAL", "value": 0, "error": "expected a number' "plant show --json"
sql "UPDATE tag SET value = 1.5 WHERE name = 'speed'" || fail "sqlite3"

say "show works beside a server, and on a file that cannot be written"
serve line "$plant" --listen 127.0.0.1:0 --quiet
expect 0 "  speed   DB1.DBD0:REAL        1.5" "$s7rig" plant show "$plant"
expect 0 "DB1.DBD0:REAL = 2.5" "$s7rig" write "$address" DB1.DBD0:REAL=2.5
expect 0 "  speed   DB1.DBD0:REAL        2.5" "$s7rig" plant show "$plant"
ends_well "$server"
prints "" cat "$dir/line.log"
selects warn "SELECT DISTINCT kind FROM event WHERE kind = 'warn'"
chmod 444 "$plant"
expect 0 "  speed   DB1.DBD0:REAL        2.5" "$s7rig" plant show "$plant"

say "what is no plant is told apart"
expect 4 "nothing.plant" "$s7rig" plant show "$dir/nothing.plant"
[ ! -e "$dir/nothing.plant" ] || fail "show made a file"
echo "no database, but long enough to look like the head of one if one squints at it" >"$dir/text.plant"
expect 3 "text.plant" "$s7rig" plant show "$dir/text.plant"
sqlite3 "$dir/other.plant" "CREATE TABLE tag(x)"
expect 3 "other.plant" "$s7rig" plant show "$dir/other.plant"
expect 2 "expected one plant file, got 0" "$s7rig" plant show
