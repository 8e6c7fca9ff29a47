#!/bin/sh
# docs/conformance.md and the tests agree: every test that it names exists, every test with the number of a statement is in a row of
# that number, every row has a test or says why not. Prints how many statements are tested.
#
#   listed_test.sh SOURCE_DIR
set -u
cd "$1" || exit 1
doc=docs/conformance.md
failed=0

complain() {
    echo "FAILED: $*" >&2
    failed=1
}

rows() { # SECTION: its rows
    sed -n "/^## The $1\$/,/^## /p" $doc | grep '^| S7-[0-9][0-9][0-9] |'
}

# s7_019_x, S7_017_018_172_x, s7_052_053_and_054_x, s7_121_to_125_x: one number a line
numbers() { # FUNCTION
    echo "$1" | grep -oE '^[sS]7_[0-9]{3}(_(and_|to_)?[0-9]{3})*_' | sed 's/^[sS]7_//; s/and_//g; s/_to_/-/g; s/_/\n/g' |
        awk -F- 'NF { for (n = $1; n <= $NF; n++) printf "%03d\n", n }'
}

named=$(grep -oE '[a-z0-9_/]+\.c:[a-zA-Z0-9_]+' $doc | sort -u)
[ -n "$named" ] || complain "$doc names no tests"
for test in $named; do
    grep -q "^static void ${test#*:}(" "${test%%:*}" || complain "$doc names $test, which does not exist"
done

tests=$(grep -rE --include='*_test.c' '^static void [sS]7_[0-9]{3}_' ./*/ | sed 's/^\.\///; s/static void //; s/(.*//')
[ -n "$tests" ] || complain "there are no tests with numbers"
for test in $tests; do
    for number in $(numbers "${test#*:}"); do
        grep "^| S7-$number |" $doc | grep -qF "\`$test\`" || complain "$test is in no row of S7-$number in $doc"
    done
done

for section in client simulator; do
    case $section in
    client) without='not yet: ' ;;
    simulator) without='| open |\|| later: ' ;;
    esac
    rows $section | grep -v '\.c:' | grep -v "$without" &&
        complain "these rows of the $section have no test, and do not say \"$without\""
    twice=$(rows $section | cut -c 3-8 | sort | uniq -d)
    [ -z "$twice" ] || complain "the $section has two rows of $twice"
    all=$(rows $section | wc -l)
    missing=$(rows $section | grep -c "$without")
    echo "$section: $all statements, $((all - missing)) tested, $missing not"
done
exit $failed
