title = "an answer that comes after its timeout never reaches the next call"

-- Byte 10 n holds 10 n, and read n asks for it: an answer that is taken for another's shows.
local plc = PLC { db = { [1] = 256 } }
for n = 0, 25 do
  plc:set("DB1.DBB" .. 10 * n, 10 * n)
end

local function reads(from, to, read)
  for n = from, to do
    expect(read("DB1.DBB" .. 10 * n), 10 * n)
  end
end

-- A client alone. Its third read takes 7 s, it waits 5 s, and goes on on the same connection.
local client = Client { plc }
client:connect()
plc:fault("slow", "fn=read conn=1 nth=3 time=7s")
local function by_client(address) return client:read(address) end
reads(0, 1, by_client)
fails("timeout", function() client:read("DB1.DBB20") end)
reads(3, 25, by_client)
expect(plc.seen.accepted, 1)
client:close()

-- A pool. Who timed out gives his connection back; it is not lent while the answer is owed.
local pool = Pool { plc }
pool:start()
plc:fault("slow", "fn=read conn=2 nth=3 time=7s")
local function by_pool(address)
  return pool:execute(function(lent) return lent:read(address) end)
end
reads(0, 1, by_pool)
fails("timeout", function() by_pool("DB1.DBB20") end)
expect(pool.stats.dirty, 1)
expect(pool.stats.available, 0)
reads(3, 12, by_pool)
within("2100ms", function() return pool.stats.late_answers end, 1) -- it came, and was thrown away
within("1s", function() return pool.stats.available end, 2)
expect(pool.stats.dirty, 0)
reads(13, 25, by_pool)

-- A pool of one. There is no other connection: the next borrower gets a new one at once.
local single = Pool { plc, size = 1 }
single:start()
plc:fault("slow", "fn=read conn=4 nth=1 time=7s")
fails("timeout", function()
  single:execute(function(lent) lent:read("DB1.DBB20") end)
end)
reads(3, 25, function(address)
  return single:execute(function(lent) return lent:read(address) end)
end)
expect(single.stats.closed.timeout, 1)
expect(single.stats.connects, 2)
