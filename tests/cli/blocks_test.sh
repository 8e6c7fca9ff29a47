#!/bin/sh
# blocks, upload and download: what they tell, what they refuse to do, and a block that goes there and back.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
services_plc "$3" plain
at="s7://$peer_address?slot=2"

# A DB1 of 500 bytes: head (type 0A, number 1, length 01F4, 0190 bytes of data), then letters.
db1() {
    printf '\160\160\001\001\005\012\000\001\000\000\001\364'
    head -c 22 /dev/zero
    printf '\001\220'
    head -c 464 /dev/zero | tr '\0' a
}
db1 >"$dir/db1"
head -c 499 "$dir/db1" >"$dir/cut"
echo "no block" >"$dir/none"

say "how many blocks of each type, and which"
prints "OB       0
FB       2
FC       3
DB     100  1..100
SDB      5
SFC      6
SFB      7" "$s7rig" blocks "$at"
prints "$(bounded "$s7rig" blocks "$at")" env S7_ENDPOINT="$at" "$s7rig" blocks
bounded "$s7rig" blocks "$at" --json >"$dir/out" || fail "blocks --json"
is_json "$dir/out"
contains '"DB": {"count": 100, "numbers": [1, 2, 3,' "blocks --json"

say "what one block is"
prints "block         DB1
language      DB
data          8 bytes
size          102 bytes of load memory
version       2.1
checksum      ABCD
protection    know-how protected
family        fam
author        siemens
changed       1999-11-18 00:00:00.001
interface     1999-11-19 23:59:59.999" "$s7rig" blocks "$at" DB1
prints "$(bounded "$s7rig" blocks "$at" DB1)" env S7_ENDPOINT="$at" "$s7rig" blocks db1
bounded "$s7rig" blocks "$at" DB1 --json >"$dir/out" || fail "blocks DB1 --json"
is_json "$dir/out"
contains '"block": "DB1",' "blocks DB1 --json"
expect 1 "read the details of DB2 of 127.0.0.1:" "$s7rig" blocks "$at" DB2
contains "D209 block not found" "blocks DB2"
for name in DB DB65536 XB1 DB-1 DB1.DBW0 "DB 1" 1 ""; do
    expect 2 "\"$name\" is no block: expected DB1" "$s7rig" blocks "$at" "$name"
done
expect 2 "expected an endpoint and at most one block" "$s7rig" blocks
expect 2 "expected an endpoint and at most one block" "$s7rig" blocks "$at" DB1 DB2

say "a block goes there and comes back"
prints "DB1: 500 bytes, inserted" "$s7rig" download "$at" "$dir/db1"
prints "DB1: 500 bytes to $dir/back" "$s7rig" upload "$at" DB1 -o "$dir/back"
cmp "$dir/db1" "$dir/back" || fail "another block came back"
ln -s back3 "$dir/link"
prints "DB1: 500 bytes to $dir/link" "$s7rig" upload "$at" DB1 -o "$dir/link"
[ -L "$dir/link" ] && cmp "$dir/db1" "$dir/back3" || fail "what a link points to was not written"
prints "DB1: 500 bytes, inserted" "$s7rig" download "$at" "$dir/back"
env S7_ENDPOINT="$at" "$s7rig" upload db1 >"$dir/back2" || fail "upload to standard output"
cmp "$dir/db1" "$dir/back2" || fail "another block came back to standard output"

say "and under another number"
prints '{"block": "DB7", "bytes": 500}' "$s7rig" download "$at" "$dir/db1" --as DB7 --json
prints "{\"block\": \"DB7\", \"bytes\": 500, \"file\": \"$dir/db7\"}" "$s7rig" upload "$at" DB7 --output="$dir/db7" --json
[ "$(cmp -l "$dir/db1" "$dir/db7" | awk '{ print $1 }' | tr '\n' ' ')" = "8 491 492 " ] ||
    fail "more than number and checksum differ"
prints "DB7 is deleted" "$s7rig" blocks "$at" --delete DB7
expect 1 "delete DB7 in 127.0.0.1:" "$s7rig" blocks "$at" --delete DB7
expect 2 "expected one endpoint" "$s7rig" blocks "$at" DB1 --delete DB7

say "files that are no blocks, and blocks that cannot go where they should"
expect 3 "$dir/cut: the block says that it has 500 bytes, and there are 499" "$s7rig" download "$at" "$dir/cut"
expect 3 "$dir/none: no block" "$s7rig" download "$at" "$dir/none"
expect 4 "cannot read $dir/missing: No such file" "$s7rig" download "$at" "$dir/missing"
expect 4 "cannot read $dir: " "$s7rig" download "$at" "$dir"
expect 2 "has DB1, which cannot be loaded as FB1: only the number may be another" "$s7rig" download "$at" "$dir/db1" --as FB1
expect 2 '--as takes a block such as DB7, got "7"' "$s7rig" download "$at" "$dir/db1" --as 7
expect 2 "expected an endpoint and one file" "$s7rig" download "$dir/db1"
expect 2 "expected an endpoint and one block" "$s7rig" upload "$at"
expect 2 "say -o FILE as well" "$s7rig" upload "$at" DB1 --json
expect 4 "cannot write $dir/no/db1: No such file" "$s7rig" upload "$at" DB1 -o "$dir/no/db1"
if command -v script >/dev/null; then
    bounded script -qec "$s7rig upload '$at' DB1" /dev/null >"$dir/out" 2>&1 </dev/null
    contains "a block is not for a terminal: say -o FILE" "upload to a terminal"
fi

say "what changes a PLC at another machine wants --yes, and so does the PLC of S7_ENDPOINT"
for words in "download 192.0.2.1 $dir/db1" "blocks 192.0.2.1 --delete DB1"; do
    expect 2 "say --yes if that is meant" "$s7rig" $words
done
for words in "download $dir/db1" "blocks --delete DB1"; do
    expect 2 "this changes the PLC of S7_ENDPOINT, 127.0.0.1:1: name it, or say --yes" env S7_ENDPOINT=127.0.0.1:1 "$s7rig" $words
    expect 4 "connect to 127.0.0.1:1" env S7_ENDPOINT=127.0.0.1:1 "$s7rig" $words --yes
done
expect 2 "read_only" env S7_READ_ONLY=1 "$s7rig" download "$at" "$dir/db1"

say "peers that are no PLC"
for manner in http closing; do
    peer "$manner"
    for words in "blocks %s" "upload %s DB1 -o $dir/x" "download %s $dir/db1" "blocks %s --delete DB1"; do
        # shellcheck disable=SC2059
        expect 4 "connect to $peer_address" "$s7rig" $(printf "$words" "$peer_address")
    done
done
[ ! -e "$dir/x" ] || fail "a file was made though nothing came"

say "a PLC that does not know the services is told apart"
services_plc "$3" locked
expect 1 "s7rig blocks: this PLC does not tell its blocks: it answered with error 8104" "$s7rig" blocks "$peer_address"
expect 1 "s7rig blocks: this PLC does not let its blocks be deleted" "$s7rig" blocks "$peer_address" --delete DB1
expect 1 "s7rig upload: this PLC does not let its blocks be uploaded" "$s7rig" upload "$peer_address" DB1 -o "$dir/x"
expect 1 "s7rig download: this PLC does not let blocks be downloaded" "$s7rig" download "$peer_address" "$dir/db1"

say "a simulated PLC tells and gives its data blocks"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant" --db 1:64 --db 70:1000 --db 71:65535
serve a "$plant" --listen 127.0.0.1:0
expect 0 "DB       3  1 70 71" "$s7rig" blocks "$address"
expect 0 "DB70: 1092 bytes to $dir/db70" "$s7rig" upload "$address" DB70 -o "$dir/db70"

say "also the longest that there are"
expect 0 "DB71: 65627 bytes to $dir/db71" "$s7rig" upload "$address" DB71 -o "$dir/db71" --timeout 60000
[ "$(wc -c <"$dir/db71")" = 65627 ] || fail "the file has another length"
prints "DB71: 65627 bytes, inserted" "$s7rig" download "$address" "$dir/db71" --timeout 60000
prints "DB71 is deleted" "$s7rig" blocks "$address" --delete DB71

say "and takes blocks, of all kinds, which are rows of its file"
# An OB35 of 1000 bytes in five pieces: 880 of code, 48 of interface.
{
    printf '\160\160\001\001\001\010\000\043\000\000\003\350'
    head -c 16 /dev/zero
    printf '\000\034\000\024\000\032\003\160'
    head -c 964 /dev/zero | tr '\0' o
} >"$dir/ob35"
prints "OB35: 1000 bytes, inserted" "$s7rig" download "$address" "$dir/ob35"
prints "DB1: 500 bytes, inserted" "$s7rig" download "$address" "$dir/db1"
prints "DB2: 500 bytes, inserted" "$s7rig" download "$address" "$dir/db1" --as DB2
selects "DB1:500,DB2:500,OB35:1000" "SELECT group_concat(kind || number || ':' || length(file)) FROM (SELECT * FROM code ORDER BY kind, number)"
selects "400" "SELECT length(data) FROM block WHERE number = 1"
prints "OB       1  35
FB       0
FC       0
DB       3  1 2 70
SDB      0
SFC      0
SFB      0" "$s7rig" blocks "$address"
expect 0 "  OB35       1000 bytes, as it was downloaded" "$s7rig" plant show "$plant"
bounded "$s7rig" plant show "$plant" --json >"$dir/out" || fail "plant show --json"
is_json "$dir/out"
contains '{"block": "OB35", "bytes": 1000}' "plant show --json"
expect 0 "size          1000 bytes of load memory" "$s7rig" blocks "$address" OB35
prints "DB1.DBB40 = 97" "$s7rig" read "$address" DB1.DBB40
expect 0 "" "$s7rig" write "$address" DB1.DBB40=42
ends_well "$server"
serve b "$plant" --listen 127.0.0.1:0
prints "OB35: 1000 bytes to $dir/back" "$s7rig" upload "$address" OB35 -o "$dir/back"
cmp "$dir/ob35" "$dir/back" || fail "another OB came back"
prints "DB1: 500 bytes to $dir/back" "$s7rig" upload "$address" DB1 -o "$dir/back"
[ "$(cmp -l "$dir/db1" "$dir/back" | awk '{ print $1 }')" = 77 ] || fail "more than the byte that was written differs"
prints "OB35 is deleted" "$s7rig" blocks "$address" --delete OB35
prints "DB1 is deleted" "$s7rig" blocks "$address" --delete DB1
expect 1 "D209" "$s7rig" blocks "$address" --delete DB1
expect 1 "D209" "$s7rig" upload "$address" OB35 -o "$dir/back"
selects "DB2" "SELECT group_concat(kind || number) FROM code"

say "unless it is protected, or its file cannot be written"
sql "UPDATE plc SET protection = 2, password = 'secret'"
expect 1 "D241" "$s7rig" download "$address" "$dir/db1"
expect 1 "D241" "$s7rig" blocks "$address" --delete DB2
sql "UPDATE plc SET protection = 1; CREATE UNIQUE INDEX one ON code (file)"
prints "DB2: 500 bytes, inserted" "$s7rig" download "$address" "$dir/db1" --as DB2
sql "UPDATE code SET number = 3"
expect 1 "8302" "$s7rig" download "$address" "$dir/db1" --as DB2
ends_well "$server"
