#!/bin/sh
# info, clock, start and stop: what they refuse to do, and what they say of peers that are no PLC. What they tell of a PLC is compared
# in tests/interop.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

say "what changes a PLC wants --yes, before anything is sent"
for words in "start" "stop" "start --cold" "clock --set now"; do
    expect 2 "say --yes if that is meant" "$s7rig" $words 127.0.0.1:1
done
expect 2 "no such option --cold" "$s7rig" stop 127.0.0.1:1 --yes --cold

say "a time is a date of 1990..2089 and a time of day"
for time in "2026-02-30 00:00:00" "1989-12-31 23:59:59" "2090-01-01 00:00:00" "2026-01-01 24:00:00" "2026-01-01" "tomorrow" \
    "2026-01-01 00:00:00.5" "2026-01-01x00:00:00" ""; do
    expect 2 "--set takes now or a time like" "$s7rig" clock 127.0.0.1:1 --yes --set "$time"
done

say "one endpoint each"
for command in info clock "start --yes" "stop --yes"; do
    expect 2 "expected one endpoint" "$s7rig" $command
    expect 2 "expected one endpoint" "$s7rig" $command 127.0.0.1:1 127.0.0.1:2
done

say "peers that are no PLC"
for manner in http closing; do
    peer "$manner"
    for command in info clock "clock --set now --yes" "start --yes" "stop --yes"; do
        expect 4 "connect to $peer_address" "$s7rig" $command "$peer_address"
    done
done
expect 4 "connect to 127.0.0.1:1 " "$s7rig" info 127.0.0.1:1
