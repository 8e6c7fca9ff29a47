/* change_test.c - rows that come, go and move while they are served. The measure is a second plant that is
 * opened anew, for looking only: the mirror that followed the changes must not differ from it. */
#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_CAP 65536

/* ---- a mirror as text ---- */

static void add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, TEXT_CAP - len, format, args);
    va_end(args);
}

static void add_block(const struct plant_block *block, void *arg)
{
    add(arg, "%lld %s%u ", (long long)block->id, s7_area_name(block->area), block->number);
    for (uint32_t i = 0; i < block->len; i++)
        add(arg, "%02X", block->data[i]);
    add(arg, "\n");
}

static void add_tag(const struct plant_tag_view *tag, void *arg)
{
    add(arg, "%s %s = %s, %s\n", tag->name, tag->address, tag->value, tag->error);
}

static void mirror_text(plant *p, char *text)
{
    text[0] = '\0';
    for (size_t i = 0; i < plant_plc_count(p); i++) {
        const struct plant_plc *plc = plant_plc_at(p, i);
        add(text, "PLC %s\n", plc->gone ? "gone" : plc->name);
        plant_blocks(p, plc, add_block, text);
        plant_tags(p, plc, add_tag, text);
    }
}

static void check_against_a_fresh_mirror(struct rig *rig, const char *after)
{
    static char served[TEXT_CAP], fresh[TEXT_CAP];
    struct plant_options options;
    struct plant_error error;
    plant *p;

    plant_options_init(&options);
    options.read_only = true;
    if (plant_open(rig->path, &options, &p, &error) != S7_OK)
        fail_msg("%s", error.text);
    mirror_text(rig->plant, served);
    mirror_text(p, fresh);
    plant_close(p);
    if (strcmp(served, fresh) != 0)
        fail_msg("after \"%s\" the mirror is\n%sand a fresh one\n%s", after, served, fresh);
}

/* SQLite writes 2 for a REAL as 2.0. */
static bool is_same_number(const char *a, const char *b)
{
    char *end_a, *end_b;
    double left = strtod(a, &end_a), right = strtod(b, &end_b);

    return left == right && end_a != a && *end_a == '\0' && *end_b == '\0';
}

/* What tags show in the file is what the mirror has; the row of a refused edit keeps what was typed. */
static void check_row(const struct plant_tag_view *tag, void *arg)
{
    struct rig *rig = arg;
    const char *value = rig_tag(rig, tag->name);

    rig_same(rig_tag_error(rig, tag->name), tag->error[0] != '\0' ? tag->error : "NULL");
    if (tag->error[0] == '\0' && !is_same_number(value, tag->value))
        rig_same(value, tag->value);
}

static void check(struct rig *rig, const char *after)
{
    check_against_a_fresh_mirror(rig, after);
    plant_tags(rig->plant, plant_plc_at(rig->plant, 0), check_row, rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void change(struct rig *rig, const char *sql)
{
    rig_sql(rig, "%s", sql);
    rig_look(rig);
    check(rig, sql);
}

/* ---- blocks ---- */

static void add_tags(struct rig *rig)
{
    rig_sql(rig, "INSERT INTO tag (name, address) VALUES ('one', 'DB1.DBW0'), ('end', 'DB1.DBW62'), ('two', "
                 "'DB2.DBW0'),"
                 " ('nine', 'DB9.DBW0'), ('flag', 'M1.0')");
    rig_sql(rig, "UPDATE block SET data = randomblob(length(data))");
    rig_look(rig);
}

static void blocks_grow_shrink_and_come_back(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    change(rig, "UPDATE block SET data = x'01' WHERE kind = 'DB' AND number = 1");
    rig_says(rig_tag_error(rig, "one"), "DB1.DBW0", "2 bytes", "has 1", NULL);
    change(rig, "UPDATE block SET data = x'' WHERE kind = 'DB' AND number = 1");
    assert_int_equal(rig_block(rig, S7_AREA_DB, 1)->len, 0);
    change(rig, "UPDATE block SET data = randomblob(65536) WHERE kind = 'M'");
    change(rig, "UPDATE block SET data = randomblob(65) WHERE kind = 'DB' AND number = 1");
    rig_same(rig_tag_error(rig, "end"), "NULL");
    change(rig, "DELETE FROM block WHERE kind = 'DB' AND number = 1");
    rig_says(rig_tag_error(rig, "one"), "no such block", NULL);
    change(rig, "INSERT INTO block (kind, number, data) VALUES ('DB', 1, x'0102'), ('DB', 9, x'0304')");
    rig_same(rig_tag(rig, "one"), "258");
    rig_same(rig_tag(rig, "nine"), "772");
}

static void blocks_change_places_and_are_replaced(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    change(rig, "UPDATE block SET number = 9 WHERE kind = 'DB' AND number = 1");
    change(
        rig,
        "BEGIN; UPDATE block SET number = 8 WHERE number = 9; UPDATE block SET number = 9 WHERE number = 2;"
        "UPDATE block SET number = 2 WHERE number = 8; COMMIT"); /* changed places */
    change(rig, "INSERT OR REPLACE INTO block (kind, number, data) VALUES ('DB', 9, x'0A0B')");
    rig_same(rig_tag(rig, "nine"), "2571");
    change(rig, "UPDATE OR REPLACE block SET number = 9 WHERE number = 2");
    change(
        rig,
        "INSERT OR REPLACE INTO block (id, kind, number, data) SELECT id, 'DB', 2, x'0C0D' FROM block WHERE"
        " kind = 'M'"); /* pushes M out by its id */
    rig_says(rig_tag_error(rig, "flag"), "M1.0", "no such block", NULL);
    change(rig, "UPDATE block SET kind = 'Q', number = 0 WHERE number = 2");
    change(rig, "UPDATE block SET id = id + 100");
    rig_put(rig, 9, 0, "\1\1", 2);
    check(rig, "a store");
    change(rig, "UPDATE block SET plc = 7 WHERE number = 9"); /* to a PLC that does not exist */
    assert_null(rig_block(rig, S7_AREA_DB, 9));
    change(rig, "UPDATE block SET plc = 1 WHERE number = 9");
    rig_same(rig_tag(rig, "nine"), "257");
}

/* ---- tags ---- */

static void tags_change_in_every_way(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    change(rig, "UPDATE tag SET name = 'uno' WHERE name = 'one'");
    change(rig, "UPDATE tag SET address = 'DB2.DBW4', type = 'INT' WHERE name = 'uno'");
    change(rig, "UPDATE tag SET address = 'DB1.DBW2', value = 7 WHERE name = 'uno'");
    rig_same(rig_tag(rig, "uno"), "7");
    change(rig, "INSERT OR REPLACE INTO tag (name, address) VALUES ('uno', 'DB1.DBW2')");
    change(rig, "UPDATE OR REPLACE tag SET name = 'uno' WHERE name = 'two'");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag"), 4);
    change(rig, "INSERT INTO tag (name, address, value) VALUES ('uno', 'DB2.DBW0', 9)"
                " ON CONFLICT (plc, name) DO UPDATE SET value = excluded.value");
    rig_same(rig_tag(rig, "uno"), "9");
    change(rig, "INSERT OR IGNORE INTO tag (name, address, value) VALUES ('uno', 'M0.0', 1)");
    rig_same(rig_tag(rig, "uno"), "9");
    change(rig, "BEGIN; DELETE FROM tag WHERE name = 'uno'; INSERT INTO tag (id, name, address) VALUES (1, "
                "'a', 'DB1.DBB0');"
                "DELETE FROM tag WHERE id = 1; INSERT INTO tag (id, name, address) VALUES (1, 'b', "
                "'DB1.DBB1'); COMMIT");
    change(rig, "UPDATE tag SET id = id + 1000");
    change(rig, "UPDATE block SET data = randomblob(64) WHERE kind = 'DB' AND number = 1");
    change(rig, "BEGIN; UPDATE block SET data = zeroblob(64) WHERE kind = 'DB' AND number = 1; DELETE FROM "
                "tag; COMMIT");
    rig_put(rig, 1, 0, "\1\1", 2);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag"), 0);
}

/* ---- PLCs ---- */

static void a_plc_that_is_deleted_has_nothing_any_more_until_its_row_comes_back(void **state)
{
    struct rig *rig = *state;
    const struct plant_plc *plc = plant_plc_at(rig->plant, 0);

    add_tags(rig);
    rig_sql(
        rig,
        "UPDATE plc SET name = 'other', listen = '127.0.0.1:1', cpu = 's7-300', rack = 1, slot = 2, amq = 4");
    rig_look(rig);
    rig_same(plc->name, "other");
    rig_same(plc->listen, "127.0.0.1:1");
    rig_same(plc->cpu, "s7-300");
    assert_int_equal(plc->rack * 100 + plc->slot * 10 + plc->amq, 124);
    rig_sql(rig, "DELETE FROM plc");
    rig_look(rig);
    assert_true(plc->gone);
    assert_null(rig_block(rig, S7_AREA_DB, 1));
    rig_sql(rig, "INSERT INTO plc (id, name) VALUES (1, 'back')");
    rig_look(rig);
    assert_false(plc->gone);
    rig_same(plc->name, "back");
    check(rig, "back");
    rig_put(rig, 1, 0, "\1\2", 2);
    rig_same(rig_tag(rig, "one"), "258");
}

static void a_plc_that_is_replaced_by_its_name_is_gone(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT OR REPLACE INTO plc (id, name) VALUES (5, 'plc1')");
    rig_look(rig);
    assert_true(plant_plc_at(rig->plant, 0)->gone);
    assert_int_equal(plant_plc_count(rig->plant), 1); /* the new one is served from the next start on */
}

static void foreign_keys_that_cascade_take_blocks_and_tags_along(void **state)
{
    struct rig *rig = *state;

    add_tags(rig);
    rig_sql(rig, "PRAGMA foreign_keys = ON; DELETE FROM plc; INSERT INTO plc (id, name) VALUES (1, 'plc1')");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM block"), 0);
    rig_look(rig);
    check(rig, "a cascade");
    assert_null(rig_block(rig, S7_AREA_DB, 1));
}

/* ---- anything, in any order ---- */

static void random_change(struct rig *rig)
{
    static const char *const kinds[] = {"'DB', 1", "'DB', 2", "'DB', 3", "'M', 0"};
    static const char *const addresses[] = {
        "DB1.DBW0", "DB1.DBB1:INT", "DB2.DBD2:REAL", "DB3.DBB0:STRING(6)", "M0.3", "DB3.DBW0:INT[3]",
        "MW1",      "DB4.DBW0",     "rubbish"};
    const char *kind = kinds[rig_random(4)], *address = addresses[rig_random(9)];
    unsigned n = rig_random(9), number = 1 + rig_random(3), name = rig_random(6);

    switch (rig_random(11)) {
    case 0:
        rig_sql(rig, "INSERT OR REPLACE INTO block (kind, number, data) VALUES (%s, randomblob(%u))", kind,
                n);
        break;
    case 1:
        rig_sql(rig, "DELETE FROM block WHERE number = %u", number);
        break;
    case 2:
        rig_sql(rig, "UPDATE block SET data = randomblob(%u) WHERE (kind, number) = (%s)", n, kind);
        break;
    case 3:
        rig_sql(rig, "UPDATE OR REPLACE block SET number = %u WHERE number = %u", number, 1 + rig_random(3));
        break;
    case 4:
        rig_sql(rig, "INSERT OR REPLACE INTO tag (name, address) VALUES ('t%u', '%s')", name, address);
        break;
    case 5:
        rig_sql(rig, "UPDATE tag SET address = '%s' WHERE name = 't%u'", address, name);
        break;
    case 6:
        rig_sql(rig, "UPDATE OR REPLACE tag SET name = 't%u' WHERE name = 't%u'", name, rig_random(6));
        break;
    case 7:
        rig_sql(rig, "DELETE FROM tag WHERE name = 't%u'", name);
        break;
    case 8:
        rig_sql(rig, "UPDATE tag SET value = %u WHERE name = 't%u'", rig_random(2) * 70000 + n, name);
        break;
    case 9:
        rig_sql(rig, "UPDATE OR REPLACE tag SET id = 1 + %u WHERE name = 't%u'", n, name);
        break;
    default:
        rig_sql(rig, "UPDATE tag SET value = NULL");
    }
}

/* Refused edits are errors of the served mirror and of a fresh one alike. */
static void the_mirror_that_follows_random_changes_is_that_of_a_fresh_start(void **state)
{
    struct rig *rig = *state;
    char step[32];

    for (int i = 0; i < 600; i++) {
        sqlite3 *other = NULL;
        rig_sql(rig, "BEGIN");
        for (uint32_t n = 1 + rig_random(4); n > 0; n--)
            random_change(rig);
        rig_sql(rig, "COMMIT");
        if (rig_random(3) == 0) { /* seen while another program holds the lock, and written later */
            other = rig_connect(rig);
            assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
            rig_look(rig);
            sqlite3_close(other);
            rig_upkeep(rig);
        }
        const struct plant_block *block = rig_block(rig, S7_AREA_DB, 1);
        if (rig_random(2) == 0 || block == NULL || block->len == 0)
            rig_look(rig);
        else if (plant_turn_begin(rig->plant, true) == S7_OK) {
            struct plant_block *now = rig_block(rig, S7_AREA_DB, 1);
            if (now != NULL && now->len > 0)
                assert_status(plant_store(rig->plant, now, now->len - 1, (const uint8_t *)"\x5A", 1), S7_OK);
            assert_status(plant_turn_end(rig->plant), S7_OK);
        }
        snprintf(step, sizeof step, "step %d", i);
        check(rig, step);
    }
}

/* ---- many ---- */

/* Would take minutes if one of these were quadratic. */
static void forty_thousand_tags_and_their_blocks_come_and_go_at_once(void **state)
{
    struct rig *rig = *state;

    rig_sql(
        rig,
        "BEGIN; WITH n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 2099)"
        " INSERT INTO block (kind, number, data) SELECT 'DB', i, zeroblob(40) FROM n;"
        "INSERT INTO tag (name, address) WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)"
        " SELECT 't' || number || '.' || i, 'DB' || number || '.DBW' || (i * 2) FROM block, n WHERE number "
        ">= 100;"
        "COMMIT");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE value = 0 AND error IS NULL"), 40000);
    rig_sql(rig, "UPDATE block SET data = zeroblob(38) WHERE number >= 100");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag WHERE error IS NOT NULL"), 2000);
    rig_sql(rig, "UPDATE block SET data = zeroblob(40) WHERE number >= 100; DELETE FROM tag; DELETE FROM "
                 "block WHERE number >= 100");
    rig_look(rig);
    check(rig, "all gone");
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(blocks_grow_shrink_and_come_back),
        SERVED(blocks_change_places_and_are_replaced),
        SERVED(tags_change_in_every_way),
        SERVED(a_plc_that_is_deleted_has_nothing_any_more_until_its_row_comes_back),
        SERVED(a_plc_that_is_replaced_by_its_name_is_gone),
        SERVED(foreign_keys_that_cascade_take_blocks_and_tags_along),
        SERVED(the_mirror_that_follows_random_changes_is_that_of_a_fresh_start),
        SERVED(forty_thousand_tags_and_their_blocks_come_and_go_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
