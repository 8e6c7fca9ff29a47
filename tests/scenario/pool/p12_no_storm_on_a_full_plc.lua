title = "P12: eight pools of five at a PLC of eight connections that restarts: no storm, and room for a programming device"

local plc = PLC { db = { [1] = 256 } }
local full = plc:fault("conn_limit", "max=8 per=role how=rst")
plc:set("DB1.DBB0", 7)

-- Forty callers would like forty connections, and eight there are.
local pools, crews = {}, {}
for i = 1, 8 do
  pools[i] = Pool { plc, size = 5, acquire_ms = "1min", request_ms = "2s" }
  pools[i]:start()
end
for i, pool in ipairs(pools) do
  crews[i] = Workers { pool, count = 5, times = 20, address = "DB1.DBB0", pause = "2s" }
end
wait("5s")

-- A restart: everything is reset, and who dials is refused for 20 s. No pool tries more than once at a time.
local before = plc.seen.accepted
plc:fault("refuse", "for=20s drop=all")
wait("19900ms")
for _, pool in ipairs(pools) do
  expect(pool.stats.total_connections, 0)
  expect(pool.stats.connecting, "<=", 1)
  expect(pool.stats.connect_failures, "<=", 24) -- 0.25, 0.5, 1, 2, 4 and then 5 s apart at most, drawn from zero
end
wait(100)

-- The first callers are served within the longest pause between two dials, and all places are taken soon after.
local function up()
  local n = 0
  for _, pool in ipairs(pools) do
    n = n + pool.stats.total_connections
  end
  return n
end
within("5100ms", up, ">=", 1)
within("10s", up, ">=", 7)

-- The programming device has a place of its own, and is served at once.
local began = now()
local device = Client { plc, type = "pg" }
device:connect()
expect(device:read("DB1.DBB0"), 7)
if virtual then expect(now() - began, "<", 10) end
device:close()

-- Pools know nothing of each other: whoever has a connection is served, and who has none is told why it waits in vain.
local ok, failed = 0, 0
for _, crew in ipairs(crews) do
  crew:join()
  ok, failed = ok + crew.ok, failed + crew.failed
  expect(crew.wrong, 0)
end
expect(ok + failed, 8 * 5 * 20)
expect(ok, ">=", 8 * 5 * 20 * 3 // 4)
-- At most eight were in, and a programming device; of those without one, each knocked every other second at most.
expect(plc.seen.sessions_max, "<=", 9)
if virtual then expect(full.fired, "<=", 8 * (now() // (2*s))) end
