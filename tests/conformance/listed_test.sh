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

# FILE:FUNCTION a line, which becomes FILE:FUNCTION NNN a line for each of its numbers: s7_019_x, S7_017_018_172_x, s7_052_053_and_054_x,
# s7_121_to_125_x.
numbered() {
    awk -F: '{
        match($2, /^[sS]7_[0-9][0-9][0-9](_(and_|to_)?[0-9][0-9][0-9])*_/)
        words = substr($2, 4, RLENGTH - 4)
        gsub(/and_/, "", words)
        gsub(/_to_/, "-", words)
        n = split(words, numbers, "_")
        for (i = 1; i <= n; i++) {
            ends = split(numbers[i], range, "-")
            for (k = range[1] + 0; k <= range[ends] + 0; k++)
                printf "%s %03d\n", $0, k
        }
    }'
}

# FILE:FUNCTION NNN a line, for each test that a row of S7-NNN names.
in_rows() {
    awk '/^\| S7-[0-9][0-9][0-9] \|/ {
        number = substr($0, 6, 3)
        while (match($0, /`[a-z0-9_\/]+\.c:[a-zA-Z0-9_]+`/)) {
            print substr($0, RSTART + 1, RLENGTH - 2), number
            $0 = substr($0, RSTART + RLENGTH)
        }
    }' $doc
}

functions() { # PATTERN: the functions of tests whose names begin like that, FILE:FUNCTION a line
    grep -rE --include='*.c' "^static void $1[a-zA-Z0-9_]*\\(" ./*/ | sed 's/^\.\///; s/static void //; s/(.*//' | sort -u
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
grep -oE '[a-z0-9_/]+\.c:[a-zA-Z0-9_]+' $doc | sort -u >"$dir/named"
[ -s "$dir/named" ] || complain "$doc names no tests"
functions '' >"$dir/all"
for test in $(comm -23 "$dir/named" "$dir/all"); do
    complain "$doc names $test, which does not exist"
done

functions '[sS]7_[0-9]{3}_' | grep '_test\.c:' | numbered | sort >"$dir/numbered"
[ -s "$dir/numbered" ] || complain "there are no tests with numbers"
in_rows | sort -u >"$dir/rows"
comm -23 "$dir/numbered" "$dir/rows" >"$dir/unlisted"
while read -r test number; do
    complain "$test is in no row of S7-$number in $doc"
done <"$dir/unlisted"

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
