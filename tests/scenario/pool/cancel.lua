title = "whoever is cancelled gets an error and takes nothing with him: no place, no connection, no other's answer"

local plc = PLC { db = { [1] = 256 } }
for i = 0, 255 do plc:set("DB1.DBB" .. i, i) end
local pool = Pool { plc, size = 2, request_ms = "2s" }
pool:start()

-- P03: of those who wait, some go; the others are served in their order.
local held = { pool:get(), pool:get() }
local order, gone = {}, 0
local tasks = {}
for i = 1, 30 do
  tasks[i] = go(function()
    local ok, why = pcall(pool.get, pool, "1min")
    if not ok then
      expect(why.status, "cancelled")
      gone = gone + 1
      return
    end
    order[#order + 1] = i
    pool:put(why)
  end)
end
within("10s", function() return pool.stats.waiting end, 30)
for i = 1, 30, 3 do tasks[i]:cancel() end
within("10s", function() return gone end, 10)
expect(pool.stats.waiting, 20)
expect(pool.stats.gets_cancelled, 10)
for _, client in ipairs(held) do pool:put(client) end
for _, task in ipairs(tasks) do task:join() end
expect(#order, 20)
if virtual then
  for i = 2, 20 do expect(order[i - 1], "<", order[i]) end
end
tasks[1]:cancel() -- it has ended: nothing happens

-- P02: a read that is cancelled at whatever moment never answers another one.
plc:fault("slow", "fn=read db=1 time=uniform(1ms,200ms)")
local read = 0
for i = 1, 60 do
  local task = go(function()
    local ok, value = pcall(pool.execute, pool, function(client) return client:read("DB1.DBB" .. i) end)
    if ok then expect(value, i) else expect(value.status, "cancelled") end
  end)
  wait(math.random(1, 150))
  if not task.done then task:cancel() end
  expect(pool:execute(function(client) return client:read("DB1.DBB" .. 100 + i) end), 100 + i)
  task:join()
  read = read + 1
end
expect(read, 60)

-- The same without a lease.
for i = 1, 30 do
  local task = go(function()
    local ok, value = pcall(pool.read, pool, "DB1.DBB" .. i)
    if ok then expect(value, i) else expect(value.status, "cancelled") end
  end)
  local other = go(function() expect(pool:read("DB1.DBB" .. 200 - i), 200 - i) end)
  wait(math.random(1, 150))
  if not task.done then task:cancel() end
  task:join()
  other:join()
end

-- P29: a write that left may have been done.
plc:fault("slow", "fn=write time=10s count=1")
local write = go(function()
  fails("outcome_unknown", function() pool:execute(function(client) client:write("DB1.DBB0", 9) end) end)
end)
wait("500ms")
write:cancel()
write:join()

within("10s", function() return pool.stats.dirty end, 0)
local stats = pool.stats
expect(stats.in_use, 0)
expect(stats.waiting, 0)
expect(stats.gets, stats.puts)
expect(stats.total_connections, "<=", 2)
pool:close()
