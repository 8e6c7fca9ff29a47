/* Step 5: personalities are rows of the plant. */
#include "schema.h"
#include "schema_tables.h"

/* Words that are left when a known one was taken out. */
#define LESS(words, word) "replace(" words ", ' " word " ', ' ')"
#define LESS_BLOCKS                                                                                          \
    LESS(LESS(LESS(LESS(LESS(LESS("' ' || lacks || ' '", "szl"), "blocks"), "upload"), "download"),          \
              "delete"),                                                                                     \
         "start-stop")
#define LESS_CONTROL                                                                                         \
    LESS(                                                                                                    \
        LESS(LESS(LESS(LESS(LESS(LESS_BLOCKS, "compress"), "copy-ram-to-rom"), "memory-reset"), "password"), \
             "clock-read"),                                                                                  \
        "clock-set")
#define LESS_ALL LESS(LESS(LESS(LESS(LESS(LESS_CONTROL, "messages"), "cyclic"), "test"), "dbread"), "wchar")

#define REFUSAL(column)                                                                                      \
    "TEXT NOT NULL DEFAULT 'DR'"                                                                             \
    "  CONSTRAINT 'personality." column " is DR, FIN, RST or silence'"                                       \
    "  CHECK (" column " IN ('DR', 'FIN', 'RST', 'silence'))"
#define NUMBER(column, preset, low, high)                                                                    \
    "INTEGER NOT NULL DEFAULT " preset " CONSTRAINT 'personality." column " is " low " to " high "'"         \
    "  CHECK (" column " BETWEEN " low " AND " high ")"
#define NUMBER_OR_NULL(column, low, high)                                                                    \
    "INTEGER CONSTRAINT 'personality." column " is " low " to " high ", or NULL'"                            \
    "  CHECK (" column " BETWEEN " low " AND " high ")"
/* `change` gets what the steps up to 7 note in it. Any edit of personalities is noted as one of row 0.
 * (clang-format does not know strings with macros between them.) */
/* clang-format off */
static const char every_5[] =
    "CREATE TABLE personality ("
    " name TEXT NOT NULL PRIMARY KEY"
    "  CONSTRAINT 'personality.name has 1 to 64 bytes' CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 64),"
    " title TEXT NOT NULL DEFAULT ''"
    "  CONSTRAINT 'personality.title has at most 128 bytes' CHECK (length(CAST(title AS BLOB)) <= 128),"
    " pdu_length " NUMBER("pdu_length", "960", "240", "960") ","
    " amq_calling " NUMBER("amq_calling", "8", "1", "32") ","
    " amq_called " NUMBER("amq_called", "8", "1", "32") ","
    " connections " NUMBER_OR_NULL("connections", "0", "65535") ","
    " reserved_pg " NUMBER("reserved_pg", "0", "0", "65535") ","
    " reserved_op " NUMBER("reserved_op", "0", "0", "65535") ","
    " reserved_basic " NUMBER("reserved_basic", "0", "0", "65535") ","
    " rack " NUMBER_OR_NULL("rack", "0", "7") ","
    " slots TEXT NOT NULL DEFAULT 'any'"
    "  CONSTRAINT 'personality.slots is any, or numbers 0 to 31 with blanks between them'"
    "  CHECK (slots = 'any' OR (slots GLOB '[0-9]*' AND slots NOT GLOB '*[^0-9 ]*'"
    "   AND ' ' || slots NOT GLOB '* [4-9][0-9]*' AND ' ' || slots NOT GLOB '* 3[2-9]*'"
    "   AND slots NOT GLOB '*[0-9][0-9][0-9]*')),"
    " tsaps TEXT NOT NULL DEFAULT ''"
    "  CONSTRAINT 'personality.tsaps is called TSAPs such as 20.00 4D.57, at most 32'"
    "  CHECK (tsaps = '' OR (length(tsaps) <= 191 AND length(tsaps) % 6 = 5"
    "   AND tsaps NOT GLOB '*[^0-9A-F. ]*' AND ' ' || tsaps NOT GLOB '* [ .]*'"
    "   AND ' ' || tsaps NOT GLOB '* ?[ .]*'"
    "   AND ' ' || tsaps NOT GLOB '* ??[^.]*' AND ' ' || tsaps NOT GLOB '* ???[ .]*'"
    "   AND ' ' || tsaps NOT GLOB '* ????[ .]*' AND ' ' || tsaps NOT GLOB '* ?????[^ ]*')),"
    " any_tsap " SWITCH("personality", "any_tsap", "0") ","
    " serves_before_setup " SWITCH("personality", "serves_before_setup", "0") ","
    " max_items " NUMBER_OR_NULL("max_items", "1", "255") ","
    " wrong_tsap " REFUSAL("wrong_tsap") ","
    " when_full " REFUSAL("when_full") ","
    " inputs " NUMBER_OR_NULL("inputs", "1", "65536") ","
    " outputs " NUMBER_OR_NULL("outputs", "1", "65536") ","
    " markers " NUMBER_OR_NULL("markers", "1", "65536") ","
    " timers " NUMBER_OR_NULL("timers", "1", "32768") ","
    " counters " NUMBER_OR_NULL("counters", "1", "32768") ","
    " db1 " NUMBER_OR_NULL("db1", "1", "65536") ","
    " retentive_markers " NUMBER("retentive_markers", "0", "0", "65536") ","
    " retentive_timers " NUMBER("retentive_timers", "0", "0", "32768") ","
    " retentive_counters " NUMBER("retentive_counters", "0", "0", "32768") ","
    " absent_code " NUMBER("absent_code", "10", "1", "254") ","
    " optimized_code " NUMBER("optimized_code", "10", "1", "254") ","
    " no_szl_error " NUMBER("no_szl_error", "54273", "1", "65535") ","
    " lacks TEXT NOT NULL DEFAULT ''"
    "  CONSTRAINT 'personality.lacks is some of szl blocks upload download delete start-stop compress"
    " copy-ram-to-rom memory-reset password clock-read clock-set messages cyclic test dbread wchar'"
    "  CHECK (trim(" LESS_ALL ") = ''),"
    " put_get " SWITCH("personality", "put_get", "1") ","
    " counters_binary " SWITCH("personality", "counters_binary", "0") ","
    " order_code " BYTES("personality", "order_code", "20") ","
    " firmware " FIRMWARE("personality") ","
    " keepalive_s " NUMBER("keepalive_s", "30", "0", "32767") ","
    " service_us " NUMBER("service_us", "0", "0", "60000000") ","
    " per_item_us " NUMBER("per_item_us", "0", "0", "60000000") ","
    " szl_us " NUMBER("szl_us", "0", "0", "60000000") ","
    " jitter_us " NUMBER("jitter_us", "0", "0", "60000000") ","
    " jitter TEXT NOT NULL DEFAULT 'uniform'"
    "  CONSTRAINT 'personality.jitter is uniform or exponential' CHECK (jitter IN ('uniform', 'exponential'))"
    ") STRICT;"

    "CREATE TABLE personality_szl ("
    " personality TEXT NOT NULL REFERENCES personality(name) ON UPDATE CASCADE ON DELETE CASCADE,"
    " list INTEGER NOT NULL CONSTRAINT 'personality_szl.list is 0 to 65535' CHECK (list BETWEEN 0 AND 65535),"
    " idx INTEGER NOT NULL DEFAULT 0"
    "  CONSTRAINT 'personality_szl.idx is 0 to 65535' CHECK (idx BETWEEN 0 AND 65535),"
    " record_len INTEGER NOT NULL"
    "  CONSTRAINT 'personality_szl.record_len is 1 to 1024' CHECK (record_len BETWEEN 1 AND 1024),"
    " data BLOB NOT NULL"
    "  CONSTRAINT 'personality_szl.data is whole records, at most 16384 bytes'"
    "  CHECK (length(data) % record_len = 0 AND length(data) <= 16384),"
    " PRIMARY KEY (personality, list, idx)"
    ") STRICT;"

    "CREATE TRIGGER personality_insert AFTER INSERT ON personality BEGIN"
    " DELETE FROM change WHERE what = 'personality';"
    " INSERT INTO change (what, row) VALUES ('personality', 0);"
    " END;"
    "CREATE TRIGGER personality_update AFTER UPDATE ON personality BEGIN"
    " DELETE FROM change WHERE what = 'personality';"
    " INSERT INTO change (what, row) VALUES ('personality', 0);"
    " END;"
    "CREATE TRIGGER personality_delete AFTER DELETE ON personality BEGIN"
    " DELETE FROM change WHERE what = 'personality';"
    " INSERT INTO change (what, row) VALUES ('personality', 0);"
    " END;"
    "CREATE TRIGGER personality_szl_insert AFTER INSERT ON personality_szl BEGIN"
    " DELETE FROM change WHERE what = 'personality';"
    " INSERT INTO change (what, row) VALUES ('personality', 0);"
    " END;"
    "CREATE TRIGGER personality_szl_update AFTER UPDATE ON personality_szl BEGIN"
    " DELETE FROM change WHERE what = 'personality';"
    " INSERT INTO change (what, row) VALUES ('personality', 0);"
    " END;"
    "CREATE TRIGGER personality_szl_delete AFTER DELETE ON personality_szl BEGIN"
    " DELETE FROM change WHERE what = 'personality';"
    " INSERT INTO change (what, row) VALUES ('personality', 0);"
    " END;";
/* clang-format on */

const struct plant_schema_step plant_schema_5 = {CHANGE_AGAIN(CHANGE_OF_5) PLC_OF_5(ADDED) BLOCK_OF_5(ADDED),
                                                 every_5};
