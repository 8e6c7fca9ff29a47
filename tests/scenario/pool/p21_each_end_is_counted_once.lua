title = "P21: however a connection ends, that is seen once, and for its reason"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 1, request_ms = "1s" }

-- Which reasons are counted for one end.
local function one_end(reason, what)
  local before = pool.stats
  what()
  within("70s", function()
    local stats, ends = pool.stats, 0
    for name, n in pairs(stats.closed) do
      ends = ends + n - before.closed[name]
    end
    return ends
  end, 1)
  always("3s", function() return pool.stats.closed[reason] - before.closed[reason] end, 1)
  local stats, closed = pool.stats, 0
  for _, n in pairs(stats.closed) do
    closed = closed + n
  end
  expect(stats.connects - closed, stats.total_connections)
  within("1s", function() return plc.seen.connections end, stats.total_connections)
end

local function read()
  pool:execute(function(client) client:read("DB1.DBB0") end)
end

pool:start()

-- By its borrower, the PLC, the network, in words that are none; idle or lent.
one_end("borrower", function() pool:discard(pool:get()) end)
one_end("peer", function()
  plc:fault("rst_now", "fn=read nth=1")
  fails("reset", read)
end)
one_end("peer", function()
  pool:put(pool:get())
  plc:fault("rst_now", "at=0")
end)
one_end("peer", function()
  local client = pool:get()
  plc:fault("rst_now", "at=0")
  wait("10ms")
  pool:put(client)
end)
one_end("peer", function()
  plc:fault("cut", "fn=read nth=1 bytes=9 then=fin")
  fails("closed", read)
end)
one_end("timeout", function()
  plc:fault("hang", "fn=read db=1 nth=1")
  fails("timeout", read)
end)
one_end("health", function()
  pool:put(pool:get())
  plc:fault("hang", "fn=read area=M nth=1")
end)

-- By age in the pool, and with the pool.
local idle = Pool { plc, max_idle_ms = "30s" }
idle:start()
within("31s", function() return idle.stats.closed.idle end, 1)
expect(idle.stats.total_connections, 0)
one_end("shutdown", function()
  pool:put(pool:get())
  pool:close()
end)
local closed = pool.stats.closed
expect(closed.borrower, 1)
expect(closed.peer, 4)
expect(closed.timeout, 1)
expect(closed.health, 1)
expect(closed.shutdown, 1)
expect(closed.idle + closed.protocol, 0)
