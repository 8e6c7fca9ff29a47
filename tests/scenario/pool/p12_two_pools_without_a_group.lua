title = "P12: two pools of ten at a PLC of eight connections, without a group: no storm, and each has what it took first"

local plc = PLC { db = { [1] = 256 } }
local full = plc:fault("conn_limit", "max=8 how=dr")
plc:fault("slow", "fn=read db=1 time=1s")
plc:set("DB1.DBB0", 7)

local long = virtual and 10*min or 1*min
local one = Pool { plc, size = 10, acquire_ms = "1min", health_check_ms = 0 }
local two = Pool { plc, size = 10, acquire_ms = "1min", health_check_ms = 0 }
one:start()
two:start()

-- Minutes in which twenty callers would like twenty connections all the time.
local function work(pool)
  return Workers { pool, count = 10, times = 1000, address = "DB1.DBB0", value = 7 }
end
local crews = { work(one), work(two) }
wait(long)
expect(one.stats.waiting, ">=", 1)
expect(two.stats.waiting, ">=", 1)
local held = one.stats.total_connections + two.stats.total_connections
if virtual then expect(held, 8) end
expect(one.stats.total_connections, ">=", 1)
expect(two.stats.total_connections, ">=", 1)
expect(plc.seen.sessions_max, 8)
-- 5 s and then up to a minute apart, each of the two.
local dials = one.stats.dials + two.stats.dials
expect(dials, "<=", 8 + 2 * 24)
expect(full.fired, "<=", dials)
for _, crew in ipairs(crews) do
  crew:stop()
  crew:join()
  expect(crew.failed, 0)
end
one:close()
two:close()

-- Who comes last finds no place: it is told why, knocks as at a PLC that is down, and is served soon after another let go.
local first = Pool { plc, size = 8, start = "all", max_idle_ms = "1h" }
first:start()
local late = Pool { plc, size = 10, start = "background" }
late:start()
local why = fails("plc_down", function() late:get("30s") end)
expect(string.find(why.text, "connections of this type are taken", 1, true) ~= nil)
local before = late.stats.dials
wait(long)
expect(late.stats.dials - before, "<=", long / 2000) -- 5 s apart at most, drawn from zero: 2.5 s on the average
expect(late.stats.total_connections, 0)
first:resize(7)
local began = now()
late:put(late:get("10s"))
if virtual then expect(now() - began, "<=", 5010) end
