title = "P30: fifty pools at PLCs that take connections and say nothing cost the fifty-first nothing"

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

-- Fifty endpoints that are dead: ten pools at each of five simulators, since to make one takes its time.
local dead, n = {}, 50
for i = 1, n, 10 do
  local silent = PLC { name = "dead" .. i }
  silent:fault("hang", "fn=connect")
  for j = i, i + 9 do
    dead[j] = Pool { silent, start = "background" }
    dead[j]:start()
    go(function() pcall(dead[j].get, dead[j], "15s") end)
  end
end
wait("100ms")
local among = p99(plc, pool)
if virtual then expect(among, "<=", alone * 1.05) end
expect(pool.stats.connects, 1)
expect(pool.stats.gets_failed, 0)
for i = 1, n do
  expect(dead[i].stats.total_connections, 0)
end
