title = "whatever ends it, each connection is told when it was made and once when it is closed, with its reason"

local plc = PLC { db = { [1] = 256 } }
local up, order, lost = {}, {}, 0
local made, closed = 0, {}
local pool = Pool { plc, size = 5, request_ms = "500ms", on_event = function(event)
  lost = event.lost
  if event.kind == "connected" then
    expect(not up[event.conn] or lost > 0)
    up[event.conn] = true
    made = made + 1
  elseif event.kind == "closed" then
    expect(up[event.conn] or lost > 0)
    up[event.conn] = false
    closed[event.reason] = (closed[event.reason] or 0) + 1
  end
end }
pool:start()
plc:fault("rst_now", "fn=read every=31")
plc:fault("fin_now", "fn=read every=37")
plc:fault("cut", "fn=read every=41 bytes=20 then=hang")
plc:fault("hang", "fn=read every=43")
local crew = Workers { pool, count = 20, times = 20, address = "DB1.DBB0", value = 0, pause = "5ms" }
wait("100ms")
pool:refresh()
crew:join()
expect(crew.wrong, 0)
expect(crew.failed, ">", 0)
pool:discard(pool:get())
pool:close()
wait("1s")

local stats = pool.stats
expect(stats.events_lost, lost)
if lost == 0 then
  expect(made, stats.connects)
  for reason, n in pairs(stats.closed) do expect(closed[reason] or 0, n) end
end
local all = 0
for _, n in pairs(stats.closed) do all = all + n end
expect(all, stats.connects)
