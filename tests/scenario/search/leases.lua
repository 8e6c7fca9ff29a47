title = "callers of a pool read and write what is there, whatever happens"

-- Byte 10 n of DB1 holds 10 n, and DB2 is each caller's own: whoever gets another's answer sees it.
local plc = PLC { db = { [1] = 64, [2] = 64 } }
local pool = Pool { plc, size = 2, request_ms = "500ms", acquire_ms = "2s", health_check_ms = "1s", max_idle_ms = "3s", min_idle = 1 }
for n = 0, 6 do plc:set("DB1.DBB" .. 10 * n, 10 * n) end
pool:start()

local last = 0
search {
  function()
    local n = math.random(0, 6)
    pool:execute(function(client)
      expect(client:read("DB1.DBB" .. 10 * n), 10 * n)
      last = last + 1
      client:write("DB2.DBD" .. 4 * n .. ":DINT", last)
      client:read { "DB1.DBB" .. 10 * n, "DB2.DBD" .. 4 * n .. ":DINT" }
    end)
  end,
  tasks = 3,
  pause = "300ms",
  over = "12s",
  recover_within = "40s",
  invariant = function()
    local stats = pool.stats
    expect(stats.total_connections + stats.connecting, "<=", 2)
    expect(stats.misuse, 0)
  end,
  recovered = function()
    expect(pool.stats.gets, pool.stats.puts)
    expect(pool:read("DB1.DBB10"), 10)
  end,
}
