title = "P10: connections that are busy all the time are replaced when they are old"

local plc = PLC { db = { [1] = 256 } }
plc:set("DB1.DBB0", 7)
local pool = Pool { plc, size = 2, max_lifetime_ms = "1min" }
pool:start()

-- Six callers take turns: no connection is ever idle.
plc:fault("slow", "fn=read time=200ms")
local crew = Workers { pool, count = 6, times = 2000, address = "DB1.DBB0", value = 7 }
wait("10min")
crew:stop()

-- Each lived a minute at most and a lease, and a tenth less at least; callers felt nothing.
local stats = pool.stats
expect(crew.failed, 0)
expect(stats.closed.lifetime, ">=", 2 * 9)
expect(stats.closed.lifetime, "<=", 2 * 12)
expect(stats.connects - stats.closed.lifetime, "<=", 2)
expect(plc.seen.sessions_max, "<=", 2)
