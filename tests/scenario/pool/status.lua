title = "a pool tells people what it knows: state, leases, waits, dials by kind, connections closed by reason"

local plc = PLC { name = "press", db = { [1] = 256 } }
local pool = Pool { plc, size = 3 }

local function says(text)
  local status = pool:status()
  if not string.find(status, text, 1, true) then log(status) end
  expect(string.find(status, text, 1, true) ~= nil)
end

says("press at ")
says("not connected, 0 of 3 connections\n")
pool:start()
says("up, 1 of 3 connections (1 idle)\n")
plc:fault("conn_limit", "max=2 how=dr")
local first, second = pool:get(), pool:get()
fails("pool_exhausted", function() pool:get("1s") end)
says("the PLC is full, 2 of 3 connections (2 in use), the PLC allows 2\n")
says("gets    2, 1 after a wait, 1 in vain (1 timed out); puts 0\n")
says("1 failed (1 cotp), the last one: ")
expect(pool.stats.dial_failures.cotp, 1)
expect(pool.stats.dial_failures["local"], 0)
pool:discard(first)
pool:put(second)
within("10ms", function() return pool.stats.total_connections end, 1)
says("closed  1 (1 borrower); checks 0, 0 without an answer\n")
pool:pause()
says("paused, 0 of 3 connections\n")
pool:close()
