title = "P01: whatever becomes of answers on their way, nobody gets another's value, and the pool is well afterwards"

local faults = {
  { "late_after_timeout", "offset=210ms every=7" },
  { "wrong_ref", "which=previous every=7" },
  { "wrong_ref", "which=random every=7" },
  { "wrong_function", "pair=write_for_read every=7" },
  { "duplicate", "every=3" },
  { "reorder", "every=3" },
  { "unsolicited", "every=3" },
  { "short_item", "every=7" },
  { "ack_no_data", "every=7" },
  { "split", "every=3 at=data gap=5ms" },
  { "cut", "every=11 bytes=50% then=rst" },
  { "garbage", "every=11" },
  { "dr_mid", "every=11" },
  { "item_error", "every=7" },
}
local addresses, values = {}, {}
for i = 1, 40 do
  addresses[i], values[i] = "DB1.DBW" .. 2 * i .. ":INT", 101 * i
end

for _, fault in ipairs(faults) do
  local plc = PLC { db = { [1] = 256 } }
  for i = 1, 40 do plc:set(addresses[i], values[i]) end
  local pool = Pool { plc, size = 3, request_ms = "200ms", acquire_ms = "1s" }
  pool:start()
  local broken = plc:fault(fault[1], "fn=read " .. fault[2])
  for _, lease in ipairs { true, false } do
    local crew = Workers { pool, count = 8, times = 10, address = addresses, value = values, pause = "2ms", lease = lease }
    crew:join()
    expect(crew.wrong, 0)
    expect(crew.ok, ">", 40)
  end
  broken:drop()
  within("2s", function() return pool.stats.dirty end, 0)
  expect(pool.stats.in_use, 0)
  for i = 1, 40, 13 do expect(pool:read(addresses[i], "5s"), values[i]) end
  pool:close()
end
