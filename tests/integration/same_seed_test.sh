#!/bin/sh
# same_seed_test.sh TRACE - the same seed twice gives the same trace hash, another seed another one.
set -eu
first=$("$1" 7)
second=$("$1" 7)
other=$("$1" 8)
printf '%s\n%s\n%s\n' "$first" "$second" "$other"
if [ "$first" != "$second" ]; then
    echo "the same seed gave two traces"
    exit 1
fi
if [ "${first##* }" = "${other##* }" ]; then
    echo "two seeds gave the same trace: the seed does nothing"
    exit 1
fi
