#!/bin/sh
# planted_test.sh BUG.plant SOURCE_DIR PLANTED_DIR: the test that the bug is for passes without it, and fails with it by what it says
# itself, not by a crash.
#
# In the .plant file: "# P04: what the bug is", "run PROGRAM WHAT..." (a test program of tests/planted and the tests in it, or
# `s7rig run ...` and a scenario), "says TEXT" (once or more: all of that must be in the output).
set -u
plant=$1
source=$2
programs=$3
bug=$(basename "$plant" .plant)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $bug ($(sed -n '1s/^# //p' "$plant")): $*"
    [ ! -f "$dir/out" ] || tail -40 "$dir/out"
    exit 1
}

words() { # KEY: the lines of that key
    sed -n "s/^$1 //p" "$plant"
}

for file in $(words in); do
    copy=$programs/$file
    [ -f "$copy" ] || fail "there is no copy of $file with planted bugs"
    unfit=$(grep "^// unfit: $bug:" "$copy")
    [ -z "$unfit" ] || fail "$unfit; write the lines of $bug.plant anew"
done
[ "$(words run | wc -l)" -eq 1 ] || fail "expected one line \"run\""
[ "$(words says | wc -l)" -ge 1 ] || fail "expected what the test says"

run() {
    # shellcheck disable=SC2046 # words of a command
    set -- $(words run)
    program=$1
    shift
    if [ "$program" = s7rig ]; then
        (cd "$source" && "$programs/planted_s7rig" "$@") >"$dir/out" 2>&1
    else
        S7RIG_TESTS="$*" "$programs/planted_$program" >"$dir/out" 2>&1
    fi
}

S7RIG_PLANTED='' run || fail "the test fails without the bug"
grep -q -e '^\[  PASSED  \] [1-9]' -e '^[1-9][0-9]* passed' "$dir/out" || fail "nothing was tested"
S7RIG_PLANTED=$bug run
status=$?
[ "$status" -ne 0 ] || fail "SURVIVED: the test passes although the bug is there"
[ "$status" -lt 126 ] || fail "the test ended by itself, with $status"
! grep -q -e 'Sanitizer' -e 'Assertion .* failed' -e 'runtime error' -e 'failed with exception' "$dir/out" || fail "the test crashed"
words says | while read -r text; do
    grep -qF -e "$text" "$dir/out" || {
        echo "it does not say: $text"
        exit 1
    }
done || fail "it failed of something else"
echo "$bug: found ($(words says | head -1))"
