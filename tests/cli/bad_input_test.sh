#!/bin/sh
# What goes wrong in practice: one message that names the place and what was expected, the right exit status, nothing
# lost, and the server stays up.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/line.plant

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64
sql "INSERT INTO tag(name, address, value) VALUES ('count', 'DB1.DBW0:INT', 5),
 ('recipe', 'DB1.DBB10:STRING(30)', 'Lemonade')" || fail "sqlite3"
serve line "$plant" --listen 127.0.0.1:0
line=$server

say "wrong options"
expect 2 "s7rig read: no such option --jsn; did you mean --json?" "$s7rig" read "$address" --jsn DB1.DBW0
expect 2 "usage: s7rig read ENDPOINT ADDRESS..." "$s7rig" read "$address"
expect 2 '--slot takes a number 0..31, got "32"' "$s7rig" read "$address" --slot 32 DB1.DBW0
expect 2 '--type takes pg, op or basic, got "hmi"' "$s7rig" read "$address" --type hmi DB1.DBW0
expect 2 '--durability takes memory, commit or fsync, got "none"' "$s7rig" serve "$plant" --durability none
expect 2 '--journal takes wal or delete, got "off"' "$s7rig" serve "$plant" --journal off

say "a wrong address is shown with a mark under the place"
expect 2 "wrong address: " "$s7rig" read "$address" DB1.DBW0 DB1.DBX0.9
contains '
  DB1.DBX0.9
           ^' "read DB1.DBX0.9"
expect 2 '
  DB0.DBW0
    ^' "$s7rig" write "$address" DB0.DBW0=1
expect 2 '
  DB1.DBB0:STRING(255)
                  ^' "$s7rig" read "$address" 'DB1.DBB0:STRING(255)'
expect 2 "wrong address: " "$s7rig" read "$address" ""

say "wrong values"
expect 2 'DB1.DBW0:INT takes a whole number -32768..32767, got "40000"' "$s7rig" write "$address" DB1.DBW0:INT=40000
expect 2 'DB1.DBX0.0 takes 0 or 1, got "2"' "$s7rig" write "$address" DB1.DBX0.0=2
expect 2 'got "€"' "$s7rig" write "$address" 'DB1.DBB10:STRING(30)=€'
expect 2 'got "abc"' "$s7rig" write "$address" 'DB1.DBB10:STRING(2)=abc'
expect 2 'as a list [a,b,...] of all elements, got "[1]"' "$s7rig" write "$address" 'DB1.DBW0:INT[2]=[1]'
expect 2 'expected ADDRESS=VALUE, got "DB1.DBW0"' "$s7rig" write "$address" DB1.DBW0
prints "DB1.DBW0:INT = 5" "$s7rig" read "$address" DB1.DBW0:INT

say "an address in the place of the endpoint"
expect 4 "the endpoint comes first" env -u S7_ENDPOINT "$s7rig" read DB1.DBW0 DB1.DBW2

say "what the PLC refuses, while the other items are served"
expect 1 "DB9.DBW0: " "$s7rig" read "$address" DB1.DBW0:INT DB9.DBW0
contains "DB1.DBW0:INT = 5" "read of two items"
contains "try: " "read of two items"
expect 1 "DB1.DBW63: " "$s7rig" read "$address" DB1.DBW63
expect 1 "DB1.DBW63: " "$s7rig" write "$address" DB1.DBW63=1

say "plants that cannot be served"
expect 4 "$dir/missing.plant" "$s7rig" serve "$dir/missing.plant"
[ ! -e "$dir/missing.plant" ] || fail "serve made a file"
cp "$plant" "$dir/newer.plant"
sqlite3 "$dir/newer.plant" "PRAGMA user_version = 99" || fail "sqlite3"
expect 3 "made by a newer s7rig" "$s7rig" serve "$dir/newer.plant"
contains "99" "serve newer.plant"
expect 3 "made by a newer s7rig" "$s7rig" plant show "$dir/newer.plant"
echo "these are not the bytes of a database, and there are enough of them to be sure" >"$dir/text.plant"
expect 3 "not a plant file" "$s7rig" serve "$dir/text.plant"
expect 3 "a directory" "$s7rig" serve "$dir"
expect 2 "expected one plant file, got 0" "$s7rig" serve

say "a plant that is served already, and a port that is taken"
expect 4 "line.plant" "$s7rig" serve "$plant" --listen 127.0.0.1:0
expect 0 "PLC" "$s7rig" plant new "$dir/second.plant"
expect 4 "cannot listen on $address" "$s7rig" serve "$dir/second.plant" --listen "$address"
expect 2 "--listen takes ADDRESS:PORT, got nowhere" "$s7rig" serve "$dir/second.plant" --listen nowhere
expect 4 "ports" "$s7rig" serve "$dir/second.plant" --listen 127.0.0.1:0 --port-file "$dir/no-such-folder/ports"

say "SQL text in a tag value is a wrong number, or a text like any other"
sql "UPDATE tag SET value = '1; DROP TABLE tag;--' WHERE name = 'count'" || fail "sqlite3"
prints "DB1.DBW0:INT = 5" "$s7rig" read "$address" DB1.DBW0:INT
expect 0 "" "$s7rig" write "$address" DB1.DBB60=1
selects "1; DROP TABLE tag;--" "SELECT value FROM tag WHERE name = 'count'"
case $(sql "SELECT error FROM tag WHERE name = 'count'") in
*"-32768..32767"*) ;;
*) fail "tag.error does not say what an INT takes: $(sql "SELECT error FROM tag WHERE name = 'count'")" ;;
esac
sql "UPDATE tag SET value = 6 WHERE name = 'count'; UPDATE tag SET value = 'x''); DROP TABLE tag;--' WHERE name = 'recipe'" ||
    fail "sqlite3"
prints "DB1.DBW0:INT = 6
DB1.DBB10:STRING(30) = x'); DROP TABLE tag;--" "$s7rig" read "$address" DB1.DBW0:INT 'DB1.DBB10:STRING(30)'
expect 0 "" "$s7rig" write "$address" DB1.DBB60=2
selects "2|" "SELECT count(*), max(error) FROM tag"

# hold: a foreign program takes the write lock and keeps it; statements for it go to descriptor 8, `answered` waits for it.
hold() {
    mkfifo "$dir/sql.in" "$dir/sql.out"
    sqlite3 "$plant" <"$dir/sql.in" >"$dir/sqlite3.log" 2>&1 &
    holder=$!
    pids="$pids $holder"
    exec 8>"$dir/sql.in"
    tell "BEGIN IMMEDIATE;"
}
tell() {
    printf '%s\n.shell echo done >"%s"\n' "$1" "$dir/sql.out" >&8
    bounded head -n 1 "$dir/sql.out" >/dev/null || fail "sqlite3 did not answer to: $1"
}
release() {
    exec 8>&-
    wait "$holder" || fail "sqlite3 failed"
    rm "$dir/sql.in" "$dir/sql.out"
}

say "a foreign transaction held open: reads go on, a write waits and is refused, nothing is changed"
hold
prints "DB1.DBW0:INT = 6" "$s7rig" read "$address" DB1.DBW0:INT
expect 1 "DB1.DBW0:INT: " "$s7rig" write "$address" DB1.DBW0:INT=7
prints "DB1.DBW0:INT = 6" "$s7rig" read "$address" DB1.DBW0:INT
tell "UPDATE tag SET value = 8 WHERE name = 'count';"
prints "DB1.DBW0:INT = 6" "$s7rig" read "$address" DB1.DBW0:INT
tell "COMMIT;"
prints "DB1.DBW0:INT = 8" "$s7rig" read "$address" DB1.DBW0:INT
release

say "a write that waits for the lock is done as soon as it is free"
hold
bounded "$s7rig" write "$address" DB1.DBW0:INT=9 >"$dir/parked.log" 2>&1 &
writer=$!
prints "DB1.DBW0:INT = 8" "$s7rig" read "$address" DB1.DBW0:INT
tell "COMMIT;"
wait "$writer" || fail "the write that waited ended with status $?"
prints "DB1.DBW0:INT = 9" "$s7rig" read "$address" DB1.DBW0:INT
selects 9 "SELECT value FROM tag WHERE name = 'count'"
release

say "peers that are no PLC"
expect 2 "s7rig read: " "$s7rig" read "127.0.0.1:99999" DB1.DBW0
expect 2 "s7rig read: " "$s7rig" read "s7://127.0.0.1?slots=1" DB1.DBW0
peer http
expect 4 "$peer_address" "$s7rig" read "$peer_address" DB1.DBW0
contains "try: " "read from an HTTP server"
peer closing
expect 4 "$peer_address" "$s7rig" read "$peer_address" DB1.DBW0
peer silent
expect 4 "$peer_address" "$s7rig" read "$peer_address" --timeout 200 DB1.DBW0
expect 4 "127.0.0.1:1" "$s7rig" read 127.0.0.1:1 DB1.DBW0

say "the server stayed up through all of it, and ends well"
prints "DB1.DBW0:INT = 9" "$s7rig" read "$address" DB1.DBW0:INT
ends_well "$line"
expect 4 "try: " "$s7rig" read "$address" DB1.DBW0
