title = "P15: a peer that is gone without a word is found by the request's deadline, or by the check of an idle one"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, request_ms = "2s" }
plc:set("DB1.DBB0", 7)
pool:start()

-- In use: the call ends at its deadline. The connection owes an answer that never comes, and goes after as long again.
local cable = plc:fault("half_open", "at=0")
within("10ms", function() return cable.fired end, 1)
local began = now()
fails("timeout", function()
  pool:execute(function(client) client:read("DB1.DBB0") end)
end)
if virtual then expect(now() - began, "<=", 2001) end
expect(pool.stats.dirty, 1)
within("2100ms", function() return pool.stats.total_connections end, 0)
expect(pool.stats.closed.timeout, 1)
cable:drop()

-- A write that got no answer may have been done.
pool:put(pool:get())
local again = plc:fault("half_open", "at=0")
within("10ms", function() return again.fired end, ">=", 1)
fails("outcome_unknown", function()
  pool:execute(function(client) client:write("DB1.DBB1", 1) end)
end)
again:drop()

-- Idle: by TCP's own questions, which the kernel asks in its own time; without them within the checks' period and their
-- patience.
if virtual then
  local asked = Pool { plc }
  asked:start()
  wait("1s")
  local second = plc:fault("half_open", "at=0")
  within("19s", function() return asked.stats.total_connections end, 0)
  expect(second.fired, ">=", 1)
  second:drop()
end
local idle = Pool { plc, keepalive_idle_ms = 0 }
idle:start()
local third = plc:fault("half_open", "at=0")
within("10ms", function() return third.fired end, ">=", 1)
within("62s", function() return idle.stats.health_check_failures end, 1)
within("100ms", function() return idle.stats.total_connections end, 0)
expect(idle.stats.closed.health, 1)
third:drop()
expect(idle:execute(function(client) return client:read("DB1.DBB0") end), 7)
