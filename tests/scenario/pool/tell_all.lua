title = "who wants to know all is told of each dial, borrow and return, and they add up"

local plc = PLC { db = { [1] = 256 } }
local count = { connecting = 0, connected = 0, connect_failed = 0, borrowed = 0, returned = 0, closed = 0 }
local lost, last = 0, {}
local pool = Pool {
  plc,
  size = 2,
  tell_all = true,
  on_event = function(event)
    if event.kind == "wait_began" or event.kind == "wait_ended" then return end
    count[event.kind] = (count[event.kind] or 0) + 1
    lost, last = event.lost, event
  end,
}

pool:start()
pool:put(pool:get("1s", "first"))
within("30s", function() return count.returned end, 1)
expect(last.label, "first")
expect(count.connecting, 1)
expect(count.connected, 1)
expect(count.borrowed, 1)

-- Two connections, six workers, one of whom finds fault with what it got; and calls without a lease.
local workers = {}
for i = 1, 6 do
  workers[i] = go(function()
    for round = 1, 3 do -- fewer events than a pool keeps
      local client = pool:get("1min", "worker " .. i)
      client:read("DB1.DBB0")
      if i == 3 then
        pool:discard(client, "protocol")
      else
        pool:put(client)
      end
      pool:read("DB1.DBB1")
    end
  end)
end
for i = 1, 6 do workers[i]:join() end
within("30s", function() return pool.stats.in_use end, 0)
pool:close()
within("30s", function() return count.shut or 0 end, 1)

local stats = pool.stats
expect(lost, 0)
expect(stats.closed.borrower, 3)
expect(count.connecting, stats.dials)
expect(count.connected, stats.connects)
expect(count.borrowed, stats.gets)
expect(count.returned, stats.puts)
expect(count.borrowed, count.returned)
expect(count.closed, stats.connects)
