title = "P30: fifty PLCs that take connections and say nothing cost the fifty-first nothing"

local function good_plc()
  local plc = PLC { db = { [1] = 256 }, name = "good" }
  plc:set("DB1.DBB0", 7)
  return plc
end

-- A hundred reads in a row: all but the slowest one.
local function p99(plc, pool)
  local times = {}
  for turn = 1, 100 do
    local began = now()
    expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
    times[turn] = now() - began
    wait(150)
  end
  table.sort(times)
  return times[99]
end

local plc = good_plc()
local pool = Pool { plc }
pool:start()
local alone = p99(plc, pool)

local dead, n = {}, virtual and 50 or 20 -- to make a PLC takes its time
for i = 1, n do
  local silent = PLC { name = "dead" .. i }
  silent:fault("hang", "fn=connect")
  dead[i] = Pool { silent, start = "background" }
  dead[i]:start()
  go(function() pcall(dead[i].get, dead[i], "15s") end)
end
wait("100ms")
local among = p99(plc, pool)
if virtual then expect(among, "<=", alone * 1.05) end
expect(pool.stats.connects, 1)
expect(pool.stats.gets_failed, 0)
for i = 1, n do
  expect(dead[i].stats.total_connections, 0)
end
