#!/bin/sh
# shipped_test.sh S7RIG FOLDER [OPTION...]: every scenario in the folder passes; at most a quarter may be skipped.
set -u
s7rig=$1
folder=$2
shift 2
tap=$(mktemp)
trap 'rm -f "$tap"' EXIT
"$s7rig" run --tap "$@" "$folder" >"$tap"
status=$?
cat "$tap"
all=$(grep -c -e '^ok ' -e '^not ok ' "$tap")
skipped=$(grep -c '^ok .* # SKIP ' "$tap")
[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || exit "$status"
[ "$all" -gt 0 ] || { echo "no scenario in $folder"; exit 1; }
[ $((skipped * 4)) -le "$all" ] || { echo "$skipped of $all scenarios were skipped"; exit 1; }
