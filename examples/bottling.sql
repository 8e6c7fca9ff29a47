-- A small bottling line. The file it goes into:
--
--   s7rig plant new bottling.plant --name line1 --db 1:64 --db 2:64
--   sqlite3 bottling.plant < examples/bottling.sql
--
-- Each tag names a place in the PLC and says how to read it. The values are put into the blocks when the plant is served
-- next, or at once if it is served already.
BEGIN IMMEDIATE;
INSERT INTO tag (name, address, type, value, comment) VALUES
  -- DB1: what the line measures and does
  ('conveyor_speed',   'DB1.DBD0',   'REAL',       0.85,           'm/s'),
  ('bottles_filled',   'DB1.DBD4',   'DINT',       1204,           'since the shift began'),
  ('bottles_rejected', 'DB1.DBW8',   'INT',        3,              'since the shift began'),
  ('fill_level',       'DB1.DBD10',  'REAL',       72.5,           'of the tank, %'),
  ('tank_temperature', 'DB1.DBD14',  'REAL',       8.4,            'degrees Celsius'),
  ('motor_on',         'DB1.DBX18.0', NULL,        1,              'of the conveyor'),
  ('valve_open',       'DB1.DBX18.1', NULL,        0,              'of the filler'),
  ('alarm',            'DB1.DBW20',  'WORD',       0,              'bit 0 jam, 1 tank empty, 2 no caps, 3 overheated'),
  -- DB2: what the operator sets
  ('recipe',           'DB2.DBB0',   'STRING(20)', 'Lemonade 0.5 l', NULL),
  ('speed_setpoint',   'DB2.DBD22',  'REAL',       0.9,            'm/s'),
  ('fill_setpoint',    'DB2.DBW26',  'INT',        500,            'ml'),
  -- flags of the program
  ('start_button',     'M0.0',       NULL,         0,              NULL),
  ('stop_button',      'M0.1',       NULL,         0,              NULL),
  ('shift',            'MB2',        'BYTE',       2,              '1 early, 2 late, 3 night');
COMMIT;
