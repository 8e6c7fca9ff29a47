title = "P29: a write whose acknowledgement was lost is never sent again"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 2 }
pool:start()

-- The PLC does what it is asked to and its answer is lost, whole or from each of its bytes on.
local writes = 0
local function lost(name, args)
  local fault = plc:fault(name, args)
  writes = writes + 1
  fails("outcome_unknown", function()
    pool:execute(function(client) client:write("DB1.DBW0:INT", writes) end)
  end)
  expect(fault.fired, 1)
  always("1s", function() return plc.seen.writes end, writes)
  expect(plc:get("DB1.DBW0:INT"), writes)
  expect(pool:execute(function(client) return client:read("DB1.DBW0:INT") end), writes)
end

lost("rst_now", "fn=write nth=1 run=yes")
for bytes = 0, 21 do -- of 22
  lost("cut", { fn = "write", nth = 1, bytes = bytes, ["then"] = bytes % 2 == 0 and "rst" or "fin" })
end

-- A client without a pool: nor does it.
local client = Client { plc }
client:connect()
plc:fault("rst_now", "fn=write nth=1 run=yes")
fails("outcome_unknown", function() client:write("DB1.DBW0:INT", 4711) end)
client:connect()
always("10s", function() return plc.seen.writes end, writes + 1)
