title = "100 workers read without a lease: two connections serve them all, eight requests at a time on each"

local plc = PLC { db = { [1] = 256 } }
plc:fault("slow", "fn=read time=5ms") -- an answer takes its time

-- Worker w's read k asks for byte 10 ((w + k) % 25) and must get its value.
local addresses, values = {}, {}
for n = 0, 24 do
  addresses[n + 1], values[n + 1] = "DB1.DBB" .. 10 * n, 10 * n
  plc:set(addresses[n + 1], values[n + 1])
end

-- Each request travels alone: sixteen are in flight.
local pool = Pool { plc, size = 2 }
pool:start()
local began = now()
local crew = Workers { pool, lease = false, count = 100, times = 20, address = addresses, value = values }
crew:join()
local took = now() - began
expect(crew.ok, 2000)
expect(crew.failed, 0)
expect(pool.stats.total_connections, 2)
expect(plc.seen.sessions_max, 2)
expect(pool.stats.direct_calls, 2000)
expect(pool.stats.direct_jobs, 2000)
expect(pool.stats.gets, "<", 200) -- connections are borrowed while there is something to do, not for each call

-- With a window of 2 ms, what is asked for at the same time travels together.
local merging = Pool { plc, size = 2, coalesce_us = 2000 }
local before = plc.seen.reads
merging:start()
began = now()
local second = Workers { merging, lease = false, count = 100, times = 20, address = addresses, value = values }
second:join()
if virtual then expect(now() - began, "<", took / 10) end
expect(second.ok, 2000)
expect(second.failed, 0)
expect(merging.stats.direct_jobs, "<=", 2000 // 10)
expect(plc.seen.reads - before, "<=", 2000 // 10)
expect(merging.stats.direct_merged, ">=", 1800)
