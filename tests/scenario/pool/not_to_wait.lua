title = "who would rather fail than wait fails at once: exhausted, too many waiters, the PLC is down"

local plc = PLC { db = { [1] = 256 } }
local function at_once(status, call)
  local began = now()
  local why = fails(status, call)
  if virtual then expect(now(), began) end
  return why
end

-- All are taken, and none may be added; while one may, it is waited for.
local pool = Pool { plc, size = 2, fail_when_exhausted = true }
pool:start()
local held = { pool:get(), pool:get(nil, "the second") }
local why = at_once("pool_exhausted", function() pool:get() end)
expect(string.find(why.text, "2 of 2 connections are in use", 1, true) ~= nil)
expect(string.find(why.text, "the second", 1, true) ~= nil)
for _, client in ipairs(held) do pool:put(client) end
pool:close()

-- Two may wait, not three.
pool = Pool { plc, size = 1, max_waiters = 2 }
pool:start()
local client = pool:get()
local served = 0
for _ = 1, 2 do
  go(function()
    pool:put(pool:get())
    served = served + 1
  end)
end
within("1s", function() return pool.stats.waiting end, 2)
at_once("pool_queue_full", function() pool:get() end)
pool:put(client)
within("1s", function() return served end, 2)
pool:close()

-- While the PLC is down there is nothing to wait for; the cause is told.
pool = Pool { plc, size = 1, fail_fast_when_down = true }
pool:start()
plc:fault("refuse", "for=30s drop=all")
within("1s", function() return pool.stats.total_connections end, 0)
pcall(pool.get, pool) -- finds out
within("5s", function() return pool.stats.down end, true)
why = at_once("plc_down", function() pool:get() end)
expect(string.find(why.text, "connection refused", 1, true) ~= nil)
fails("plc_down", function() pool:read("DB1.DBB0") end)
within("40s", function() return pool.stats.down end, false)
expect(pool:read("DB1.DBB0"), 0)
pool:close()
