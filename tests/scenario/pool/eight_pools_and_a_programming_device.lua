title = "eight pools of five at a PLC of eight connections: a programming device finds one free, and no pool goes without for long"

local plc = PLC { db = { [1] = 256 }, connections = 8 }
plc:fault("slow", "fn=read db=1 time=50ms")
plc:set("DB1.DBB0", 7)

-- One or two of the eight are for others: there are more pools than places, and all of them always want one.
for reserved = 1, 2 do
  local group = Group { plc_connections = 8, plc_reserved = reserved, max_dials = 1 }
  local pools, crews = {}, {}
  for i = 1, 8 do
    pools[i] = Pool { plc, size = 5, group = group, start = "background", acquire_ms = virtual and "5s" or "1min" }
    pools[i]:start()
    crews[i] = Workers { pools[i], count = 5, times = 100000, address = "DB1.DBB0", value = 7, pause = "3ms" }
  end

  -- It comes three times, and finds its place at once.
  local slowest = 0
  for _ = 1, 3 do
    wait("10s")
    local began = now()
    local device = Client { plc, type = "pg" }
    device:connect()
    expect(device:read("DB1.DBB0"), 7)
    device:close()
    slowest = math.max(slowest, now() - began)
  end
  if virtual then expect(slowest, "<=", 100) end

  local longest, dials, least, most = 0, 0, math.huge, 0
  for i, crew in ipairs(crews) do
    crew:stop()
    crew:join()
    expect(crew.failed, 0)
    local stats = pools[i].stats
    longest = math.max(longest, stats.wait.max_ms)
    dials = dials + stats.dials
    least, most = math.min(least, crew.ok), math.max(most, crew.ok)
    expect(stats.connect_failures, 0)
  end
  if virtual then
    expect(longest, "<=", 4000)
    expect(dials, "<=", 30 * 8 // 3 + 8) -- each keeps what it has for three seconds at least
    expect(least, ">=", most * 0.7)
  end
  log(string.format("%d places: longest wait %.0f ms, %.1f dials a second, %d to %d reads of a pool, device in after %.0f ms",
    8 - reserved, longest, dials / 30, least, most, slowest))
  for _, pool in ipairs(pools) do pool:close() end
end
expect(plc.seen.refused, 0)
expect(plc.seen.sessions_max, "<=", 8)
