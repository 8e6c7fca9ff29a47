title = "a pool tells what happens to it, in order, with who, why and for how long"

local plc = PLC { db = { [1] = 256 } }
local told = {}
local pool = Pool { plc, size = 1, name = "press 4", leak_ms = "5s", on_event = function(event)
  told[#told + 1] = event
end }

-- The next one told is of that kind; nothing came before it.
local looked = 0
local function next_is(kind)
  within("30s", function() return #told end, ">", looked)
  looked = looked + 1
  expect(told[looked].kind, kind)
  expect(told[looked].lost, 0)
  return told[looked]
end

pool:start()
local event = next_is("connected")
expect(event.status, "ok")
expect(event.took_ms, ">", 0)
if virtual then expect(event.at_ms, now()) end

-- Who waits, for how long, and a leak that comes back.
local client = pool:get(nil, "forgetful")
local other = go(function() pool:put(pool:get("1min", "patient")) end)
event = next_is("wait_began")
expect(event.label, "patient")
expect(event.count, 1)
event = next_is("leak")
expect(event.label, "forgetful")
expect(event.took_ms, ">=", 5000)
pool:put(client)
other:join()
expect(next_is("returned").label, "forgetful")
event = next_is("wait_ended")
expect(event.label, "patient")
expect(event.status, "ok")
expect(event.took_ms, ">=", virtual and 5000 or 4000)

-- Each end has its reason, and only an end has one.
pool:discard(pool:get(), "outcome_unknown")
event = next_is("closed")
expect(event.reason, "borrower")
expect(event.status, "outcome_unknown")
pool:put(pool:get())
expect(next_is("wait_began").reason, "")
next_is("connected")
next_is("wait_ended")
plc:fault("refuse", "for=5s drop=all")
event = next_is("lost")
expect(event.status, "reset")
expect(next_is("closed").reason, "peer")

-- An outage, and why.
local back = go(function() pool:put(pool:get("1min")) end)
next_is("wait_began")
event = next_is("connect_failed")
expect(event.status, "refused")
expect(string.find(event.text, "connection refused", 1, true) ~= nil)
expect(next_is("down").status, "refused")
back:join()
wait("10ms")
local ups = 0
for i = looked + 1, #told do
  if told[i].kind == "up" then
    ups = ups + 1
    expect(told[i].took_ms, ">=", virtual and 4900 or 0)
  end
end
expect(ups, 1)
looked = #told

-- Maintenance.
pool:resize(2)
expect(next_is("resized").count, 2)
pool:pause()
next_is("paused")
expect(next_is("closed").reason, "pause")
pool:resume()
next_is("resumed")
pool:refresh()
next_is("refreshed")
pool:close()
expect(next_is("shut").status, "ok")
wait("1s")
expect(#told, looked)
expect(pool.stats.events_lost, 0)
