#!/bin/sh
# chaos_test.sh S7RIG SCENARIO FIRST LAST [OPTION...]: the scenario passes with each of these seeds; those with which it does not are named.
set -u
s7rig=$1
scenario=$2
seed=$3
last=$4
shift 4
report=$(mktemp)
trap 'rm -f "$report"' EXIT
failed=0
while [ "$seed" -le "$last" ]; do
    "$s7rig" run --seed "$seed" "$@" "$scenario" >"$report" 2>&1 || {
        failed=$((failed + 1))
        echo "seed $seed:"
        cat "$report"
    }
    seed=$((seed + 1))
done
echo "$failed seeds failed"
[ "$failed" -eq 0 ]
