title = "who closes or pauses waits for what is lent, up to a time, and is told what would have helped"

local plc = PLC { db = { [1] = 256 } }

-- Callers who wait are told at once, and who has a connection goes on with it.
local pool = Pool { plc, size = 1 }
pool:start()
local client = pool:get()
local told = 0
for _ = 1, 10 do
  go(function()
    fails("pool_closed", function() pool:get() end)
    told = told + 1
  end)
end
wait("1s")
local first = go(function() pool:close("1min") end)
local second = go(function() pool:close("1min") end)
within("10ms", function() return told end, 10)
expect(client:read("DB1.DBB0"), 0)
wait("1s")
expect(first.done or second.done, false)
pool:put(client)
first:join()
second:join()
within("1s", function() return plc.seen.connections end, 0)

-- What is not back in time is taken away.
pool = Pool { plc, size = 1 }
pool:start()
client = pool:get()
local began = now()
local why = fails("timeout", function() pool:close("20s") end)
if virtual then expect(now() - began, 20*s) end
expect(string.find(why.text, "try: put clients back sooner, or allow more time", 1, true) ~= nil)
fails("timeout", function() pool:close() end)
fails("stale_lease", function() client:read("DB1.DBB0") end)
fails("pool_closed", function() pool:put(client) end)
within("1s", function() return plc.seen.connections end, 0)

-- So are calls that are inside: what was read is not known, what was written may have happened.
pool = Pool { plc, size = 3, request_ms = "1min" }
pool:start()
local executed = go(function() expect(pool:execute(function() wait("3s") return 5 end), 5) end)
local reader, writer = pool:get(), pool:get()
local slow = plc:fault("hang")
local calls = {
  go(function() fails("pool_closed", function() reader:read("DB1.DBB0") end) end),
  go(function() fails("outcome_unknown", function() writer:write("DB1.DBB0", 1) end) end),
}
wait("1s")
go(function() fails("timeout", function() pool:close("1s") end) end)
for _, call in ipairs(calls) do call:join() end
slow:drop()
executed:join()
for _, taken in ipairs { reader, writer } do fails("pool_closed", function() pool:put(taken) end) end

-- A pause takes nothing away.
pool = Pool { plc, size = 1 }
pool:start()
client = pool:get()
why = fails("timeout", function() pool:pause("5s") end)
expect(string.find(why.text, "try: put clients back sooner, or allow more time", 1, true) ~= nil)
expect(pool.stats.paused, true)
expect(client:read("DB1.DBB0"), 0)
fails("pool_paused", function() pool:read("DB1.DBB0", "5s") end)
pool:resume()
pool:put(client)
expect(pool:read("DB1.DBB0"), 0)
pool:close()
