title = "100 callers and pools of 1, 5 and 10, while the PLC resets, stalls, falls silent, cuts and refuses"

-- Byte 10 n holds 10 n: whoever gets another's answer sees it.
local function prepare(plc)
  local addresses, values = {}, {}
  for n = 0, 24 do
    addresses[n + 1], values[n + 1] = "DB1.DBB" .. 10 * n, 10 * n
    plc:set(addresses[n + 1], values[n + 1])
  end
  return addresses, values
end

local function break_it(plc)
  plc:fault("rst_now", "fn=read every=37 count=8")
  plc:fault("slow", "fn=read time=uniform(100ms,900ms) every=23 count=8") -- some beyond the callers' patience
  plc:fault("hang", "fn=read every=101 count=4")
  plc:fault("cut", "fn=read every=53 count=4 bytes=12 then=rst")
  plc:fault("cut", "fn=read every=59 count=4 bytes=50% then=fin")
  plc:fault("conn_limit", "max=4 how=rst optional") -- a small pool does not come that far
end

local function settle(pool)
  within("20s", function()
    local stats = pool.stats
    return stats.in_use + stats.waiting + stats.dirty + stats.closing + stats.connecting
  end, 0)
end

local function ledger(stats)
  local closed = 0
  for _, n in pairs(stats.closed) do
    closed = closed + n
  end
  expect(stats.gets, stats.puts)
  expect(stats.misuse, 0)
  expect(stats.connects - closed, stats.total_connections)
  expect(stats.total_connections, "<=", stats.size)
end

for _, size in ipairs { 1, 5, 10 } do
  local plc = PLC { db = { [1] = 256 } }
  local addresses, values = prepare(plc)
  local pool = Pool { plc, size = size, request_ms = "500ms", acquire_ms = "5min", max_idle_ms = "10min" }
  pool:start()
  break_it(plc)
  local crew = Workers { pool, count = 100, times = 10, address = addresses, value = values, pause = "10ms" }
  crew:join()
  expect(crew.wrong, 0)
  expect(crew.ok + crew.failed, 1000)
  expect(crew.failed, ">=", 16) -- one for each firing that a caller must feel
  if virtual then expect(crew.failed, "<=", 28) end -- and may; a busy machine makes others time out
  settle(pool)
  expect(pool.stats.gets, 1000)
  ledger(pool.stats)
  expect(plc.seen.sessions_max, "<=", size < 4 and size + 1 or 4)
end
