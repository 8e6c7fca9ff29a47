-- S7-400, CPU 416-2, 6ES7 416-2XN05-0AB0, with a CP 443-1.
--
-- Where it was learnt: [capture] public captures; [manual] Siemens manuals and data sheets, from memory; [field] reports
-- of users and what foreign programs do; [guess] nothing better.

INSERT INTO personality (name, title) VALUES
  ('s7-400', 'S7-400, CPU 416-2 with CP 443-1: slot 3, PDU 480, 64 connections');

UPDATE personality SET
  order_code = '6ES7 416-2XN05-0AB0', firmware = 'V5.3.0',                 -- [manual]
  pdu_length = 480,                        -- [capture] asked 480
  amq_calling = 8, amq_called = 8,         -- [capture] asked 2/2, granted 2/2; [field] 8 were seen
  connections = 64,                        -- [manual] the CPU's; the CP has 128
  reserved_pg = 1, reserved_op = 1,        -- [manual] as it is set at first
  rack = 0, slots = '3',                   -- [manual] 2 to 4 by the power supply: 3 behind the usual one
  wrong_tsap = 'DR', when_full = 'DR',     -- [guess]
  max_items = 20,                          -- [guess]
  inputs = 512, outputs = 512,             -- [manual] the process images as they are set at first
  markers = 16384, timers = 2048, counters = 2048,                         -- [manual]
  retentive_markers = 16, retentive_timers = 0, retentive_counters = 8,    -- [manual]
  lacks = 'wchar',                         -- [guess]
  keepalive_s = 30,                        -- [manual]
  service_us = 4000, jitter_us = 300, jitter = 'exponential'               -- [capture] 4.0 ms + 0.3 exp
WHERE name = 's7-400';

INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES
  -- the ids that are answered: live
  ('s7-400', 0x0000, 0, 2, x''),
  -- module identification; order code and firmware are those of the row [guess: layout as a 300]
  ('s7-400', 0x0011, 0, 28, CAST(
       x'0001' || '6ES7 416-2XN05-0AB0 ' || x'00C000010001'
    || x'0006' || '6ES7 416-2XN05-0AB0 ' || x'00C000010001'
    || x'0007' || '                    ' || x'00C056050300'
    AS BLOB)),
  -- characteristics [guess]
  ('s7-400', 0x0012, 0, 2, CAST(
       x'00010101010402020302030303040306030703080309030A030B030C030D030E030F031103120313'
    || x'031403150317'
    AS BLOB)),
  -- system areas: I, Q, M, T, C, logical addresses, local data [manual]
  ('s7-400', 0x0014, 0, 8, CAST(
       x'0001000102000000'
    || x'0002000102000000'
    || x'00030001FFFF0080'
    || x'0004000108000000'
    || x'0005000108000008'
    || x'0006000140000000'
    || x'0007000180000000'
    || x'0008000140000010'
    || x'0009000100200000'
    AS BLOB)),
  -- block types: OB, DB, SDB, FC, FB [manual]
  ('s7-400', 0x0015, 0, 10, CAST(
       x'0800010000400000FFFE'
    || x'0A00271000400000FFFE'
    || x'0B00080000400000FFFE'
    || x'0C00138800400000FFFE'
    || x'0E00138800400000FFFE'
    AS BLOB)),
  -- LEDs; RUN and STOP are live [manual]
  ('s7-400', 0x0019, 0, 4, CAST(
       x'00010000000200000003000000040100000500000006000000070000000B0000000C000000120000'
    || x'00130000'
    AS BLOB)),
  -- component identification [guess: layout as a 300]
  ('s7-400', 0x001C, 0, 34, CAST(
       x'0001' || 'SIMATIC 400(1)' || zeroblob(18)
    || x'0002' || 'PLC_1' || zeroblob(27)
    || x'0003' || 's7rig' || zeroblob(27) -- a project's own text
    || x'0004' || 'Original Siemens Equipment' || zeroblob(6)
    || x'0005' || 'S C-S7RIG0000003' || zeroblob(16)
    || x'0007' || 'CPU 416-2' || zeroblob(23)
    AS BLOB)),
  -- process image partitions [guess]
  ('s7-400', 0x0025, 0, 4, x'010C3D00'),
  -- LEDs again
  ('s7-400', 0x0074, 0, 4, CAST(
       x'00010000000200000003000000040100000500000006000000070000000B0000000C000000120000'
    || x'00130000'
    AS BLOB)),
  -- diagnostic buffer: live
  ('s7-400', 0x00A0, 0, 20, x''),
  -- last change of the mode: live
  ('s7-400', 0x0124, 0, 20, x'5140FF0800000000000000000000000000000000'),
  -- limits of communication; PDU length and connections are live
  ('s7-400', 0x0131, 1, 40, x'000101E0004000B71B0000B71B0005F5E10000000000000000000000000000000000000000000000'),
  -- test functions [guess: as a 300]
  ('s7-400', 0x0131, 2, 40, x'0002BEFD4F0000000000080000003C01080000007D000005030F00000800000C000A000000010000'),
  -- reading and writing [capture]; the largest read is live
  ('s7-400', 0x0131, 3, 40, x'0003FFFF830101E00020000103840000000000000000000000000000000000000000000000000000'),
  -- block functions [guess: as a 300]
  ('s7-400', 0x0131, 4, 40, x'0004FE01624163001E00101010040200000200020000000000000000000000000000000000000000'),
  -- diagnosis [guess: as a 300]
  ('s7-400', 0x0131, 5, 40, x'00053E000000000C01F4000000000000000000000000000000000000000000000000000000000000'),
  -- what WinCC 7 asks for [capture: that it does; guess: what is in it]
  ('s7-400', 0x0131, 0x0010, 40, x'00100000000000000000000000000000000000000000000000000000000000000000000000000000'),
  -- connections: live
  ('s7-400', 0x0132, 1, 40, x'0001000100010000000000000000003E000000140000000000000000000000000000000000000000'),
  -- test jobs
  ('s7-400', 0x0132, 2, 40, x'00020000000000000000000000000000000000000000000000000000000000000000000000000000'),
  -- protection: live
  ('s7-400', 0x0132, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- clock: live
  ('s7-400', 0x0132, 8, 40, x'00080000000000000000000000000000000000000000000000000000000000000000000000000000'),
  -- protection: live
  ('s7-400', 0x0232, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- mode: live [capture]
  ('s7-400', 0x0424, 0, 20, x'5140FF0800000000000000000000000000000000');
