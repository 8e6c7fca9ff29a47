title = "a pool is closed while it dials and callers wait: all are told, and nothing is left"

local plc = PLC {}
local hang = plc:fault("hang", "fn=connect")
local pool = Pool { plc, start = "background", handshake_ms = "1min" }
pool:start()
local told = {}
for i = 1, 5 do
  go(function()
    local _, why = pcall(pool.get, pool, "1min")
    told[#told + 1] = why.status
  end)
end
within("1s", function() return pool.stats.waiting end, 5)
within("1s", function() return plc.seen.connections end, 1)
local began = now()
pool:close("10s")
if virtual then expect(now() - began, "<", 10) end
within("100ms", function() return #told end, 5)
for i = 1, 5 do
  expect(told[i], "pool_closed")
end
within("100ms", function() return plc.seen.connections end, 0)
expect(pool.stats.total_connections + pool.stats.connecting, 0)
expect(hang.fired, 1)
