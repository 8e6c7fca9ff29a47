title = "callers without a lease, who share connections, get their own answers, whatever happens"

local plc = PLC { db = { [1] = 64, [2] = 512 }, amq = 4 }
local pool = Pool { plc, size = 2, request_ms = "400ms", acquire_ms = "1500ms", health_check_ms = "1s" }
for n = 0, 6 do plc:set("DB1.DBB" .. 10 * n, 10 * n) end
pool:start()

search {
  function()
    local n, list = math.random(0, 6), {}
    for i = 1, 3 do list[i] = "DB1.DBB" .. 10 * ((n + i) % 7) end
    local reader = go(function()
      local ok, err = pcall(function() expect(pool:read(list)[1], 10 * ((n + 1) % 7)) end)
      return ok, err
    end)
    pool:write("DB2.DBW" .. 2 * n .. ":INT", math.random(1, 30000))
    pool:read("DB2.DBB0:BYTE[300]")
    reader:join()
  end,
  tasks = 3,
  pause = "250ms",
  over = "10s",
  recover_within = "30s",
}
