title = "a PLC that still holds the places of dead connections: the pool gets by with those there are, and grows again"

local plc = PLC { db = { [1] = 256 }, connections = 3 }
local pool = Pool { plc, size = 3, request_ms = "1s" }
plc:set("DB1.DBB0", 7)
pool:start()
local lent = { pool:get(), pool:get(), pool:get() }
expect(plc.seen.sessions, 3)

-- The cables of two connections are out. The pool gives them up, the PLC does not.
local cable = plc:fault("half_open", "conn=1..2 at=0")
within("10ms", function() return cable.fired end, 2)
for _, client in ipairs(lent) do
  local good = pcall(client.read, client, "DB1.DBB0")
  pool:put(client)
end
within("3s", function() return pool.stats.total_connections end, 1)
expect(pool.stats.closed.timeout, 2)
expect(plc.seen.sessions, 3)

-- Two callers are served by the one that is left; there is no place for another, and the PLC is not pestered.
local crew = Workers { pool, count = 2, times = 60, address = "DB1.DBB0", value = 7, pause = "500ms" }
wait("30s")
expect(pool.stats.total_connections, 1)
expect(pool.stats.limit, 1)
expect(pool.stats.connect_failures, "<=", 8)
expect(pool.stats.down, false)
crew:join()
expect(crew.ok, 120)

-- The PLC lets go of the dead ones. Within a probe's pause the pool has more again, when somebody wants them.
cable:drop()
within("10s", function() return plc.seen.sessions end, 1)
local first = pool:get()
local second = pool:get("61s")
expect(second:read("DB1.DBB0"), 7)
expect(pool.stats.total_connections, ">=", 2)
pool:put(first)
pool:put(second)

-- All of them at once: an outage until the places are free, and then everybody is served.
local all = plc:fault("half_open", "at=0")
within("10ms", function() return all.fired end, ">=", 2)
local client = pool:get()
fails("timeout", function() client:read("DB1.DBB0") end)
pool:discard(client)
within("70s", function() return pool.stats.total_connections end, 0)
after("20s", function() all:drop() end)
local began = now()
expect(pool:execute(function(lease) return lease:read("DB1.DBB0") end, "5min"), 7)
expect(plc.seen.sessions, "<=", 3)
