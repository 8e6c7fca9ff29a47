#!/bin/sh
# Every public header compiles alone, and twice, as C11 and as C++17, without a warning and without _GNU_SOURCE.
#
#   headers_test.sh INCLUDE_DIR C_COMPILER CXX_COMPILER LIBEV_INCLUDE_DIR
set -u
include=$1 cc=$2 cxx=$3 libev=$4
failed=0

# alone HEADER COMPILER LANGUAGE STANDARD
alone() {
    printf '#include <s7rig/%s>\n#include <s7rig/%s>\n' "$1" "$1" |
        "$2" -x "$3" -std="$4" -Wall -Wextra -Wpedantic -Werror -I"$include" -idirafter "$libev" -fsyntax-only - ||
        { echo "FAILED: <s7rig/$1> as $4" >&2; failed=1; }
}

case $cxx in
*-NOTFOUND) echo "no C++ compiler (apt-get install g++): the headers are tried as C only" ;;
esac
for header in "$include"/s7rig/*.h; do
    alone "${header##*/}" "$cc" c c11
    case $cxx in
    *-NOTFOUND) ;;
    *) alone "${header##*/}" "$cxx" c++ c++17 ;;
    esac
done
exit $failed
