title = "a PLC that is full is told apart from one that is down, within the round trip of a connection request"

for _, how in ipairs { "rst", "fin", "dr" } do
  local plc = PLC { db = { [1] = 256 } }
  local full = plc:fault("conn_limit", "max=2 how=" .. how)
  local pool = Pool { plc, size = 4 }
  pool:start()
  local first, second = pool:get(), pool:get()
  local began = now()
  go(function() pcall(pool.get, pool, "3s") end)
  within("10ms", function() return pool.stats.limit end, 2)
  if virtual then expect(now() - began, "<", 1) end
  expect(pool.stats.down, false)
  expect(pool.stats.connect_failures, 1)
  local why = fails("pool_exhausted", function() pool:get("1s") end)
  expect((string.find(why.text, "refuses more than 2", 1, true)))
  expect(full.fired, "<=", 2)
  pool:put(first)
  pool:put(second)
end

-- Nothing is up and the PLC refuses: that is no exhaustion, and the answer says what to look at.
local plc = PLC {}
plc:fault("conn_limit", "max=0 how=dr")
local pool = Pool { plc, start = "background" }
pool:start()
local why = fails("plc_down", function() pool:get("2s") end)
expect((string.find(why.text, "connections of this type are taken", 1, true)))
