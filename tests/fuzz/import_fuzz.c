/* Texts that are imported into a plant: fields of CSV lie in the text, what is JSON for us is JSON for
 * SQLite, and an import takes all or nothing; what it took is exported as a text that changes nothing any
 * more. */
#include "fuzz.h"

#include "plant/csv.h"
#include "plant/exchange.h"
#include "plant/json_at.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMPORT_EVERY 1499 /* of the inputs one is imported, since files are slow */

const char *const fuzz_seeds[] = {
    "\"name,address,type,value,comment\na,DB1.DBD0,REAL,1.5,\"\"x\ny\"\"\nb,DB1.DBW4:INT,,-7,\n",
    "\"name;address;value;plc\r\na;DB9.DBB0:STRING(9);\"\"say \"\"\"\"no\"\"\"\"\"\";plc1\r\nb;M0.0;1;\r\n",
    "\"a\tDB1.DBW0\tINT\tfirst\n# nothing\nb\tDB1.DBW2:INT[2]\n",
    "\"{\"s7rig_plant\": 1, \"plcs\": [{\"name\": \"plc1\", \"rack\": 2, \"blocks\": [{\"kind\": \"DB\", "
    "\"number\": 1,"
    " \"length\": 64, \"data\": \"0102\"}], \"tags\": [{\"name\": \"a\", \"address\": \"DB1.DBD0:REAL\", "
    "\"value\": 1e3}]}]}",
    "\"{\"s7rig_plant\":1,\"plcs\":[{\"name\":\"x\",\"szl\":[{\"list\":17,\"index\":0,\"record_len\":2,"
    "\"data\":\"0102\"}],"
    "\"tags\":[{\"name\":\"l\",\"address\":\"DB2.DBB0:STRING(4)[2]\",\"value\":[\"a\",\"\\u00e9\\\"\"]}]}]}",
    "\"[{\"a\":[1,-0.5e+3,true,null]},\"\\ud83d\\ude00\",{}]",
    NULL};

/* ---- CSV ---- */

static void expect_fields_in_text(const char *text, size_t len)
{
    char *room = malloc(len + 1);
    struct csv csv;

    if (room == NULL)
        abort();
    csv_init(&csv, text, len, room);
    for (size_t before = 0; csv_next(&csv); before = csv.at) {
        if (csv.at <= before || csv.at > len || csv.n_fields == 0)
            fuzz_fail("a record that leads from %zu to %zu", before, csv.at);
        for (size_t i = 0; i < csv.n_fields; i++)
            if (csv.fields[i].at + csv.fields[i].len > len ||
                (!csv.fields[i].quoted &&
                 memcmp(csv.fields[i].text, text + csv.fields[i].at, csv.fields[i].len) != 0))
                fuzz_fail("field %zu is not what stands at %zu", i, csv.fields[i].at);
    }
    if (csv.at > len || (csv.broken == NULL && csv.at != len))
        fuzz_fail("the records end at %zu of %zu", csv.at, len);
    free(room);
}

/* ---- JSON ---- */

static bool is_json(const char *text, size_t len)
{
    static sqlite3 *db;
    static sqlite3_stmt *q;

    if (db == NULL && (sqlite3_open(":memory:", &db) != SQLITE_OK ||
                       sqlite3_prepare_v2(db, "SELECT json_valid(?1)", -1, &q, NULL) != SQLITE_OK))
        abort();
    sqlite3_bind_text(q, 1, text, (int)len, SQLITE_STATIC);
    bool valid = sqlite3_step(q) == SQLITE_ROW && sqlite3_column_int(q, 0) != 0;
    sqlite3_reset(q);
    return valid;
}

static void expect_json_for_both(const char *text, size_t len)
{
    struct json_at json = {.text = text, .len = len};

    if (json_skip(&json) && json.at == len) {
        if (!is_json(text, len))
            fuzz_fail("JSON for us, but not for SQLite: %.*s", (int)len, text);
    } else if (json.at > len) {
        fuzz_fail("it breaks at %zu of %zu", json.at, len);
    }
}

/* ---- imports ---- */

struct told {
    size_t problems, len;
};

static void on_problem(const struct plant_problem *problem, void *arg)
{
    struct told *told = arg;

    told->problems++;
    if (problem->text[0] == '\0' || problem->line > told->len + 1 || problem->column > told->len + 1 ||
        (problem->line == 0) != (problem->column == 0))
        fuzz_fail("a problem at line %zu, column %zu: \"%s\"", problem->line, problem->column, problem->text);
}

static void remove_plant(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[272];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static const char *plant_path(void)
{
    static char path[256];
    const struct plant_new_block block = {S7_AREA_DB, 1, 64};
    const struct plant_new_plc plc = {.name = "plc1", .cpu = "generic", .blocks = &block, .n_blocks = 1};
    struct plant_error error;

    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/s7rig-import-%ld", tmp != NULL ? tmp : "/tmp", (long)getpid());
    remove_plant(path);
    if (plant_create_temporary(path, &plc, 1, &error) != S7_OK)
        fuzz_fail("%s", error.text);
    return path;
}

static s7_status import(const char *path, enum plant_format format, const char *text, size_t len,
                        struct plant_import_result *result)
{
    struct told told = {0, len};
    struct plant_import_options options;
    struct plant_error error = {.text = ""};

    plant_import_options_init(&options);
    options.format = format;
    options.problem = on_problem;
    options.arg = &told;
    s7_status status = plant_import(path, text, len, &options, result, &error);
    if ((status == S7_E_SYNTAX) != (result->problems > 0) || (status != S7_OK && error.text[0] == '\0') ||
        told.problems != (result->problems < PLANT_PROBLEMS_MAX ? result->problems : PLANT_PROBLEMS_MAX))
        fuzz_fail("%s with %zu problems: %s", s7_errname(status), result->problems, error.text);
    if (status != S7_OK && status != S7_E_SYNTAX)
        fuzz_fail("%s: %s", s7_errname(status), error.text);
    return status;
}

static char *exported(const char *path, size_t *len)
{
    struct plant_error error;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL || plant_export(path, PLANT_JSON, out, &error) != S7_OK)
        fuzz_fail("%s", error.text);
    fclose(out);
    return text;
}

/* As a server does at its start: pending edits are applied. */
static void serve_once(const char *path)
{
    struct plant_options options;
    struct plant_error error;
    plant *p;

    plant_options_init(&options);
    options.temporary = true;
    if (plant_open(path, &options, &p, &error) != S7_OK)
        fuzz_fail("%s", error.text);
    plant_close(p);
}

static void expect_all_or_nothing(enum plant_format format, const char *text, size_t len)
{
    struct plant_import_result result;
    const char *path = plant_path();
    size_t before_len, after_len;
    char *before = exported(path, &before_len);
    s7_status status = import(path, format, text, len, &result);
    serve_once(path);
    char *after = exported(path, &after_len);

    if (status != S7_OK && (before_len != after_len || memcmp(before, after, before_len) != 0))
        fuzz_fail("refused, and yet the plant is another one:\n%s", after);
    if (import(path, PLANT_JSON, after, after_len, &result) != S7_OK || result.plcs.changed > 0 ||
        result.blocks.changed > 0 || result.tags.fresh > 0 || result.tags.changed > 0)
        fuzz_fail("our own text is not what is there:\n%s", after);
    free(before);
    free(after);
    remove_plant(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    static unsigned n;

    expect_fields_in_text(text, len);
    expect_json_for_both(text, len);
    if (n < sizeof fuzz_seeds / sizeof fuzz_seeds[0] || n % IMPORT_EVERY == 0)
        expect_all_or_nothing(len > 0 && memchr(text, '{', len) != NULL ? PLANT_JSON : PLANT_CSV, text, len);
    n++;
    return 0;
}
