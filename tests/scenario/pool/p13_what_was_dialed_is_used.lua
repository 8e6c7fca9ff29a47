title = "P13: a connection that is there when its caller has gone is for the next one"

-- Connecting takes about as long as callers wait: most of them go too early.
local plc = PLC { db = { [1] = 256 } }
plc:set("DB1.DBB0", 7)
plc:fault("slow", "fn=connect time=uniform(800ms,1200ms)")
local pool = Pool { plc, start = "background", acquire_ms = "900ms" }
pool:start()

local served = 0
for _ = 1, 40 do
  go(function()
    local good, client = pcall(pool.get, pool)
    if not good then return end
    expect(client:read("DB1.DBB0"), 7)
    served = served + 1
    wait("50ms")
    pool:put(client)
  end)
  wait("1300ms") -- nobody is there when a dial ends
end
expect(served, ">=", 38)
expect(pool.stats.connects, 1)

-- And when they come in crowds.
for _ = 1, 10 do
  for _ = 1, 5 do
    go(function()
      local good, client = pcall(pool.get, pool)
      if not good then return end
      wait("600ms")
      pool:put(client)
    end)
  end
  wait("3s")
end
expect(pool.stats.connects, "<=", 5)
expect(pool.stats.total_connections, pool.stats.connects) -- each of them is still of use
