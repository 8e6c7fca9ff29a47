title = "a PLC that is frozen while its TCP goes on is found by the checks, or by the deadline of who asks"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 2, request_ms = "1s" }
plc:set("DB1.DBB0", 7)
pool:start()
local first, second = pool:get(), pool:get()
pool:put(second)

-- It takes everything and answers nothing, connection requests neither.
local frozen = plc:fault("hang", "fn=connect|setup|read|write|userdata")
local began = now()
fails("timeout", function() first:read("DB1.DBB0") end)
if virtual then expect(now() - began, "<=", 1001) end
pool:put(first)

-- The idle one: its check's moment comes within a minute, and the check may take 2 s.
within("63s", function() return pool.stats.health_check_failures end, 1)
within("10ms", function() return pool.stats.total_connections end, 0)
expect(pool.stats.closed.health, 1)
expect(pool.stats.closed.timeout, 1)

-- Nobody is told that the pool is exhausted.
local why = fails("plc_down", function() pool:get("5s") end)
expect(pool.stats.down)
expect((string.find(why.text, "no answer", 1, true)))

-- It goes on: within the longest pause and a handshake.
frozen:drop()
within("8100ms", function() return pool.stats.total_connections end, 1)
expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
