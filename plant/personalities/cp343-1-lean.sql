-- S7-300 reached through a CP 343-1 Lean, 6GK7 343-1CX10-0XE0; behind it a CPU 315-2 DP, 6ES7 315-2AH14-0AB0. Called is
-- the CPU's slot, not the CP's.
--
-- Where it was learnt: [capture] public captures; [manual] Siemens manuals and data sheets, from memory; [field] reports
-- of users and what foreign programs do; [guess] nothing better.

INSERT INTO personality (name, title) VALUES
  ('cp343-1-lean', 'S7-300, CPU 315-2 DP behind a CP 343-1 Lean: slot 2, PDU 240, 12 connections');

UPDATE personality SET
  order_code = '6ES7 315-2AH14-0AB0', firmware = 'V3.0.3',                 -- [manual]
  pdu_length = 240, amq_calling = 1, amq_called = 2,                       -- as a 300 with its own interface
  connections = 12,                        -- [manual] of all protocols together
  reserved_pg = 1, reserved_op = 1,        -- [guess] as the CPU
  rack = 0, slots = '2',                   -- [manual]
  wrong_tsap = 'DR',                       -- [guess]
  when_full = 'RST',                       -- [field] ECONNRESET
  max_items = 20,                          -- [guess]
  inputs = 128, outputs = 128, markers = 2048, timers = 256, counters = 256,   -- [manual]
  retentive_markers = 16, retentive_timers = 0, retentive_counters = 8,        -- [manual]
  lacks = 'dbread wchar',                  -- [guess]
  keepalive_s = 30,                        -- [manual] the CP's own default
  service_us = 8000, jitter_us = 4000, szl_us = 4000    -- [guess] the way over the backplane doubles a 300's times
WHERE name = 'cp343-1-lean';

INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES
  -- the ids, as this family tells them; each is answered [capture]
  ('cp343-1-lean', 0x0000, 0, 2, CAST(
       x'00000F000002001101110F11001201120F120013011300140F1400150115001701170F17001801180F1800190F19001A'
    || x'0F1A001B0F1B001C011C0F1C00210A210F21022200230F2300240124042405240025012502250F250131013202320036'
    || x'01360F36003701370F370038013802380F380139003A0F3A007401740F7405910A910C910D910092029206920F920094'
    || x'01940294069407940F94009501950F9506960C960C970D97019A029A0F9A0C9B009C019C029C039C0F9C00A001A00FA0'
    || x'00B100B200B300B401B502B503B504B505B506B507B508B501B602B603B604B6'
    AS BLOB)),
  -- module identification; order code and firmware are those of the row
  ('cp343-1-lean', 0x0011, 0, 28, CAST(
       x'0001' || '6ES7 315-2AH14-0AB0 ' || x'00C000030001'
    || x'0006' || '6ES7 315-2AH14-0AB0 ' || x'00C000030001'
    || x'0007' || '                    ' || x'00C056030003'
    || x'0081' || 'Boot Loader         ' || x'000041200909'
    AS BLOB)),
  -- characteristics
  ('cp343-1-lean', 0x0012, 0, 2, CAST(
       x'0001010101040302030303040306030703080309030A030B030C030D030E030F0311031203130314'
    || x'03150317'
    AS BLOB)),
  -- memory: work, load, plugged, most that can be plugged, backup [capture: lengths and indices; sizes of this CPU]
  ('cp343-1-lean', 0x0013, 0, 36, CAST(
       x'000100010006000000010001000600000000000000060000000000000000000000000000'
    || x'000200010000000000010000000000000000000000000000000000000000000000000000'
    || x'000300020020000000020000002000000000100000000000000000000000000000000000'
    || x'000400020080000000020000008000000000000000000000000000000000000000000000'
    || x'000500020005000000020000000500000002000000000000000000000000000000000000'
    AS BLOB)),
  -- system areas: I, Q, M, T, C, logical addresses, local data
  ('cp343-1-lean', 0x0014, 0, 8, CAST(
       x'0001000108000000'
    || x'0002000108000000'
    || x'0003000140000080'
    || x'0004000101000000'
    || x'0005000101000008'
    || x'0006000108000000'
    || x'0007000180000000'
    || x'0008000108000010'
    || x'0009000100200000'
    AS BLOB)),
  -- block types: OB, DB, SDB, FC, FB
  ('cp343-1-lean', 0x0015, 0, 10, CAST(
       x'0800001603D10000FFFE'
    || x'0A003E8100400000FFFE'
    || x'0B00042200400000FFFE'
    || x'0C001F4000400000FFFE'
    || x'0E001F4000400000FFFE'
    AS BLOB)),
  -- LEDs SF, RUN, STOP, FRCE, BUS1F, BUS2F, MAINT; RUN and STOP are live
  ('cp343-1-lean', 0x0019, 0, 4, x'00010000000401000005000000060000000B0000000C000000150000'),
  -- component identification
  ('cp343-1-lean', 0x001C, 0, 34, CAST(
       x'0001' || 'SIMATIC 300(1)' || zeroblob(18)
    || x'0002' || 'PLC_1' || zeroblob(27)
    || x'0003' || 's7rig' || zeroblob(27) -- a project's own text
    || x'0004' || 'Original Siemens Equipment' || zeroblob(6)
    || x'0005' || 'S C-S7RIG0000002' || zeroblob(16)
    || x'0007' || 'CPU 315-2 DP' || zeroblob(20)
    || x'0008' || 'MMC 00000001' || zeroblob(20)
    || x'0009002AF6000001' || zeroblob(26)
    || x'000A' || zeroblob(32)
    || x'000B' || zeroblob(32)
    AS BLOB)),
  -- process image partitions
  ('cp343-1-lean', 0x0025, 0, 4, x'010C3D00'),
  -- LEDs again
  ('cp343-1-lean', 0x0074, 0, 4, x'00010000000401000005000000060000000B0000000C000000150000'),
  -- diagnostic buffer: live
  ('cp343-1-lean', 0x00A0, 0, 20, x''),
  -- last change of the mode: live
  ('cp343-1-lean', 0x0124, 0, 20, x'5144FF0800000000000000000000000000000000'),
  -- limits of communication; PDU length and connections are live
  ('cp343-1-lean', 0x0131, 1, 40, x'000100F0000C00B71B000002DC6C05F5E10000000000000000000000000000000000000000000000'),
  -- test functions
  ('cp343-1-lean', 0x0131, 2, 40, x'0002BEFD4F0000000000080000003C01080000007D000005030F00000800000C000A000000010000'),
  -- reading and writing; the largest read is live
  ('cp343-1-lean', 0x0131, 3, 40, x'00037FFC830100F00010000102090000000000000000000000000000000000000000000000000000'),
  -- block functions
  ('cp343-1-lean', 0x0131, 4, 40, x'0004FE01624163001E00101010040200000200020000000000000000000000000000000000000000'),
  -- diagnosis
  ('cp343-1-lean', 0x0131, 5, 40, x'00053E000000000C01F4000000000000000000000000000000000000000000000000000000000000'),
  -- connections: live
  ('cp343-1-lean', 0x0132, 1, 40, x'0001000100010001000000000000000A000000140000000000000000000000000000000000000000'),
  -- test jobs
  ('cp343-1-lean', 0x0132, 2, 40, x'00020000000000000000000000000000000000000000000000000000000000000000000000000000'),
  -- protection: live
  ('cp343-1-lean', 0x0132, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- clock: live
  ('cp343-1-lean', 0x0132, 8, 40, x'00080000000000000000000000000000000000000000000000000000000000000000000000000000'),
  -- start information of OB 1
  ('cp343-1-lean', 0x0222, 1, 28, x'11040101010000000001000100000000000000000000000000000000'),
  -- protection: live
  ('cp343-1-lean', 0x0232, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- mode: live
  ('cp343-1-lean', 0x0424, 0, 20, x'5144FF0800000000000000000000000000000000'),
  -- module status of the CPU
  ('cp343-1-lean', 0x0D91, 0, 16, x'000000027FFF00C000C00000B4020011');

-- Lists that are told and have no records here [capture: that they are there; guess: how long a record is].
INSERT INTO personality_szl (personality, list, idx, record_len, data)
  SELECT 'cp343-1-lean', column1, 0, column2, x'' FROM (VALUES
    (0x0002, 2), (0x0017, 4), (0x0117, 4), (0x0018, 4), (0x0118, 4), (0x001A, 4),
    (0x001B, 4), (0x0021, 4), (0x0A21, 4), (0x0023, 4), (0x0024, 20), (0x0524, 20),
    (0x0125, 4), (0x0225, 4), (0x0036, 4), (0x0136, 4), (0x0037, 48), (0x0137, 48),
    (0x0038, 4), (0x0138, 4), (0x0238, 4), (0x0139, 4), (0x003A, 148), (0x0591, 16),
    (0x0A91, 16), (0x0C91, 16), (0x0092, 16), (0x0292, 16), (0x0692, 16), (0x0094, 258),
    (0x0194, 258), (0x0294, 258), (0x0694, 258), (0x0794, 258), (0x0095, 40), (0x0195, 40),
    (0x0696, 44), (0x0C96, 44), (0x0C97, 40), (0x0D97, 40), (0x019A, 16), (0x029A, 16),
    (0x009A, 16), (0x0C9B, 32), (0x009C, 40), (0x019C, 40), (0x029C, 40), (0x039C, 40),
    (0x00B1, 4), (0x00B2, 16), (0x00B3, 16), (0x00B4, 16), (0x01B5, 16), (0x02B5, 16),
    (0x03B5, 16), (0x04B5, 16), (0x05B5, 16), (0x06B5, 16), (0x07B5, 16), (0x08B5, 16),
    (0x01B6, 16), (0x02B6, 16), (0x03B6, 16), (0x04B6, 16));
