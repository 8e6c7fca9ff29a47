#!/bin/sh
# search_test.sh S7RIG SCENARIOS: with a bug planted into the client, `s7rig search` finds it within 40 seeds, shrinks it to two faults at
# most, and the scenario that it writes fails in the same way as long as the bug is there.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
scenarios=$2
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # hundreds of processes
export ASAN_OPTIONS

# finds BUG SCENARIO TEXT: and what is found says TEXT.
finds() {
    say "$1: $3"
    S7RIG_PLANTED=$1 "$s7rig" search "$scenarios/$2.lua" --seeds 40 --jobs auto --out "$dir/$1.lua" >"$dir/out"
    [ $? -eq 1 ] || fail "SURVIVED: $(cat "$dir/out")"
    contains "$3" "search"
    faults=$(grep -c '^  { "plc1", ' "$dir/$1.lua")
    [ "$faults" -ge 1 ] && [ "$faults" -le 2 ] || fail "it was shrunk to $faults faults: $(cat "$dir/out")"
    S7RIG_PLANTED=$1 "$s7rig" run "$dir/$1.lua" >"$dir/out" && fail "what was found does not fail"
    contains "$3" "run"
    S7RIG_PLANTED='' "$s7rig" run "$dir/$1.lua" >"$dir/out" || fail "it fails without the bug: $(cat "$dir/out")"
}

finds p01 alone "which the PLC did not hold while it was under way"    # a late answer is taken for the next one
finds p29 leases "one was done twice, or told as not done"             # a write that left is told as not done
finds p21 leases "connects, less those that were closed, are not total_connections" # an end that nobody counts
