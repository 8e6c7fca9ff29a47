#!/bin/sh
# A wrong include does not build: for every pair of rooms, a file of the one includes a header of the other, compiled with
# the include directories that the build gives to the one. Arrows that the design has must compile, all others must fail,
# and for that reason.
#
#   wrong_include_test.sh COMPILER SOURCE_DIR FOLDER_WITH_room.includes
set -u
cc=$1 source=$2 includes=$3
failed=0

arrows() { # ROOM: the rooms that it may include
    case $1 in
    protocol) echo "protocol" ;;
    loop) echo "loop" ;;
    client) echo "client protocol loop" ;;
    plant) echo "plant protocol" ;;
    simulator) echo "simulator protocol plant loop" ;;
    scenarios) echo "scenarios protocol loop client plant simulator" ;;
    cli) echo "cli protocol loop client plant simulator scenarios" ;;
    esac
}

door() { # ROOM: one of its headers
    case $1 in
    protocol) echo protocol/value.h ;;
    loop) echo loop/loop.h ;;
    client) echo client/session.h ;;
    plant) echo plant/plant.h ;;
    simulator) echo simulator/server.h ;;
    scenarios) echo scenarios/run.h ;;
    cli) echo cli/cli.h ;;
    esac
}

complain() {
    echo "FAILED: $*" >&2
    failed=1
}

try() { # ROOM HEADER: compile a file of the room that includes the header; its messages
    flags=$(sed '/^$/d; s/^/-I/' "$includes/$1.includes")
    # shellcheck disable=SC2086 # one flag a word
    printf '#include "%s"\n' "$2" | LC_ALL=C "$cc" -std=c11 -D_GNU_SOURCE -fsyntax-only $flags -x c - 2>&1
}

rooms="protocol loop client plant simulator scenarios cli"
for from in $rooms; do
    for to in $rooms; do
        header=$(door "$to")
        said=$(try "$from" "$header")
        status=$?
        case " $(arrows "$from") " in
        *" $to "*)
            [ $status -eq 0 ] || complain "$from/ may include \"$header\", but that does not build: $said"
            ;;
        *)
            case $status:$said in
            0:*) complain "$from/ can include \"$header\", though the design has no arrow from $from to $to" ;;
            *"$header: No such file"* | *"'$header' file not found"*) ;;
            *) complain "$from/ cannot include \"$header\", but for another reason: $said" ;;
            esac
            ;;
        esac
    done
done

# The ways around: a relative path; a system header that belongs to one room.
none() { # WHY LINES: there must be none
    [ -z "$2" ] || complain "$1:
$2"
}
cd "$source" || exit 1
lines=$(grep -rn '#include' --include='*.[ch]' protocol loop client plant simulator cli include tests examples)
none "a path through .. goes around the rooms" "$(echo "$lines" | grep '#include.*\.\./')"
none "only plant/ includes sqlite3.h" "$(echo "$lines" | grep '<sqlite3\.h>' | grep -v -e '^plant/' -e '^tests/')"
none "only loop/loop_ev*.[ch] and include/s7rig/libev.h include ev.h" \
    "$(echo "$lines" | grep '<ev\.h>' | grep -v -e '^loop/loop_ev[a-z_]*\.[ch]:' -e '^include/s7rig/libev\.h:' -e '^tests/')"
exit $failed
