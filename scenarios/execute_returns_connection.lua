title = "execute gives the connection back whatever its function does"

local plc = PLC { db = { [1] = 256 } }
local pool = Pool { plc, size = 1 } -- one that is not given back would be missed at once
plc:set("DB1.DBB0", 7)
pool:start()

local function nobody_has_it()
  expect(pool.stats.in_use, 0)
  expect(pool.stats.available, 1)
end

-- The function returns: so does execute, with what it returned.
expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
nobody_has_it()

-- It raises an error of its own.
local good, why = pcall(pool.execute, pool, function() error("the recipe is unknown", 0) end)
expect(good, false)
expect(why, "the recipe is unknown")
nobody_has_it()

-- The PLC refuses what it asks for.
for _ = 1, 10 do
  fails("item_missing", function()
    pool:execute(function(client) client:read("DB99.DBB0") end)
  end)
  nobody_has_it()
end
expect(pool.stats.connects, 1)

-- The connection breaks under it: it is closed, and the next call makes another.
plc:fault("rst_now", "fn=read nth=1")
fails("reset", function()
  pool:execute(function(client) client:read("DB1.DBB0") end)
end)
expect(pool.stats.in_use, 0)
expect(pool:execute(function(client) return client:read("DB1.DBB0") end), 7)
nobody_has_it()
expect(pool.stats.connects, 2)

-- Given back once is enough.
local client = pool:get()
pool:put(client)
fails("misuse", function() pool:put(client) end)
fails("stale_lease", function() client:read("DB1.DBB0") end)
nobody_has_it()
