#!/bin/sh
# What `cmake --install` puts down is a library that others can use: found by pkg-config and by CMake, shared and static, from
# wherever the tree was moved to; it exports what its headers declare, needs libc only, and can be uninstalled.
#
#   VERSION=0.1.0 CMAKE=cmake CC=cc CXX=c++ FLAGS=-fsanitize=... tree_test.sh S7RIG - BUILD_DIR
# shellcheck source=tests/cli/lib.sh
here=$(dirname "$0")
. "$here/../cli/lib.sh"
build=$3
source=$here/../..
first=$dir/first
tree=$dir/moved/elsewhere

for tool in pkg-config nm readelf; do
    command -v "$tool" >/dev/null || skip "no $tool"
done

# The manifest of this build belongs to whoever installed it before.
manifest=$build/install_manifest.txt
[ ! -e "$manifest" ] || cp "$manifest" "$dir/manifest" || exit 1
give_back() {
    rm -f "$manifest"
    [ ! -e "$dir/manifest" ] || mv "$dir/manifest" "$manifest"
    cleanup
}
trap give_back EXIT

say "install, and move the tree"
"$CMAKE" --install "$build" --prefix "$first" >"$dir/out" 2>&1 || fail "cmake --install: $(cat "$dir/out")"
cp "$manifest" "$dir/installed"
libdir=$(sed -n "s|^$first/\(.*\)/libs7client\.a\$|\1|p" "$manifest")
[ -n "$libdir" ] || fail "no libs7client.a in $manifest"
mkdir -p "${tree%/*}"
mv "$first" "$tree"
for file in bin/s7rig "$libdir/libs7client.so" share/man/man1/s7rig.1 share/man/man3/s7client.3 share/man/man3/s7pool.3 \
    share/man/man3/s7async.3 share/doc/s7rig/examples/poll_loop.h; do
    [ -s "$tree/$file" ] || fail "no $file in the tree"
done
diff -r "$source/include/s7rig" "$tree/include/s7rig" || fail "the installed headers are not those of the source"
grep -rIlF -e "$first" -e "$build" "$tree" && fail "these files name a folder of the build"

say "what include/s7rig declares is exported, and nothing else"
for header in "$tree"/include/s7rig/*.h; do
    case $header in
    */libev.h) ;; # its functions are the program's own
    *) echo "#include <s7rig/${header##*/}>" ;;
    esac
done >"$dir/all.c"
"$CC" -I"$tree/include" -E -P "$dir/all.c" | tr '\n{};' '  \n\n' | grep -v typedef |
    sed -n 's/.*[ *]\(s7_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$dir/declared"
nm -D --defined-only "$tree/$libdir/libs7client.so" | sed -n 's/.* T \([^@]*\).*/\1/p' | sort >"$dir/exported"
[ "$(wc -l <"$dir/declared")" -gt 40 ] || fail "expected more declarations: $(cat "$dir/declared")"
diff "$dir/declared" "$dir/exported" || fail "< is declared but not exported, > exported but not declared"
others=$(nm -D --defined-only "$tree/$libdir/libs7client.so" | grep -v -e ' T s7_' -e ' A S7CLIENT_')
[ -z "$others" ] || fail "these are exported as well: $others"
others=$(nm -g --defined-only "$tree/$libdir/libs7client.a" | awk 'NF == 3 && $3 !~ /^(s7_|__odr_asan)/ { print $3 }')
[ -z "$others" ] || fail "the static library has names that could be those of others: $others"

say "libc only, and a soname with a version"
readelf -d "$tree/$libdir/libs7client.so" >"$dir/out"
soname=$(sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' "$dir/out")
case $VERSION in
"${soname#libs7client.so.}".*) ;;
*) fail "expected libs7client.so. and the beginning of $VERSION, got \"$soname\"" ;;
esac
others=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$dir/out" | grep -v -e '^libc\.' -e '^libm\.' -e '^libpthread\.' ${FLAGS:+-e san})
[ -z "$others" ] || fail "libs7client needs $others"

# The examples of the manual pages are the programs.
for page in s7client s7pool s7async; do
    sed -n '/^\.EX$/,/^\.EE$/ { /^\.E[XE]$/d; s/\\e/\\/g; p; }' "$tree/share/man/man3/$page.3" >"$dir/$page.c"
done
if command -v groff >/dev/null; then
    groff -man -Tutf8 -ww -z "$tree"/share/man/man*/*.[13] >"$dir/out" 2>&1 || fail "groff"
    [ ! -s "$dir/out" ] || fail "the manual pages: $(cat "$dir/out")"
fi

PATH=$tree/bin:$PATH
s7rig=$tree/bin/s7rig
plant=$dir/line.plant
expect 0 "PLC line1" s7rig plant new "$plant" --name line1 --db 1:64 --db 2:64
bounded sqlite3 "$plant" <"$tree/share/doc/s7rig/examples/bottling.sql" || fail "sqlite3 does not take bottling.sql"
serve line "$plant" --listen 127.0.0.1:0

# compile PROGRAM COMPILER...: as a user does, and with our warnings.
compile() {
    program=$dir/$1
    shift
    # shellcheck disable=SC2086 # FLAGS are words
    "$@" -Wall -Wextra -Wpedantic -Werror $FLAGS -o "$program" >"$dir/compile.log" 2>&1 || fail "does not build: $*"
}
# pc ARGUMENT...: what pkg-config says of the tree.
pc() {
    PKG_CONFIG_LIBDIR=$tree/$libdir/pkgconfig pkg-config "$@" s7client
}
# needs_shared yes|no PROGRAM
needs_shared() {
    readelf -d "$2" | grep -q "NEEDED.*\[$soname\]" && got=yes || got=no
    [ "$got" = "$1" ] || fail "needs the shared library: expected $1, got $got: $2"
}
loader=LD_LIBRARY_PATH=$tree/$libdir # of programs that do not know where the shared library is

say "pkg-config, shared"
# shellcheck disable=SC2046 # words, here and below
compile shared "$CC" -std=c11 "$dir/s7client.c" $(pc --cflags --libs)
needs_shared yes "$dir/shared"
prints "DB1.DBD0 is 0.85" env "$loader" "$dir/shared" "$address"
expect 1 "a slot is at most 31" env "$loader" "$dir/shared" "s7://$address?slot=40"

say "pkg-config, static"
compile static "$CC" -std=c11 "$dir/s7pool.c" -Wl,-Bstatic $(pc --cflags --libs) -Wl,-Bdynamic
needs_shared no "$dir/static"
prints "DB1.DBD4 is now 1205" "$dir/static" "$address"
if [ -z "$FLAGS" ]; then # sanitizers do not link -static; getaddrinfo warns, rightly
    "$CC" -static "$dir/s7pool.c" $(pc --static --cflags --libs) -o "$dir/all_static" >"$dir/compile.log" 2>&1 || fail "-static"
    prints "DB1.DBD4 is now 1206" "$dir/all_static" "$address"
fi

echo "#include <ev.h>" | "$CC" -fsyntax-only -x c - 2>"$dir/out" && has_libev=yes || has_libev=no
if [ "$has_libev" = yes ]; then
    say "a program with a loop of its own"
    compile own_loop "$CC" -std=c11 "$here/consumer/libev.c" $(pc --cflags --libs) -lev
    prints "attached to libev, and detached" env "$loader" "$dir/own_loop"
    compile async "$CC" -std=c11 "$dir/s7async.c" $(pc --cflags --libs) -lev
    prints "DB1.DBD0 is 3F59999A" env "$loader" "$dir/async" "$address"
fi

say "find_package"
"$CMAKE" -S "$here/consumer" -B "$dir/consumer" -DCMAKE_PREFIX_PATH="$tree" -DMANUAL="$dir" -DVERSION="$VERSION" -DCMAKE_C_COMPILER="$CC" \
    -DCMAKE_C_FLAGS="$FLAGS" >"$dir/cmake.log" 2>&1 || fail "find_package(s7rig)"
"$CMAKE" --build "$dir/consumer" >"$dir/cmake.log" 2>&1 || fail "a program with find_package(s7rig) does not build"
needs_shared yes "$dir/consumer/client_shared"
needs_shared no "$dir/consumer/pool_static"
prints "DB1.DBD0 is 0.85" "$dir/consumer/client_shared" "$address"
[ "$has_libev" = no ] || prints "attached to libev, and detached" "$dir/consumer/own_loop"
expect 0 "DB1.DBD4 is now 120" "$dir/consumer/pool_static" "$address"

case $CXX in
*-NOTFOUND) echo "no C++ compiler (apt-get install g++): not tried" ;;
*)
    say "from C++"
    compile plus_plus "$CXX" -std=c++17 "$here/consumer/plus_plus.cc" $(pc --cflags --libs)
    expect 0 "C++ reads 120" env "$loader" "$dir/plus_plus" "$address"
    if [ "$has_libev" = yes ]; then
        compile own_loop_plus_plus "$CXX" -std=c++17 -x c++ "$here/consumer/libev.c" -x none $(pc --cflags --libs) -lev
        prints "attached to libev, and detached" env "$loader" "$dir/own_loop_plus_plus"
    fi
    ;;
esac
ends_well "$server"

say "uninstall"
mv "$tree" "$first"
touch "$first/$libdir/of_others"
"$CMAKE" -DMANIFEST="$dir/installed" -P "$source/cmake/uninstall.cmake" >"$dir/uninstall.log" 2>&1 || fail "uninstall"
left=$(cd "$first" && find . ! -type d)
[ "$left" = "./$libdir/of_others" ] || fail "expected one file left, that of others, got: $left"
left=$(find "$first" -name 's7rig*')
[ -z "$left" ] || fail "folders of s7rig are left: $left"
