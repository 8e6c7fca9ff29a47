title = "a connection that falls silent holds up calls without a lease for request_ms; their reads go to another one"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 3, request_ms = "1s", acquire_ms = "30s" }
pool:start()
plc:fault("cut", "fn=read after=20 count=1 bytes=50% then=hang")
local crew = Workers { pool, count = 12, times = 25, address = "DB1.DBW2:INT", value = 0, pause = "3ms", lease = false }
crew:join("20s")
expect(crew.ok, 300)
expect(crew.failed, 0)
