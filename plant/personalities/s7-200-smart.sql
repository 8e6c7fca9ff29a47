-- S7-200 SMART, CPU ST40 V2.5, 6ES7 288-1ST40-0AA0. Its V memory is data block 1.
--
-- Where it was learnt: [capture] public captures; [manual] Siemens manuals and data sheets, from memory; [field] reports
-- of users and what foreign programs do; [guess] nothing better.

INSERT INTO personality (name, title) VALUES
  ('s7-200-smart', 'S7-200 SMART, CPU ST40: slot 0 or 1, PDU 240, 9 connections, V memory as DB1');

UPDATE personality SET
  order_code = '6ES7 288-1ST40-0AA0', firmware = 'V2.5.0',                 -- [manual]
  pdu_length = 240, amq_calling = 1, amq_called = 1,                       -- [guess]
  connections = 9, reserved_pg = 1,        -- [manual] 8, and 1 PG
  rack = 0, slots = '0 1',                 -- [field] rack 0 and slot 1, with any type
  tsaps = '10.00 10.01 4D.57',             -- [field] as an S7-200 with CP 243-1
  wrong_tsap = 'DR', when_full = 'RST',    -- [guess]
  max_items = 20,                          -- [guess]
  inputs = 32, outputs = 32, markers = 32, -- [manual]
  timers = NULL, counters = NULL,          -- [field] they have areas of their own, 1F and 1E
  db1 = 16384,                             -- [manual] VB0 to VB16383
  absent_code = 0x03,                      -- [field] libnodave: "item not there"
  lacks = 'blocks upload download delete start-stop compress copy-ram-to-rom memory-reset password'
    || ' clock-read clock-set messages cyclic test dbread wchar',            -- [guess]
  no_szl_error = 0x8104,                   -- [guess]
  keepalive_s = 30,                        -- [guess]
  service_us = 5000, jitter_us = 3000      -- [guess]
WHERE name = 's7-200-smart';

INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES
  -- module identification [guess: as a 1200]; code and firmware are those of the row
  ('s7-200-smart', 0x0011, 0, 28, CAST(
       x'0001' || '6ES7 288-1ST40-0AA0 ' || x'000000000001'
    || x'0006' || '6ES7 288-1ST40-0AA0 ' || x'000000000001'
    || x'0007' || '6ES7 288-1ST40-0AA0 ' || x'000056020500'
    AS BLOB));
