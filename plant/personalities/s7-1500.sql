-- S7-1500, CPU 1516-3 PN/DP V2.9.4, 6ES7 516-3AN02-0AB0.
--
-- PUT/GET is permitted here, since a PLC that answers nothing is of little use; a real one must be told so in TIA
-- Portal. UPDATE plc SET put_get = 0 plays one that was not.
--
-- Where it was learnt: [capture] public captures; [manual] Siemens manuals and data sheets, from memory; [field] reports
-- of users and what foreign programs do; [guess] nothing better.

INSERT INTO personality (name, title) VALUES
  ('s7-1500', 'S7-1500, CPU 1516-3 PN/DP: slot 0 or 1, PDU 960, 256 connections');

UPDATE personality SET
  order_code = '6ES7 516-3AN02-0AB0', firmware = 'V2.9.4',                 -- [manual]
  pdu_length = 960,                        -- [manual]; [capture] asked 480, granted 480
  amq_calling = 8, amq_called = 8,         -- [guess] 3 to 8
  connections = 256,                       -- [manual]
  reserved_pg = 4, reserved_op = 4,        -- [guess] of 10 that are reserved for PG, HMI and web
  rack = 0, slots = '0 1',                 -- [manual] 1, [field] 0 as well
  wrong_tsap = 'DR', when_full = 'DR',     -- [guess]
  max_items = NULL,                        -- [guess] only the PDU length counts
  inputs = 32768, outputs = 32768, markers = 16384, timers = 2048, counters = 2048,    -- [manual]
  absent_code = 0x0A, optimized_code = 0x0A,                               -- [field]
  lacks = 'blocks upload download delete start-stop compress copy-ram-to-rom memory-reset password'
    || ' clock-set messages cyclic test dbread',
                                           -- [field] block functions: 8104, the clock is read by some firmware
  no_szl_error = 0x8104,                   -- [field] a few lists are there, and for the others the service is not
  put_get = 1,
  keepalive_s = 30,                        -- [manual]
  service_us = 1000, jitter_us = 600       -- [capture] of a CPU that speaks S7comm-plus as well
WHERE name = 's7-1500';

INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES
  -- module identification [field]; code and firmware are those of the row
  ('s7-1500', 0x0011, 0, 28, CAST(
       x'0001' || '6ES7 516-3AN02-0AB0 ' || x'000000000001'
    || x'0006' || '6ES7 516-3AN02-0AB0 ' || x'000000000001'
    || x'0007' || '6ES7 516-3AN02-0AB0 ' || x'000056020904'
    || x'0081' || 'Boot Loader         ' || x'000042000000'
    AS BLOB)),
  -- component identification [guess: layout as a 300]
  ('s7-1500', 0x001C, 0, 34, CAST(
       x'0001' || 'S71500/ET200MP station_1' || zeroblob(8)
    || x'0002' || 'PLC_1' || zeroblob(27)
    || x'0003' || 's7rig' || zeroblob(27) -- a project's own text
    || x'0004' || 'Original Siemens Equipment' || zeroblob(6)
    || x'0005' || 'S C-S7RIG0000005' || zeroblob(16)
    || x'0007' || 'CPU 1516-3 PN/DP' || zeroblob(16)
    AS BLOB)),
  -- limits of communication [guess]; PDU length and connections are live
  ('s7-1500', 0x0131, 1, 40, x'000103C00100000000000000000005F5E10000000000000000000000000000000000000000000000'),
  -- protection: live [guess]
  ('s7-1500', 0x0232, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- mode: live [field]
  ('s7-1500', 0x0424, 0, 20, x'5144FF0800000000000000000000000000000000');
