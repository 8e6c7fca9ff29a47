-- No particular CPU: any rack and slot, the largest limits, every service. What clients ask before they read and
-- write is answered; no figure here is a real CPU's.

INSERT INTO personality (name, title) VALUES
  ('generic', 'no particular CPU: any rack and slot, largest limits');

UPDATE personality SET
  pdu_length = 960, amq_calling = 8, amq_called = 8,
  connections = NULL,       -- as many as there are file descriptors
  rack = NULL, slots = 'any', any_tsap = 1,
  serves_before_setup = 1,
  inputs = 1024, outputs = 1024, markers = 8192, timers = 512, counters = 512,
  retentive_markers = 16, retentive_counters = 8,
  service_us = 1000, jitter_us = 600   -- as a fast CPU: 1.0 to 1.6 ms
WHERE name = 'generic';

INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES
  -- the ids that are answered: live
  ('generic', 0x0000, 0, 2, x''),
  -- module identification
  ('generic', 0x0011, 0, 28, CAST(
       x'0001' || 'S7RIG GENERIC       ' || x'00C000010001'
    || x'0006' || 'S7RIG GENERIC       ' || x'00C000010001'
    || x'0007' || '                    ' || x'00C056010000'
    AS BLOB)),
  -- LEDs SF, RUN, STOP; RUN and STOP are live
  ('generic', 0x0019, 0, 4, x'000100000004010000050000'),
  -- component identification
  ('generic', 0x001C, 0, 34, CAST(
       x'0001' || 's7rig' || zeroblob(27)
    || x'0002' || 'generic' || zeroblob(25)
    || x'0003' || 's7rig' || zeroblob(27) -- a project's own text
    || x'0004' || 's7rig, a simulator' || zeroblob(14)
    || x'0005' || 'S7RIG 1' || zeroblob(25)
    || x'0007' || 'CPU generic' || zeroblob(21)
    AS BLOB)),
  -- LEDs again
  ('generic', 0x0074, 0, 4, x'000100000004010000050000'),
  -- diagnostic buffer: live
  ('generic', 0x00A0, 0, 20, x''),
  -- last change of the mode: live
  ('generic', 0x0124, 0, 20, x'5144FF0800000000000000000000000000000000'),
  -- limits of communication; PDU length and connections are live
  ('generic', 0x0131, 1, 40, x'000103C00020000000000000000005F5E10000000000000000000000000000000000000000000000'),
  -- reading and writing; the largest read is live
  ('generic', 0x0131, 3, 40, x'00037FFC830100F00010000102090000000000000000000000000000000000000000000000000000'),
  -- protection: live
  ('generic', 0x0132, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- protection: live
  ('generic', 0x0232, 4, 40, x'00040001000000010002000000005656000000000000000000000000000000000000000000000000'),
  -- mode: live
  ('generic', 0x0424, 0, 20, x'5144FF0800000000000000000000000000000000');
