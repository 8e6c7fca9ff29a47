#!/bin/sh
# dump: bytes as they are, of a whole block or a part of it, to people, programs and files.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant" --cpu s7-300 --db 1:35 --db 2:1 --db 3:65536
sql "UPDATE block SET data = CAST('Grüße, 35 bytes of text in one DB' AS BLOB) WHERE kind = 'DB' AND number = 1;
UPDATE block SET data = randomblob(65536) WHERE kind = 'DB' AND number = 3" || fail "sqlite3"
sql "SELECT hex(data) FROM block WHERE kind = 'DB' AND number = 3" >"$dir/db3.hex"
serve a "$plant" --listen 127.0.0.1:0
at="s7://$address?slot=2"
db1="DB1, 35 bytes from byte 0
     0  47 72 C3 BC C3 9F 65 2C  20 33 35 20 62 79 74 65  |Gr....e, 35 byte|
    16  73 20 6F 66 20 74 65 78  74 20 69 6E 20 6F 6E 65  |s of text in one|
    32  20 44 42                                          | DB|"

say "a whole block, and parts of it"
prints "$db1" "$s7rig" dump "$at" DB1
prints "$db1" env S7_ENDPOINT="$at" "$s7rig" dump DB1
prints "DB1, 3 bytes from byte 32
    32  20 44 42                                          | DB|" "$s7rig" dump "$at" DB1.DBB32..
prints "$(bounded "$s7rig" dump "$at" DB1.DBB32..)" "$s7rig" dump "$at" DB1 --from 32
prints "$(bounded "$s7rig" dump "$at" DB1.DBB10..29)" "$s7rig" dump "$at" DB1 --from 10 --len 20
prints "DB1, 4 bytes from byte 8
     8  20 33 35 20                                       | 35 |
DB2, 1 byte from byte 0
     0  00                                                |.|" "$s7rig" dump "$at" DB1.DBD8 DB2
expect 0 "M, 2048 bytes from byte 0" "$s7rig" dump "$at" M
expect 0 "I, 128 bytes from byte 0" "$s7rig" dump "$at" E
expect 0 "M, 2 bytes from byte 7" env S7_ENDPOINT="$at" "$s7rig" dump MB7..8

say "the bytes and nothing else, to a pipe or a file"
bounded "$s7rig" dump "$at" --raw DB3 2>"$dir/err.log" >"$dir/db3.bin" || fail "dump --raw"
[ "$(od -An -v -tx1 "$dir/db3.bin" | tr -d ' \n' | tr a-f A-F)" = "$(cat "$dir/db3.hex")" ] || fail "other bytes"
expect 0 "DB3 may go on" "$s7rig" dump "$at" --raw DB3 -o "$dir/out.bin"
cmp "$dir/db3.bin" "$dir/out.bin" || fail "the file has other bytes"
prints "" "$s7rig" dump "$at" DB1 --output "$dir/text"
prints "$db1" cat "$dir/text"
expect 4 "cannot write $dir/none/x: No such file" "$s7rig" dump "$at" DB1 -o "$dir/none/x"
ln -s text "$dir/link"
prints "" "$s7rig" dump "$at" DB3.DBB0..3 -o "$dir/link"
[ -L "$dir/link" ] || fail "a link was replaced"
prints "$("$s7rig" dump "$at" DB3.DBB0..3)" cat "$dir/text"
[ ! -c /dev/full ] || expect 4 "cannot write /dev/full: No space left" "$s7rig" dump "$at" DB1 -o /dev/full

say "JSON"
bounded "$s7rig" dump "$at" --json DB2 DB9 DB1.DBB32.. >"$dir/out" 2>"$dir/err.log"
[ $? -eq 1 ] || fail "a DB that is missing must end with status 1"
is_json "$dir/out"
[ "$(cat "$dir/out")" = '[{"block": "DB2", "from": 0, "bytes": 1, "hex": "00"},
 {"block": "DB9", "from": 0, "status": "S7_E_ITEM_MISSING", "error": "object does not exist"},
 {"block": "DB1", "from": 32, "bytes": 3, "hex": "204442"}]' ] || fail "got $(cat "$dir/out")"

say "what cannot be read is told apart, and how long the block is"
expect 1 "DB9: not one byte can be read: object does not exist" "$s7rig" dump "$at" DB9 DB2
contains "DB2, 1 byte from byte 0" "dump of two blocks"
expect 1 "DB1 has 35 bytes" "$s7rig" dump "$at" DB1.DBB30..35
expect 1 "DB1 has 35 bytes, byte 35 is behind its end" "$s7rig" dump "$at" DB1 --from 35
rm "$dir/out.bin"
expect 1 "with --raw nothing is written" "$s7rig" dump "$at" --raw DB1 DB9 -o "$dir/out.bin"
[ ! -e "$dir/out.bin" ] || fail "a file was made"

say "where there is a block list, it says the size"
services_plc "$3"
expect 0 "DB1, 256 bytes from byte 0" "$s7rig" dump "$peer_address" DB1
expect 0 "DB1, 65536 bytes from byte 0" "$s7rig" dump "$peer_address" DB1 --len 65536
services_plc "$3" locked
expect 1 "PUT/GET" "$s7rig" dump "$peer_address" DB1

say "bad input"
expect 2 "wrong address: timers and counters are no bytes" "$s7rig" dump "$at" T5
expect 2 "
  DB1.DBB9..8
            ^
s7rig dump: try: DB1, DB1.DBB10.. (to the end), DB1.DBB10..29, M, I, Q" "$s7rig" dump "$at" DB1.DBB9..8
expect 2 "--from and --len go with a block or an area, not with DB1.DBB0" "$s7rig" dump "$at" DB1.DBB0 --len 5
expect 2 "DB1 ends behind byte 2097151" "$s7rig" dump "$at" DB1 --from 2097151 --len 2
expect 2 "expected an endpoint and what to dump" "$s7rig" dump "$at"
expect 2 "cannot be had together" "$s7rig" dump "$at" DB1 --raw --json
if command -v script >/dev/null; then
    bounded script -qec "$s7rig dump $address --slot 2 DB1 --raw" /dev/null >"$dir/out" 2>&1 </dev/null
    [ $? -eq 2 ] || fail "raw bytes went to a terminal"
    contains "raw bytes are not for a terminal" "dump --raw at a terminal"
fi
ends_well "$server"
expect 4 "connect to $address" "$s7rig" dump "$at" DB1
