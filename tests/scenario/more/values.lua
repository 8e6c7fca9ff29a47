title = "every type comes back as it was written: directly, through a client, and from one to the other"

local plc = PLC { db = { [1] = 512 }, i = 64, q = 64, t = 64, c = 64 }
local client = Client { plc }
client:connect()

local at = 0
local function place(type, bytes)
  local address = "DB1.DBB" .. at .. ":" .. type
  at = at + bytes + bytes % 2
  return address
end

-- The client writes over what was there before, so that it is seen to write.
local function both_ways(address, value)
  local before = plc:get(address)
  plc:set(address, value)
  expect(plc:get(address), value)
  expect(client:read(address), value)
  plc:set(address, before)
  client:write(address, value)
  expect(plc:get(address), value)
  expect(math.type(plc:get(address)), math.type(value))
end

local whole = {
  { "BYTE", 1, 0, 255 }, { "WORD", 2, 0, 65535 }, { "DWORD", 4, 0, 4294967295 },
  { "SINT", 1, -128, 127 }, { "INT", 2, -32768, 32767 }, { "DINT", 4, -2147483648, 2147483647 },
  { "LINT", 8, math.mininteger, math.maxinteger }, { "USINT", 1, 0, 255 }, { "UINT", 2, 0, 65535 },
  { "UDINT", 4, 0, 4294967295 }, { "ULINT", 8, 0, -1 }, { "LWORD", 8, 0, -1 }, -- -1: all 64 bits
}
for _, kind in ipairs(whole) do
  local name, bytes, low, high = table.unpack(kind)
  local address = place(name, bytes)
  for _, value in ipairs { low, high, 1, 42 } do
    both_ways(address, value)
  end
  if bytes < 8 then
    expect(pcall(plc.set, plc, address, low - 1), false)
    expect(pcall(plc.set, plc, address, high + 1), false)
    expect(plc:get(address), 42) -- nothing of it was stored
  end
  both_ways(place(name .. "[3]", 3 * bytes), { low, high, 7 })
end

for _, value in ipairs { 0.0, -0.5, 1.5, math.huge, -math.huge, 16777216.0 } do
  both_ways("DB1.DBD400:REAL", value)
  both_ways("DB1.DBB404:LREAL", value)
end
both_ways("DB1.DBB404:LREAL", 0.1)
both_ways("DB1.DBB404:LREAL", math.pi)
plc:set("DB1.DBD400:REAL", 0 / 0)
local nan = client:read("DB1.DBD400:REAL")
expect(nan, "~=", nan)
both_ways("DB1.DBD412:REAL[2]", { 0.25, -2.0 })

-- A bit leaves its neighbours alone.
plc:set("DB1.DBB420", 0xff)
both_ways("DB1.DBX420.3", false)
expect(plc:get("DB1.DBB420"), 0xf7)
both_ways("DB1.DBX420.3", true)
expect(plc:get("DB1.DBB420"), 0xff)
plc:set("DB1.DBB420", 0)
for bit = 0, 7 do
  local address = "DB1.DBX420." .. bit
  both_ways(address, true)
  expect(plc:get("DB1.DBB420"), 1 << bit)
  client:write(address, false)
  expect(plc:get("DB1.DBB420"), 0)
end
plc:set("DB1.DBX420.5", 1)
expect(plc:get("DB1.DBX420.5"))

both_ways("DB1.DBB422:STRING(10)", "")
both_ways("DB1.DBB422:STRING(10)", "0123456789")
both_ways("DB1.DBB422:STRING(10)", "a\0\xff")
both_ways("DB1.DBB434:CHAR", "x")
both_ways("DB1.DBB434:CHAR[4]", "ab\0d")
both_ways("DB1.DBB440:STRING(4)[2]", { "ab", "cdef" })

-- Other areas; the inputs of a PLC are read by it, but a client may write them.
both_ways("MW10", 65535)
both_ways("MX20.7", true)
both_ways("IB3", 3)
both_ways("QD4", 4294967295)
both_ways("T5", 0x0123) -- BCD, the CPU refuses others
both_ways("C31", 0x0999)
fails("item_access", function() client:write("C31", 0x0a00) end)

-- Lists of addresses, and values in their order.
local list = { "DB1.DBW0:INT", "MB0", "DB1.DBX420.1", "DB1.DBB422:STRING(10)" }
client:write(list, { -5, 6, true, "seven" })
expect(client:read(list), { -5, 6, true, "seven" })
expect(plc:get("DB1.DBW0:INT"), -5)
fails("item_missing", function() client:read("DB9.DBB0") end)
fails("item_address", function() client:read("DB1.DBB512") end)
fails("partial", function() client:read { "MB0", "DB9.DBB0" } end)
