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
    cli) echo "cli protocol loop client plant simulator" ;;
    esac
}

door() { # ROOM: one of its headers
    case $1 in
    protocol) echo protocol/value.h ;;
    loop) echo loop/loop.h ;;
    client) echo client/session.h ;;
    plant) echo plant/plant.h ;;
    simulator) echo simulator/server.h ;;
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

rooms="protocol loop client plant simulator cli"
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
found() { # WHY: complains of the files on stdin
    while read -r line; do
        echo "FAILED: $1: $line" >&2
        echo x
    done | grep -q x && failed=1
}
cd "$source" || exit 1
rooms_sources=$(find protocol loop client plant simulator cli include -name '*.[ch]')
# shellcheck disable=SC2086
{
    grep -n '#include.*\.\./' $rooms_sources $(find tests examples -name '*.[ch]') | found "a path through .. goes around the rooms"
    grep -n '#include *<sqlite3\.h>' $rooms_sources | grep -v '^plant/' | found "only plant/ includes sqlite3.h"
    grep -n '#include *<ev\.h>' $rooms_sources | grep -v -e '^loop/loop_ev\.c:' -e '^include/s7rig/libev\.h:' |
        found "only loop/loop_ev.c and include/s7rig/libev.h include ev.h"
}
exit $failed
