#!/bin/sh
# Mistakes of who writes a scenario: the report says where, what was expected and what came; nothing hangs or crashes.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

say "no Lua"
ends 3 -- "NO LUA   it.lua" "it.lua:2: '=' or 'in' expected near 'do'" <<'EOF'
expect(1)
for i do
EOF
printf '\033Lua binary' >"$dir/binary.lua"
expect 3 "attempt to load a binary chunk" "$s7rig" run "$dir/binary.lua"
printf 'expect(1)\n\0\nexpect(2)' >"$dir/nul.lua"
expect 3 "nul.lua:2: " "$s7rig" run "$dir/nul.lua"
printf 'expect("a\0b" == "a\\0b")' >"$dir/nul.lua"
expect 0 "1 expectations" "$s7rig" run "$dir/nul.lua"
{ head -c 1048576 /dev/zero | tr '\0' ' ' && printf 'expect(1)'; } >"$dir/long.lua"
expect 3 "long.lua: longer than 1 MiB" "$s7rig" run "$dir/long.lua"
{ head -c 1048567 /dev/zero | tr '\0' ' ' && printf 'expect(1)'; } >"$dir/long.lua"
expect 0 "1 passed" "$s7rig" run "$dir/long.lua"
expect 4 "s7rig run: $dir/missing.lua: No such file or directory" "$s7rig" run "$dir/missing.lua"
mkdir "$dir/folder.lua"
expect 5 "no scenario (*.lua) there" "$s7rig" run "$dir/folder.lua"
rmdir "$dir/folder.lua"

say "nothing is demanded"
ends 1 -- "it.lua: nothing was expected" "silence is no success" </dev/null
ends 1 -- "it.lua: nothing was expected" <<'EOF'
local plc = PLC {}
wait("5s")
EOF

say "names"
ends 1 -- "it.lua:1: no such name: ecpect; did you mean expect" "| ecpect(1)" <<'EOF'
ecpect(1)
EOF
ends 1 -- "it.lua:1: no such name: io" <<'EOF'
io.open("/etc/passwd")
EOF
ends 1 -- "it.lua:2: Pool has no max_idle_s; did you mean max_idle_ms" <<'EOF'
local plc = PLC {}
Pool { plc, max_idle_s = 5 }
EOF
ends 1 -- "it.lua:1: PLC has no dbs; did you mean db" <<'EOF'
PLC { dbs = {[1] = 5} }
EOF
ends 1 -- "it.lua:1: Client has no requst_ms; did you mean request_ms" <<'EOF'
Client { PLC {}, requst_ms = 5 }
EOF
ends 1 -- "it.lua:2: pool.stats has no availble; did you mean available" <<'EOF'
local pool = Pool { PLC {} }
expect(pool.stats.availble, 0)
EOF
ends 1 -- "it.lua:1: a plc has no fualt; did you mean fault" <<'EOF'
PLC {}:fualt("hang")
EOF
ends 1 -- "it.lua:1: plc.seen has no read; did you mean reads" <<'EOF'
expect(PLC {}.seen.read, 0)
EOF
ends 1 -- "it.lua:1: fails: no such error: timout; did you mean timeout" <<'EOF'
fails("timout", function() end)
EOF
ends 1 -- "it.lua:1: a plc has no field that can be set; got name" <<'EOF'
PLC {}.name = "other"
EOF
ends 1 -- 'it.lua:3: expect: expected an operator: == ~= < <= > or >=, got =<' <<'EOF'
local function f() return 5 end

expect(f(), "=<", 6)
EOF

say "tables that are not as they should be"
ends 1 -- "it.lua:1: PLC: expected a table, as PLC {db = {[1] = 256}}, got nil" <<'EOF'
PLC()
EOF
ends 1 -- "it.lua:1: PLC: a block has 0 to 65536 bytes, got 70000" <<'EOF'
PLC { db = {[1] = 70000} }
EOF
ends 1 -- "it.lua:1: PLC: db: expected lengths by number, as {[1] = 256}, got the key x" <<'EOF'
PLC { db = {x = 5} }
EOF
ends 1 -- "it.lua:1: PLC: name: expected a text, got 5" <<'EOF'
PLC { name = 5 }
EOF
ends 1 -- "it.lua:1: PLC: " "s7-999" <<'EOF'
PLC { cpu = "s7-999" }
EOF
ends 1 -- "it.lua:1: Pool: expected its plc first, as Pool {plc, ...}" <<'EOF'
Pool { size = 5 }
EOF
ends 1 -- "it.lua:1: Pool: expected a plc, got table" <<'EOF'
Pool { {} }
EOF
ends 1 -- "it.lua:2: Pool: expected its plc first and then names" "got the key 2" <<'EOF'
local plc = PLC {}
Pool { plc, plc }
EOF
ends 1 -- "it.lua:1: Pool: make a pool for" "a size of 1..64 connections, got 0 (arg)" <<'EOF'
Pool { PLC {}, size = 0 }
EOF
ends 1 -- "a size of 1..64 connections, got 65 (arg)" <<'EOF'
Pool { PLC {}, size = 65 }
EOF
ends 1 -- 'it.lua:1: Pool: size: expected a whole number 0..65535, got "5"' <<'EOF'
Pool { PLC {}, size = "5" }
EOF
ends 1 -- "it.lua:1: Pool: name: expected a text, got 5" <<'EOF'
Pool { PLC {}, name = 5 }
EOF
ends 1 -- "it.lua:1: Pool has no helth_check_at; did you mean health_check_at?" <<'EOF'
Pool { PLC {}, helth_check_at = "MB0" }
EOF
ends 1 -- "it.lua:1: Pool: group: expected a group, got table" <<'EOF'
Pool { PLC {}, group = {} }
EOF
ends 1 -- "it.lua:1: Pool: on_event: expected a function that takes an event, got x" <<'EOF'
Pool { PLC {}, on_event = "x" }
EOF
ends 1 -- "it.lua:1: an event has no kin; did you mean kind?" <<'EOF'
Pool { PLC {}, on_event = function(event) expect(event.kin) end }:start()
wait("1s")
EOF
ends 1 -- "it.lua:1: Group: expected a table, as Group {plc_connections = 8}, got nothing" <<'EOF'
Group()
EOF
ends 1 -- "it.lua:1: Group has no plc_connection; did you mean plc_connections?" <<'EOF'
Group { plc_connection = 8 }
EOF
ends 1 -- "it.lua:1: Group: max_dials: expected a whole number 0..65535, got -1" <<'EOF'
Group { max_dials = -1 }
EOF
ends 1 -- "it.lua:1: Group: expected names, as Group {plc_connections = 8}" "got the key 1" <<'EOF'
Group { PLC {} }
EOF
ends 1 -- "it.lua:1: Group: make a group of pools: plc_reserved is below plc_connections; got 1 of 0 (any number) (arg)" <<'EOF'
Group { plc_reserved = 1 }
EOF
ends 1 -- "it.lua:1: Group: make a group of pools: plc_reserved is below plc_connections; got 2 of 2 (arg)" <<'EOF'
Group { plc_connections = 2, plc_reserved = 2 }
EOF
ends 1 -- "it.lua:1: a group has no fields; got size" <<'EOF'
expect(Group {}.size)
EOF
ends 1 -- "it.lua:1: Pool: start: expected one, all or background, got \"some\"" <<'EOF'
Pool { PLC {}, start = "some" }
EOF
ends 1 -- "it.lua:1: Client: type: expected pg, op or basic, got 1" <<'EOF'
Client { PLC {}, type = 1 }
EOF
ends 1 -- "it.lua:1: Client: type: expected pg, op or basic, got \"hmi\"" <<'EOF'
Client { PLC {}, type = "hmi" }
EOF
for bad in 'counts = 5|Workers has no counts; did you mean count' 'count = 0|Workers: count: expected a whole number 1..1000, got 0' \
    'count = 1001|got 1001' 'count = 1.5|got 1.5' 'count = "5"|got "5"' 'times = -1|Workers: times: expected' 'op = "reed"|Workers: op: expected read or write, got reed' \
    'lease = 1|Workers: lease: expected true or false, got 1' 'lease = false, acquire_ms = 5|Workers: acquire_ms: without a lease there is request_ms only' \
    'op = "write"|Workers: value: expected what is to be written' 'pause = "x"|Workers: pause: expected a time' \
    'address = {}|Workers: address: expected an address or a list of 1 to 256' 'address = {"DB1.DBB0", "DB1.DBW0"}|all must have the same number of bytes; DB1.DBW0 has 2, the first 1' \
    'address = {"DB1.DBB0"}, value = 5|Workers: value: expected a list of 1 values' 'value = 256|takes a whole number 0..255' '[2] = 5|got the key 2' 'address = "DB0.DBB0"|wrong address'; do
    ends 1 -- "it.lua:2: " "${bad#*|}" <<EOF
local pool = Pool { PLC { db = {[1] = 10} } }
Workers { pool, address = "DB1.DBB0", ${bad%%|*} }
EOF
done
ends 1 -- "it.lua:1: Workers: expected a table with its pool first" <<'EOF'
Workers { count = 5 }
EOF
ends 1 -- "it.lua:3: Workers: expected a pool, got plc" <<'EOF'
local plc = PLC {}

Workers { plc }
EOF

for bad in 'min_idle = 9|min_idle is at most size (5), got 9' 'max_connecting = 6|max_connecting is 1..size (5), got 6' 'acquire_ms = 0|acquire_ms is 1..2147483647, got 0' \
    'health_check_at = "DB1.DBB0:BYTE[9]"|health_check_at "DB1.DBB0:BYTE[9]": at most 8 bytes, got 9' 'health_check_at = "MB"|health_check_at "MB": ' \
    'backoff_min_ms = "10s"|backoff_min_ms is at least 1, and backoff_max_ms not below it; got 10000 and 5000' 'probe_max_ms = 1|probe_max_ms not below it; got 5000 and 1' \
    'health_check_ms = 4|at least 1 for each of the 5 connections, got 4' 'backoff_factor_percent = 99|100..1000, got 99'; do
    ends 1 -- "it.lua:1: Pool: make a pool for" "${bad#*|}" <<EOF
Pool { PLC {}, ${bad%%|*} }
EOF
done

ends 1 -- "it.lua:1: Pool: coalesce_gap: expected a whole number 0..960, or -1, got -2" <<'EOF'
Pool { PLC {}, coalesce_gap = -2 }
EOF
ends 0 -- "1 expectation" <<'EOF'
Pool { PLC {}, coalesce_gap = -1 }
expect(true)
EOF

say "calls"
for bad in 'pool:resize()|pool:resize: a pool has a size of 1..64 connections, got nothing' 'pool:resize("x")|64 connections, got "x"' 'pool:resize(2.5)|got 2.5' \
    'pool:get(nil, {})|pool:get: expected a label, a text, as pool:get("1s", "press"); got table' 'pool:get():put()|a lease has no put; the pool takes it back: pool:put(client)' \
    'pool:get().read("MB0")|client:read: expected what pool:get gave, got "MB0" (is it called with a colon?)' 'pool:put(nil)|pool:put: expected what pool:get gave, got nil' \
    'fails(function() end)|fails: expected the name of an error and a function, as fails("timeout", function() ... end); got function' \
    'fails("S7_E_TIMEOUT", function() end)|fails: no such error: S7_E_TIMEOUT; did you mean timeout?' \
    'fails("item_missing", function() pool:read("DB1.DBB0") end).txt = nil expect(1, 2)|expected == 2, got 1' \
    'expect(fails("item_missing", function() pool:read("DB1.DBB0") end).txt)|an error has no txt; did you mean text?' \
    'go(function() wait("1s") end):join() go(function() wait("1s") end):cancel() expect(1, 2)|expected == 2, got 1' \
    'local t = go(function() wait("1s") end) wait(1) t:cancel()|task:cancel: expected a task that waits in a get, read, write or connect; this one is at: wait' \
    'local c, t = pool:get(), go(function() pool:pause() end) wait(1) t:cancel()|task:cancel: pool:pause cannot be cancelled' \
    'PLC {}:fault()|fault: expected its name and parameters, as plc:fault("slow", "fn=read time=2s"), got nothing' \
    'PLC {}:fault("slow", 5)|fault: expected its name and parameters' 'pool:get("10")|5min", "3d"; got "10"'; do
    ends 1 -- "it.lua:3: " "${bad#*|}" <<EOF
local pool = Pool { PLC {} }
pool:start()
${bad%%|*}
EOF
done

say "faults"
ends 1 -- "it.lua:1: fault: " "slwo" "slow" <<'EOF'
PLC {}:fault("slwo", "time=2s")
EOF
ends 1 -- "it.lua:1: fault: " "tiem" "time" <<'EOF'
PLC {}:fault("slow", "tiem=2s")
EOF
ends 1 -- "it.lua:1: fault: " "5 parsecs" <<'EOF'
PLC {}:fault("slow", {time = "5 parsecs"})
EOF
ends 1 -- "it.lua:1: fault: parameters are given twice" <<'EOF'
PLC {}:fault("slow time=2s", "nth=1")
EOF
ends 1 -- "it.lua:1: fault: more than 255 characters of parameters" <<'EOF'
PLC {}:fault("slow", "time=2s" .. string.rep(" nth=1", 200))
EOF
ends 1 -- 'it.lua:2: the fault "hang fn=write" never fired (0 matches)' "say \`optional\`" 'fault: plc1 at it.lua:2: "hang fn=write" matched 0, fired 0' <<'EOF'
local plc = PLC {}
plc:fault("hang", "fn=write")
expect(1)
EOF
ends 0 -- "1 passed" <<'EOF'
local plc = PLC {}
plc:fault("hang", "fn=write optional")
plc:fault("hang", {fn = "write", optional = true})
expect(1)
EOF
ends 0 -- "1 passed" <<'EOF'
local fault = PLC {}:fault("hang", "optional")
fault:drop()
fault:drop()
expect(fault.armed, false)
expect(fault.matched, 0)
EOF

say "addresses and values"
ends 1 -- 'it.lua:1: wrong address "DB1.DBX0.9", at character 10: a bit number is 0..7' <<'EOF'
PLC { db = {[1] = 10} }:get("DB1.DBX0.9")
EOF
ends 1 -- 'expected an address as "DB1.DBW0", got 5' <<'EOF'
PLC { db = {[1] = 10} }:get(5)
EOF
ends 1 -- "it.lua:1: plc1 has no DB2" <<'EOF'
PLC { db = {[1] = 10} }:get("DB2.DBB0")
EOF
ends 1 -- "it.lua:1: DB1 of plc1 has 10 bytes" <<'EOF'
PLC { db = {[1] = 10} }:get("DB1.DBW9")
EOF
for bad in '"DB1.DBB0", 256|DB1.DBB0 takes a whole number 0..255, got 256' '"DB1.DBB0", -1|got -1' '"DB1.DBB0", 0/0|got ' '"DB1.DBB0", 1.5|got 1.5' \
    '"DB1.DBB0", "1"|got 1' '"DB1.DBB0"|got nil' '"DB1.DBW0:INT", 32768|takes a whole number -32768..32767, got 32768' '"DB1.DBX0.0", 2|DB1.DBX0.0 takes' \
    '"DB1.DBD0:REAL", 1e39|got 1e+39' '"DB1.DBB0:STRING(3)", "abcd"|got abcd' '"DB1.DBW0:INT[2]", 5|expected a list of 2 values, got 5' \
    '"DB1.DBW0:INT[2]", {1}|expected a list of 2 values, got table' '"DB1.DBB0:CHAR[4]", "abc"|expected a string of 4 bytes, got 3'; do
    ends 1 -- "it.lua:2: " "${bad#*|}" <<EOF
local plc = PLC { db = {[1] = 10} }
plc:set(${bad%%|*})
EOF
done
ends 1 -- "it.lua:3: client:read: expected an address or a list of 1 to 100 addresses, got 0" <<'EOF'
local client = Client { PLC {} }
client:connect()
client:read({})
EOF

say "times"
for bad in -1 0/0 1e300 math.huge '"5 parsecs"' '""' '"-1s"' '"1e3"' '"241h"' '"11d"' '"1e1d"' '"0x1d"' '"d"' '".d"' '240*h + 1' 'true' '{}' 'nil' '"99999999999999999999h"'; do
    ends 1 -- "it.lua:1: wait: expected a time from 0 to 10 days, in milliseconds or as \"500ms\", \"2s\", \"5min\", \"3d\"; got " <<EOF
wait($bad)
EOF
done
ends 1 -- "it.lua:2: at: expected a time to come, got 5.000 s; it is 10.000 s already" <<'EOF'
wait("10s")
at("5s", function() end)
EOF
ends 1 -- "it.lua:1: after: expected a time and a function, got nothing" <<'EOF'
after("1s")
EOF
ends 1 -- "it.lua:1: Pool: max_idle_ms: expected a time" "got \"soon\"" <<'EOF'
Pool { PLC {}, max_idle_ms = "soon" }
EOF

say "what the plant refuses"
ends 1 -- "it.lua:1: PLC: CHECK constraint failed: plc.pdu_length is 240 to 960" <<'EOF'
PLC { pdu_len = 5 }
EOF
ends 1 -- "it.lua:1: PLC: a PLC's name has 1 to 64 bytes" <<'EOF'
PLC { name = "" }
EOF
