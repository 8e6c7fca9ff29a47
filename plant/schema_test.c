/* The schema: a new file has at once what an older one comes to step by step. */
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static sqlite3 *of_schema(int version)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(plant_schema_migrate(db, 0, version), SQLITE_OK);
    return db;
}

/* The first column of the only row, for the caller to free. */
static char *select_text(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q;

    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    char *text = strdup((const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return text;
}

/* Names the first table, index, trigger or view that is not the same in both. */
static void expect_same_schema(sqlite3 *old, int from, sqlite3 *new)
{
    const char *all = "SELECT type || ' ' || name || ' ON ' || tbl_name, sql FROM sqlite_schema ORDER BY 1";
    sqlite3_stmt *a, *b;
    int more;

    assert_int_equal(sqlite3_prepare_v2(old, all, -1, &a, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(new, all, -1, &b, NULL), SQLITE_OK);
    do {
        more = sqlite3_step(a);
        assert_int_equal(sqlite3_step(b), more);
        for (int i = 0; more == SQLITE_ROW && i < 2; i++) {
            const char *got = (const char *)sqlite3_column_text(a, i);
            const char *expected = (const char *)sqlite3_column_text(b, i);
            if ((got == NULL) != (expected == NULL) || (got != NULL && strcmp(got, expected) != 0))
                fail_msg("from schema %d: expected %s, got %s", from, expected, got);
        }
    } while (more == SQLITE_ROW);
    sqlite3_finalize(a);
    sqlite3_finalize(b);
}

static void every_older_schema_comes_to_what_a_new_file_has_at_once(void **state)
{
    sqlite3 *new = of_schema(PLANT_SCHEMA_VERSION);

    (void)state;
    for (int from = 1; from < PLANT_SCHEMA_VERSION; from++) {
        sqlite3 *old = of_schema(from);
        assert_int_equal(plant_schema_migrate(old, from, PLANT_SCHEMA_VERSION), SQLITE_OK);
        expect_same_schema(old, from, new);
        sqlite3_close(old);
    }
    sqlite3_close(new);
}

/* Rows that steps and personalities bring: how many of which table tells whether one was left out. */
static void every_older_schema_gets_the_rows_of_a_new_file(void **state)
{
    const char *rows =
        "SELECT (SELECT count(*) FROM audit) || ' ' || (SELECT count(*) FROM personality) || ' '"
        " || (SELECT count(*) FROM personality_szl) || ' ' || (SELECT count(*) FROM change)";
    sqlite3 *new = of_schema(PLANT_SCHEMA_VERSION);
    char *expected = select_text(new, rows);

    (void)state;
    for (int from = 1; from < PLANT_SCHEMA_VERSION; from++) {
        sqlite3 *old = of_schema(from);
        assert_int_equal(plant_schema_migrate(old, from, PLANT_SCHEMA_VERSION), SQLITE_OK);
        char *got = select_text(old, rows);
        assert_string_equal(got, expected);
        free(got);
        sqlite3_close(old);
    }
    free(expected);
    sqlite3_close(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_older_schema_comes_to_what_a_new_file_has_at_once),
        cmocka_unit_test(every_older_schema_gets_the_rows_of_a_new_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
