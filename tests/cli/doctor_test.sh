#!/bin/sh
# doctor: what it says of a PLC that is well, and of each illness that can be had here.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
plant=$dir/a.plant
expect 0 "PLC plc1" "$s7rig" plant new "$plant" --cpu s7-300 --db 1:64
serve a "$plant" --listen 127.0.0.1:0

say "a PLC that is well"
prints "TCP       ok      $address takes connections
COTP      ok      type op, rack 0, slot 2
S7 setup  ok      granted: PDU length 240 (asked: 960), jobs in flight 1 (asked: 8)
MB0       ok      its first byte is 00
DB1       ok      its first byte is 00
identity  ok      CPU 315-2 PN/DP 6ES7 315-2EH14-0AB0 V3.2.6" \
    "$s7rig" doctor "$address" --slot 2 --db 1
prints "$(bounded "$s7rig" doctor "$address" --slot 2)" "$s7rig" doctor "s7://$address?slot=2"
prints "$(bounded "$s7rig" doctor "$address" --slot 2)" env S7_ENDPOINT="s7://$address?slot=2" "$s7rig" doctor

say "the same as JSON"
bounded "$s7rig" doctor --json "$address" --slot 2 --db 9 >"$dir/out" 2>"$dir/err.log"
[ $? -eq 1 ] || fail "a DB that is missing must end with status 1"
is_json "$dir/out"
contains '{"step": "COTP", "result": "ok", "text": "type op, rack 0, slot 2"}' "doctor --json"
contains '{"step": "DB9", "result": "failed", ' "doctor --json"
contains '"status": "failed"}' "doctor --json"
bounded "$s7rig" doctor --json "$address" >"$dir/out" 2>"$dir/err.log"
[ $? -eq 4 ] || fail "a wrong slot must end with status 4"
is_json "$dir/out"

say "a DB that is missing, or optimized"
expect 1 "DB9       FAILED  " "$s7rig" doctor "$address" --slot 2 --db 9
contains "Optimized block access" "doctor --db 9"
contains "identity  ok" "doctor --db 9"

say "a wrong slot: the right one is found, whatever way the wrong one was given"
works="wrong slot; these work: --type op --slot 2, --type pg --slot 2, --type basic --slot 2"
expect 4 "$works" "$s7rig" doctor "$address"
contains "COTP      FAILED  " "doctor"
expect 4 "$works" "$s7rig" doctor "s7://$address?slot=3"
expect 4 "$works" "$s7rig" doctor "s7://$address?remote-tsap=02.03"
expect 0 "COTP      ok      TSAP 03.02" "$s7rig" doctor "s7://$address?remote-tsap=03.02"
expect 4 "slots 0 to 5 of rack 1 are refused with every connection type" "$s7rig" doctor "$address" --rack 1

say "no connection of a type is left, or none at all"
sql "INSERT INTO fault (name, args) VALUES ('conn_limit', 'max=0 how=dr role=op')"
expect 4 "connections of type op are taken or not allowed; these work: --type pg --slot 2, --type basic --slot 2" \
    "$s7rig" doctor "$address" --slot 2
sql "UPDATE fault SET args = 'max=0 how=rst'"
expect 4 "all connections of the PLC are taken" "$s7rig" doctor "$address" --slot 2

say "a PLC that answers nothing, or goes away"
sql "UPDATE fault SET name = 'hang', args = 'fn=setup'"
expect 4 "S7 setup  FAILED  " "$s7rig" doctor "$address" --slot 2 --timeout 300
contains "COTP      ok" "doctor of a PLC that hangs"
contains "the PLC takes the connection and does not answer S7" "doctor of a PLC that hangs"
sql "UPDATE fault SET name = 'rst_now', args = 'fn=setup'"
expect 4 "S7 setup  FAILED  " "$s7rig" doctor "$address" --slot 2
sql "UPDATE fault SET name = 'rst_now', args = 'fn=read'"
expect 4 "MB0       FAILED  " "$s7rig" doctor "$address" --slot 2 --db 1
if grep -q "DB1" "$dir/out"; then fail "it goes on without a connection: $(cat "$dir/out")"; fi
sql "DELETE FROM fault"
ends_well "$server"

say "what is no PLC"
expect 4 "TCP       FAILED  " "$s7rig" doctor "$address"
contains "nothing listens on that port" "doctor of a closed port"
peer http
expect 4 "what listens there is no S7 PLC" "$s7rig" doctor "$peer_address"
contains "TCP       ok" "doctor of an HTTP server"
peer silent
expect 4 "something took the connection and says nothing" "$s7rig" doctor "$peer_address" --timeout 200
peer closing
expect 4 "or no S7 PLC" "$s7rig" doctor "$peer_address"

say "bad input"
expect 2 "expected one endpoint" "$s7rig" doctor
expect 2 "expected one endpoint" "$s7rig" doctor "$address" DB1
expect 2 '--db takes a number 1..65535, got "0"' "$s7rig" doctor "$address" --db 0
expect 2 'make a client for "127.0.0.1:x"' "$s7rig" doctor 127.0.0.1:x
