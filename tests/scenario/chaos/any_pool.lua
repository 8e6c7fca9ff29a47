-- A pool with options that are drawn from the seed, callers with and without leases, faults and maintenance in the middle; then all is
-- well, or the pool is closed amid it. Whatever happens: no wrong value, no write twice, acknowledged ones are there, each call ends by
-- its deadline, an error says what is so, statistics agree at every look and with what events told, and a pool is back in its bounds.
title = "any pool, any faults, any maintenance"

local random = math.random
local function pick(list) return list[random(#list)] end
local function chance(p) return random() < p end
local function maybe(p, value) if chance(p) then return value end end

-- What the real clock adds to a deadline: a machine that is busy, ten times as long at --scale 10.
local slack = virtual and 2 or 5000

-- ---- the PLC: word k of DB1 holds f(k); each word of DB2 is written by one call at most ----

local WORDS, PLACES = 400, 8000
local function f(k) return (k * 7919 + 4711) % 65536 end
local function word(db, k) return string.format("DB%d.DBW%d", db, 2 * k) end

local places = pick { 1, 2, 5, 8, 8, 8, 16, 64 }
local plc = PLC { db = { [1] = WORDS * 2, [2] = PLACES * 2 }, amq = pick { 1, 1, 2, 3, 8, 8, 32 }, connections = places,
                  pdu_len = pick { 240, 480, 960 } }
for k = 0, WORDS - 1 do plc:set(word(1, k), f(k)) end

-- ---- the pool; times in milliseconds ----

local size = pick { 1, 2, 3, 5, 10, random(64) }
local options = {
  plc, size = size,
  min_idle = maybe(0.3, random(0, size)),
  max_idle_ms = pick { 0, 300, 1000, 5000, 300000 },
  health_check_ms = pick { 0, 100, 1000, 3000, 60000 },
  health_timeout_ms = pick { 50, 300, 2000 },
  acquire_ms = pick { 200, 1000, 5000, 30000 },
  max_waiters = pick { 0, 0, 0, 1, 5, 50 },
  max_connecting = math.min(size, pick { 1, 1, 2, 64 }),
  start = pick { "one", "one", "all", "background" },
  fail_when_exhausted = chance(0.15),
  fail_fast_when_down = chance(0.15),
  backoff_min_ms = pick { 10, 250 },
  backoff_max_ms = pick { 250, 1000, 5000 },
  backoff_factor_percent = pick { 100, 200, 1000 },
  backoff_jitter_percent = pick { 0, 50, 100 },
  probe_min_ms = pick { 100, 5000 },
  probe_max_ms = pick { 5000, 10000 },
  max_lifetime_ms = pick { 0, 0, 500, 3000, 20000 },
  lifetime_jitter_percent = pick { 0, 10, 100 },
  leak_ms = pick { 0, 0, 50, 1000 },
  lend_oldest = chance(0.3),
  request_ms = pick { 200, 1000, 5000 },
  connect_ms = pick { 200, 3000 },
  handshake_ms = pick { 200, 3000 },
  max_jobs = pick { 1, 2, 8, 32 },
  mux_connections = maybe(0.3, random(1, size)),
  coalesce_us = pick { 0, 0, 100, 5000 },
  coalesce_gap = pick { -1, 0, 20 },
  name = maybe(0.5, 'line "4" \\ press'),
}
local grouped = chance(0.2)
if grouped then options.group = Group { plc_connections = pick { 0, 2, 4, 8, 20 }, max_dials = pick { 0, 1, 2 } } end

local listens, told = chance(0.8), {}
if listens then
  options.tell_all = chance(0.5)
  options.on_event = function(event) told[event.kind] = (told[event.kind] or 0) + 1 end
end
local function heard(kind) return told[kind] or 0 end

local pool = Pool(options)
do
  local words = {}
  for name, value in pairs(options) do
    if type(name) == "string" and type(value) ~= "function" then words[#words + 1] = name .. "=" .. tostring(value) end
  end
  log("PLC: places", places, "pool:", table.concat(words, " "))
end

local function wrong(...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = tostring(word) end
  error(table.concat(words, " ") .. "\n" .. pool:status())
end

-- ---- statistics: what pool.h says of them ----

local largest = size   -- of the sizes that connections may still be left from
local taken_away = 0   -- leases, by close
local closed_at = nil  -- when close was called

local function sum(counts)
  local n = 0
  for _, count in pairs(counts) do n = n + count end
  return n
end

local function same(actual, expected, what)
  if actual ~= expected then wrong(what, actual, "is not", expected) end
end

local function check_times(times, what)
  if times.p50_ms > times.p95_ms or times.p95_ms > times.p99_ms or times.p99_ms > times.max_ms or times.max_ms > times.sum_ms + 1e-6 then
    wrong(what, times.p50_ms, times.p95_ms, times.p99_ms, times.max_ms, times.sum_ms)
  end
end

local function check_stats()
  local now_, closed = pool.stats, sum(pool.stats.closed)
  same(now_.total_connections, now_.available + now_.in_use + now_.checking + now_.dirty + now_.closing, "total_connections")
  same(now_.connect_failures, sum(now_.dial_failures), "connect_failures")
  same(now_.gets, now_.puts + now_.in_use + taken_away, "gets")
  same(now_.wait.count, now_.gets, "wait.count")
  same(now_.lease.count, now_.puts, "lease.count")
  same(now_.connect.count, now_.connects, "connect.count")
  if now_.total_connections + now_.connecting > largest then wrong("more than", largest, "connections") end
  if now_.connects < closed or now_.connects > now_.total_connections + closed then wrong("connects of", closed, "closed") end
  if now_.closing == 0 then same(now_.connects, now_.total_connections + closed, "connects") end -- dials are closed as well
  if now_.dials < now_.connects + now_.connect_failures then wrong("dials", now_.dials) end
  if now_.gets_failed < now_.gets_timed_out + now_.gets_cancelled then wrong("gets_failed", now_.gets_failed) end
  if now_.gets_waited > now_.gets or now_.leaking > now_.in_use or now_.limit > now_.size then wrong("a part is more than the whole") end
  check_times(now_.wait, "wait")
  check_times(now_.lease, "lease")
  check_times(now_.connect, "connect")
  return now_
end

-- What was told adds up to what was counted.
local function check_events()
  local stats = pool.stats
  if not listens or stats.events_lost > 0 then return end
  same(heard("connected"), stats.connects, "connected")
  same(heard("closed"), sum(stats.closed), "closed")
  same(heard("connect_failed"), stats.connect_failures, "connect_failed")
  same(heard("wait_ended"), heard("wait_began"), "wait_ended")
  same(heard("leak"), stats.leaks, "leak")
  same(heard("down"), stats.outages, "down")
  same(heard("denied"), stats.denials, "denied")
  same(heard("check_failed"), stats.health_check_failures, "check_failed")
  if heard("checked") + heard("check_failed") > stats.health_checks then wrong("checks", heard("checked"), "of", stats.health_checks) end
  same(heard("shut"), 1, "shut")
  if heard("up") > heard("down") or heard("room") > heard("full") then wrong("up", heard("up"), "room", heard("room")) end
  if options.tell_all then
    same(heard("borrowed"), heard("returned"), "borrowed")
    if heard("borrowed") < stats.gets then wrong("borrowed", heard("borrowed"), "of", stats.gets) end
  end
end

-- ---- what calls may fail with, and when ----

local get_errors = { pool_exhausted = true, plc_down = true, timeout = true, budget = true, pool_queue_full = true,
                     pool_paused = true, pool_closed = true }
local call_errors = { timeout = true, reset = true, closed = true, frame = true, protocol = true, stale_lease = true,
                      not_connected = true, pool_closed = true, plc = true, partial = true }
local write_errors = { outcome_unknown = true }
local start_errors = { refused = true, unreachable = true, timeout = true, reset = true, closed = true, cotp_refused = true,
                       negotiation = true, frame = true, protocol = true, budget = true, plc = true }

local function status_of(err, what, ...)
  if type(err) ~= "table" then error(err) end
  for _, allowed in ipairs { ... } do if allowed[err.status] then return err.status end end
  wrong(what, err.status, err.text)
end

local resumed_at = 0 -- who learns at that moment that it was paused was told before
local function resume()
  resumed_at = now()
  pool:resume()
end

local function check_truth(status)
  local stats = pool.stats
  local any = stats.in_use + stats.dirty + stats.checking + stats.closing + stats.connecting
  if status == "pool_exhausted" and any == 0 and not options.fail_when_exhausted then wrong("exhausted, and nothing is in use") end
  if status == "plc_down" and stats.available > 0 then wrong("down, and one is idle") end
  if status == "pool_paused" and not stats.paused and now() - resumed_at > slack then wrong("paused, and it is not") end
  if status == "pool_closed" and not closed_at then wrong("closed, and it is not") end
  if status == "budget" and not grouped then wrong("a budget without a group") end
  if status == "pool_queue_full" and options.max_waiters == 0 then wrong("a queue that is full without a limit") end
end

local function check_deadline(what, since, bound_ms)
  if now() - since > bound_ms + slack then wrong(what, "took", now() - since, "ms of", bound_ms) end
end

-- ---- callers ----

local stop = false
local next_place, acknowledged, power_failed = 0, {}, false

local function default_ms(direct) return options.request_ms + (direct and options.acquire_ms or 0) end

-- who: a client, or the pool itself.
local function read(who, within_ms)
  local direct, addresses, values = who == pool, {}, {}
  local k, n = random(0, WORDS - 1), pick { 1, 1, 1, 3 }
  for i = 1, n do
    local at = (k + (i - 1) * 7) % WORDS
    addresses[i], values[i] = word(1, at), f(at)
  end
  local since = now()
  local ok, came = pcall(function() return who:read(addresses, within_ms) end)
  check_deadline("a read", since, within_ms or default_ms(direct))
  if not ok then return status_of(came, "read", call_errors, direct and get_errors or {}) end
  for i = 1, n do
    if came[i] ~= values[i] then wrong("WRONG VALUE of", addresses[i], came[i], "is not", values[i]) end
  end
  return "ok"
end

local function write(who, within_ms)
  if next_place == PLACES then return end
  local direct, at = who == pool, next_place
  next_place = next_place + 1
  local since = now()
  local ok, err = pcall(function() who:write(word(2, at), at + 1, within_ms) end)
  check_deadline("a write", since, within_ms or default_ms(direct))
  if not ok then
    status_of(err, "write", call_errors, write_errors, direct and get_errors or {})
    return
  end
  acknowledged[#acknowledged + 1] = at
  if not power_failed then same(plc:get(word(2, at)), at + 1, "what was acknowledged:") end
end

local function transfer(who)
  local within_ms = maybe(0.35, random(1, 400))
  if chance(0.75) then return read(who, within_ms) end
  write(who, within_ms)
end

local function use(client)
  for _ = 1, pick { 0, 1, 1, 1, 3 } do
    transfer(client)
    if chance(0.2) then wait(random(1, 100)) end
  end
end

local function give_back(client)
  local how = random()
  local ok, err = pcall(function() if how < 0.1 then pool:discard(client) else pool:put(client) end end)
  if not ok and not closed_at then wrong("put", err.status) end
  if not ok then same(err.status, "pool_closed", "put") end
  if how > 0.95 then
    fails("misuse", function() pool:put(client) end)
    fails("stale_lease", function() client:read(word(1, 0)) end)
  end
end

local function borrow(label)
  local within_ms, since, begun = maybe(0.3, random(1, 800)), now(), nil
  local ok, came
  if chance(0.3) then
    ok, came = pcall(function() pool:execute(function(client) begun = now() use(client) end, within_ms) end)
  else
    ok, came = pcall(function() return pool:get(within_ms, label) end)
    if ok then begun = now() end
  end
  if (begun or now()) - since > (within_ms or options.acquire_ms) + slack then wrong("a get took", now() - since) end
  if not ok and begun then wrong("execute", came) end
  if not ok then
    check_truth(status_of(came, "get", get_errors))
    wait(random(20, 300))
  elseif came then
    use(came)
    give_back(came)
  end
end

local function borrower(number)
  while not stop do
    borrow("caller " .. number)
    wait(random(0, 200))
  end
end

local function direct_caller()
  while not stop do
    if transfer(pool) ~= "ok" then wait(random(20, 300)) end
    wait(random(0, 200))
  end
end

-- ---- faults ----

local function ms(least, most) return random(least, most) .. "ms" end

-- lasting: for how long it is felt, after it was dropped, is not the pool's to say.
local faults = {
  function() return "rst_now", "fn=read p=0.05" end,
  function() return "rst_now", "fn=write p=0.1 run=yes" end,
  function() return "rst_now", "at=" .. ms(1, 3000), "lasting" end,
  function() return "rst_after_reply", "p=0.05" end,
  function() return "fin_now", "p=0.05" end,
  function() return "fin_half", "p=0.03" end,
  function() return "cut", "p=0.05 bytes=" .. random(25) .. " then=" .. pick { "rst", "fin", "hang" } end,
  function() return "half_open", "p=0.02 for=" .. ms(1000, 10000), "lasting" end,
  function() return "hang", "p=0.03", "lasting" end,
  function() return "hang", "fn=read p=0.05 for=" .. ms(1, 3000), "lasting" end,
  function() return "slow", "p=0.1 dist=uniform(1ms,600ms)", "lasting" end,
  function() return "slow", "fn=read dist=" .. ms(1, 30) end,
  function() return "late_after_timeout", "p=0.05 offset=" .. ms(options.request_ms, options.request_ms + 40) end,
  function() return "refuse", "from=" .. ms(1, 3000) .. " for=" .. ms(1000, 5000) .. " drop=" .. pick { "all", "none" }, "lasting" end,
  function() return "blackhole_syn", "from=" .. ms(1, 3000) .. " for=" .. ms(1000, 5000), "lasting" end,
  function() return "unreachable", "from=" .. ms(1, 3000) .. " for=" .. ms(1000, 5000) .. " after=10ms", "lasting" end,
  function() return "port_flap", "up=" .. ms(100, 2000) .. " down=" .. ms(100, 2000) .. " for=5s", "lasting" end,
  function() return "rate_limit_connect", "n=" .. random(5) .. " window=" .. ms(100, 2000), "lasting" end,
  function() return "power_cycle", "from=" .. ms(1, 4000) .. " boot=" .. ms(1000, 5000), "lasting" end,
  function() return "proc_pause", "from=" .. ms(1, 3000) .. " for=" .. ms(1, 3000), "lasting" end,
  function() return "zero_window", "p=0.01 for=" .. ms(100, 3000), "lasting" end,
  function() return "idle_kill", "idle=" .. ms(50, 2000) .. " how=" .. pick { "rst", "fin", "forget" }, "lasting" end,
  function() return "conn_limit", "max=" .. random(8) .. " how=" .. pick { "rst", "fin", "dr", "silence" }, "lasting" end,
  function() return "slot_leak", "hold=" .. ms(1000, 10000), "lasting" end,
  function() return "cotp_no_cc", "p=0.2", "lasting" end,
  function() return "cotp_dr", "p=0.4" end,
  function() return "setup_refuse", "p=0.2" end,
  function() return "wrong_ref", "fn=setup p=0.2" end,
  function() return "accept_close", "p=0.3 close=" .. pick { "fin", "rst" } end,
  function() return "amq_low", "amq=1" end,
  function() return "dribble", "p=0.1 k=3 interval=10ms" end,
  function() return "split", "p=0.3 at=" .. random(20) .. " gap=" .. ms(1, 50) end,
  function() return "latency", "dist=" .. ms(1, 40) end,
  function() return "duplicate", "p=0.1 gap=" .. ms(0, 50) end,
  function() return "reorder", "p=0.2" end,
  function() return "unsolicited", "p=0.1" end,
  function() return "job_error", "p=0.05" end,
  function() return "garbage", "p=0.03 n=40" end,
  function() return "ack_no_data", "fn=read p=0.03" end,
  function() return "short_item", "fn=read p=0.03" end,
  function() return "cotp_er", "p=0.03" end,
  function() return "dr_mid", "p=0.03" end,
  function() return "tpkt_version", "p=0.03" end,
  function() return "tpkt_len_long", "p=0.03" end,
}
-- Of the kernel's network they ask too much, or too much of the machine.
local virtual_faults = { unreachable = true, half_open = true, blackhole_syn = true }

local armed, anything_lasts = {}, false

local function break_something()
  local name, args, lasts = pick(faults)()
  if virtual_faults[name] and not virtual then return end
  power_failed = power_failed or name == "power_cycle"
  anything_lasts = anything_lasts or lasts ~= nil
  log(string.format("at %.0f ms: %s %s", now(), name, args))
  armed[#armed + 1] = plc:fault(name, args .. " optional")
end

local function repair()
  for _, fault in ipairs(armed) do fault:drop() end
  log(string.format("at %.0f ms: all is well again", now()))
end

-- ---- maintenance ----

local function pause_for_a_while()
  local within_ms, since = pick { 1, 100, 1000 }, now()
  local ok, err = pcall(function() pool:pause(within_ms) end)
  check_deadline("pause", since, within_ms)
  if not ok then same(err.status, "timeout", "pause") end
  local stats = check_stats()
  if ok and stats.total_connections + stats.connecting > 0 then wrong("paused, and there is a connection") end
  wait(random(1, 1500))
  resume()
end

local function change_size()
  size = pick { 1, 2, 5, 10, random(64) }
  largest = math.max(largest, size)
  pool:resize(size)
  same(pool.stats.size, size, "size")
end

local function maintain()
  local what = pick { "pause", "resume", "refresh", "resize" }
  log(string.format("at %.0f ms: %s", now(), what))
  if what == "pause" then pause_for_a_while()
  elseif what == "resume" then resume()
  elseif what == "refresh" then pool:refresh()
  else change_size() end
end

-- ---- the run ----

local function start()
  for _ = 1, pick { 0, 0, 0, 1, 2 } do break_something() end
  while true do
    local ok, err = pcall(function() pool:start() end)
    if ok then return end
    status_of(err, "start", start_errors)
    same(pool.stats.total_connections, 0, "after a start in vain:")
    if now() > 20 * s then repair() end
    if options.start == "all" and now() > 60 * s then return false end -- there are not so many places
    wait(random(1, 2000))
  end
end

local function expect_to_be_back()
  local since = now()
  local bound_ms = options.backoff_max_ms + options.connect_ms + options.handshake_ms + options.request_ms + 300 + slack
  while true do
    local ok, err = pcall(function() return pool:read(word(1, 0), 100) end)
    if ok then return end
    if now() - since > bound_ms then wrong("not back after", now() - since, "ms:", err.text) end
    wait(10)
  end
end

local function expect_all_capacity()
  local held = {}
  for i = 1, math.min(size, places) do
    local ok, client = pcall(function() return pool:get("25s") end)
    if not ok then wrong("only", i - 1, "of", math.min(size, places), "connections:", client.text) end
    held[i] = client
  end
  for _, client in ipairs(held) do pool:put(client) end
end

local function recover(callers)
  repair()
  resume()
  if not anything_lasts then expect_to_be_back() end
  stop = true
  for _, caller in ipairs(callers) do caller:join() end
  -- Half-open connections keep their places for 30 s; a step of the backoff, and one of the probes.
  wait(35 * s + options.backoff_max_ms + options.probe_max_ms + 2 * options.request_ms + options.connect_ms + options.handshake_ms)
  same(read(pool, 5 * s), "ok", "after all that a read")
  if not grouped and not options.fail_when_exhausted then expect_all_capacity() end
  wait(1)
  local stats = check_stats()
  same(stats.in_use, 0, "in_use")
  same(stats.waiting, 0, "waiting")
  if plc.seen.sessions > stats.total_connections then wrong("the PLC has", plc.seen.sessions, "sessions") end
end

local function close(callers)
  local within_ms, since = pick { 1, 100, 2000, 10000 }, now()
  closed_at = now()
  local ok, err = pcall(function() pool:close(within_ms) end)
  check_deadline("close", since, within_ms)
  if not ok then same(err.status, "timeout", "close") end
  taken_away = pool.stats.gets - pool.stats.puts
  if ok then same(taken_away, 0, "leases that were taken away") end
  local stats = check_stats()
  same(stats.total_connections + stats.connecting + stats.waiting, 0, "left by close")
  stop = true
  for _, caller in ipairs(callers) do caller:join() end
  fails("pool_closed", function() pool:get(10) end)
  wait(100)
  check_stats()
  check_events()
end

if start() ~= false then
  check_stats()
  local callers = {}
  for number = 1, random(0, 20) do callers[#callers + 1] = go(borrower, number) end
  for _ = 1, random(0, 20) do callers[#callers + 1] = go(direct_caller) end
  go(function() while not stop do if not closed_at then check_stats() end wait(random(50, 500)) end end)
  for _ = 1, random(3, 8) do
    if chance(0.6) then break_something() end
    if chance(0.5) then maintain() end
    wait(random(1, 1500))
    if chance(0.3) and #armed > 0 then pick(armed):drop() end
  end
  if chance(0.7) then recover(callers) end
  close(callers)
end
if not power_failed then
  for _, at in ipairs(acknowledged) do same(plc:get(word(2, at)), at + 1, "what was acknowledged:") end
end
expect(plc.seen.writes, "<=", next_place) -- none twice
