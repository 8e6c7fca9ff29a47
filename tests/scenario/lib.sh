# shellcheck shell=sh
# What the tests of `s7rig run` share, beside the command's own. Sourced with the path of s7rig as $1.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
TMPDIR=$dir # of the runs
export TMPDIR

# ends STATUS [OPTION...] -- TEXT...: the scenario on stdin ends with STATUS and its report has every TEXT.
ends() {
    status=$1
    options=
    shift
    while [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    shift
    cat >"$dir/it.lua"
    run_it
    for text in "$@"; do
        contains "$text" "$(cat "$dir/it.lua")"
    done
}

run_it() {
    # shellcheck disable=SC2086 # options are words
    (cd "$dir" && expect "$status" "" "$s7rig" run $options it.lua) || exit 1
    left=$(find "$dir" -name 's7rig-run-*')
    [ -z "$left" ] || fail "the run left $left"
}

# lacks TEXT: it is nowhere in $dir/out.
lacks() {
    ! grep -qF -e "$1" "$dir/out" || fail "did not expect \"$1\" in: $(cat "$dir/out")"
}
