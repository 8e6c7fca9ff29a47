title = "P18: a pool that is resized under load never has more connections than its size at the time"

local plc = PLC { db = { [1] = 256 } }
plc:set("DB1.DBB0", 7)
plc:fault("slow", "fn=read time=5ms")
local pool = Pool { plc, size = 2, max_connecting = 2, acquire_ms = "5min" }
pool:start()
local crew = Workers { pool, count = 30, times = 200, address = "DB1.DBB0", value = 7 }

local function taken()
  local stats = pool.stats
  return stats.total_connections + stats.connecting
end

-- Up and down: what is too many goes when it comes back, which takes a read.
for _, size in ipairs { 8, 1, 5, 2, 9, 3, 1, 7, 4 } do
  local larger = math.max(size, taken())
  pool:resize(size)
  always("20ms", taken, "<=", larger)
  within("50ms", taken, "<=", size)
  always("100ms", taken, "<=", size)
end
crew:join()
expect(crew.ok, 30 * 200)
expect(plc.seen.sessions_max, "<=", 9)
