title = "a client without a pool, which connects again when it must, gets its own answers, whatever happens"

local plc = PLC { db = { [1] = 64, [2] = 64 } }
local client = Client { plc, request_ms = "500ms", connect_ms = "1s", handshake_ms = "1s" }
for n = 0, 6 do plc:set("DB1.DBB" .. 10 * n, 10 * n) end
plc:fault("latency", "dist=40ms") -- a request is nearly always under way: what comes late meets the next one

search {
  function()
    local n = math.random(0, 6)
    if not client.connected then client:connect() end
    expect(client:read("DB1.DBB" .. 10 * n), 10 * n)
    client:write("DB2.DBX" .. n .. ".3", math.random(2) == 1)
    client:read("DB2.DBB" .. n)
  end,
  pause = "10ms",
  over = "12s",
  recover_within = "20s",
}
client:close()
