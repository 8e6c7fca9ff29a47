title = "a PLC goes away and comes back: one dial at a time meanwhile, and all capacity again, with 1 connection or 64"

for _, size in ipairs { 1, 8, 64 } do
  local plc = PLC { db = { [1] = 256 }, connections = 64 }
  local pool = Pool { plc, size = size, start = "all" }
  pool:start()
  expect(pool.stats.total_connections, size)

  -- Each has its turn within half a minute: nobody fails but those whose call was cut.
  local crew = Workers { pool, count = size, times = 12, address = "DB1.DBB0", value = 0, pause = "2s" }
  wait("5s")
  plc:fault("refuse", "for=20s drop=all")
  within("3s", function() return pool.stats.down end, true)
  expect(pool.stats.total_connections, 0)
  always("17s", function() return pool.stats.connecting end, "<=", 1)

  -- The next attempt comes 5 s after the one before at the latest.
  within("8s", function() return pool.stats.down end, false)
  crew:join()
  expect(crew.failed, "<=", size)
  local stats = pool.stats
  expect(stats.outages, 1)
  expect(stats.reconnects, 1)
  expect(stats.in_use, 0)
  expect(stats.waiting, 0)
  expect(stats.limit, size)
  expect(stats.total_connections, plc.seen.connections)

  -- All of them can be had again.
  local held = {}
  for i = 1, size do held[i] = pool:get("10s") end
  expect(pool.stats.in_use, size)
  for _, client in ipairs(held) do
    expect(client:read("DB1.DBB0"), 0)
    pool:put(client)
  end
  pool:close()
end
