title = "the end of an idle connection is noticed within 10 ms, FIN or RST, and that of a lent one at its put"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 3 }
plc:set("DB1.DBB0", 7)
pool:start()

for round, name in ipairs { "fin_now", "rst_now", "fin_now", "rst_now" } do
  local clients = { pool:get(), pool:get(), pool:get() }
  for i = 1, round <= 2 and 3 or 2 do
    pool:put(clients[i])
  end
  plc:fault(name, "at=0")
  within("10ms", function() return pool.stats.closed.peer end, 3 * round - (round <= 2 and 0 or 1))
  expect(pool.stats.available, 0)
  if round > 2 then
    local good, why = pcall(clients[3].read, clients[3], "DB1.DBB0")
    expect(good, false)
    expect(why.status == "closed" or why.status == "reset" or why.status == "not_connected")
    pool:put(clients[3])
    within("10ms", function() return pool.stats.closed.peer end, 3 * round)
  end
  expect(pool.stats.total_connections, 0)
  expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
end

-- With a request outstanding it is told to the caller at once.
for _, name in ipairs { "fin_now", "rst_now" } do
  local client = pool:get()
  plc:fault("hang", "fn=read nth=1")
  plc:fault(name, "at=20ms")
  local began = now()
  fails(name == "fin_now" and "closed" or "reset", function() client:read("DB1.DBB0") end)
  if virtual then expect(now() - began, "<=", 21) end
  pool:put(client)
end

-- After an answer, in good order: the answer counts.
local last = plc:fault("fin_now", "fn=read nth=1")
expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
expect(last.fired, 1)
within("10ms", function() return pool.stats.total_connections end, 0)
