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
expect(pool.stats.last_connect_error, "cotp_refused")
expect(pool.stats.denied, false)
expect(getmetatable(pool.stats), false) -- all snapshots share it

-- Times are those of the scenario, in milliseconds.
wait("2s")
pool:discard(first)
pool:put(second)
local lease = pool.stats.lease
expect(lease.count, 2)
expect(lease.max_ms, ">=", virtual and 3000 or 2000)
expect(lease.p50_ms, ">=", virtual and 2800 or 1800) -- within 6.25 %
expect(lease.sum_ms, "<=", 2 * lease.max_ms)
expect(pool.stats.wait.count, 2)
expect(pool.stats.connect.count, 2)
within("10ms", function() return pool.stats.total_connections end, 1)
says("closed  1 (1 borrower); checks 0, 0 without an answer\n")
pool:pause()
says("paused, 0 of 3 connections\n")
pool:close()
