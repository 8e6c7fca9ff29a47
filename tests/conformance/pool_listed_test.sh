#!/bin/sh
# docs/pool.md, the tests and the planted bugs agree: P01 to P30 have a row each, every test and scenario that it names exists, every
# test and scenario with a bug's number is in that bug's row, every planted bug is in its row, and a row without one says why.
#
#   pool_listed_test.sh SOURCE_DIR
set -u
cd "$1" || exit 1
doc=docs/pool.md
failed=0

complain() {
    echo "FAILED: $*" >&2
    failed=1
}

row() { # NUMBER
    grep "^| P$1 |" $doc
}

for number in $(seq -w 1 30); do
    [ "$(row "$number" | wc -l)" -eq 1 ] || complain "$doc has not one row of P$number"
    # shellcheck disable=SC2016 # backquotes of the document
    row "$number" | grep -qE '`[a-z0-9_/]+(\.c:[A-Za-z0-9_]+|\.lua)`' || complain "P$number has no test"
    if [ -f "tests/planted/p$number.plant" ]; then
        row "$number" | grep -qF "\`planted.p$number\`" || complain "planted.p$number is not in the row of P$number"
    else
        row "$number" | grep -qF "| none: " || complain "P$number has no planted bug, and does not say \"none: why\""
    fi
done

for test in $(grep -oE '[a-z0-9_/]+\.c:[a-zA-Z0-9_]+' $doc | sort -u); do
    grep -q "^static void ${test#*:}(" "${test%%:*}" || complain "$doc names $test, which does not exist"
done
for scenario in $(grep -oE '[a-z0-9_/]+\.lua' $doc | sort -u); do
    [ -f "$scenario" ] || complain "$doc names $scenario, which does not exist"
done
for plant in $(find tests/planted -name '*.plant'); do
    grep -qF "planted.$(basename "$plant" .plant)\`" $doc || complain "$plant is not in $doc"
done
for plant in $(grep -oE 'planted\.[a-z0-9_]+`' $doc | tr -d '`' | sort -u); do
    [ -f "tests/planted/${plant#planted.}.plant" ] || complain "$doc names $plant, which does not exist"
done

tests=$(grep -rE --include='*_test.c' '^static void p[0-9]{2}_' client tests | sed 's/static void //; s/(.*//')
scenarios=$(find scenarios tests/scenario -name 'p[0-9][0-9]_*.lua')
[ -n "$tests" ] && [ -n "$scenarios" ] || complain "there are no tests or no scenarios with numbers"
for test in $tests $scenarios; do
    name=${test#*:}
    for number in $(basename "$name" | grep -oE '^(p[0-9]{2}_)+' | tr -d p | tr _ ' '); do
        row "$number" | grep -qF "\`$test\`" || complain "$test is not in the row of P$number in $doc"
    done
done
planted=$(find tests/planted -name '*.plant' | wc -l)
echo "30 bugs, $(echo "$tests" | wc -l) tests and $(echo "$scenarios" | wc -l) scenarios of their own, $planted planted"
exit $failed
