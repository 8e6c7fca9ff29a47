#!/bin/sh
# Finding and asking for subcommands; output that cannot be written.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

say "the command lists its subcommands"
expect 0 "usage: s7rig COMMAND" "$s7rig" --help
for command in serve "plant new" "plant show" "plant import" "plant export" "plant diff" "plant log" read write watch bench replay info clock start stop doctor scan dump diag blocks upload download; do
    contains "  $command " "s7rig --help"
done
expect 0 "  plant new " "$s7rig" help
expect 2 "usage: s7rig COMMAND" "$s7rig"
expect 0 "s7rig 0." "$s7rig" --version

say "each subcommand explains itself"
for command in serve "plant new" "plant show" "plant import" "plant export" "plant diff" "plant log" read write watch bench replay info clock start stop doctor scan dump diag blocks upload download; do
    expect 0 "usage: s7rig $command " "$s7rig" $command --help
    expect 0 "usage: s7rig $command " "$s7rig" help $command
    contains "Exit status:" "s7rig help $command"
done

say "half of a two-word command lists the other halves"
expect 2 "  plant show " "$s7rig" plant
expect 0 "  plant new " "$s7rig" plant --help
expect 0 "  plant new " "$s7rig" help plant

say "an unknown subcommand is refused, with the nearest one"
expect 2 "no such command: raed; did you mean s7rig read?" "$s7rig" raed
expect 2 "no such command: plant nwe; did you mean s7rig plant new?" "$s7rig" plant nwe x.plant
expect 2 "no such command: frobnicate" "$s7rig" frobnicate
expect 2 "no such command: --frobnicate" "$s7rig" --frobnicate
expect 2 "no such command: " "$s7rig" ""

say "output that cannot be written is a failure"
if [ -c /dev/full ]; then
    expect 4 "cannot write to standard output: No space left on device" sh -c '"$1" --help >/dev/full' sh "$s7rig"
fi
expect 4 "cannot write to standard output" sh -c '"$1" --version >&-' sh "$s7rig"
