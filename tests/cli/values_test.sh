#!/bin/sh
# Values go from the command through a server into the file and back; sqlite3 and the command agree.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/line.plant

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64 --db 2:512
sql "INSERT INTO tag(name, address) VALUES ('on', 'DB1.DBX0.3'), ('byte', 'DB1.DBB1:BYTE'), ('int', 'DB1.DBW2:INT'),
 ('word', 'DB1.DBW4'), ('dint', 'DB1.DBD6:DINT'), ('dword', 'DB1.DBD10'), ('real', 'DB1.DBD14:REAL'),
 ('text', 'DB1.DBB18:STRING(20)'), ('flag', 'M3.7')" || fail "sqlite3"
serve line "$plant" --listen 127.0.0.1:0 --port-file "$dir/ports"

say "the port file holds the line that was printed"
prints "listening line1 $address" cat "$dir/ports"

say "what is written is read again, and sqlite3 sees it"
values="DB1.DBX0.3=1 DB1.DBB1=200 DB1.DBW2:INT=-2 DB1.DBW4=65535 DB1.DBD6:DINT=-70000 DB1.DBD10=0xDEADBEEF
DB1.DBD14:REAL=-0.25 M3.7=true"
expect 0 "DB1.DBD14:REAL = -0.25" "$s7rig" write "$address" $values "DB1.DBB18:STRING(20)=Grün \"7\""
prints 'DB1.DBX0.3 = 1
DB1.DBB1 = 200
DB1.DBW2:INT = -2
DB1.DBW4 = 65535
DB1.DBD6:DINT = -70000
DB1.DBD10 = 3735928559
DB1.DBD14:REAL = -0.25
DB1.DBB18:STRING(20) = Grün "7"
M3.7 = 1' "$s7rig" read "$address" DB1.DBX0.3 DB1.DBB1 DB1.DBW2:INT DB1.DBW4 DB1.DBD6:DINT DB1.DBD10 DB1.DBD14:REAL \
    "DB1.DBB18:STRING(20)" M3.7
selects 'on=1 byte=200 int=-2 word=65535 dint=-70000 dword=3735928559 real=-0.25 text=Grün "7" flag=1' \
    "SELECT group_concat(name || '=' || value, ' ') FROM (SELECT * FROM tag ORDER BY id)"
selects "" "SELECT name, error FROM tag WHERE error IS NOT NULL"

say "read and write speak JSON"
bounded "$s7rig" read "$address" --json DB1.DBX0.3 DB1.DBD14:REAL "DB1.DBB18:STRING(20)" DB1.DBW2:INT[2] >"$dir/out" ||
    fail "read --json"
is_json "$dir/out"
[ "$(cat "$dir/out")" = '[{"address": "DB1.DBX0.3", "status": "S7_OK", "value": 1},
 {"address": "DB1.DBD14:REAL", "status": "S7_OK", "value": -0.25},
 {"address": "DB1.DBB18:STRING(20)", "status": "S7_OK", "value": "Grün \"7\""},
 {"address": "DB1.DBW2:INT[2]", "status": "S7_OK", "value": [-2,-1]}]' ] || fail "got $(cat "$dir/out")"
bounded "$s7rig" write --json "$address" DB1.DBW2:INT=-3 DB9.DBW0=1 >"$dir/out" 2>"$dir/err.log"
[ $? -eq 1 ] || fail "a refused item must end with status 1"
is_json "$dir/out"
contains '{"address": "DB1.DBW2:INT", "status": "S7_OK"}' "write --json"
contains '{"address": "DB9.DBW0", "status": "S7_E_ITEM_MISSING", "code": 10, "error": ' "write --json"

say "an edit by sqlite3 is read at once"
sql "UPDATE tag SET value = -12345 WHERE name = 'int'; UPDATE tag SET value = 'süß' WHERE name = 'text'" || fail "sqlite3"
prints 'DB1.DBW2:INT = -12345
DB1.DBB18:STRING(20) = süß' "$s7rig" read "$address" DB1.DBW2:INT "DB1.DBB18:STRING(20)"
sql "UPDATE block SET data = zeroblob(64) WHERE kind = 'DB' AND number = 1" || fail "sqlite3"
prints 'DB1.DBW2:INT = 0' "$s7rig" read "$address" DB1.DBW2:INT

say "never stale: 50 edits and 50 writes in turns"
i=0
while [ $i -lt 50 ]; do
    sql "UPDATE tag SET value = $i WHERE name = 'dint'" || fail "sqlite3"
    prints "DB1.DBD6:DINT = $i" "$s7rig" read "$address" DB1.DBD6:DINT
    expect 0 "" "$s7rig" write "$address" "DB1.DBW4=$i"
    selects "$i" "SELECT value FROM tag WHERE name = 'word'"
    i=$((i + 1))
done

say "arrays, other areas and other spellings"
expect 0 "DB2.DBW0:INT[3] = [1,-2,3]" "$s7rig" write "$address" "DB2.DBW0:INT[3]=[1,-2,3]"
prints 'DB2.DBW0:INT[3] = [1,-2,3]' "$s7rig" read "$address" DB2,INT0.3
expect 0 "" "$s7rig" write "$address" 'DB2.DBB10:STRING(5)[2]=["a,b","q\"\\"]' MW10=7 QB1=255 T5=16#0234 C2=9
prints 'DB2.DBB10:STRING(5)[2] = ["a,b","q\"\\"]
MW10 = 7
QB1 = 255
T5 = 564
C2 = 9' "$s7rig" read "$address" 'DB2.DBB10:STRING(5)[2]' MW10 AB1 T5 Z2

say "a STRING is written without touching its maximum and what lies behind its text"
expect 0 "" "$s7rig" write "$address" DB2.DBB96=30 DB2.DBB100=77 DB2.DBB105=88
expect 0 "" "$s7rig" write "$address" "DB2.DBB96:STRING(20)=ab"
prints 'DB2.DBB96 = 30
DB2.DBB97 = 2
DB2.DBB100 = 77
DB2.DBB105 = 88
DB2.DBB96:STRING(20) = ab' "$s7rig" read "$address" DB2.DBB96 DB2.DBB97 DB2.DBB100 DB2.DBB105 "DB2.DBB96:STRING(20)"

say "an area longer than any PDU"
expect 0 "" "$s7rig" write "$address" DB2.DBB511=9
bounded "$s7rig" read "s7://$address?rack=3&slot=7&type=pg" --pdu 240 --json "DB2.DBB0:BYTE[512]" >"$dir/out" || fail "long read"
is_json "$dir/out"
contains ",9]}]" "read of 512 bytes"

say "what was acknowledged is there after kill -9"
expect 0 "" "$s7rig" write "$address" DB1.DBW4=4711
kill -9 "$server"
wait "$server" 2>/dev/null
selects 4711 "SELECT value FROM tag WHERE name = 'word'"
serve again "$plant" --listen 127.0.0.1:0
prints "DB1.DBW4 = 4711" "$s7rig" read "$address" DB1.DBW4
ends_well "$server"
