title = "ten minutes without a PLC: each of eight pools dials once for each pause, and those of a group one at a time for all of them"
virtual_only = "it takes half an hour"

-- Eight pools of five with callers, while nobody is there. Returns how many dials began, and how many in the busiest
-- second after the first twenty.
local function outage(fault, args, options)
  local plc = PLC { db = { [1] = 256 }, connections = 64 }
  local pools, crews = {}, {}
  for i = 1, 8 do
    pools[i] = Pool { plc, size = 5, acquire_ms = "20s", group = options.group, backoff_jitter_percent = options.jitter }
    pools[i]:start()
    crews[i] = Workers { pools[i], count = 5, times = 10000, address = "DB1.DBB0", value = 0, pause = "1s" }
  end
  wait("2s")
  plc:fault("rst_now", "at=0")
  plc:fault(fault, args)
  wait("1ms") -- all of them have noticed, and may have dialed

  local function dials()
    local n, each = 0, {}
    for i, pool in ipairs(pools) do
      each[i] = pool.stats.dials
      n = n + each[i]
    end
    return n, each
  end
  local first, each = dials()
  local last, busiest = first, 0
  for second = 1, 600 do
    wait("1s")
    local connecting, now = 0, dials()
    for _, pool in ipairs(pools) do
      local n = pool.stats.connecting
      expect(n, "<=", 1)
      connecting = connecting + n
    end
    expect(connecting, "<=", options.at_a_time)
    if second > 20 then busiest = math.max(busiest, now - last) end
    last = now
  end
  local _, after = dials()
  for i, pool in ipairs(pools) do
    expect(after[i] - each[i], "<=", options.most)
    expect(pool.stats.total_connections, 0)
    expect(pool.stats.outages, 1)
    crews[i]:stop()
  end
  for i, crew in ipairs(crews) do
    crew:join()
    expect(crew.wrong, 0)
    pools[i]:close()
  end
  log(string.format("%s %s: %d dials in 10 minutes, %d in the busiest second", fault, args, last - first, busiest))
  return last - first, busiest
end

-- The pauses are 0.25, 0.5, 1, 2, 4 s, and then 5 s: so many dials there are of a pool, and no more.
local steps = 5 + math.ceil((600 - 7.75) / 5)
local all, busiest = outage("refuse", "drop=all", { jitter = 0, most = steps, at_a_time = 8 })
expect(all, ">=", 8 * (steps - 1))
expect(busiest, "<=", 8)

-- Drawn from zero the pauses are half as long, and those of eight pools do not coincide.
all, busiest = outage("refuse", "drop=all", { jitter = 100, most = 2.2 * steps, at_a_time = 8 })
expect(all, "<=", 8 * 2.1 * steps)
expect(busiest, "<=", 12)

-- Where a dial takes its 3 s before it fails, a group that makes one at a time begins one every 3 s.
local group = Group { plc_connections = 64, max_dials = 1 }
all, busiest = outage("blackhole_syn", "", { jitter = 100, most = 40, at_a_time = 1, group = group })
expect(all, "<=", 200)
expect(busiest, "<=", 1)
