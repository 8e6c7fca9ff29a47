title = "P14: a connection whose handshake came too late is closed, and no socket is left"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc } -- 3 s for a handshake
pool:start()
local first = pool:get()

-- The second connection is confirmed 10 ms after the pool gave it up.
local late = plc:fault("slow", "fn=connect nth=1 time=3010ms")
local began, told = now(), nil
local caller = go(function()
  local client = pool:get("10s")
  told = now() - began
  pool:put(client)
end)
within("3200ms", function() return pool.stats.connect_failures end, 1)
within("100ms", function() return plc.seen.connections end, 1) -- FIN or RST came: the first one's is left
expect(late.fired, 1)
always("1s", function() return plc.seen.connections - pool.stats.total_connections end, "<=", 0)

-- The pool counts as many as the PLC.
pool:put(first)
caller:join()
expect(told)
within("1s", function() return plc.seen.connections == pool.stats.total_connections end)

-- So it is for one whose setup stays away, and for a caller that goes before the dial ends.
local others = { pool:get(), pool:get() }
plc:fault("hang", "fn=setup nth=1")
while pool.stats.available > 0 do
  others[#others + 1] = pool:get()
end
fails("pool_exhausted", function() pool:get("1s") end)
within("3500ms", function() return pool.stats.connect_failures end, ">=", 2)
within("100ms", function() return plc.seen.connections == pool.stats.total_connections end)
for _, client in ipairs(others) do
  pool:put(client)
end
