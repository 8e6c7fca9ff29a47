/* Step 7: blocks as they were downloaded. */
#include "schema.h"

/* `change` notes whose rows were edited, by the id of the PLC, as for szl. */
static const char every_7[] =
    "CREATE TABLE code ("
    " id INTEGER PRIMARY KEY,"
    " plc INTEGER NOT NULL DEFAULT 1 REFERENCES plc(id) ON DELETE CASCADE,"
    " kind TEXT NOT NULL"
    "  CONSTRAINT 'code.kind is OB, FB, FC, DB or SDB' CHECK (kind IN ('OB', 'FB', 'FC', 'DB', 'SDB')),"
    " number INTEGER NOT NULL"
    "  CONSTRAINT 'code.number is 1 to 65535 for DB, else 0 to 65535'"
    "  CHECK (number BETWEEN kind = 'DB' AND 65535),"
    " file BLOB NOT NULL"
    "  CONSTRAINT 'code.file has 72 to 196677 bytes' CHECK (length(file) BETWEEN 72 AND 196677),"
    " UNIQUE (plc, kind, number)"
    ") STRICT;"

    "CREATE TRIGGER code_insert AFTER INSERT ON code BEGIN"
    " DELETE FROM change WHERE what = 'code' AND row = NEW.plc;"
    " INSERT INTO change (what, row) VALUES ('code', NEW.plc);"
    " END;"
    "CREATE TRIGGER code_update AFTER UPDATE ON code BEGIN"
    " DELETE FROM change WHERE what = 'code' AND row = OLD.plc;"
    " INSERT INTO change (what, row) VALUES ('code', OLD.plc);"
    " DELETE FROM change WHERE what = 'code' AND row = NEW.plc;"
    " INSERT INTO change (what, row) VALUES ('code', NEW.plc);"
    " END;"
    "CREATE TRIGGER code_delete AFTER DELETE ON code BEGIN"
    " DELETE FROM change WHERE what = 'code' AND row = OLD.plc;"
    " INSERT INTO change (what, row) VALUES ('code', OLD.plc);"
    " END;";

const struct plant_schema_step plant_schema_7 = {NULL, every_7};
