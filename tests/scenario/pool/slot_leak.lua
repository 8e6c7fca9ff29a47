title = "a PLC that keeps the places of closed connections for 30 s: no storm of reconnects, and recovery when it lets go"

local plc = PLC { db = { [1] = 256 }, connections = 2 }
local pool = Pool { plc, size = 2 }
plc:set("DB1.DBB0", 7)
pool:start()
local leak = plc:fault("slot_leak", "hold=30s")
local first, second = pool:get(), pool:get()
expect(plc.seen.sessions, 2)

-- Both are closed by the pool; for the PLC they are still there.
pool:discard(first)
pool:discard(second)
within("100ms", function() return plc.seen.connections end, 0)
local began = now()
expect(plc.seen.sessions, 2)
expect(leak.fired, 2)
expect(leak.acting)
local why = fails("plc_down", function() pool:get("10s") end)
expect((string.find(why.text, "connections of this type are taken", 1, true)))
expect(pool.stats.connect_failures, "<=", 12) -- in ten seconds

-- Refused connections held nothing. When the places are free, the next attempt succeeds: 5 s is the longest pause.
expect(leak.fired, 2)
expect(pool:execute(function(client) return client:read("DB1.DBB0") end, "30s"), 7)
if virtual then
  expect(now() - began, ">=", 29.9*s)
  expect(now() - began, "<=", 35.1*s)
end
expect(plc.seen.sessions, "<=", 2)

-- Dropped, it holds nothing any more.
pool:discard(pool:get())
within("100ms", function() return plc.seen.connections end, 0)
expect(plc.seen.sessions, 1)
leak:drop()
within("100ms", function() return plc.seen.sessions end, 0)
