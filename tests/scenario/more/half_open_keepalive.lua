title = "TCP finds the connection whose cable is out, idle or not"
virtual_only = "kernels count keepalive in whole seconds"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, start = "all", size = 2 }
plc:set("DB1.DBB0", 7)
pool:start()
within("1s", function() return pool.stats.available end, 2)

-- Idle: the first probe after 10 s is not answered, which counts after 3 s more.
local cable = plc:fault("half_open", "at=0")
within("13001ms", function() return pool.stats.total_connections end, 0)
expect(pool.stats.closed.timeout, 2)
expect(pool.stats.health_check_failures, 0)
cable:drop()

-- Somebody waits for an answer: 5 s after his request, though he would wait longer.
pool:execute(function(client)
  local again = plc:fault("half_open", "at=0")
  within("10ms", function() return again.fired end, ">=", 1)
  local began = now()
  fails("timeout", function() client:read("DB1.DBB0", "1min") end)
  expect(now() - began, "<=", 5001)
  again:drop()
end)
expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
