#!/bin/sh
# `s7rig search` and `s7rig shrink`: what is found, what it is shrunk to, and that `s7rig run` repeats it.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# Dozens of runs, which a busy machine takes its time for.
bounded() {
    timeout -k 5 250 "$@"
}

# scenario OPTIONS...: it.lua, a pool that reads and writes, with these lines in its search.
scenario() {
    {
        cat <<'EOL'
local plc = PLC { db = { [1] = 64, [2] = 64 } }
local pool = Pool { plc, size = 2, request_ms = "500ms", acquire_ms = "2s", health_check_ms = "2s" }
plc:set("DB1.DBW0:INT", 42)
pool:start()
local n = 0
local function work()
  pool:execute(function(client)
    client:read("DB1.DBW0:INT")
    n = n + 1
    client:write("DB2.DBW0:INT", n)
    client:read("DB2.DBW0:INT")
  end)
end
search { work, over = "4s", pause = "200ms", recover_within = "20s",
EOL
        printf '  %s\n' "$@" "}"
    } >"$dir/it.lua"
}

# finds WORDS TEXT: seeds of it.lua fail with TEXT and take no other fault than WORDS; `run` fails in the same way, and so does what is
# shrunk again.
finds() {
    (cd "$dir" && expect 1 "$2" "$s7rig" search it.lua --seeds 20 --out found.lua) || exit 1
    contains "  what it takes:
    plc1: $1" "the report"
    [ "$(grep -c '^  { "plc1"' "$dir/found.lua")" -eq 1 ] || fail "$(cat "$dir/found.lua")"
    (cd "$dir" && expect 1 "$2" "$s7rig" run found.lua) || exit 1
    seed=$(sed -n 's/^replay { seed = \([0-9]*\),/\1/p' "$dir/found.lua")
    contains "again: s7rig run found.lua --seed $seed" "run"
    (cd "$dir" && expect 1 "$2" "$s7rig" shrink found.lua -o again.lua) || exit 1
    grep -v '^--' "$dir/again.lua" >"$dir/a"
    grep -v '^--' "$dir/found.lua" | diff "$dir/a" - || fail "shrunk again it is another"
}

say "options"
echo 'expect(1)' >"$dir/plain.lua"
expect 2 "one scenario, got 0 files" "$s7rig" search
expect 2 "one scenario, got 2 files" "$s7rig" shrink a.lua b.lua
expect 2 '--seed takes a whole number of at most 19 digits, got "x"' "$s7rig" search --seed x "$dir/plain.lua"
expect 2 '--seeds takes a number 1..1000000000, got "0"' "$s7rig" search --seeds 0 "$dir/plain.lua"
expect 2 "no such option --seeds" "$s7rig" shrink --seeds 3 "$dir/plain.lua"
expect 5 "$dir/plain.lua never says search {...}" "$s7rig" search "$dir/plain.lua"
expect 5 "never says search" "$s7rig" shrink "$dir/plain.lua"
expect 3 "No such file or directory" "$s7rig" search "$dir/nowhere.lua"
echo 'expect(' >"$dir/torn.lua"
expect 3 "torn.lua:2: unexpected symbol near <eof>" "$s7rig" search "$dir/torn.lua"

say "what a scenario says of its search"
ends 1 -- "it.lua:1: search: expected the work first" <<'EOF2'
search {}
EOF2
ends 1 -- "it.lua:1: search has no task; did you mean tasks?" <<'EOF2'
search { function() end, task = 3 }
EOF2
ends 1 -- "it.lua:1: search: there is no PLC yet" <<'EOF2'
search { function() end }
EOF2
ends 1 -- 'it.lua:2: search: faults: no fault is called "rst_nwo"; did you mean rst_now?' <<'EOF2'
PLC {}
search { function() end, faults = { "hang", "rst_nwo" } }
EOF2
ends 1 -- "it.lua:2: search: faults: expected {1..9}, {10ms..5s}, {a|b}, {when} or {late}, got {5s..1s}" <<'EOF2'
PLC {}
search { function() end, faults = { "slow dist={5s..1s}" } }
EOF2
ends 1 -- "it.lua:2: search: max: expected a whole number 1..16, got 17" <<'EOF2'
PLC {}
search { function() end, max = 17 }
EOF2
ends 1 -- "it.lua:3: search: a scenario has one" <<'EOF2'
PLC {}
search { function() end, over = "1s" }
search { function() end, over = "1s" }
EOF2
ends 1 -- "it.lua:2: replay must be said once, and before the first PLC" <<'EOF2'
PLC {}
replay { seed = 3 }
EOF2
ends 1 -- 'it.lua:1: replay: expected faults as {"plc1", "cut", "bytes=12 nth=3"}' <<'EOF2'
replay { seed = 3, "cut" }
EOF2
ends 1 -- "it.lua:3: replay: no PLC is called plc2" <<'EOF2'
replay { { "plc2", "hang", "nth=1" } }
PLC {}
search { function() end, over = "1s" }
EOF2
ends 1 -- "it.lua:2: attempt to call a nil value" <<'EOF2'
PLC {}
search { function() local x; x() end }
EOF2
ends 1 -- "it.lua:2: search: the invariant does not hold" <<'EOF2'
PLC {}
search { function() end, invariant = function() return now() < 2000 end }
EOF2
ends 1 -- "it.lua:2: wait: nothing may wait here" <<'EOF2'
PLC {}
search { function() end, invariant = function() wait(1) end }
EOF2

say "the seed of a file is its own, unless another is asked for"
printf 'replay { seed = 77 }\nlog(math.random(1000000))\nexpect(1)\n' >"$dir/it.lua"
(cd "$dir" && "$s7rig" run it.lua | sed 's/ in .*//' >own && "$s7rig" run --seed 77 it.lua | sed 's/ in .*//' >same &&
    "$s7rig" run --seed 78 it.lua | sed 's/ in .*//' >other)
grep -v 'passed' "$dir/own" >"$dir/a"
grep -v 'passed' "$dir/same" | diff "$dir/a" - || fail "seed 77"
grep -v 'passed' "$dir/other" | diff "$dir/a" - >/dev/null && fail "seed 78 is as 77"

say "what holds is not found wanting, with any number at a time"
scenario
expect 0 "3 seeds passed, 5 to 7: $dir/it.lua" "$s7rig" search "$dir/it.lua" --seeds 3 --seed 5
expect 0 "8 seeds passed, 5 to 12: $dir/it.lua" "$s7rig" search "$dir/it.lua" --seeds 8 --seed 5 -j 3
expect 0 "1 seed passed, 9 to 9" "$s7rig" shrink "$dir/it.lua" --seed 9

# Hundreds of short processes follow, and what leaks in such was looked for by now.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

say "a wrong value"
scenario 'faults = { "frozen db=2 from={1s..2s}", "latency", "hang" },'
finds "frozen db=2" "client:read of DB2.DBW0:INT brought 00"

say "a write that was acknowledged and not done"
scenario 'faults = { "write_ignored nth={2..9}", "rst_now", "split" },'
finds "write_ignored nth=1" "client:write of DB2.DBW0:INT was acknowledged, and the PLC never held it"

say "what the scenario says must hold"
scenario 'faults = { "rst_now at={when}", "hang fn=read nth={3..10}" },' \
    'invariant = function() expect(pool.stats.closed.timeout, 0) end,'
finds "hang nth=1" "expected == 0, got 1"
scenario 'faults = { "rst_now at={when}", "unsolicited", "latency dist={1ms..50ms}" },' \
    'recovered = function() expect(pool.stats.closed.peer, 0) end,'
finds "rst_now at=1ms" "expected == 0, got"

say "what is given back, and what recovers"
scenario 'faults = { "rst_now fn=write nth={1..9}", "unsolicited" },' \
    '[1] = function() local c = pool:get() c:write("DB2.DBW0:INT", 1) pool:put(c) end,'
sed -i 's/^search { work,/search {/' "$dir/it.lua"
finds "rst_now nth=1" "expected all to be quiet within 20 s after the work, got: a lease was not given back"
scenario 'faults = { "rst_now", "unsolicited" },'
sed -i 's/^local n = 0/plc:fault("hang", "fn=read from=2s") &/' "$dir/it.lua"
(cd "$dir" && expect 1 "expected all to go well within 20 s after the faults, got 1 of 1 tasks in trouble; the last error: " \
    "$s7rig" search it.lua -o found.lua) || exit 1
contains "  it takes no fault" "the report"
(cd "$dir" && expect 1 "got 1 of 1 tasks in trouble" "$s7rig" run found.lua) || exit 1

say "the same seeds give the same output"
scenario 'faults = { "frozen db=2 from={1s..2s}", "latency", "hang" },'
for jobs in 1 3; do
    (cd "$dir" && "$s7rig" search it.lua -j $jobs >"out$jobs" 2>"err$jobs")
    [ $? -eq 1 ] || fail "jobs $jobs"
done
diff "$dir/out1" "$dir/out3" && diff "$dir/err1" "$dir/err3" || fail "it does not"
grep -q '^-- found by s7rig search: seed' "$dir/out1" || fail "the scenario goes to standard output"
grep -q 'FAILED   it.lua: seed' "$dir/err1" || fail "and the report to standard error"
(cd "$dir" && mv out1 out.lua && expect 1 "brought 00" "$s7rig" run out.lua) || exit 1
(cd "$dir" && expect 4 "cannot write $dir/none/out" "$s7rig" search it.lua -o "$dir/none/out") || exit 1

say "what was found may take the place of what was searched"
(cd "$dir" && cp out.lua same.lua && expect 1 "brought 00" "$s7rig" shrink same.lua -o same.lua) || exit 1
grep -v '^--' "$dir/same.lua" >"$dir/a"
grep -v '^--' "$dir/out.lua" | diff "$dir/a" - || fail "it is another, or gone"
