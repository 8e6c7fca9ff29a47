#include "schema.h"

#include "builtin.h"
#include "plant_impl.h"

/* Step 1. Triggers note what foreign programs edit; a row is noted once, at its last edit, so that `change`
 * stays small while no server runs. The server's own connection has triggers switched off. */
static const char schema_1[] =
    "CREATE TABLE plc ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE"
    "  CONSTRAINT 'plc.name has 1 to 64 bytes' CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 64),"
    " listen TEXT"
    "  CONSTRAINT 'plc.listen is ADDRESS:PORT' CHECK (listen LIKE '%_:_%' AND length(listen) < 64),"
    " cpu TEXT NOT NULL DEFAULT 'generic'"
    "  CONSTRAINT 'plc.cpu has 1 to 64 bytes' CHECK (length(CAST(cpu AS BLOB)) BETWEEN 1 AND 64),"
    " rack INTEGER CONSTRAINT 'plc.rack is 0 to 7' CHECK (rack BETWEEN 0 AND 7),"
    " slot INTEGER CONSTRAINT 'plc.slot is 0 to 31' CHECK (slot BETWEEN 0 AND 31),"
    " pdu_length INTEGER CONSTRAINT 'plc.pdu_length is 240 to 960' CHECK (pdu_length BETWEEN 240 AND 960),"
    " amq INTEGER CONSTRAINT 'plc.amq is 1 to 32' CHECK (amq BETWEEN 1 AND 32),"
    " connections INTEGER CONSTRAINT 'plc.connections is 0 to 65535' CHECK (connections BETWEEN 0 AND 65535)"
    ") STRICT;"

    "CREATE TABLE block ("
    " id INTEGER PRIMARY KEY,"
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"
    " kind TEXT NOT NULL"
    "  CONSTRAINT 'block.kind is DB, I, Q, M, T or C' CHECK (kind IN ('DB', 'I', 'Q', 'M', 'T', 'C')),"
    " number INTEGER NOT NULL DEFAULT 0"
    "  CONSTRAINT 'block.number is 1 to 65535 for DB, else 0'"
    "  CHECK (CASE kind WHEN 'DB' THEN number BETWEEN 1 AND 65535 ELSE number = 0 END),"
    " data BLOB NOT NULL"
    "  CONSTRAINT 'block.data has at most 65536 bytes' CHECK (length(data) <= 65536),"
    " UNIQUE (plc, kind, number)"
    ") STRICT;"

    "CREATE TABLE tag ("
    " id INTEGER PRIMARY KEY,"
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"
    " name TEXT NOT NULL CONSTRAINT 'tag.name is not empty' CHECK (length(name) > 0),"
    " address TEXT NOT NULL,"
    " type TEXT,"
    " value ANY,"
    " applied ANY,"
    " error TEXT,"
    " comment TEXT,"
    " UNIQUE (plc, name)"
    ") STRICT;"

    "CREATE TABLE change ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " what TEXT NOT NULL CHECK (what IN ('plc', 'block', 'tag', 'value')),"
    " row INTEGER NOT NULL,"
    " UNIQUE (what, row)"
    ") STRICT;"

    "CREATE TRIGGER plc_insert AFTER INSERT ON plc BEGIN"
    " DELETE FROM change WHERE what = 'plc' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('plc', NEW.id);"
    " END;"
    "CREATE TRIGGER plc_update AFTER UPDATE ON plc BEGIN"
    " DELETE FROM change WHERE what = 'plc' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('plc', OLD.id);"
    " DELETE FROM change WHERE what = 'plc' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('plc', NEW.id);"
    " END;"
    "CREATE TRIGGER plc_delete AFTER DELETE ON plc BEGIN"
    " DELETE FROM change WHERE what = 'plc' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('plc', OLD.id);"
    " END;"
    "CREATE TRIGGER block_insert AFTER INSERT ON block BEGIN"
    " DELETE FROM change WHERE what = 'block' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('block', NEW.id);"
    " END;"
    "CREATE TRIGGER block_update AFTER UPDATE ON block BEGIN"
    " DELETE FROM change WHERE what = 'block' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('block', OLD.id);"
    " DELETE FROM change WHERE what = 'block' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('block', NEW.id);"
    " END;"
    "CREATE TRIGGER block_delete AFTER DELETE ON block BEGIN"
    " DELETE FROM change WHERE what = 'block' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('block', OLD.id);"
    " END;"
    "CREATE TRIGGER tag_insert AFTER INSERT ON tag BEGIN"
    " DELETE FROM change WHERE what = 'tag' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('tag', NEW.id);"
    " DELETE FROM change WHERE what = 'value' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('value', NEW.id);"
    " END;"
    "CREATE TRIGGER tag_define AFTER UPDATE OF id, plc, name, address, type ON tag BEGIN"
    " DELETE FROM change WHERE what = 'tag' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('tag', OLD.id);"
    " DELETE FROM change WHERE what = 'tag' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('tag', NEW.id);"
    " END;"
    "CREATE TRIGGER tag_value AFTER UPDATE OF value ON tag BEGIN"
    " DELETE FROM change WHERE what = 'value' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('value', NEW.id);"
    " END;"
    "CREATE TRIGGER tag_delete AFTER DELETE ON tag BEGIN"
    " DELETE FROM change WHERE what = 'tag' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('tag', OLD.id);"
    " END;"

    /* A row that OR REPLACE pushes out fires no trigger of its own: whoever takes its place notes it. */
    "CREATE TRIGGER plc_replace BEFORE INSERT ON plc BEGIN"
    " DELETE FROM change WHERE what = 'plc' AND row IN (SELECT id FROM plc WHERE name = NEW.name);"
    " INSERT INTO change (what, row) SELECT 'plc', id FROM plc WHERE name = NEW.name;"
    " END;"
    "CREATE TRIGGER plc_rename BEFORE UPDATE OF name ON plc BEGIN"
    " DELETE FROM change WHERE what = 'plc' AND row IN (SELECT id FROM plc WHERE name = NEW.name);"
    " INSERT INTO change (what, row) SELECT 'plc', id FROM plc WHERE name = NEW.name;"
    " END;"
    "CREATE TRIGGER block_replace BEFORE INSERT ON block BEGIN"
    " DELETE FROM change WHERE what = 'block' AND row IN"
    "  (SELECT id FROM block WHERE plc = NEW.plc AND kind = NEW.kind AND number = NEW.number);"
    " INSERT INTO change (what, row) SELECT 'block', id FROM block"
    "  WHERE plc = NEW.plc AND kind = NEW.kind AND number = NEW.number;"
    " END;"
    "CREATE TRIGGER block_move BEFORE UPDATE OF plc, kind, number ON block BEGIN"
    " DELETE FROM change WHERE what = 'block' AND row IN"
    "  (SELECT id FROM block WHERE plc = NEW.plc AND kind = NEW.kind AND number = NEW.number);"
    " INSERT INTO change (what, row) SELECT 'block', id FROM block"
    "  WHERE plc = NEW.plc AND kind = NEW.kind AND number = NEW.number;"
    " END;"
    "CREATE TRIGGER tag_replace BEFORE INSERT ON tag BEGIN"
    " DELETE FROM change WHERE what = 'tag' AND row IN"
    "  (SELECT id FROM tag WHERE plc = NEW.plc AND name = NEW.name);"
    " INSERT INTO change (what, row) SELECT 'tag', id FROM tag WHERE plc = NEW.plc AND name = NEW.name;"
    " END;"
    "CREATE TRIGGER tag_rename BEFORE UPDATE OF plc, name ON tag BEGIN"
    " DELETE FROM change WHERE what = 'tag' AND row IN"
    "  (SELECT id FROM tag WHERE plc = NEW.plc AND name = NEW.name);"
    " INSERT INTO change (what, row) SELECT 'tag', id FROM tag WHERE plc = NEW.plc AND name = NEW.name;"
    " END;";

static const char schema_2[] = "CREATE TABLE event ("
                               " id INTEGER PRIMARY KEY,"
                               " time TEXT NOT NULL," /* UTC, 2026-01-31T23:59:59.999Z */
                               " plc INTEGER,"
                               " kind TEXT NOT NULL,"
                               " peer TEXT,"
                               " text TEXT"
                               ") STRICT;";

/* `change` gets one more `what`. Renaming a new table to it would want all triggers to be whole meanwhile, so
 * the rows step aside instead. The sequence must go on: numbers of edits are never used twice. */
static const char schema_3[] =
    "CREATE TABLE fault ("
    " id INTEGER PRIMARY KEY,"
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"
    " name TEXT NOT NULL"
    "  CONSTRAINT 'fault.name has 1 to 31 bytes'"
    "  CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 31 AND instr(name, char(0)) = 0),"
    " args TEXT NOT NULL DEFAULT ''"
    "  CONSTRAINT 'fault.args has at most 255 bytes'"
    "  CHECK (length(CAST(args AS BLOB)) <= 255 AND instr(args, char(0)) = 0),"
    " armed INTEGER NOT NULL DEFAULT 1 CONSTRAINT 'fault.armed is 0 or 1' CHECK (armed IN (0, 1)),"
    " matched INTEGER NOT NULL DEFAULT 0,"
    " fired INTEGER NOT NULL DEFAULT 0,"
    " error TEXT"
    ") STRICT;"

    "CREATE TEMP TABLE change_aside AS SELECT seq, what, row FROM main.change"
    " UNION ALL SELECT seq, NULL, NULL FROM main.sqlite_sequence WHERE name = 'change';"
    "DROP TABLE main.change;"
    "CREATE TABLE main.change ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " what TEXT NOT NULL CHECK (what IN ('plc', 'block', 'tag', 'value', 'fault')),"
    " row INTEGER NOT NULL,"
    " UNIQUE (what, row)"
    ") STRICT;"
    "INSERT INTO main.change SELECT seq, what, row FROM temp.change_aside WHERE what IS NOT NULL;"
    "DELETE FROM main.sqlite_sequence WHERE name = 'change';"
    "INSERT INTO main.sqlite_sequence (name, seq)"
    " SELECT 'change', seq FROM temp.change_aside WHERE what IS NULL;"
    "DROP TABLE temp.change_aside;"

    "CREATE TRIGGER fault_insert AFTER INSERT ON fault BEGIN"
    " DELETE FROM change WHERE what = 'fault' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('fault', NEW.id);"
    " END;"
    "CREATE TRIGGER fault_update AFTER UPDATE ON fault BEGIN"
    " DELETE FROM change WHERE what = 'fault' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('fault', OLD.id);"
    " DELETE FROM change WHERE what = 'fault' AND row = NEW.id;"
    " INSERT INTO change (what, row) VALUES ('fault', NEW.id);"
    " END;"
    "CREATE TRIGGER fault_delete AFTER DELETE ON fault BEGIN"
    " DELETE FROM change WHERE what = 'fault' AND row = OLD.id;"
    " INSERT INTO change (what, row) VALUES ('fault', OLD.id);"
    " END;";

/* What a PLC is beside its memory: its mode, its clock, its protection, what it tells of itself and what
 * happened to it. `change` notes whose rows of szl and diagnostic were edited, by the id of the PLC. */
static const char schema_4[] =
    "ALTER TABLE plc ADD COLUMN mode TEXT NOT NULL DEFAULT 'RUN'"
    "  CONSTRAINT 'plc.mode is RUN or STOP' CHECK (mode IN ('RUN', 'STOP'));"
    "ALTER TABLE plc ADD COLUMN clock_ms INTEGER NOT NULL DEFAULT 0"
    "  CONSTRAINT 'plc.clock_ms is within a hundred years'"
    "  CHECK (clock_ms BETWEEN -3200000000000 AND 3200000000000);"
    "ALTER TABLE plc ADD COLUMN protection INTEGER NOT NULL DEFAULT 1"
    "  CONSTRAINT 'plc.protection is 1, 2 or 3' CHECK (protection IN (1, 2, 3));"
    "ALTER TABLE plc ADD COLUMN password TEXT"
    "  CONSTRAINT 'plc.password has 1 to 8 bytes'"
    "  CHECK (length(CAST(password AS BLOB)) BETWEEN 1 AND 8 AND instr(password, char(0)) = 0);"

    "CREATE TABLE szl ("
    " id INTEGER PRIMARY KEY,"
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"
    " list INTEGER NOT NULL CONSTRAINT 'szl.list is 0 to 65535' CHECK (list BETWEEN 0 AND 65535),"
    " idx INTEGER NOT NULL DEFAULT 0 CONSTRAINT 'szl.idx is 0 to 65535' CHECK (idx BETWEEN 0 AND 65535),"
    " record_len INTEGER NOT NULL"
    "  CONSTRAINT 'szl.record_len is 1 to 1024' CHECK (record_len BETWEEN 1 AND 1024),"
    " data BLOB NOT NULL"
    "  CONSTRAINT 'szl.data is whole records, at most 16384 bytes'"
    "  CHECK (length(data) % record_len = 0 AND length(data) <= 16384),"
    " UNIQUE (plc, list, idx)"
    ") STRICT;"

    /* An entry is as the CPU sends it, so what is readable of it is made from the bytes. */
    "CREATE TABLE diagnostic ("
    " id INTEGER PRIMARY KEY,"
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"
    " data BLOB NOT NULL"
    "  CONSTRAINT 'diagnostic.data has 20 bytes' CHECK (length(data) = 20),"
    " text TEXT,"
    " event TEXT AS (substr(hex(data), 1, 4)),"
    " time TEXT AS (CASE WHEN substr(hex(data), 25, 2) < '90' THEN '20' ELSE '19' END"
    "  || substr(hex(data), 25, 2) || '-' || substr(hex(data), 27, 2) || '-' || substr(hex(data), 29, 2)"
    "  || 'T' || substr(hex(data), 31, 2) || ':' || substr(hex(data), 33, 2) || ':'"
    "  || substr(hex(data), 35, 2) || '.' || substr(hex(data), 37, 3))"
    ") STRICT;"
    "CREATE INDEX diagnostic_plc ON diagnostic (plc, id);"

    "CREATE TEMP TABLE change_aside AS SELECT seq, what, row FROM main.change"
    " UNION ALL SELECT seq, NULL, NULL FROM main.sqlite_sequence WHERE name = 'change';"
    "DROP TABLE main.change;"
    "CREATE TABLE main.change ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " what TEXT NOT NULL"
    "  CHECK (what IN ('plc', 'block', 'tag', 'value', 'fault', 'szl', 'diagnostic')),"
    " row INTEGER NOT NULL,"
    " UNIQUE (what, row)"
    ") STRICT;"
    "INSERT INTO main.change SELECT seq, what, row FROM temp.change_aside WHERE what IS NOT NULL;"
    "DELETE FROM main.sqlite_sequence WHERE name = 'change';"
    "INSERT INTO main.sqlite_sequence (name, seq)"
    " SELECT 'change', seq FROM temp.change_aside WHERE what IS NULL;"
    "DROP TABLE temp.change_aside;"

    "CREATE TRIGGER szl_insert AFTER INSERT ON szl BEGIN"
    " DELETE FROM change WHERE what = 'szl' AND row = NEW.plc;"
    " INSERT INTO change (what, row) VALUES ('szl', NEW.plc);"
    " END;"
    "CREATE TRIGGER szl_update AFTER UPDATE ON szl BEGIN"
    " DELETE FROM change WHERE what = 'szl' AND row = OLD.plc;"
    " INSERT INTO change (what, row) VALUES ('szl', OLD.plc);"
    " DELETE FROM change WHERE what = 'szl' AND row = NEW.plc;"
    " INSERT INTO change (what, row) VALUES ('szl', NEW.plc);"
    " END;"
    "CREATE TRIGGER szl_delete AFTER DELETE ON szl BEGIN"
    " DELETE FROM change WHERE what = 'szl' AND row = OLD.plc;"
    " INSERT INTO change (what, row) VALUES ('szl', OLD.plc);"
    " END;"
    "CREATE TRIGGER diagnostic_insert AFTER INSERT ON diagnostic BEGIN"
    " DELETE FROM change WHERE what = 'diagnostic' AND row = NEW.plc;"
    " INSERT INTO change (what, row) VALUES ('diagnostic', NEW.plc);"
    " END;"
    "CREATE TRIGGER diagnostic_update AFTER UPDATE ON diagnostic BEGIN"
    " DELETE FROM change WHERE what = 'diagnostic' AND row = OLD.plc;"
    " INSERT INTO change (what, row) VALUES ('diagnostic', OLD.plc);"
    " DELETE FROM change WHERE what = 'diagnostic' AND row = NEW.plc;"
    " INSERT INTO change (what, row) VALUES ('diagnostic', NEW.plc);"
    " END;"
    "CREATE TRIGGER diagnostic_delete AFTER DELETE ON diagnostic BEGIN"
    " DELETE FROM change WHERE what = 'diagnostic' AND row = OLD.plc;"
    " INSERT INTO change (what, row) VALUES ('diagnostic', OLD.plc);"
    " END;";

static const char *const steps[PLANT_SCHEMA_VERSION] = {
    schema_1, schema_2, schema_3, schema_4, plant_schema_5, plant_schema_6, plant_schema_7};

int plant_schema_migrate(sqlite3 *db, int from, int to)
{
    char pragma[96];
    int rc = SQLITE_OK;

    for (int version = from; version < to && rc == SQLITE_OK; version++)
        rc = sqlite3_exec(db, steps[version], NULL, NULL, NULL);
    if (rc == SQLITE_OK && to == PLANT_SCHEMA_VERSION)
        rc = plant_builtins_add(db);
    if (rc == SQLITE_OK) {
        snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                 PLANT_APPLICATION_ID, to);
        rc = sqlite3_exec(db, pragma, NULL, NULL, NULL);
    }
    return rc;
}

/* An integer pragma; -1 with *rc when it cannot be read. */
static int pragma_int(sqlite3 *db, const char *sql, int *rc)
{
    sqlite3_stmt *q;
    int value = -1;

    *rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
    if (*rc != SQLITE_OK)
        return -1;
    *rc = sqlite3_step(q);
    if (*rc == SQLITE_ROW) {
        value = sqlite3_column_int(q, 0);
        *rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return value;
}

s7_status plant_schema_check(sqlite3 *db, const char *path, int *version, struct plant_error *error)
{
    int rc, application = pragma_int(db, "PRAGMA application_id", &rc);

    if (rc == SQLITE_NOTADB)
        return plant_fail(error, S7_E_PLANT_SCHEMA, "%s: not a plant file: it is no SQLite database", path);
    if (rc == SQLITE_OK)
        *version = pragma_int(db, "PRAGMA user_version", &rc);
    if (rc != SQLITE_OK)
        return plant_fail(error, plant_sql_status(rc), "%s: cannot read it: %s", path, sqlite3_errmsg(db));
    if (application != PLANT_APPLICATION_ID)
        return plant_fail(error, S7_E_PLANT_SCHEMA,
                          "%s: a SQLite database, but not a plant file; make one with s7rig plant new FILE",
                          path);
    if (*version < 1)
        return plant_fail(error, S7_E_PLANT_SCHEMA, "%s: damaged plant file: its schema is %d", path,
                          *version);
    if (*version > PLANT_SCHEMA_VERSION)
        return plant_fail(error, S7_E_PLANT_SCHEMA,
                          "%s: made by a newer s7rig: its schema is %d, this one knows 1 to %d", path,
                          *version, PLANT_SCHEMA_VERSION);
    return S7_OK;
}
