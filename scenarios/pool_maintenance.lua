title = "a pool is paused, resized, refreshed, and renews old connections"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 4, max_lifetime_ms = "2min", max_idle_ms = 0, leak_ms = "30s" }
pool:start()

-- Paused, it leaves the PLC alone; who asks meanwhile waits.
local client = pool:get()
fails("timeout", function() pool:pause("1s") end)
expect(pool.stats.paused, true)
pool:put(client)
pool:pause()
within("1s", function() return plc.seen.connections end, 0)
local caller = go(function()
  pool:execute(function(c) expect(c:read("DB1.DBB0"), 0) end)
end)
always("20s", function() return plc.seen.connections end, 0)
expect(caller.done, false)
pool:resume()
within("1s", function() return caller.done end, true)

-- A smaller pool closes what is too much, now or when it comes back.
local clients = { pool:get(), pool:get(), pool:get(), pool:get() }
pool:put(clients[1])
pool:resize(2)
within("1s", function() return plc.seen.connections end, 3)
for i = 2, 4 do pool:put(clients[i]) end
within("1s", function() return plc.seen.connections end, 2)
expect(pool.stats.closed.shrink, 2)

-- All connections are replaced; what is lent goes on.
client = pool:get()
pool:refresh()
expect(client:read("DB1.DBB0"), 0)
pool:put(client)
within("1s", function() return pool.stats.closed.evicted end, 2)

-- A lease that is out for long is told; the connection is too old when it comes back.
client = pool:get()
within("30s", function() return pool.stats.leaking end, 1)
wait("2min")
pool:put(client)
within("1s", function() return pool.stats.closed.lifetime end, 1)
expect(pool.stats.leaks, 1)
