title = "what a health check reads may be told; a refusal is life, silence is not"

local plc = PLC { db = { [1] = 256 } }

-- A block that does not exist is an answer, too.
local refused = Pool { plc, health_check_at = "DB99.DBB0", max_idle_ms = 0 }
refused:start()
within("5min", function() return refused.stats.health_checks end, ">=", 3)
expect(refused.stats.health_check_failures, 0)
expect(refused.stats.connects, 1)
refused:close()

-- Of two pools one asks for what is never answered.
plc:fault("hang", "fn=read db=1 range=5..5")
local well = Pool { plc, health_check_at = "DB1.DBW6", max_idle_ms = 0 }
local ill = Pool { plc, health_check_at = "DB1.DBB5", max_idle_ms = 0 }
well:start()
ill:start()
within("63s", function() return ill.stats.health_check_failures end, 1)
within("1s", function() return ill.stats.closed.health end, 1)
within("2min", function() return well.stats.health_checks end, ">=", 1)
expect(well.stats.health_check_failures, 0)

-- What is no address, or too much, is refused at once.
fails("syntax", function() Pool { plc, health_check_at = "DB1.DBQ5" } end)
fails("arg", function() Pool { plc, health_check_at = "DB1.DBB0:BYTE[9]" } end)
