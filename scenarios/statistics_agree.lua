title = "the pool's statistics are what the PLC saw"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc }
pool:start()

-- Seven minutes of ordinary life, with some of it going wrong.
plc:fault("rst_now", "fn=read every=40 count=5")
plc:fault("hang", "fn=read nth=33")
plc:fault("slow", "fn=read time=uniform(1ms,20ms)")
local crew = Workers { pool, count = 8, times = 100, address = "DB1.DBB0", pause = "4s" }
crew:join()

local stats, seen = pool.stats, plc.seen
expect(crew.ok + crew.failed, 800)
expect(crew.failed, 6) -- five resets and one answer that never came
expect(stats.gets, 800)
expect(stats.puts, 800)
expect(stats.gets_failed, 0)
expect(stats.in_use, 0)

-- Connections: made, ended and left over, as seen from both ends.
local closed = 0
for _, n in pairs(stats.closed) do
  closed = closed + n
end
expect(stats.connects - closed, stats.total_connections)
expect(stats.connects, seen.admitted)
expect(stats.connects, seen.setups)
within("1s", function() return plc.seen.sessions end, stats.total_connections)

-- Requests: every borrower's read and every health check was one request, answered or not.
expect(seen.reads + seen.swallowed, 800 + stats.health_checks)
