title = "the PLC restarts while twenty callers wait: all are served in the end"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc }
plc:set("DB1.DBB0", 7)
pool:start()

-- All five connections are lent, and twenty callers wait in a row.
local lent = {}
for i = 1, 5 do
  lent[i] = pool:get()
end
local served, order = 0, {}
for i = 1, 20 do
  go(function()
    local client = pool:get("30s")
    order[#order + 1] = i
    expect(client:read("DB1.DBB0"), 7)
    served = served + 1
    pool:put(client)
  end)
end
within("1s", function() return pool.stats.waiting end, 20)

-- The PLC goes away for three seconds, with every connection.
local reboot = plc:fault("refuse", "for=3s drop=all")
for i = 1, 5 do
  local good = pcall(lent[i].read, lent[i], "DB1.DBB0")
  expect(good, false)
  pool:put(lent[i])
end
expect(served, 0)
expect(pool.stats.waiting, 20)

-- Nobody was sent away, and who came first was served first (threads come in their own order).
within("8100ms", function() return served end, 20)
for i = 1, virtual and 20 or 0 do
  expect(order[i], i)
end
expect(pool.stats.gets_failed, 0)
expect(pool.stats.total_connections, "<=", 5)
expect(reboot.fired, 1)
expect(plc.seen.sessions_max, 5)
