title = "answers take times that were recorded: table(FILE) in the words of a fault"

local plc = PLC { db = { [1] = 16 } }
local client = Client { plc }
client:connect()

local slow = plc:fault("slow", "fn=read dist=table(recorded_times.txt)")
for _ = 1, 20 do
  local asked = now()
  client:read("DB1.DBW0")
  expect(now() - asked, ">=", 10)
end
expect(slow.fired, 20)
slow:drop()

-- Only files beside the scenario, by their bare names.
expect(pcall(plc.fault, plc, "slow", "dist=table(../more/recorded_times.txt)"), false)
expect(pcall(plc.fault, plc, "slow", "dist=table(missing.txt)"), false)
expect(pcall(plc.fault, plc, "slow", "dist=table(recorded_times.lua)"), false) -- no times
