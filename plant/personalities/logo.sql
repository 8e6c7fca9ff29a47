-- LOGO! 8, 12/24RCE 0BA8 V1.83, 6ED1 052-1MD08-0BA0. All that is reached is its VM, as data block 1: inputs are at
-- 1024, outputs at 1064, markers at 1104 there.
--
-- Where it was learnt: [capture] public captures; [manual] Siemens manuals and data sheets, from memory; [field] reports
-- of users and what foreign programs do; [guess] nothing better.

INSERT INTO personality (name, title) VALUES
  ('logo', 'LOGO! 8, 0BA8: TSAP 20.00 or slot 0, PDU 240, 8 connections, VM as DB1');

UPDATE personality SET
  order_code = '6ED1 052-1MD08-0BA0', firmware = 'V1.83.1',                -- [manual]
  pdu_length = 240, amq_calling = 1, amq_called = 1,                       -- [guess]
  connections = 8,                         -- [manual] one for each that is configured
  rack = 0, slots = '0',                   -- [field] 02.00, 03.00
  tsaps = '20.00 10.00 01.02',             -- [field] 20.00 is usual; 01.02: S7NetPlus
  wrong_tsap = 'RST', when_full = 'RST',   -- [guess]
  max_items = 20,                          -- [guess]
  inputs = NULL, outputs = NULL, markers = NULL, timers = NULL, counters = NULL,   -- [field] they are in VM
  db1 = 1470,                              -- [manual]
  lacks = 'szl blocks upload download delete start-stop compress copy-ram-to-rom memory-reset password'
    || ' clock-read clock-set messages cyclic test dbread wchar',
                                           -- [field] programs only read and write a LOGO!
  keepalive_s = 30,                        -- [guess]
  service_us = 15000, jitter_us = 10000    -- [guess]
WHERE name = 'logo';
