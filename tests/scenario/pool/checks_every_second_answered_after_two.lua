title = "checks every second whose answers take two: no borrower waits longer for a connection than without them"
virtual_only = "percentiles are compared exactly"

-- Eight callers at a pool of five: now and then one has to wait, now and then a connection is idle. Only checks read M.
local function crowd(check_ms, jobs)
  local plc = PLC { db = { [1] = 256 }, amq = jobs }
  local pool = Pool { plc, size = 5, health_check_ms = check_ms, health_timeout_ms = "3s", start = "all", max_idle_ms = 0 }
  pool:start()
  plc:fault("slow", "fn=read area=M time=2s optional")
  local tasks = {}
  for worker = 1, 8 do
    tasks[worker] = go(function()
      for turn = 1, 400 do
        local client = pool:get()
        wait(17 + worker * turn % 40)
        pool:put(client)
        wait(5 + (worker * 7 + turn * 3) % 50)
      end
    end)
  end
  for _, task in ipairs(tasks) do task:join() end
  local stats = pool.stats
  expect(stats.gets, 8 * 400)
  expect(stats.health_check_failures, 0)
  log(string.format("%d jobs at a time, checks every %s: %d checks; get p50 %.3f, p95 %.3f, p99 %.3f, max %.3f ms", jobs,
    check_ms, stats.health_checks, stats.wait.p50_ms, stats.wait.p95_ms, stats.wait.p99_ms, stats.wait.max_ms))
  pool:close()
  return stats
end

local without, with = crowd(0, 8), crowd("1s", 8)
expect(without.health_checks, 0)
expect(with.health_checks, ">=", 20)
expect(with.gets_waited, without.gets_waited)
for _, what in ipairs { "p50_ms", "p95_ms", "p99_ms", "max_ms" } do
  expect(with.wait[what], without.wait[what])
end

-- Where the PLC takes one job at a time, the connection that is being checked is not to be had for two seconds.
without, with = crowd(0, 1), crowd("1s", 1)
expect(with.wait.max_ms, "<=", without.wait.max_ms + 50)
