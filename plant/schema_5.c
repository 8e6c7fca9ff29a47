/* Step 5: personalities are rows of the plant. */
#include "schema.h"

/* `change` gets what the steps up to 7 note in it; the rows step aside as in step 3. */
const char plant_schema_5[] =
    "CREATE TEMP TABLE change_aside AS SELECT seq, what, row FROM main.change"
    " UNION ALL SELECT seq, NULL, NULL FROM main.sqlite_sequence WHERE name = 'change';"
    "DROP TABLE main.change;"
    "CREATE TABLE main.change ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " what TEXT NOT NULL"
    "  CHECK (what IN ('plc', 'block', 'tag', 'value', 'fault', 'szl', 'diagnostic', 'personality', 'audit',"
    "   'code')),"
    " row INTEGER NOT NULL,"
    " UNIQUE (what, row)"
    ") STRICT;"
    "INSERT INTO main.change SELECT seq, what, row FROM temp.change_aside WHERE what IS NOT NULL;"
    "DELETE FROM main.sqlite_sequence WHERE name = 'change';"
    "INSERT INTO main.sqlite_sequence (name, seq)"
    " SELECT 'change', seq FROM temp.change_aside WHERE what IS NULL;"
    "DROP TABLE temp.change_aside;";
