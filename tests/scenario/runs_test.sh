#!/bin/sh
# What `s7rig run` makes of options, folders, skips, seeds and traces.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

say "options"
echo 'expect(1)' >"$dir/good.lua"
echo 'expect(1, 2)' >"$dir/bad.lua"
expect 2 "which scenarios? Name files or folders" "$s7rig" run
expect 2 "no such option --twcie; did you mean --twice?" "$s7rig" run --twcie "$dir/good.lua"
expect 2 '--seed takes a whole number of at most 19 digits, got "x"' "$s7rig" run --seed x "$dir/good.lua"
expect 2 'got "-1"' "$s7rig" run --seed=-1 "$dir/good.lua"
expect 2 'got "12345678901234567890"' "$s7rig" run --seed 12345678901234567890 "$dir/good.lua"
expect 2 '--scale takes a number 1..1000, got "0"' "$s7rig" run --real --scale 0 "$dir/good.lua"
expect 2 '--scale and --adapter thread need --real' "$s7rig" run --scale 10 "$dir/good.lua"
expect 2 '--scale and --adapter thread need --real' "$s7rig" run --adapter thread "$dir/good.lua"
expect 2 '--adapter takes loop or thread, got "fork"' "$s7rig" run --real --adapter fork "$dir/good.lua"
expect 2 '--twice compares traces of virtual time' "$s7rig" run --real --twice "$dir/good.lua"
expect 4 "cannot write $dir/none/trace: No such file or directory" "$s7rig" run --trace "$dir/none/trace" "$dir/good.lua"
if [ -w /dev/full ]; then
    echo 'local c = Client { PLC {} } c:connect() expect(c.connected)' >"$dir/talks.lua"
    expect 4 "cannot write /dev/full" "$s7rig" run --trace /dev/full "$dir/talks.lua"
fi
TMPDIR=$dir/none expect 4 "cannot make a folder for plant files in \$TMPDIR or /tmp: No such file or directory" "$s7rig" run "$dir/talks.lua"

say "files and folders"
mkdir "$dir/some" "$dir/none"
echo 'expect(1)' | tee "$dir/some/b.lua" "$dir/some/a.lua" "$dir/some/.hidden.lua" >"$dir/some/notes.txt"
expect 5 "s7rig run: no scenario (*.lua) there" "$s7rig" run "$dir/none"
expect 4 "$dir/nowhere: No such file or directory" "$s7rig" run "$dir/some" "$dir/nowhere"
expect 0 "2 passed, 0 failed, 0 skipped" "$s7rig" run "$dir/some/"
order=$(grep -o '[a-z]*[.]lua' "$dir/out" | tr '\n' ' ')
[ "$order" = "a.lua b.lua " ] || fail "the order is $order"
expect 1 "3 passed, 1 failed, 0 skipped" "$s7rig" run "$dir/bad.lua" "$dir/some" "$dir/good.lua"
echo 'expect(' >"$dir/some/c.lua"
expect 3 "2 passed, 1 failed, 0 skipped" "$s7rig" run "$dir/some"
long=$dir/some/$(printf '%080d' 7).lua
echo 'expect(1, 2)' >"$long"
expect 1 "| expect(1, 2)" "$s7rig" run "$long"

say "where it makes sense"
cat >"$dir/virtual.lua" <<'EOF'
virtual_only = "a day is long"
expect(virtual)
wait("12h")
EOF
expect 0 "1 passed" "$s7rig" run "$dir/virtual.lua"
expect 77 "skipped  $dir/virtual.lua" "$s7rig" run --real "$dir/virtual.lua"
contains "virtual only: a day is long" "the reason"
contains "0 passed, 0 failed, 1 skipped" "the sum"
expect 0 "1 passed, 0 failed, 1 skipped" "$s7rig" run --real "$dir/virtual.lua" "$dir/good.lua"
ends 1 -- "it.lua:1: virtual_only: expected the reason as a string, got true" <<'EOF'
virtual_only = true
EOF
for world in "" "--real"; do
    # shellcheck disable=SC2086
    ends 1 $world -- "it.lua:2: virtual_only must be set before the first PLC" <<'EOF'
local plc = PLC {}
virtual_only = "why"
EOF
done

say "TAP"
expect 3 "TAP version 13
1..4
ok 1 - $dir/good.lua" "$s7rig" run --tap --real "$dir/good.lua" "$dir/bad.lua" "$dir/virtual.lua" "$dir/some/c.lua"
contains "not ok 2 - $dir/bad.lua" TAP
contains "# $dir/bad.lua:1: expected == 2, got 1" TAP
contains "# again: s7rig run $dir/bad.lua --seed 1 --real --scale 1" TAP
contains "ok 3 - $dir/virtual.lua # SKIP virtual only: a day is long" TAP
contains "not ok 4 - $dir/some/c.lua" TAP
odd=$(grep -cv -e '^ok ' -e '^not ok ' -e '^# ' -e '^TAP version 13$' -e '^1\.\.4$' "$dir/out")
[ "$odd" -eq 0 ] || fail "$odd lines are no TAP: $(cat "$dir/out")"

say "seeds and traces"
cat >"$dir/traffic.lua" <<'EOF'
local plc = PLC { db = {[1] = 10} }
local pool = Pool { plc }
plc:fault("slow", "fn=read time=uniform(1ms,20ms)")
pool:start()
local crew = Workers { pool, count = 5, times = 20, address = "DB1.DBB0" }
crew:join()
expect(crew.ok, 100)
log(math.random(1, 1000000))
EOF
trace_of() {
    "$s7rig" run --seed "$1" --trace "$dir/trace.$2" "$dir/traffic.lua" >"$dir/out" || fail "seed $1 fails: $(cat "$dir/out")"
    sed -n 's/.*trace \([0-9a-f]*\)$/\1/p' "$dir/out"
}
one=$(trace_of 5 1)
again=$(trace_of 5 2)
other=$(trace_of 6 3)
[ -n "$one" ] && [ "$one" = "$again" ] || fail "one seed gave the traces $one and $again"
[ "$one" != "$other" ] || fail "two seeds gave one trace: the seed does nothing"
cmp -s "$dir/trace.1" "$dir/trace.2" || fail "one seed wrote two traces"
[ "$(wc -l <"$dir/trace.1")" -gt 200 ] || fail "there is little in the trace"
expect 0 "1 passed" "$s7rig" run --twice --seed 5 "$dir/traffic.lua"
contains "trace $one" "--twice"
expect 0 "1 passed" "$s7rig" run --real --trace "$dir/real" "$dir/traffic.lua"
grep -q '^[0-9.]* plc1 #1 > 31 bytes 0300001f' "$dir/real" || fail "the trace of the real run is $(head -5 "$dir/real")"

say "the shortest times"
cat >"$dir/short.lua" <<'EOF'
local plc = PLC {}
local client = Client { plc } client:connect()
plc:fault("hang", "fn=read")
fails("timeout", function() client:read("MB0", 0) end)
EOF
expect 0 "1 passed" "$s7rig" run "$dir/short.lua"
echo 'at(0, function() end)' >>"$dir/short.lua" # late for real, and no mistake there
expect 0 "1 passed" "$s7rig" run --real --scale 100 "$dir/short.lua"
expect 1 "at: expected a time to come, got 0.000 s; it is 0.0" "$s7rig" run "$dir/short.lua"
cat >"$dir/short.lua" <<'EOF'
local pool = Pool { PLC {}, size = 3, health_check_ms = "20ms" } -- scaled it is less than the pool may check in
pool:start()
within("10s", function() return pool.stats.health_checks end, ">", 0)
EOF
expect 0 "1 passed" "$s7rig" run --real --scale 100 "$dir/short.lua"
expect 0 "1 passed" "$s7rig" run --real --scale 100 --adapter thread "$dir/short.lua"
