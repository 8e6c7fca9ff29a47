title = "pauses in an outage double from 250 ms to 5 s, whether anybody waits or not, and begin anew after an S7 setup only"

local plc = PLC { db = { [1] = 256 } }
local failed = {}
local pool = Pool { plc, size = 2, backoff_jitter_percent = 0, on_event = function(event)
  if event.kind == "connect_failed" then failed[#failed + 1] = event.at_ms end
end }

-- The times between those that failed, in whole milliseconds.
local function pauses()
  local list = {}
  for i = 2, #failed do list[i - 1] = math.floor(failed[i] - failed[i - 1] + 0.5) end
  return list
end

pool:start()
local away = plc:fault("refuse", "drop=all")
within("1s", function() return pool.stats.total_connections end, 0)
fails("plc_down", function() pool:get("1s") end)
within("1min", function() return #failed end, 9)
if virtual then expect(pauses(), { 250, 500, 1000, 2000, 4000, 5000, 5000, 5000 }) end
expect(pool.stats.waiting, 0)

-- A TCP connection is not enough: the PLC takes it, and says nothing.
away:drop()
plc:fault("hang", "fn=setup count=2")
within("30s", function() return #failed end, 11)
local list = pauses()
for i = 9, 10 do expect(list[i], ">=", virtual and 5000 or 4000) end
within("10s", function() return pool.stats.total_connections end, 1)
expect(pool.stats.outages, 1)

-- After one that was made it begins anew.
failed = {}
plc:fault("refuse", "drop=all for=2s")
within("1s", function() return pool.stats.total_connections end, 0)
pool:put(pool:get("10s"))
list = pauses()
expect(#failed, ">=", virtual and 4 or 1)
if virtual then
  for i = 1, 3 do expect(list[i], 125 * 2 ^ i) end
end
pool:close()
