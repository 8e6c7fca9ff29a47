title = "P11: sixteen connections that were born together are replaced one after the other"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 16, min_idle = 16, start = "all", max_lifetime_ms = "4min", lifetime_jitter_percent = 50,
                    max_idle_ms = 0 }
pool:start("1min")
expect(pool.stats.available, 16)

-- Within a second few are made, and hardly ever one is missing.
local before, least = plc.seen.accepted, 16
for _ = 1, 5 * 60 do
  wait("1s")
  local seen, stats = plc.seen, pool.stats
  if virtual then expect(seen.accepted - before, "<=", 4) end
  before = seen.accepted
  least = math.min(least, stats.available + stats.checking)
end
expect(pool.stats.closed.lifetime, ">=", 16)
expect(least, ">=", 14)
expect(plc.seen.sessions_max, "<=", 17)
