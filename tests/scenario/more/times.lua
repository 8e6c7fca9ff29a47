title = "times are what they say, in numbers and words"
virtual_only = "the real clock is not exact"

local function lasts(time, ms)
  local began = now()
  wait(time)
  expect(math.abs(now() - began - ms), "<", 1e-6)
end

lasts(0, 0)
lasts(1, 1)
lasts(0.25, 0.25)
lasts("250us", 0.25)
-- A number without a unit is no text: wait(7) says milliseconds.
expect(pcall(wait, "7"), false)
lasts("7ms", 7)
lasts("1.5s", 1500)
lasts("0.001s", 1)
lasts("5min", 5 * min)
lasts("1.5min", 90 * s)
lasts("2h", 2 * h)
lasts(2 * h + 3 * min + 4 * s + 5 * ms, 7384005)
lasts("1.000001ms", 1.000001)

-- at counts from the start, after from now; tasks of one time go in the order in which they were made.
local order = {}
local function note(name)
  return function() order[#order + 1] = name end
end
local base = now()
at(base + 100, note "at 100")
after(50, note "after 50")
after(100, note "after 100")
go(note "at once")
after(0, note "after 0")
expect(#order, 0)
wait(100)
wait(0)
expect(order, { "at once", "after 0", "after 50", "at 100", "after 100" })

-- within goes on at once, always lasts; the deadline itself still counts.
local ready = false
after(30, function() ready = true end)
local began = now()
within(30, function() return ready end)
expect(math.abs(now() - began - 30), "<", 1e-6)
began = now()
always("10ms", function() return ready end)
expect(math.abs(now() - began - 10), "<", 1e-6)
within(0, function() return ready end)
always(0, function() return ready end)

-- A task's end is seen by whoever joins, before or after.
local task = go(function() wait("1s") end)
expect(task.done, false)
began = now()
task:join()
expect(task.done)
expect(math.abs(now() - began - 1000), "<", 1e-6)
task:join()
