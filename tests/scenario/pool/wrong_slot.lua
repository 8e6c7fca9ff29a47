title = "a wrong slot is refused by DR: the start fails with it at once, and who insists does not hammer"

local plc = PLC { cpu = "s7-300", slot = 2 }

-- One connection request, and its answer.
local wrong = Pool { plc, slot = 7 }
local began = now()
local why = fails("cotp_refused", function() wrong:start() end)
expect(string.find(why.text, "slot 7", 1, true) ~= nil)
expect(string.find(why.text, "check rack and slot", 1, true) ~= nil)
if virtual then expect(now() - began, "<", 5) end
expect(plc.seen.accepted, 1)
wait(virtual and "10min" or "30s")
expect(plc.seen.accepted, 1) -- a start that failed is over

-- In the background it goes on: 0.25, 0.5, 1, 2, 4 and then 5 s apart at most, drawn from zero.
local stubborn = Pool { plc, slot = 7, start = "background" }
stubborn:start()
local function knocks(time)
  local before = plc.seen.accepted
  wait(time)
  return plc.seen.accepted - before
end
expect(knocks("10s"), "<=", 16)
for _ = 1, virtual and 10 or 1 do
  expect(knocks("1min"), "<=", 40)
end
expect(plc.seen.accepted, "<=", 300)
expect(stubborn.stats.down, true)
expect(stubborn.stats.connecting, "<=", 1)
if virtual then expect(stubborn.stats.dial_failures.cotp, plc.seen.accepted - 1) end
expect(plc.seen.sessions_max, 0)

-- A hundred callers make it no worse, and all are told the cause.
local crew = Workers { stubborn, count = 100, address = "MB0", acquire_ms = "1min" }
expect(knocks("1min"), "<=", 40)
crew:join()
expect(crew.failed, 100)
expect(crew.error, "plc_down")
why = fails("plc_down", function() stubborn:get("1s") end)
expect(string.find(why.text, "slot 7", 1, true) ~= nil or string.find(why.text, "check rack and slot", 1, true) ~= nil)
