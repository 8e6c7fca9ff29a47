/* schema_tables.h - the tables that got columns in later steps, as text of SQL from which both are made: the
 * steps that an older file goes through, and the table that a new file has at once. SQLite writes an added
 * column behind the last one, so both are the same to the letter (the test plant.schema compares them). */
#ifndef PLANT_SCHEMA_TABLES_H
#define PLANT_SCHEMA_TABLES_H

/* What becomes of COLUMN(table, definition) in the lists below. */
#define ADDED(table, column)   "ALTER TABLE " table " ADD COLUMN " column ";"
#define AT_ONCE(table, column) ", " column

/* ---- kinds of columns ---- */

#define SWITCH(table, column, preset)                                                                        \
    "INTEGER NOT NULL DEFAULT " preset " CONSTRAINT '" table "." column " is 0 or 1'"                        \
    "  CHECK (" column " IN (0, 1))"
#define BYTES(table, column, most)                                                                           \
    "TEXT CONSTRAINT '" table "." column " has at most " most " bytes'"                                      \
    "  CHECK (length(CAST(" column " AS BLOB)) <= " most ")"
#define FIRMWARE(table)                                                                                      \
    "TEXT CONSTRAINT '" table ".firmware is V1.2.3'"                                                         \
    "  CHECK (firmware GLOB 'V[0-9]*.[0-9]*.[0-9]*' AND firmware NOT GLOB 'V*[^0-9.]*'"                      \
    "   AND length(firmware) <= 12)"

/* ---- plc, block, event: later columns stand behind ---- */

/* clang-format off */
#define PLC(later)                                                                                           \
    "CREATE TABLE plc ("                                                                                     \
    " id INTEGER PRIMARY KEY,"                                                                               \
    " name TEXT NOT NULL UNIQUE"                                                                             \
    "  CONSTRAINT 'plc.name has 1 to 64 bytes' CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 64),"         \
    " listen TEXT"                                                                                           \
    "  CONSTRAINT 'plc.listen is ADDRESS:PORT' CHECK (listen LIKE '%_:_%' AND length(listen) < 64),"         \
    " cpu TEXT NOT NULL DEFAULT 'generic'"                                                                   \
    "  CONSTRAINT 'plc.cpu has 1 to 64 bytes' CHECK (length(CAST(cpu AS BLOB)) BETWEEN 1 AND 64),"           \
    " rack INTEGER CONSTRAINT 'plc.rack is 0 to 7' CHECK (rack BETWEEN 0 AND 7),"                            \
    " slot INTEGER CONSTRAINT 'plc.slot is 0 to 31' CHECK (slot BETWEEN 0 AND 31),"                          \
    " pdu_length INTEGER CONSTRAINT 'plc.pdu_length is 240 to 960' CHECK (pdu_length BETWEEN 240 AND 960),"  \
    " amq INTEGER CONSTRAINT 'plc.amq is 1 to 32' CHECK (amq BETWEEN 1 AND 32),"                             \
    " connections INTEGER CONSTRAINT 'plc.connections is 0 to 65535' CHECK (connections BETWEEN 0 AND 65535)"\
    later                                                                                                    \
    ") STRICT;"
#define PLC_OF_4(COLUMN)                                                                                     \
    COLUMN("plc", "mode TEXT NOT NULL DEFAULT 'RUN'"                                                         \
        "  CONSTRAINT 'plc.mode is RUN or STOP' CHECK (mode IN ('RUN', 'STOP'))")                            \
    COLUMN("plc", "clock_ms INTEGER NOT NULL DEFAULT 0"                                                      \
        "  CONSTRAINT 'plc.clock_ms is within a hundred years'"                                              \
        "  CHECK (clock_ms BETWEEN -3200000000000 AND 3200000000000)")                                       \
    COLUMN("plc", "protection INTEGER NOT NULL DEFAULT 1"                                                    \
        "  CONSTRAINT 'plc.protection is 1, 2 or 3' CHECK (protection IN (1, 2, 3))")                        \
    COLUMN("plc", "password TEXT"                                                                            \
        "  CONSTRAINT 'plc.password has 1 to 8 bytes'"                                                       \
        "  CHECK (length(CAST(password AS BLOB)) BETWEEN 1 AND 8 AND instr(password, char(0)) = 0)")
#define PLC_OF_5(COLUMN)                                                                                     \
    COLUMN("plc", "put_get INTEGER"                                                                          \
        "  CONSTRAINT 'plc.put_get is 0 or 1, or NULL' CHECK (put_get IN (0, 1))")                           \
    COLUMN("plc", "service_time " SWITCH("plc", "service_time", "0"))                                        \
    COLUMN("plc", "as_name " BYTES("plc", "as_name", "24"))                                                  \
    COLUMN("plc", "module_name " BYTES("plc", "module_name", "24"))                                          \
    COLUMN("plc", "plant_name " BYTES("plc", "plant_name", "32"))                                            \
    COLUMN("plc", "location " BYTES("plc", "location", "32"))                                                \
    COLUMN("plc", "serial " BYTES("plc", "serial", "24"))                                                    \
    COLUMN("plc", "order_code " BYTES("plc", "order_code", "20"))                                            \
    COLUMN("plc", "firmware " FIRMWARE("plc"))

#define BLOCK(later)                                                                                         \
    "CREATE TABLE block ("                                                                                   \
    " id INTEGER PRIMARY KEY,"                                                                               \
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"                                  \
    " kind TEXT NOT NULL"                                                                                    \
    "  CONSTRAINT 'block.kind is DB, I, Q, M, T or C' CHECK (kind IN ('DB', 'I', 'Q', 'M', 'T', 'C')),"      \
    " number INTEGER NOT NULL DEFAULT 0"                                                                     \
    "  CONSTRAINT 'block.number is 1 to 65535 for DB, else 0'"                                               \
    "  CHECK (CASE kind WHEN 'DB' THEN number BETWEEN 1 AND 65535 ELSE number = 0 END),"                     \
    " data BLOB NOT NULL"                                                                                    \
    "  CONSTRAINT 'block.data has at most 65536 bytes' CHECK (length(data) <= 65536)" later ","              \
    " UNIQUE (plc, kind, number)"                                                                            \
    ") STRICT;"
#define BLOCK_OF_5(COLUMN)                                                                                   \
    COLUMN("block", "optimized " SWITCH("block", "optimized", "0"))                                          \
    COLUMN("block", "write_protected " SWITCH("block", "write_protected", "0"))

#define EVENT(later)                                                                                         \
    "CREATE TABLE event ("                                                                                   \
    " id INTEGER PRIMARY KEY,"                                                                               \
    " time TEXT NOT NULL," /* UTC, 2026-01-31T23:59:59.999Z */                                               \
    " plc INTEGER,"                                                                                          \
    " kind TEXT NOT NULL,"                                                                                   \
    " peer TEXT,"                                                                                            \
    " text TEXT" later                                                                                       \
    ") STRICT;"
#define EVENT_OF_6(COLUMN)                                                                                   \
    COLUMN("event", "conn INTEGER")                                                                          \
    COLUMN("event", "fn TEXT")                                                                               \
    COLUMN("event", "items INTEGER")                                                                         \
    COLUMN("event", "error TEXT")                                                                            \
    COLUMN("event", "latency_us INTEGER")

/* ---- change: what can be noted in it ---- */

#define CHANGE(name, check)                                                                                  \
    "CREATE TABLE " name " ("                                                                                \
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"                                                                \
    " what TEXT NOT NULL" check ","                                                                          \
    " row INTEGER NOT NULL,"                                                                                 \
    " UNIQUE (what, row)"                                                                                    \
    ") STRICT;"
#define CHANGE_OF_1 " CHECK (what IN ('plc', 'block', 'tag', 'value'))"
#define CHANGE_OF_3 " CHECK (what IN ('plc', 'block', 'tag', 'value', 'fault'))"
#define CHANGE_OF_4 "  CHECK (what IN ('plc', 'block', 'tag', 'value', 'fault', 'szl', 'diagnostic'))"
#define CHANGE_OF_5                                                                                          \
    "  CHECK (what IN ('plc', 'block', 'tag', 'value', 'fault', 'szl', 'diagnostic', 'personality', 'audit',"\
    "   'code'))"

/* `change` gets one more `what`. Renaming a new table to it would want all triggers to be whole meanwhile, so
 * the rows step aside instead. The sequence must go on: numbers of edits are never used twice. */
#define CHANGE_AGAIN(check)                                                                                  \
    "CREATE TEMP TABLE change_aside AS SELECT seq, what, row FROM main.change"                               \
    " UNION ALL SELECT seq, NULL, NULL FROM main.sqlite_sequence WHERE name = 'change';"                     \
    "DROP TABLE main.change;"                                                                                \
    CHANGE("main.change", check)                                                                             \
    "INSERT INTO main.change SELECT seq, what, row FROM temp.change_aside WHERE what IS NOT NULL;"           \
    "DELETE FROM main.sqlite_sequence WHERE name = 'change';"                                                \
    "INSERT INTO main.sqlite_sequence (name, seq)"                                                           \
    " SELECT 'change', seq FROM temp.change_aside WHERE what IS NULL;"                                       \
    "DROP TABLE temp.change_aside;"
/* clang-format on */

#endif
