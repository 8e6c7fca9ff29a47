#!/bin/sh
# replay: what our own flight recorder kept is sent again; equal PLCs answer the same, others do not, and files that are none are told so.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
record=$3 captures=${4-}
plant=$dir/line.plant

expect 0 "PLC line1" "$s7rig" plant new "$plant" --name line1 --db 1:64 --db 2:512
serve line "$plant" --listen 127.0.0.1:0
bounded "$record" "$address" "$dir/talk.pcapng" 2>"$dir/record.log" || fail "record"

say "the same PLC answers the same; a write is not sent"
sql "UPDATE block SET data = zeroblob(64) WHERE kind = 'DB' AND number = 1" || fail "sqlite3"
expect 0 "5 requests: 4 same, 0 differ, 1 left out (1 that may change the PLC: --writes)" "$s7rig" replay "$dir/talk.pcapng" "$address"
selects 00 "SELECT hex(substr(data, 22, 1)) FROM block WHERE kind = 'DB' AND number = 1"
expect 0 ": 4 same, 0 differ, 1 left out" "$s7rig" replay "$dir/talk.pcapng" "$address" --exact

say "with --writes it is"
expect 0 "5 requests: 5 same, 0 differ, 0 left out" "$s7rig" replay "$dir/talk.pcapng" "$address" --writes --as-recorded
selects 2A "SELECT hex(substr(data, 22, 1)) FROM block WHERE kind = 'DB' AND number = 1"
expect 2 "192.0.2.9 is not this machine" "$s7rig" replay "$dir/talk.pcapng" 192.0.2.9 --writes
expect 2 "forbids what --writes would send" "$s7rig" replay "$dir/talk.pcapng" "s7://$address?read-only=yes" --writes

say "other values differ only with --exact, and say where"
expect 0 "" "$s7rig" write "$address" DB1.DBB3=7
expect 0 "4 same, 0 differ" "$s7rig" replay "$dir/talk.pcapng" "$address"
expect 1 "frame 5: read, 1 item, first DB1.DBX0.0 x 16
  item 1: byte 3 is 07, recorded 00" "$s7rig" replay "$dir/talk.pcapng" "$address" --exact
contains "5 requests: 3 same, 1 differ, 1 left out" "replay --exact"

say "another PLC: a DB too short, one that is missing; as TAP and JSON"
other=$plant plant=$dir/other.plant
expect 0 "PLC other" "$s7rig" plant new "$plant" --name other --db 1:64 --db 2:100 --db 9:10
serve other "$plant" --listen 127.0.0.1:0
bounded "$s7rig" replay "$dir/talk.pcapng" "$address" --tap >"$dir/out" 2>"$dir/err.log"
[ $? -eq 1 ] || fail "replay --tap: expected exit status 1"
[ "$(cat "$dir/out")" = "TAP version 13
ok 1 - frame 5: read, 1 item, first DB1.DBX0.0 x 16
ok 2 - frame 7: write, 1 item, first DB1.DBX20.0 x 2 # SKIP it may change the PLC: --writes sends it
not ok 3 - frame 9: read, 1 item, first DB2.DBX0.0 x 400
  ---
  message: 'item 1: return code 05 (address out of range), recorded FF (good)'
  ...
not ok 4 - frame 11: read, 2 items, first DB1.DBX0.0 x 2
  ---
  message: 'item 2: return code FF (good), recorded 0A (object does not exist)'
  ...
ok 5 - frame 13: status list (SZL) 001C index 0000
1..5" ] || fail "got $(cat "$dir/out")"
bounded "$s7rig" replay "$dir/talk.pcapng" "$address" --json >"$dir/out" 2>"$dir/err.log"
[ $? -eq 1 ] || fail "replay --json: expected exit status 1"
is_json "$dir/out"
contains '{"frame": 9, "request": "read, 1 item, first DB2.DBX0.0 x 400", "result": "differs", "why": "item 1: ' "replay --json"
contains '"requests": 5, "same": 2, "differ": 2, "left_out": 1, "answered": 4}' "replay --json"

say "an answer that does not come is a difference, and the next request goes on, if need be on another connection"
sql "INSERT INTO fault (name, args) VALUES ('hang', 'fn=read nth=1'), ('rst_now', 'fn=read nth=2')" || fail "sqlite3"
expect 1 "no answer: the deadline passed" "$s7rig" replay "$dir/talk.pcapng" "$address" --timeout 200
contains "no answer: the peer reset" "replay with faults"
contains "5 requests: 1 same, 3 differ, 1 left out" "replay with faults"
ends_well "$server"
plant=$other

say "files that are torn, and files that are none"
size=$(wc -c <"$dir/talk.pcapng")
head -c $((size - 10)) "$dir/talk.pcapng" >"$dir/torn.pcapng"
expect 4 "is torn behind packet 13, at byte " "$s7rig" replay "$dir/torn.pcapng" 127.0.0.1:1
head -c 40 "$dir/talk.pcapng" >"$dir/short.pcapng"
expect 5 "no S7 conversation is in it: 0 packets, 0 of them TCP" "$s7rig" replay "$dir/short.pcapng" 127.0.0.1:1
expect 3 "it is neither pcap nor pcapng" "$s7rig" replay "$plant" 127.0.0.1:1
expect 3 "it is neither pcap nor pcapng" "$s7rig" replay /dev/null 127.0.0.1:1
expect 4 "cannot read $dir/none.pcap: No such file or directory" "$s7rig" replay "$dir/none.pcap" 127.0.0.1:1
expect 4 "cannot read $dir: Is a directory" "$s7rig" replay "$dir" 127.0.0.1:1
expect 2 "expected a capture and an endpoint" "$s7rig" replay "$dir/talk.pcapng"
expect 2 "has 1 connection: choose one with --connection N" "$s7rig" replay "$dir/talk.pcapng" 127.0.0.1:1 --connection 2
expect 4 "connect to 127.0.0.1:1 " "$s7rig" replay "$dir/talk.pcapng" 127.0.0.1:1

# What other people's clients asked real CPUs and Snap7, of our simulator as the same kind of CPU: it must answer each request that only
# reads, well-formed and by the same function, whatever it says, and status lists with records of the same length. ANSWERED is how many
# requests have such an answer today.
if [ ! -d "${captures:-/nowhere}/real" ]; then
    echo "- captures of real CPUs: skipped, S7RIG_CAPTURES is not set"
    exit 0
fi

# as CPU SLOT FILE...: every connection of each file against that CPU. Adds to answered, compared and lists.
answered=0 compared=0 lists=0
as() {
    cpu=$1 slot=$2
    shift 2
    plant=$dir/$cpu.plant
    expect 0 "PLC $cpu" "$s7rig" plant new "$plant" --cpu "$cpu" --name "$cpu" --db 1:512 --db 2:512
    serve "$cpu" "$plant" --listen 127.0.0.1:0
    for file in "$@"; do
        connection=1
        while [ -f "$file" ]; do
            bounded "$s7rig" replay "$file" "$address" --slot "$slot" --connection $connection --json >"$dir/out" 2>"$dir/err.log"
            case $? in
            0 | 1 | 5) ;;
            2) break ;; # no more connections
            *) fail "$file: $(cat "$dir/err.log")" ;;
            esac
            counted "$file"
            connection=$((connection + 1))
        done
    done
    ends_well "$server"
}

counted() { # FILE
    numbers=$(sed -n 's/^ "requests": .*"same": \([0-9]*\), "differ": \([0-9]*\), .*"answered": \([0-9]*\)}$/\1 \2 \3/p' "$dir/out")
    [ -n "$numbers" ] || return 0 # setup alone
    # shellcheck disable=SC2086 # three words
    set -- "$1" $numbers
    [ "$4" -eq $(($2 + $3)) ] || fail "$1: $2 same and $3 differ, but only $4 well-formed answers of the same function:
$(grep differs "$dir/out")"
    grep '"why": "records of ' "$dir/out" && fail "$1: records of another length"
    answered=$((answered + $4)) compared=$((compared + 1))
    lists=$((lists + $(grep -c 'status list (SZL).*"result": "\(same\|differs\)"' "$dir/out")))
}

say "captures of real CPUs and of Snap7 get answers of the same functions, and records of the same length"
as s7-300 2 "$captures"/real/gymgit_* "$captures"/real/iti_* "$captures"/real/ndpi_* "$captures"/real/qut_*
as s7-1500 1 "$captures"/real/icsnpp_*
as generic 1 "$captures"/peers/*.pcap*
echo "  $answered requests of $compared conversations, $lists of them for status lists"
ANSWERED=678
[ "$answered" -ge $ANSWERED ] || fail "expected at least $ANSWERED answers"
