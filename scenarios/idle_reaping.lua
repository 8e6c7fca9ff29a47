title = "idle connections are closed at five minutes, and not before"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc } -- 5 min idle, a health check each minute
pool:start()

-- Three borrowers at once make three connections, which become idle together.
local clients = { pool:get(), pool:get(), pool:get() }
for _, client in ipairs(clients) do
  pool:put(client)
end
expect(pool.stats.available, 3)

-- Health checks are neither use nor a reason to stay.
always(5 * min - 1, function() return pool.stats.total_connections end, 3)
expect(pool.stats.health_checks, ">=", 9)
within(2, function() return pool.stats.total_connections end, 0)
expect(pool.stats.closed.idle, 3)
expect(pool.stats.health_check_failures, 0)
within("1s", function() return plc.seen.connections end, 0)

-- The next get dials.
local client = pool:get()
expect(pool.stats.connects, 4)
pool:put(client)

-- Idle time runs from the last put: who is used every four minutes stays.
for _ = 1, 2 do
  wait("4min")
  pool:put(pool:get())
end
expect(pool.stats.connects, 4)
