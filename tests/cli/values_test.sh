#!/bin/sh
# Values go from the command through a server into the file and back; sqlite3 and the command agree.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/line.plant

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64 --db 2:512
sql "INSERT INTO tag(name, address) VALUES ('on', 'DB1.DBX0.3'), ('byte', 'DB1.DBB1:BYTE'), ('int', 'DB1.DBW2:INT'),
 ('word', 'DB1.DBW4'), ('dint', 'DB1.DBD6:DINT'), ('dword', 'DB1.DBD10'), ('real', 'DB1.DBD14:REAL'),
 ('text', 'DB1.DBB18:STRING(20)'), ('flag', 'M3.7')" || fail "sqlite3"
ln -s ports "$dir/ports.link"
serve line "$plant" --listen 127.0.0.1:0 --port-file "$dir/ports.link"

say "the port file holds the line that was printed"
prints "listening line1 $address" cat "$dir/ports"
[ -L "$dir/ports.link" ] || fail "a link was replaced"

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

say "read speaks CSV: a header, one record a line, what a reader could take apart in quotes"
expect 0 "" "$s7rig" write "$address" 'DB2.DBB10:STRING(9)[2]=["a,b","c"]' 'DB2.DBB40:STRING(9)= "x",'
prints 'tag,status,value,error
DB1.DBX0.3,S7_OK,1,
DB1.DBW2:INT[2],S7_OK,"[-3,-1]",
DB2.DBB10:STRING(9)[2],S7_OK,"[""a,b"",""c""]",
DB2.DBB40:STRING(9),S7_OK," ""x"",",' "$s7rig" read "$address" --csv DB1.DBX0.3 DB1.DBW2:INT[2] 'DB2.DBB10:STRING(9)[2]' \
    'DB2.DBB40:STRING(9)'
expect 1 'DB9.DBW0,S7_E_ITEM_MISSING,,object does not exist' "$s7rig" read "$address" --csv DB9.DBW0 DB1.DBX0.3
contains 'DB1.DBX0.3,S7_OK,1,' "read --csv"

say "read --raw gives the bytes and nothing else, or none at all"
bounded "$s7rig" read "$address" --raw DB1.DBW2:INT DB1.DBX0.3 DB1.DBB1 >"$dir/out" || fail "read --raw"
[ "$(od -An -tx1 "$dir/out")" = " ff fd 01 c8" ] || fail "got $(od -An -tx1 "$dir/out")"
bounded "$s7rig" read "$address" --raw DB1.DBW2:INT DB9.DBW0 >"$dir/out" 2>"$dir/err.log"
[ $? -eq 1 ] || fail "a refused item must end with status 1"
[ ! -s "$dir/out" ] || fail "half of the bytes were written"
grep -q "DB9.DBW0: object does not exist" "$dir/err.log" || fail "who was refused is not said"
expect 2 "--json, --csv and --raw cannot be had together" "$s7rig" read "$address" --raw --csv DB1.DBB1

say "tags by name"
printf 'name;address;type\nMotor1.Speed;DB1.DBW2;INT\n"odd, name";M3.7\n' >"$dir/line.csv"
prints 'Motor1.Speed = -3
odd, name = 1
DB1.DBX0.3 = 1' "$s7rig" read "$address" --symbols "$dir/line.csv" Motor1.Speed "odd, name" DB1.DBX0.3
prints '[{"name": "Motor1.Speed", "address": "DB1.DBW2:INT", "status": "S7_OK", "value": -3}]' \
    "$s7rig" read "$address" --symbols "$dir/line.csv" --json Motor1.Speed
prints 'tag,status,value,error
"odd, name",S7_OK,1,' "$s7rig" read "$address" --symbols "$dir/line.csv" --csv "odd, name"
expect 2 "did you mean Motor1.Speed?" "$s7rig" read "$address" --symbols "$dir/line.csv" Motor1.Sped
echo "a;DB1.DBX0.9" >"$dir/bad.csv"
expect 3 "bad.csv: line 1, column 12: a bit number is 0..7" "$s7rig" read "$address" --symbols "$dir/bad.csv" a
prints 'int = -3' "$s7rig" read "$address" --symbols "$plant" int
expect 2 "did you mean int?" "$s7rig" read "$address" --symbols "$plant" Int
expect 4 "cannot read the symbols in $dir/none.csv: No such file" "$s7rig" read "$address" --symbols "$dir/none.csv" a
expect 4 "cannot read the symbols in $dir: Is a directory" "$s7rig" read "$address" --symbols "$dir" a

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
T5 = S5T#2s340ms
C2 = 9' "$s7rig" read "$address" 'DB2.DBB10:STRING(5)[2]' MW10 AB1 T5 Z2

say "dates and times"
expect 0 "DB2.DBW40:DATE = D#2026-1-31" "$s7rig" write "$address" DB2.DBW40:DATE=D#2026-1-31 DB2.DBD42:TIME=90500 \
    DB2.DBD46:TOD=12:34:56.789 DB2.DBB50:DT=2026-01-31-12:34:56.789 "DB2.DBB58:DTL=2026-01-31 12:34:56.000000001" \
    DB2.DBB70:LTIME=LT#-5us DB2.DBB78:LDT=2026-01-31T00:00:00 DB2.DBW86:S5TIME=S5T#2m10s T6=T#2s C3=999
prints 'DB2.DBW40:DATE = 2026-01-31
DB2.DBD42:TIME = T#1m30s500ms
DB2.DBD46:TOD = 12:34:56.789
DB2.DBB50:DT = 2026-01-31T12:34:56.789
DB2.DBB58:DTL = 2026-01-31T12:34:56.000000001
DB2.DBB70:LTIME = LT#-5us
DB2.DBB78:LDT = 2026-01-31T00:00:00
DB2.DBW86:S5TIME = S5T#2m10s
DB2.DBW86 = 8496
T6 = S5T#2s
C3 = 999
DB2.DBB50:BYTE[8] = [38,1,49,18,52,86,120,151]' "$s7rig" read "$address" DB2,DATE40 DB2.DBD42:TIME DB2,TOD46 DB2,DT50 DB2,DTL58 \
    DB2.DBB70:LTIME DB2.DBB78:LDT DB2,S5TIME86 DB2.DBW86 T6 C3 DB2.DBB50:BYTE[8]
sql "INSERT INTO tag(name, address) VALUES ('dt', 'DB2.DBB50:DT'), ('wide', 'DB2.DBB300:WSTRING(10)'),
 ('count', 'DB2.DBW88:COUNTER')" || fail "sqlite3"
prints 'DB2.DBB50:DT = 2026-01-31T12:34:56.789' "$s7rig" read "$address" DB2,DTZ50
selects "1769862896" "SELECT strftime('%s', value) FROM tag WHERE name = 'dt'"
sql "UPDATE tag SET value = 'DT#2026-2-1-0:0:0' WHERE name = 'dt'" || fail "sqlite3"
prints 'DB2.DBB50:DT = 2026-02-01T00:00:00' "$s7rig" read "$address" DB2,DT50
expect 2 "DB2.DBB50:DT takes a date and time 1990-01-01T00:00:00..2089-12-31T23:59:59.999, got \"2026-02-30T00:00:00\"" \
    "$s7rig" write "$address" DB2.DBB50:DT=2026-02-30T00:00:00

say "bytes that are no date or counter are shown as they are"
expect 0 "" "$s7rig" write "$address" DB2.DBB50:DT=16#2613311234567897 DB2.DBW88=0xF234
bounded "$s7rig" read "$address" --json DB2,DT50 DB2.DBW88:COUNTER DB2,TIME42.2 C3 >"$dir/out" || fail "read --json"
is_json "$dir/out"
[ "$(cat "$dir/out")" = '[{"address": "DB2.DBB50:DT", "status": "S7_OK", "value": "16#2613311234567897"},
 {"address": "DB2.DBW88:COUNTER", "status": "S7_OK", "value": "16#F234"},
 {"address": "DB2.DBD42:TIME[2]", "status": "S7_OK", "value": ["T#1m30s500ms","T#12h34m56s789ms"]},
 {"address": "C3", "status": "S7_OK", "value": 999}]' ] || fail "got $(cat "$dir/out")"
bounded "$s7rig" plant show --json "$plant" >"$dir/out" || fail "plant show --json"
is_json "$dir/out"
contains '"address": "DB2.DBB50:DT", "value": "16#2613311234567897"' "plant show --json"
contains '"address": "DB2.DBW88:COUNTER", "value": "16#F234"' "plant show --json"

say "wide text"
expect 0 "" "$s7rig" write "$address" DB2.DBW300=10 "DB2.DBB300:WSTRING(20)=5 € 😀" DB2.DBW330:WCHAR=€
prints 'DB2.DBB300:WSTRING(20) = 5 € 😀
DB2.DBW300:WORD[2] = [10,6]
DB2.DBW330:WCHAR = €
DB2.DBW330 = 8364' "$s7rig" read "$address" DB2,WS300.20 "DB2.DBW300:WORD[2]" DB2.DBW330:WCHAR DB2.DBW330
selects "5 € 😀" "SELECT value FROM tag WHERE name = 'wide'"
expect 0 "" "$s7rig" write "$address" DB2.DBW330=0xD83D
prints 'DB2.DBW330:WCHAR = \uD83D' "$s7rig" read "$address" DB2.DBW330:WCHAR
expect 2 "takes a text, not longer than the WSTRING" "$s7rig" write "$address" "DB2.DBB300:WSTRING(2)=abc"

say "other people's addresses"
prints 'DB2.DBX0.1 = 0
DB2.DBW2:INT = -2
DB1.DBB5 = 49
DB1.DBW4:INT = 49' "$s7rig" read "$address" DB2,D0.1 %DB2:2:INT V5 DB1.4,i

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
