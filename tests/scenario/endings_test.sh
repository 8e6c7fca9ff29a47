#!/bin/sh
# How a scenario can end: what it demands is not so, it never ends, it asks for what cannot be. pcall hides none of it.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

say "the whole report"
ends 1 --seed 77 -- "FAILED   it.lua: a wrong value" "it.lua:7: expected == 5, got 4" \
    '| expect(client:read("DB1.DBB0"), 5)' "called from it.lua:9" "at 3.0" "seed 77, virtual time" \
    'fault: plc1 at it.lua:5: "slow fn=read time=1s" matched 1, fired 1' "last on the wire:" \
    "plc1 connection 1  read job, reference" "DB1 byte 0 (1 BYTE)" "plc1 connection 1  read answer, reference" "FF with 1 bytes" \
    "0300001F" "again: s7rig run it.lua --seed 77" "0 passed, 1 failed, 0 skipped" "log:" "2.001 s  I was here nil 5 true {}" <<'EOF'
title = "a wrong value"
local plc = PLC { db = {[1] = 10} }
local client = Client { plc }
plc:set("DB1.DBB0", 4)
plc:fault("slow", "fn=read time=1s")
local function check()
  expect(client:read("DB1.DBB0"), 5)
end
go(function() client:connect() wait("2s") log("I was here", nil, 5, true, {}) check() end)
EOF
ends 1 -- "pool: plc1 at it.lua:2: up, 1 of 5 connections (1 in use)" "  gets    1, 0 after a wait, 0 in vain; puts 0" \
    "pool: other at it.lua:3: not connected, 0 of 2 connections" <<'EOF'
local plc = PLC { db = {[1] = 10} }
local pool = Pool { plc }
local other = Pool { PLC { name = "other" }, size = 2 }
pool:start()
local client = pool:get()
expect(pool.stats.available, 1)
EOF
ends 1 -- "last on the wire: nothing, no frame reached a PLC" <<'EOF'
expect(1, 2)
EOF
ends 1 -- "last on the wire:" "read job" "<- no answer" "it.lua:4: client:read: " "(timeout)" '| client:read("MB0")' <<'EOF'
local plc = PLC {}
local client = Client { plc, request_ms = "1s" } client:connect()
plc:fault("hang", "fn=read")
client:read("MB0")
EOF

say "what was expected and what came"
for what in '5, 4|expected == 4, got 5' '5, "<", 4|expected < 4, got 5' '5, "~=", 5|expected ~= 5, got 5' '5, ">=", "4"|expected >= "4", got 5' \
    'nil|expected true, got nil' 'false|expected true, got false' '{1, 2}, {1, 3}|expected == {1, 3}, got {1, 2}' '{a = 1}, {a = 2}|expected == {a = 2}, got {a = 1}' \
    '{1}, {1, x = 1}|expected == {1, x = 1}, got {1}' '{{1}}, {{2}}|expected == {{2}}, got {{1}}' '"a\0\n\"", ""|expected == "", got "a\x00\n\"' \
    'string.rep("x", 1000), 1|x"... (1000 bytes)' 'setmetatable({}, {__tostring = function() error("no") end}), 1|expected == 1, got it.lua:1: no' \
    'expect|expected a value' 'now(), 1, 2, 3|expect: expected a value and what it should be' '0/0, 0/0|expected == '; do
    code=${what%%|*}
    [ "$code" = expect ] && code=
    ends 1 -- "it.lua:1: " "${what#*|}" "| expect(" <<EOF
expect($code)
EOF
done
ends 0 -- "6 expectations" <<'EOF'
expect({1, {2, x = {3}}}, {1, {2, x = {3}}})
expect({1}, "~=", {1, 2})
expect({1, 2}, "~=", {1})
expect({a = 1}, "~=", {b = 1})
expect(1, 1.0)
expect("b", ">", "a")
EOF
ends 1 -- "it.lua:2: expected == 1 within 5 s, got 0" "at 5.000000 s" <<'EOF'
local n = 0
within("5s", function() return n end, 1)
EOF
ends 1 -- "it.lua:3: expected == 0 for 5 s, got 1" "at 1.500000 s" <<'EOF'
local n = 0
after("1500ms", function() n = 1 end)
always("5s", function() return n end, 0)
EOF

say "nothing hides a failure"
ends 1 -- "it.lua:1: expected == 2, got 1" <<'EOF'
pcall(expect, 1, 2)
EOF
ends 1 -- "it.lua:1: expected == 2, got 1" "called from it.lua:2" <<'EOF'
local function wrong() expect(1, 2) end
expect(pcall(wrong), false)
EOF
ends 1 -- "it.lua:2: expected == 2, got 1" <<'EOF'
expect(1)
go(function() expect(1, 2) end)
wait("1h")
EOF
ends 1 -- "it.lua:1: expected == 2, got 1" "at 5.000000 s" <<'EOF'
at("5s", function() expect(1, 2) end)
EOF
ends 1 -- "it.lua:1: expected == 2, got 1" <<'EOF'
fails("timeout", function() expect(1, 2) end)
EOF
ends 1 -- "it.lua:1: expected == 2, got 1" <<'EOF'
within("5s", function() expect(1, 2) end)
EOF
ends 1 -- "it.lua:1: expected == 2, got 1" <<'EOF'
xpcall(expect, function() wait(5) end, 1, 2)
EOF
ends 1 -- "it.lua:1: expected the error timeout, got none" <<'EOF'
fails("timeout", function() end)
EOF
ends 1 -- "it.lua:1: expected the error timeout, got it.lua:1: my own" <<'EOF'
fails("timeout", function() error("my own") end)
EOF
ends 1 -- 'it.lua:1: expected the error reset, got {status = "reset"}' <<'EOF'
fails("reset", function() error(setmetatable({status = "reset"}, {__name = "s7 error"})) end)
EOF
ends 1 -- "it.lua:3: expected the error timeout, got it.lua:3: pool:get: " "(misuse)" <<'EOF'
local pool = Pool { PLC {} }

fails("timeout", function() pool:get() end)
EOF

say "errors"
ends 1 -- "it.lua:3: attempt to index a nil value (local 'x')" "| x.y = 5" "called from it.lua:5" <<'EOF'
local function f()
  local x
  x.y = 5
end
f()
EOF
ends 1 -- "it.lua:1: {code = 5, text = \"oil\"}" '| error({code = 5, text = "oil"})' <<'EOF'
error({code = 5, text = "oil"})
EOF
ends 1 -- "it.lua:1: nil" <<'EOF'
error()
EOF
ends 1 -- "it.lua:1: plain" <<'EOF'
error("plain", 0)
EOF
ends 1 -- "it.lua:1: no" <<'EOF'
error(setmetatable({}, {__tostring = function() error("no") end}))
EOF
ends 1 -- "it.lua:1: something that has no text" <<'EOF'
error(setmetatable({}, {__tostring = function() error({}) end}))
EOF
ends 1 -- "it.lua:2: no" "called from it.lua:3" <<'EOF'
local a = setmetatable({}, {__tostring = function() return "a" end,
  __eq = function() error("no") end})
within("1s", function() return a end, setmetatable({}, getmetatable(a)))
EOF
ends 1 -- "it.lua:2: attempt to perform arithmetic on a nil value" "called from it.lua:1" <<'EOF'
always("1s", function()
  return 1 + nil
end)
EOF

say "loops that do not end"
ends 1 -- "it.lua:1: step limit: too many Lua instructions without waiting" "| while true do end" <<'EOF'
while true do end
EOF
ends 1 -- "it.lua:1: step limit" <<'EOF'
while true do pcall(function() while true do end end) end
EOF
ends 1 -- "it.lua:1: step limit" <<'EOF'
within("1s", function() while true do end end)
EOF
ends 1 -- "it.lua:1: step limit" <<'EOF'
error(setmetatable({}, {__tostring = function() while true do end end}))
EOF
ends 1 -- "step limit" <<'EOF'
local a, b = {}, {}
for i = 1, 1000 do a[i], b[i] = 1, 1 end
for _ = 1, 4 do
  local x, y = {}, {}
  for i = 1, 1000 do x[i], y[i] = a, b end
  a, b = x, y
end
expect(a, b)
EOF
ends 1 -- "more than 16 tables in each other cannot be compared" <<'EOF'
local a, b = {}, {}
a[1], b[1] = a, b
expect(a, b)
EOF
ends 1 -- "it.lua: time stands still: something is done again and again without waiting" "waits: wait at it.lua:1" <<'EOF'
while true do wait(0) end
EOF
ends 1 -- "it.lua: it has not ended after 10 days of its time" "waits: wait at it.lua:1" "at 864000.000000 s" <<'EOF'
while true do wait("1h") end
EOF
ends 0 -- "1 passed" <<'EOF'
local pool = Pool { PLC {}, size = 1, min_idle = 1, max_idle_ms = "2d", health_check_ms = "1h" }
pool:start()
wait("36h")
for _ = 1, 3 do wait(24*h) end
expect(now(), ">=", 108*h)
expect(pool.stats.connects, 1)
expect(pool.stats.health_checks, ">=", 107)
local long = Workers { pool, times = 3, address = "MB0", pause = "25h" }
long:join()
expect(long.ok, 3)
EOF
ends 1 -- "it.lua: nothing has gone on for 24 h of its time" "waits: task:join at it.lua:2" "waits: task:join at it.lua:4" <<'EOF'
local a, b
a = go(function() b:join() end)
b = go(function()
  a:join()
end)
EOF
ends 1 -- "it.lua:2: memory limit: the scenario's memory is used up" <<'EOF'
local t = {}
while true do t[#t + 1] = ("x"):rep(10000) .. #t end
EOF
ends 1 -- "memory limit" <<'EOF'
local t = {}
within("1s", function() for i = 1, 1e7 do t[#t + 1] = {} end end)
EOF

say "tasks"
ends 1 -- "it.lua:2: task:join: a task cannot wait for its own end" <<'EOF'
local t
t = go(function() t:join() end)
EOF
ends 1 -- "more than 10000 tasks at a time" <<'EOF'
for i = 1, 10001 do go(function() end) end
EOF
ends 0 -- "3 expectations" <<'EOF'
local n, kept = 0, {}
for i = 1, 15000 do
  local t = go(function() n = n + 1 end)
  if i % 3000 == 0 then kept[#kept + 1] = t end
  after(0, function() n = n + 1 end)
  if i % 4000 == 0 then wait(1) end
end
wait(1)
expect(n, 30000)
for _, t in ipairs(kept) do t:join() end
expect(kept[1].done)
expect(#kept, 5)
EOF
ends 0 -- "2 expectations" <<'EOF'
local many = {}
for i = 1, 240 do many[i] = i end
local t = go(function(...) expect(select("#", ...), 240) end, table.unpack(many))
t:join()
expect(t.done)
log(table.unpack(many))
EOF
ends 1 -- "it.lua:1: wait: nothing may wait here; a condition looks, it does not act" <<'EOF'
within("1s", function() wait(5) end)
EOF
ends 1 -- "it.lua:2: pool:start: nothing may wait here" <<'EOF'
local pool = Pool { PLC {} }
always("1s", function() pool:start() end)
EOF

say "pools"
ends 0 -- "9 expectations" <<'EOF'
local plc = PLC {}
local pool, other = Pool { plc }, Pool { plc }
fails("misuse", function() pool:get() end)
pool:start()
other:start()
fails("misuse", function() pool:start() end)
local client = pool:get()
fails("foreign", function() other:put(client) end)
pool:put(client)
fails("misuse", function() pool:put(client) end)
fails("misuse", function() pool:discard(client) end)
fails("stale_lease", function() client:read("MB0") end)
expect(pool.stats.misuse, ">=", 2)
pool:close()
fails("pool_closed", function() pool:get() end)
fails("pool_closed", function() pool:execute(function() end) end)
EOF
ends 1 -- "it.lua:2: pool:put: expected what pool:get gave, got 5" <<'EOF'
local pool = Pool { PLC {} }
pool:put(5)
EOF
ends 1 -- "it.lua:2: pool:start: expected a pool, got nothing (is it called with a colon?)" <<'EOF'
local pool = Pool { PLC {} }
pool.start()
EOF
ends 0 -- "2 expectations" <<'EOF'
local pool = Pool { PLC {}, size = 1 }
pool:start()
local client = pool:get()
fails("pool_exhausted", function() pool:get(0) end)
expect(now(), "<", 100)
EOF

say "the log"
ends 0 -- "(and more: a report holds 64 KiB of the log)" <<'EOF'
expect(1)
for i = 1, 1000 do log(("x"):rep(100000)) end
EOF
[ "$(wc -c <"$dir/out")" -lt 90000 ] || fail "the log is too long"
ends 0 -- "0.000 s  a" "b c" <<'EOF'
expect(1)
log("a\nb", "c\0d")
EOF
