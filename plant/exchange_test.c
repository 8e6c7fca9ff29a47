/* exchange_test.c - a plant as text is the same plant again, and two plants differ in what they differ in. */
#include "test_plant.h"

#include "exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DB_LEN 64

/* Every type, alone and in arrays; each has a DB of its own, 100 and up. */
static const char *const types[] = {
    "DBX0.5",
    "DBX0.6:BOOL[13]",
    "DBB0:BYTE",
    "DBB0:BYTE[3]",
    "DBB0:USINT",
    "DBB0:SINT",
    "DBB0:SINT[5]",
    "DBB0:CHAR",
    "DBB0:CHAR[9]",
    "DBW0:WORD",
    "DBW0:WORD[4]",
    "DBW0:UINT",
    "DBW0:INT",
    "DBW0:INT[32]",
    "DBD0:DWORD",
    "DBD0:UDINT",
    "DBD0:DINT",
    "DBD0:DINT[4]",
    "DBD0:REAL",
    "DBD0:REAL[7]",
    "DBB0:LWORD",
    "DBB0:ULINT",
    "DBB0:ULINT[3]",
    "DBB0:LINT",
    "DBB0:LINT[8]",
    "DBB0:LREAL",
    "DBB0:LREAL[4]",
    "DBW0:WCHAR",
    "DBW0:WCHAR[5]",
    "DBB0:STRING(20)",
    "DBB0:STRING(5)[3]",
    "DBB0:WSTRING(9)",
    "DBB0:WSTRING(3)[4]",
    "DBW0:S5TIME",
    "DBW0:S5TIME[6]",
    "DBD0:TIME",
    "DBD0:TIME[4]",
    "DBB0:LTIME",
    "DBB0:LTIME[2]",
    "DBW0:DATE",
    "DBW0:DATE[3]",
    "DBD0:TOD",
    "DBD0:TOD[2]",
    "DBB0:LTOD",
    "DBB0:DT",
    "DBB0:DT[3]",
    "DBB0:LDT",
    "DBB0:LDT[2]",
    "DBB0:DTL",
    "DBB0:DTL[2]",
    "DBW0:COUNTER",
    "DBW0:COUNTER[8]",
    "DBW0:TIMER",
    "DBW0:TIMER[4]",
};
#define N_TYPES (sizeof types / sizeof types[0])

/* What the types can show at their edges: NaN, infinities, extremes, quotes, lines, zero bytes. */
static const char *const edges[] = {
    "00",
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    "7FFFFFFFFFFFFFFF7FFFFFFFFFFFFFFF",
    "80000000000000008000000000000000",
    "7F8000007FF00000FF800000FFF0000000000000",
    "7FF00000000000007FC1234500000001FFF0000000000000",
    "0000000100000000000000000000000000000001",
    "000000000000000180000000",
    "14073A22270A0D0A2C3B6100",
    "0009000500220027000A002C20AC00E4D83DDE00D800",
    "2602291234567897260131123456789709992130F234",
    "07EA011F070C22381B2E02AD00000000",
    "05000961002200",
};
#define N_EDGES (sizeof edges / sizeof edges[0])

static struct plant_error error;

/* ---- there and back ---- */

static char *exported(const char *path, enum plant_format format, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    assert_non_null(out);
    s7_status status = plant_export(path, format, out, &error);
    fclose(out);
    if (status != S7_OK)
        fail_msg("%s", error.text);
    return text;
}

static void print_problem(const struct plant_problem *problem, void *arg)
{
    (void)arg;
    fprintf(stderr, "line %zu, column %zu: %s\n", problem->line, problem->column, problem->text);
}

static void import(const char *path, enum plant_format format, const char *text, size_t len)
{
    struct plant_import_options options;
    struct plant_import_result result;

    plant_import_options_init(&options);
    options.format = format;
    options.problem = print_problem;
    if (plant_import(path, text, len, &options, &result, &error) != S7_OK)
        fail_msg("%s\n%.*s", error.text, (int)(len < 2000 ? len : 2000), text);
}

static char told[4096];

static void on_difference(const struct plant_difference *d, void *arg)
{
    size_t len = strlen(told);

    (void)arg;
    snprintf(told + len, sizeof told - len, "%s %s %s %u..%u: %s -> %s\n", d->plc, plant_part_name(d->part),
             d->name, d->from, d->to, d->a != NULL ? d->a : "-", d->b != NULL ? d->b : "-");
}

static void differ(const char *a, const char *b, const char *expected)
{
    size_t n, lines = 0;

    told[0] = '\0';
    if (plant_diff(a, b, on_difference, NULL, &n, &error) != S7_OK)
        fail_msg("%s", error.text);
    for (const char *at = told; *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(n, lines);
    if (strcmp(told, expected) != 0)
        fprintf(stderr, "expected:\n%sgot:\n%s", expected, told); /* more than a message of cmocka holds */
    assert_string_equal(told, expected);
}

/* A DB and a tag for each type, all with the same bytes. */
static void fill(struct rig *rig, const char *hex)
{
    rig_sql(rig, "PRAGMA synchronous = OFF; BEGIN; DELETE FROM tag; DELETE FROM block WHERE number >= 100");
    for (size_t i = 0; i < N_TYPES; i++)
        rig_sql(
            rig,
            "INSERT INTO block (kind, number, data) VALUES ('DB', %zu, CAST(x'%s' || zeroblob(%zu) AS BLOB));"
            "INSERT INTO tag (name, address, comment) VALUES ('t%zu', 'DB%zu.%s', 'of \"%s\"')",
            100 + i, hex, DB_LEN - strlen(hex) / 2, i, 100 + i, types[i], types[i]);
    rig_sql(rig, "COMMIT");
}

/* All bytes of all blocks. */
static void bytes_are_the_same(struct rig *rig, const char *copy)
{
    rig_sql(rig, "ATTACH '%s' AS copy", copy);
    const char *other =
        rig_select(rig, "SELECT b.kind || b.number || ': ' || hex(c.data) || ' of ' || hex(b.data)"
                        " FROM main.block b LEFT JOIN copy.block c ON b.kind = c.kind AND b.number ="
                        " c.number WHERE b.data IS NOT c.data");
    rig_same(other, "(no row)");
    rig_sql(rig, "DETACH copy");
}

static void remove_copy(const char *copy)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[160];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s%s", copy, ends[i]);
        unlink(path);
    }
}

static void serve_once(const char *path)
{
    plant *p;

    if (plant_open(path, NULL, &p, &error) != S7_OK)
        fail_msg("%s", error.text);
    plant_close(p);
}

static void json_there_and_back(struct rig *rig)
{
    char copy[128];
    size_t len, len_again;

    snprintf(copy, sizeof copy, "%s/copy", rig->folder);
    char *text = exported(rig->path, PLANT_JSON, &len);
    import(copy, PLANT_JSON, text, len);
    differ(rig->path, copy, "");
    serve_once(copy); /* which applies the tags as well */
    bytes_are_the_same(rig, copy);
    char *again = exported(copy, PLANT_JSON, &len_again);
    assert_int_equal(len, len_again);
    assert_memory_equal(text, again, len);
    free(text);
    free(again);
    remove_copy(copy);
}

static void json_gives_every_byte_of_every_type_back(void **state)
{
    struct rig *rig = *state;
    char hex[2 * DB_LEN + 1];

    for (size_t i = 0; i < N_EDGES; i++) {
        fill(rig, edges[i]);
        json_there_and_back(rig);
    }
    for (int times = 0; times < 2; times++) {
        for (size_t k = 0; k < DB_LEN; k++)
            snprintf(hex + 2 * k, 3, "%02X", rig_random(3) == 0 ? rig_random(12) : rig_random(256));
        fill(rig, hex);
        json_there_and_back(rig);
    }
}

/* The table has values only: they are put into blocks of zeros. */
static void csv_there_and_back(struct rig *rig)
{
    char copy[128];
    size_t len, len_again;

    snprintf(copy, sizeof copy, "%s/copy", rig->folder);
    char *text = exported(rig->path, PLANT_CSV, &len);
    const struct plant_new_plc plc = {.name = "copy", .cpu = "generic"};
    assert_status(plant_create(copy, &plc, 1, &error), S7_OK);
    import(copy, PLANT_CSV, text, len);
    serve_once(copy);
    char *again = exported(copy, PLANT_CSV, &len_again);
    if (len != len_again || memcmp(text, again, len) != 0)
        fail_msg("other values come back:\n%s\n%s", text, again);
    free(text);
    free(again);
    remove_copy(copy);
}

static void csv_gives_every_value_of_every_type_back(void **state)
{
    struct rig *rig = *state;
    char hex[2 * DB_LEN + 1];

    for (size_t i = 0; i < N_EDGES; i++) {
        fill(rig, edges[i]);
        csv_there_and_back(rig);
    }
    for (int times = 0; times < 2; times++) {
        for (size_t k = 0; k < DB_LEN; k++)
            snprintf(hex + 2 * k, 3, "%02X", rig_random(3) == 0 ? rig_random(12) : rig_random(256));
        fill(rig, hex);
        csv_there_and_back(rig);
    }
}

/* ---- the texts ---- */

static void csv_is_as_people_write_it(void **state)
{
    struct rig *rig = *state;
    size_t len;

    rig_sql(rig, "INSERT INTO tag (name, address, value, comment) VALUES ('speed', 'db1,real0', 1.5, 'm/s'),"
                 " ('#a,b', 'DB1.DBB8:STRING(9)', 'say \"no\"', NULL), ('b', 'M0.0', 1, ' '),"
                 " ('far', 'DB1.DBW63', NULL, NULL), ('odd', 'nonsense', NULL, NULL)");
    char *text = exported(rig->path, PLANT_CSV, &len);
    rig_same(text, "name,address,type,value,comment\n"
                   "\"#a,b\",DB1.DBB8,STRING(9),\"say \"\"no\"\"\",\n"
                   "b,M0.0,BOOL,1,\" \"\n"
                   "far,DB1.DBW63,WORD,,\n"
                   "odd,nonsense,,,\n"
                   "speed,DB1.DBD0,REAL,1.5,m/s\n");
    free(text);
    rig_sql(rig, "INSERT INTO plc (name) VALUES ('plc2'); INSERT INTO tag (plc, name, address) VALUES (2, "
                 "'x', 'MW0')");
    text = exported(rig->path, PLANT_CSV, &len);
    rig_says(text, "name,address,type,value,comment,plc\n", "\nspeed,DB1.DBD0,REAL,1.5,m/s,plc1\n",
             "\nx,MW0,WORD,,,plc2\n", NULL);
    free(text);
}

static void json_has_a_line_for_each_thing(void **state)
{
    struct rig *rig = *state;
    size_t len;

    rig_sql(
        rig,
        "UPDATE plc SET password = 'a\"b', rack = 2; INSERT INTO tag (name, address, value, comment) VALUES"
        " ('speed', 'db1,real0', 1.5, 'm/s'), ('text', 'DB1.DBB8:STRING(9)', 'a' || char(10, 228), NULL),"
        " ('zero', 'DB1.DBB20:STRING(2)', 'a' || char(0), NULL), ('n', 'DB1.DBW24:INT[2]', '[1,2]', NULL),"
        " ('nan', 'DB1.DBD28:REAL', 'nan', NULL);"
        "INSERT INTO szl (list, record_len, data) VALUES (17, 2, x'0102')");
    char *text = exported(rig->path, PLANT_JSON, &len);
    rig_says(text, "{\"s7rig_plant\": 1, \"personalities\": [\n  {\"name\": \"generic\",\n",
             "],\n \"plcs\": [\n  {\"name\": \"plc1\",\n", "\n   \"listen\": null,\n", "\n   \"rack\": 2,\n",
             "\n   \"password\": \"a\\\"b\"",
             "\n    {\"kind\": \"DB\", \"number\": 2, \"length\": 300, \"data\": \"\"},\n",
             "\n    {\"kind\": \"M\", \"length\": 32, \"data\": \"\"},\n",
             "\n    {\"list\": 17, \"index\": 0, \"record_len\": 2, \"data\": \"0102\"}],\n",
             "\n    {\"name\": \"n\", \"address\": \"DB1.DBW24\", \"type\": \"INT[2]\", \"value\": [1,2]},\n",
             "\"type\": \"REAL\", \"value\": \"nan\"},\n",
             "\n    {\"name\": \"speed\", \"address\": \"DB1.DBD0\", \"type\": \"REAL\", \"value\": 1.5,"
             " \"comment\": \"m/s\"},\n",
             "\"value\": \"a\\u000a\xC3\xA4\"},\n", "\"type\": \"STRING(2)\"}]}\n]}\n", NULL);
    free(text);
}

static void an_export_that_cannot_be_written_says_so(void **state)
{
    struct rig *rig = *state;
    FILE *full = fopen("/dev/full", "w");

    if (full == NULL)
        skip();
    assert_status(plant_export(rig->path, PLANT_JSON, full, &error), S7_E_PLANT_IO);
    rig_has(error.text, "cannot write");
    fclose(full);
    assert_status(plant_export("/nowhere", PLANT_JSON, stdout, &error), S7_E_PLANT_MISSING);
}

/* ---- differences ---- */

static void make_copy(struct rig *rig, char copy[128])
{
    size_t len;

    snprintf(copy, 128, "%s/copy", rig->folder);
    char *text = exported(rig->path, PLANT_JSON, &len);
    import(copy, PLANT_JSON, text, len);
    free(text);
}

static void two_plants_differ_in_what_they_differ_in(void **state)
{
    struct rig *rig = *state;
    char copy[128];

    rig_sql(rig,
            "INSERT INTO szl (list, record_len, data) VALUES (17, 2, x'0102'), (18, 1, x'01');"
            "INSERT INTO code (kind, number, file) VALUES ('OB', 1, zeroblob(72)), ('FC', 5, zeroblob(80))");
    rig_sql(
        rig,
        "INSERT INTO tag (name, address, value, comment) VALUES ('a', 'DB1.DBW0:INT', 1, 'one'),"
        " ('b', 'DB1.DBX4.1', 0, NULL), ('gone', 'DB1.DBW8', 7, NULL), ('moved', 'DB1.DBW10:INT', 5, NULL)");
    rig_sql(rig, "UPDATE block SET write_protected = 1 WHERE number = 2");
    make_copy(rig, copy);
    differ(rig->path, copy, "");
    serve_once(rig->path); /* applies the values */
    rig_sql(
        rig,
        "UPDATE plc SET mode = 'STOP', slot = 2; DELETE FROM szl WHERE list = 18;"
        "DELETE FROM code WHERE kind = 'FC'; UPDATE code SET file = CAST(x'01' || zeroblob(71) AS BLOB);"
        "UPDATE szl SET data = x'0103'; DELETE FROM block WHERE kind = 'T';"
        "INSERT INTO block (kind, number, data) VALUES ('DB', 3, x'01');"
        "UPDATE block SET data = CAST(data || x'00' AS BLOB) WHERE kind = 'M';"
        "UPDATE block SET optimized = 1, write_protected = 0 WHERE number = 2;"
        "UPDATE block SET data = CAST(substr(data, 1, 4) || x'0F000102' || substr(data, 9) AS BLOB)"
        " WHERE kind = 'DB' AND number = 1;"
        "UPDATE tag SET value = 2, comment = NULL WHERE name = 'a'; UPDATE tag SET value = 1 WHERE name = "
        "'b';"
        "DELETE FROM tag WHERE name = 'gone'; UPDATE tag SET address = 'DB1.DBW12:UINT' WHERE name = 'moved';"
        "INSERT INTO tag (name, address, value) VALUES ('fresh', 'DB1.DBW20', 9)");
    differ(copy, rig->path,
           "plc1 setting slot 0..0: - -> 2\n"
           "plc1 setting mode 0..0: RUN -> STOP\n"
           "plc1 szl 0011/0 0..0: 2 bytes, other ones -> 2 bytes\n"
           "plc1 szl 0012/0 0..0: 1 bytes -> -\n"
           "plc1 code OB1 0..0: 72 bytes, other ones -> 72 bytes\n"
           "plc1 code FC5 0..0: 80 bytes -> -\n"
           "plc1 bytes DB1 4..5: 00 -> 0F\n"
           "plc1 bytes DB1 6..8: 0000 -> 0102\n"
           "plc1 bytes DB1 21..22: 00 -> 09\n"
           "plc1 block DB2 0..0: 300 bytes, write-protected -> 300 bytes, optimized\n"
           "plc1 block M 0..0: 32 bytes -> 33 bytes\n"
           "plc1 block T 0..0: 8 bytes -> -\n"
           "plc1 block DB3 0..0: - -> 1 bytes\n"
           "plc1 value a 0..0: 1 -> 2\n"
           "plc1 comment a 0..0: one -> -\n"
           "plc1 value b 0..0: 0 -> 1\n"
           "plc1 tag fresh 0..0: - -> DB1.DBW20 = 9\n"
           "plc1 tag gone 0..0: DB1.DBW8 = 7 -> -\n"
           "plc1 address moved 0..0: DB1.DBW10:INT -> DB1.DBW12:UINT\n"
           "plc1 value moved 0..0: 5 -> 0\n");
    remove_copy(copy);
}

static void bytes_that_a_tag_of_both_shows_are_told_as_its_value(void **state)
{
    struct rig *rig = *state;
    char copy[128];

    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('bit', 'DB1.DBX0.1'), ('list', 'DB1.DBW2:INT[2]')");
    make_copy(rig, copy);
    rig_sql(rig, "UPDATE block SET data = CAST(x'020000010002' || zeroblob(58) AS BLOB) WHERE number = 1");
    differ(rig->path, copy, "plc1 value bit 0..0: 1 -> 0\nplc1 value list 0..0: [1,2] -> [0,0]\n");
    rig_sql(rig, "UPDATE block SET data = CAST(x'04' || zeroblob(63) AS BLOB) WHERE number = 1");
    differ(rig->path, copy, "plc1 bytes DB1 0..1: 04 -> 00\n");
    remove_copy(copy);
}

static void plcs_are_paired_by_name_or_because_they_are_the_only_ones(void **state)
{
    struct rig *rig = *state;
    char copy[128];

    make_copy(rig, copy);
    rig_sql(rig, "UPDATE plc SET name = 'line'");
    differ(rig->path, copy, "line setting name 0..0: line -> plc1\n");
    rig_sql(rig, "INSERT INTO plc (name, cpu) VALUES ('plc1', 's7-300')");
    differ(rig->path, copy,
           "line plc line 0..0: generic -> -\n"
           "plc1 setting cpu 0..0: s7-300 -> generic\n"
           "plc1 block DB1 0..0: - -> 64 bytes\n"
           "plc1 block DB2 0..0: - -> 300 bytes\n"
           "plc1 block M 0..0: - -> 32 bytes\n"
           "plc1 block T 0..0: - -> 8 bytes\n");
    remove_copy(copy);
}

static void a_cpu_of_ones_own_goes_with_the_plant(void **state)
{
    struct rig *rig = *state;
    char copy[128];

    rig_sql(rig, "INSERT INTO personality (name, title, connections, order_code) VALUES ('mine', 'of "
                 "\"mine\"', 4, 'X1');"
                 "INSERT INTO personality_szl (personality, list, idx, record_len, data) VALUES ('mine', 17, "
                 "0, 1, x'07');"
                 "UPDATE plc SET cpu = 'mine'");
    make_copy(rig, copy);
    differ(rig->path, copy, "");
    rig_sql(rig, "ATTACH '%s' AS copy", copy);
    rig_same(rig_select(rig, "SELECT count(*) FROM (SELECT * FROM main.personality INTERSECT SELECT * FROM"
                             " copy.personality WHERE name = 'mine')"),
             "1");
    rig_same(rig_select(rig, "SELECT hex(data) FROM copy.personality_szl WHERE personality = 'mine'"), "07");
    rig_sql(rig, "DETACH copy");
    remove_copy(copy);
}

static void pending_edits_count_as_applied(void **state)
{
    struct rig *rig = *state;
    char copy[128];

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('a', 'DB1.DBW0:INT', 1)");
    make_copy(rig, copy);
    rig_open(rig, NULL);
    rig_sql(rig, "UPDATE tag SET value = 2");
    differ(rig->path, copy, "plc1 value a 0..0: 2 -> 1\n"); /* served, and not seen by the server yet */
    rig_look(rig);
    differ(rig->path, copy, "plc1 value a 0..0: 2 -> 1\n");
    remove_copy(copy);
}

int main(void)
{
#define MADE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        MADE(json_gives_every_byte_of_every_type_back),
        MADE(csv_gives_every_value_of_every_type_back),
        MADE(csv_is_as_people_write_it),
        MADE(json_has_a_line_for_each_thing),
        MADE(an_export_that_cannot_be_written_says_so),
        MADE(two_plants_differ_in_what_they_differ_in),
        MADE(bytes_that_a_tag_of_both_shows_are_told_as_its_value),
        MADE(plcs_are_paired_by_name_or_because_they_are_the_only_ones),
        MADE(a_cpu_of_ones_own_goes_with_the_plant),
        MADE(pending_edits_count_as_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
