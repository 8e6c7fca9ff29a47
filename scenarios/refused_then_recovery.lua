title = "the PLC refuses connections for 10 s, then the pool is back within its backoff"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc }
plc:set("DB1.DBB0", 7)
pool:start()
local began = now()

-- A reboot: what was connected is reset, who dials is refused at once.
plc:fault("refuse", "for=10s drop=all")
within("100ms", function() return pool.stats.total_connections end, 0)

-- Who cannot wait so long is told that the PLC is down, not that the pool is exhausted.
fails("plc_down", function() pool:get("2s") end)
expect(pool.stats.down)
expect(pool.stats.connect_failures, ">=", 1)

-- Who can, gets a connection as soon as there is one: the pauses between dials are 5 s at most.
local served
local caller = go(function()
  local client = pool:get("30s")
  served = client:read("DB1.DBB0")
  pool:put(client)
end)
always(began + 10 * s - now(), function() return served end, nil)
within("5100ms", function() return served end, 7)
caller:join()
expect(pool.stats.down, false)
expect(pool.stats.available, 1)
expect(plc.seen.sessions, 1)
