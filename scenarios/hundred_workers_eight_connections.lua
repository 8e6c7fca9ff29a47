title = "100 workers share a pool of 10 at a PLC that has 8 connections"

local plc = PLC { db = { [1] = 256 } }
local full = plc:fault("conn_limit", "max=8 how=rst")
local pool = Pool { plc, size = 10 }

-- Worker w's read k asks for byte 10 ((w + k) % 25) and must get its value.
local addresses, values = {}, {}
for n = 0, 24 do
  addresses[n + 1], values[n + 1] = "DB1.DBB" .. 10 * n, 10 * n
  plc:set(addresses[n + 1], values[n + 1])
end

pool:start()
local crew = Workers { pool, count = 100, times = 20, address = addresses, value = values, pause = "10ms" }
crew:join()

-- Everybody was served, the pool settled for what the PLC has, and did not storm it.
expect(crew.ok, 2000)
expect(crew.failed, 0)
expect(pool.stats.limit, 8)
expect(pool.stats.total_connections, 8)
expect(plc.seen.sessions_max, 8)
expect(full.fired, "<=", 3)
expect(pool.stats.in_use, 0)
expect(pool.stats.waiting, 0)
