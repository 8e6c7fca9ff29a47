title = "calls without a lease share a connection, and nobody learns of its end"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 2, coalesce_us = 1000 }

for n = 0, 19 do plc:set("DB1.DBB" .. n, 7 * n) end
pool:start()
pool:write("DB1.DBW100", 4711)
expect(pool:read("DB1.DBW100"), 4711)

-- Twenty readers at a time, and one who asks for what is not there.
local right, refused = 0, 0
local function reader(n)
  return function()
    for _ = 1, 5 do
      if pool:read("DB1.DBB" .. n) == 7 * n then right = right + 1 end
    end
  end
end
for n = 0, 19 do go(reader(n)) end
go(function()
  fails("item_address", function() pool:read("DB1.DBW255") end)
  refused = refused + 1
end)
within("10s", function() return right end, 100)
expect(refused, 1)
expect(pool.stats.connects, "<=", 2)
within("1s", function() return pool.stats.in_use end, 0)
expect(pool.stats.direct_merged, ">", 0)

-- Reads outlive their connection.
plc:fault("rst_now", "fn=read nth=1")
expect(pool:read("DB1.DBW100"), 4711)
expect(pool.stats.closed.peer, ">=", 1)

pool:close()
fails("pool_closed", function() pool:read("DB1.DBB0") end)
