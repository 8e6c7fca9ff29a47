title = "whatever is broken for a while, a pool reads right again, and never anything wrong"

local faults = {
  {"refuse", "for=10s"}, {"blackhole_syn", "for=10s"}, {"slow_accept", "dist=2s for=20s optional"},
  {"accept_close", "count=3 optional"}, {"conn_limit", "max=1 optional"}, {"slot_leak", "hold=10s optional"},
  {"rate_limit_connect", "n=1 window=5s for=30s optional"}, {"port_flap", "up=uniform(1s,5s) down=uniform(1s,5s) for=1min"},
  {"rst_now", "fn=read count=2"}, {"rst_after_reply", "fn=read count=2"}, {"fin_now", "idle=800ms count=2"},
  {"fin_half", "fn=read count=1"}, {"cut", "fn=read bytes=20 then=hang count=1"}, {"half_open", "fn=read for=20s nth=2"},
  {"resurrect", "fn=read after=3s nth=2"}, {"zero_window", "fn=read nth=1 for=10s"}, {"dribble", "interval=20ms for=20s"},
  {"coalesce", "n=2 for=20s"}, {"split", "at=3 for=20s"}, {"bandwidth", "rate=300 for=20s"},
  {"latency", "dist=lognormal(100ms,0.5) for=20s"}, {"loss_stall", "burst(0.1,0.5) for=1min"},
  {"keepalive_silent", "after=800ms count=1"}, {"idle_kill", "idle=800ms count=2"},
  {"tpkt_version", "fn=read count=1"}, {"tpkt_len_short", "fn=read count=1"}, {"tpkt_len_long", "fn=read count=1"},
  {"eot_missing", "fn=read count=1"}, {"cotp_er", "fn=read count=1"}, {"dr_mid", "fn=read count=1"},
  {"wrong_ref", "fn=read count=1"}, {"duplicate", "fn=read count=2"}, {"reorder", "fn=read count=2"},
  {"unsolicited", "count=2"}, {"unsolicited", "kind=alarm count=2"}, {"ref_collision", "fn=read count=2"}, {"item_error", "fn=read count=2"}, {"job_error", "fn=read count=2"},
  {"short_item", "count=1"}, {"transport_wrong", "count=1"}, {"garbage", "fn=read count=1"},
  {"ack_no_data", "fn=read count=1"}, {"slow", "dist=exp(500ms) for=20s"}, {"late_after_timeout", "fn=read offset=2s+20ms count=1"},
  {"hang", "fn=read count=1"}, {"stop", "for=10s"}, {"power_cycle", "boot=15s"}, {"cycle_jitter", "dist=normal(50ms,10ms) for=20s"},
  {"proc_pause", "for=15s"}, {"db_locked", "for=10s"}, {"disk_full", "for=10s"},
  {"download", "db=1"}, {"torn_read", "db=1 size=1 for=20s"}, {"noise", "value=DB1.DBW2:INT amp=100 optional"},
}

-- What comes instead of an answer may be an error, but no other value.
local function outlives(name, args)
  local plc = PLC { db = { [1] = 64 } }
  local pool = Pool { plc, size = 2, request_ms = "2s", acquire_ms = "10s", health_check_ms = "5s" }
  plc:set("DB1.DBW0:INT", 4711)
  pool:start()
  expect(pool:read("DB1.DBW0:INT"), 4711)
  local fault = plc:fault(name, args)
  for _ = 1, 15 do
    local ok, value = pcall(function() return pool:read("DB1.DBW0:INT") end)
    if ok then expect(value, 4711) end
    wait("1s")
  end
  fault:drop()
  local deadline, right = now() + 2*min, 0
  while right < 3 and now() < deadline do
    local ok, value = pcall(function() return pool:read("DB1.DBW0:INT") end)
    right = ok and value == 4711 and right + 1 or 0
    wait("100ms")
  end
  if right < 3 then log(name, args, pool:status()) end
  expect(right, 3)
  pool:close()
end

for _, fault in ipairs(faults) do outlives(fault[1], fault[2]) end
