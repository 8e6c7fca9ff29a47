#!/bin/sh
# What `s7rig check` says of files that parse and of those that do not, and that it runs none.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

says() {
    printf '%s\n' "$@" | diff - "$dir/out" || fail "expected another output"
}

say "options"
expect 2 "which scenarios? Name files or folders" "$s7rig" check
expect 2 "no such option --seed" "$s7rig" check --seed 1 it.lua
expect 4 "$dir/nowhere: No such file or directory" "$s7rig" check "$dir/nowhere"
mkdir "$dir/none" "$dir/some"
expect 5 "s7rig check: no scenario (*.lua) there" "$s7rig" check "$dir/none"

say "what parses is not run"
echo 'error("it ran")' >"$dir/some/a.lua"
printf 'while true do end\n' >"$dir/some/b.lua"
expect 0 "" "$s7rig" check "$dir/some"
says "2 of 2 scenarios parse"
expect 0 "" "$s7rig" check "$dir/some/a.lua"
says "1 of 1 scenario parses"

say "what does not parse is told with its place, and the others are read all the same"
long=$dir/some/$(printf '%090d' 7).lua # longer than Lua's own messages have room for
printf 'expect(1)\n\nexpect(\n' >"$long"
printf 'local x = = 1\n' >"$dir/some/c.lua"
expect 3 "" "$s7rig" check "$dir/some"
says "$long:4: unexpected symbol near <eof>" "$dir/some/c.lua:1: unexpected symbol near '='" "2 of 4 scenarios parse"
printf '\033Lua' >"$dir/some/d.lua"
expect 3 "$dir/some/d.lua: attempt to load a binary chunk" "$s7rig" check "$dir/some/d.lua"
head -c 1048577 /dev/zero | tr '\0' ' ' >"$dir/some/e.lua"
expect 3 "$dir/some/e.lua: longer than 1 MiB" "$s7rig" check "$dir/some/e.lua"
if [ "$(id -u)" -ne 0 ]; then
    chmod a-r "$dir/some/a.lua"
    expect 3 "$dir/some/a.lua: Permission denied" "$s7rig" check "$dir/some/a.lua"
fi
