title = "the connection drops in the middle of an answer, the next call works"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc } -- 5 connections, 5 min idle, a health check each minute
plc:set("DB1.DBD0:DINT", 4711)
pool:start()

local function read()
  return pool:execute(function(client) return client:read("DB1.DBD0:DINT") end)
end

-- Twelve bytes of the answer arrive, then a reset.
local cut = plc:fault("cut", "fn=read nth=1 bytes=12 then=rst")
fails("reset", read)
expect(cut.fired, 1)

-- The broken connection is gone, a new one is made for who asks next.
expect(read(), 4711)
expect(pool.stats.connects, 2)
expect(pool.stats.closed.peer, 1)
expect(pool.stats.in_use, 0)

-- The same with an orderly end. A write whose answer is lost may have happened: that is what the caller is told,
-- and nobody sends it again.
plc:fault("cut", "fn=write nth=1 bytes=4 then=fin")
fails("outcome_unknown", function()
  pool:execute(function(client) client:write("DB1.DBD4:DINT", 42) end)
end)
expect(plc.seen.writes, 1)
expect(plc:get("DB1.DBD4:DINT"), 42)
expect(read(), 4711)
expect(pool.stats.connects, 3)
within("1s", function() return plc.seen.sessions end, 1)
