title = "two pools of a group never have more of a PLC than they may, and neither starves"

local plc = PLC { db = { [1] = 256 }, connections = 8 }
plc:fault("slow", "fn=read db=1 time=20ms")
local group = Group { plc_connections = 8, plc_reserved = 2, max_dials = 1 }
local greedy = Pool { plc, size = 10, group = group, start = "all" }
local late = Pool { plc, size = 10, group = group, start = "background" }

-- Ten are more than the group allows.
fails("budget", function() greedy:start() end)
greedy:resize(6)
greedy:start()
expect(greedy.stats.total_connections, 6)
greedy:resize(10)

-- The late one is given one of them, since the other has more than one.
late:start()
local client = late:get("1s", "late")
expect(client:read("DB1.DBB0"), 0)
late:put(client)
within("10ms", function() return greedy.stats.closed.yielded end, 1)

-- An HMI finds the reserved places free, whatever the pools do.
local hmi = { Client { plc, type = "op" }, Client { plc, type = "op" } }
local crews = {
  Workers { greedy, count = 20, times = 25, address = "DB1.DBB0", value = 0 },
  Workers { late, count = 20, times = 25, address = "DB1.DBB0", value = 0 },
}
wait("1s")
for _, client in ipairs(hmi) do client:connect() end
expect(greedy.stats.denied or late.stats.denied)
expect(greedy.stats.denials + late.stats.denials, ">=", 1)
for _, crew in ipairs(crews) do
  crew:join()
  expect(crew.failed, 0)
end
expect(plc.seen.refused, 0)
expect(plc.seen.sessions_max, 8)

-- Who asks for more than there is left is told that it is the group's doing.
greedy:close()
late:close()
local narrow = Group { plc_connections = 1 }
local first = Pool { plc, size = 1, group = narrow }
local second = Pool { plc, size = 1, group = narrow, start = "background" }
first:start()
second:start()
local held = first:get()
fails("budget", function() second:get("1s") end)
first:put(held)
