title = "each connection is closed when it was idle for exactly max_idle_ms, and not a microsecond later"
virtual_only = "the real clock is not exact"

local plc = PLC {}
local pool = Pool { plc } -- 5 min idle
pool:start()

-- Three connections, given back at times of their own.
local clients, given_back = { pool:get(), pool:get(), pool:get() }, {}
for i, pause in ipairs { "1s", "17ms", 33333 } do
  wait(pause)
  pool:put(clients[i])
  given_back[i] = now()
end

local function closes(at, left)
  local still = left + 1
  always(at - now() - 0.001, function() return pool.stats.total_connections end, still)
  within(0.002, function() return pool.stats.total_connections end, left)
  expect(math.abs(now() - at), "<", 0.0001)
end

closes(given_back[1] + 5 * min, 2)
closes(given_back[2] + 5 * min, 1)
closes(given_back[3] + 5 * min, 0)
expect(pool.stats.closed.idle, 3)
within("10ms", function() return plc.seen.connections end, 0)

-- Use, and nothing else, begins it anew: 4:59 in the pool, a read, and five minutes more.
pool:put(pool:get())
wait(5 * min - 1)
pool:execute(function(client) client:read("MB0") end)
local used = now()
wait(1)
expect(pool.stats.total_connections, 1)
closes(used + 5 * min, 0)

-- min_idle are kept for ever, the others are not.
local kept = Pool { plc, size = 3, min_idle = 2, max_idle_ms = "90s", start = "all" }
kept:start("10s")
clients = { kept:get(), kept:get(), kept:get() }
for _, client in ipairs(clients) do
  kept:put(client)
end
local put = now()
always(put + 90 * s - now() - 0.001, function() return kept.stats.available + kept.stats.checking end, 3)
within(0.002, function() return kept.stats.total_connections end, 2)
always("2h", function() return kept.stats.total_connections end, 2)
expect(kept.stats.closed.idle, 1)
