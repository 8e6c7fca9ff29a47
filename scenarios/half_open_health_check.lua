title = "a health check finds the connection whose cable is out"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, keepalive_idle_ms = 0 } -- TCP asks nobody; a check each minute, which may take 2 s
plc:set("DB1.DBB0", 7)
pool:start()
expect(pool.stats.available, 1)

-- Neither FIN nor RST: both sides believe that they are connected.
local cable = plc:fault("half_open", "at=0")
within("10ms", function() return cable.fired end, 1)
expect(pool.stats.available, 1)
expect(plc.seen.sessions, 1)

-- The pool notices within the checks' period and their patience, though nobody uses it.
within("62s", function() return pool.stats.health_check_failures end, 1)
within("1s", function() return pool.stats.total_connections end, 0)
expect(pool.stats.closed.health, 1)

-- Who borrows next gets a fresh connection; the PLC may hold the dead one until its own keep-alive gives it up.
expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
expect(pool.stats.connects, 2)
expect(plc.seen.sessions, "<=", 2)
