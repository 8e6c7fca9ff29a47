-- S7-1200, CPU 1214C DC/DC/DC V4.4, 6ES7 214-1AG40-0XB0. What the captures have is a CPU 1212C of the same firmware.
--
-- PUT/GET is permitted here, since a PLC that answers nothing is of little use; a real one must be told so in TIA
-- Portal. UPDATE plc SET put_get = 0 plays one that was not.
--
-- Where it was learnt: [capture] public captures; [manual] Siemens manuals and data sheets, from memory; [field] reports
-- of users and what foreign programs do; [guess] nothing better.

INSERT INTO personality (name, title) VALUES
  ('s7-1200', 'S7-1200, CPU 1214C: slot 0 or 1, PDU 240, 30 connections');

UPDATE personality SET
  order_code = '6ES7 214-1AG40-0XB0', firmware = 'V4.4.0',                 -- [manual]
  pdu_length = 240,                        -- [capture] asked 1008
  amq_calling = 3, amq_called = 3,         -- [capture] asked 8/8
  connections = 30,                        -- [manual] what S7 can have of 68: 4 + 12 + 8 reserved, 6 for anybody
  reserved_pg = 4, reserved_op = 12, reserved_basic = 8,                   -- [manual]
  rack = 0, slots = '0 1',                 -- [manual] 1, [field] 0 as well
  wrong_tsap = 'DR',                       -- [guess]
  when_full = 'RST',                       -- [guess]
  max_items = 20,                          -- [guess] PDU 240 ends at 19 [capture]
  inputs = 1024, outputs = 1024, markers = 8192,                           -- [manual]
  timers = NULL, counters = NULL,          -- [manual] there are IEC timers in data blocks only
  absent_code = 0x0A, optimized_code = 0x0A,                               -- [field]
  lacks = 'blocks upload download delete start-stop compress copy-ram-to-rom memory-reset password'
    || ' clock-read clock-set messages cyclic test dbread',
                                           -- [field] block functions: 8104; [guess] all others
  no_szl_error = 0x8104,                   -- [field] a few lists are there, and for the others the service is not
  put_get = 1,
  keepalive_s = 30,                        -- [manual]
  service_us = 6000, per_item_us = 1250, jitter_us = 3000                  -- [capture] 6 + 1.25 n + U(0, 3) ms
WHERE name = 's7-1200';

INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES
  -- module identification [capture: three records, the order code in each of them]; code and firmware are those of the row
  ('s7-1200', 0x0011, 0, 28, CAST(
       x'0001' || '6ES7 214-1AG40-0XB0 ' || x'000000000001'
    || x'0006' || '6ES7 214-1AG40-0XB0 ' || x'000000000001'
    || x'0007' || '6ES7 214-1AG40-0XB0 ' || x'000056040400'
    AS BLOB));
