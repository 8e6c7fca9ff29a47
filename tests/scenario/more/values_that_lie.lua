title = "broken sensors: what a client reads is off, what the PLC has is not"

local plc = PLC { db = { [1] = 64 } }
local client = Client { plc }
client:connect()

plc:set("DB1.DBD0:REAL", 20.0)
plc:set("DB1.DBW4:INT", 100)

local stuck = plc:fault("stuck_bit", "value=DB1.DBX6.3")
local spike = plc:fault("spike", { value = "DB1.DBW4:INT", amp = 1000, way = "up", nth = 2 })
local drift = plc:fault("drift", "value=DB1.DBD0:REAL rate=0.5 amp=2")

expect(client:read("DB1.DBX6.3"), true)
expect(client:read("DB1.DBW4:INT"), 100)
expect(client:read("DB1.DBW4:INT"), 1100)
expect(client:read("DB1.DBW4:INT"), 100)
wait("10s")
expect(client:read("DB1.DBD0:REAL"), 22.0)

local noise = plc:fault("noise", "value=DB1.DBD0:REAL amp=0.25")
for _ = 1, 20 do
  local value = client:read("DB1.DBD0:REAL")
  expect(value, ">=", 21.75)
  expect(value, "<=", 22.25)
end

expect(plc:get("DB1.DBD0:REAL"), 20.0)
expect(plc:get("DB1.DBW4:INT"), 100)
expect(plc:get("DB1.DBX6.3"), false)
for _, fault in ipairs { stuck, spike, drift, noise } do
  expect(fault.fired, ">=", 1)
  fault:drop()
end
expect(client:read { "DB1.DBD0:REAL", "DB1.DBW4:INT", "DB1.DBX6.3" }, { 20.0, 100, false })
