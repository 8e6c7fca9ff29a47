#!/bin/sh
# search_seeds_test.sh S7RIG FIRST N FILE...: with none of N seeds anything is found wrong.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
first=$2 n=$3
shift 3
for file; do
    say "$file"
    timeout -k 5 3600 "$s7rig" search "$file" --seed "$first" --seeds "$n" --jobs auto --out "$dir/found.lua" || {
        cat "$dir/found.lua"
        fail "something was found, or it took too long"
    }
done
