title = "P16: health checks that are answered slowly cost borrowers nothing"
virtual_only = "waits of a millisecond are compared"

-- Three callers come and go at a pool of three. How long do they wait for a connection?
local function waits(check_ms, slow)
  local plc = PLC {}
  local pool = Pool { plc, size = 3, health_check_ms = check_ms, start = "all", max_idle_ms = 0 }
  pool:start()
  if slow then plc:fault("slow", "fn=read area=M time=1900ms") end -- of the 2 s that a check may take
  local longest, puts, tasks = 0, 0, {}
  for worker = 1, 3 do
    tasks[worker] = go(function()
      for turn = 1, 200 do
        local began = now()
        local client = pool:get()
        longest = math.max(longest, now() - began)
        wait(37 + 7 * worker)
        began = now()
        pool:put(client)
        puts = math.max(puts, now() - began)
        wait(11 + (turn * worker) % 60)
      end
    end)
  end
  for _, task in ipairs(tasks) do
    task:join()
  end
  return longest, puts, pool.stats
end

local without, _, calm = waits(0, false)
expect(calm.health_checks, 0)
local with, puts, stats = waits("1s", true)
expect(stats.health_checks, ">=", 10)
expect(with, "<=", without + 0.1)
expect(puts, "<", 1)
expect(stats.gets_failed, 0)
