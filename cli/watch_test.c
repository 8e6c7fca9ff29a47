/* Rows that remember, the screen and the lines of `s7rig watch`. */
#include "cli/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_TAGS 3
#define S(n)   ((n)*INT64_C(1000000000))

/* ---- three tags, and what a PLC could say of them ---- */

struct rig {
    struct cli_tag tags[N_TAGS];
    uint8_t bytes[N_TAGS][16];
    s7_item items[N_TAGS];
    struct watch_rows rows;
    struct watch_line line;
};

static void rig_init(struct rig *rig)
{
    static const char *const addresses[N_TAGS] = {"DB1.DBW0:INT", "DB1.DBB10:STRING(8)", "M3.7"};

    memset(rig, 0, sizeof *rig);
    for (size_t i = 0; i < N_TAGS; i++) {
        struct cli_tag *tag = &rig->tags[i];

        assert_int_equal(s7_address_parse(addresses[i], &tag->address, NULL), S7_OK);
        s7_address_format(&tag->address, tag->text, sizeof tag->text);
        rig->items[i] = (s7_item){.address = tag->address,
                                  .data = rig->bytes[i],
                                  .len = s7_address_size(&tag->address),
                                  .status = S7_OK,
                                  .code = 0xFF};
    }
    memcpy(rig->bytes[1], "\x08\x02hiRUBBIS", 10);
    rig->line = (struct watch_line){.up = true};
    assert_int_equal(watch_rows_new(rig->tags, N_TAGS, &rig->rows), S7_OK);
}

static void take(struct rig *rig, int64_t now_ns)
{
    assert_int_equal(watch_rows_take(&rig->rows, rig->items, now_ns), S7_OK);
}

static void refuse(s7_item *item)
{
    item->status = S7_E_ITEM_MISSING;
    item->code = 0x0A;
}

/* ---- what is printed, to be freed ---- */

static char *screen_of(const struct rig *rig, size_t first, unsigned height, unsigned width)
{
    struct watch_view view = {&rig->rows, &rig->line, "plc:102", 500, first};
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    watch_screen_draw(out, &view, height, width);
    fclose(out);
    return text;
}

static char *lines_of(const struct rig *rig, enum cli_format format)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    watch_lines_rows(out, format, &rig->rows, rig->items);
    fclose(out);
    return text;
}

static void has(char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void has_not(char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in: %s", part, text);
}

/* The escape sequences are taken out; returns how many lines are left, and the width of the widest. */
static unsigned flatten(char *text, size_t *widest)
{
    char *to = text;
    unsigned lines = 1;
    size_t width = 0;

    *widest = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == 0x1B && at[1] == '[') {
            at += 2 + strspn(at + 2, "0123456789?;");
            continue;
        }
        width += ((unsigned char)*at & 0xC0) != 0x80 && *at != '\r' && *at != '\n';
        if (*at == '\n') {
            lines++;
            width = 0;
        }
        *widest = width > *widest ? width : *widest;
        *to++ = *at;
    }
    *to = '\0';
    return lines;
}

/* ---- rows ---- */

static void the_first_values_are_fresh_but_no_changes(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    for (size_t i = 0; i < N_TAGS; i++) {
        assert_true(rig.rows.rows[i].fresh);
        assert_int_equal(rig.rows.rows[i].changes, 0);
        assert_int_equal(rig.rows.rows[i].seen_ns, S(5));
    }
    assert_string_equal(rig.rows.rows[1].text, "hi");
    take(&rig, S(6));
    assert_false(rig.rows.rows[0].fresh);
    assert_int_equal(rig.rows.rows[0].seen_ns, S(5));
    watch_rows_free(&rig.rows);
}

static void changes_are_counted_and_dated_and_a_round_without_answer_is_none(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    for (int i = 1; i <= 3; i++) {
        rig.bytes[0][1] = (uint8_t)i;
        take(&rig, S(5 + i));
        watch_rows_pass(&rig.rows);
    }
    assert_int_equal(rig.rows.rows[0].changes, 3);
    assert_int_equal(rig.rows.rows[0].seen_ns, S(8));
    assert_false(rig.rows.rows[0].fresh);
    assert_int_equal(rig.rows.rows[2].changes, 0);
    watch_rows_free(&rig.rows);
}

static void what_lies_behind_the_text_of_a_string_is_no_change(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    rig.bytes[1][6] ^= 0xFF;
    take(&rig, S(6));
    assert_false(rig.rows.rows[1].fresh);
    rig.bytes[1][3] = 'o';
    take(&rig, S(7));
    assert_true(rig.rows.rows[1].fresh);
    assert_string_equal(rig.rows.rows[1].text, "ho");
    watch_rows_free(&rig.rows);
}

static void a_refusal_is_a_change_and_so_is_its_end(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    refuse(&rig.items[2]);
    take(&rig, S(6));
    assert_string_equal(rig.rows.rows[2].text, "object does not exist");
    take(&rig, S(7));
    assert_false(rig.rows.rows[2].fresh);
    rig.items[2].status = S7_OK;
    take(&rig, S(8));
    assert_true(rig.rows.rows[2].fresh);
    assert_string_equal(rig.rows.rows[2].text, "0");
    assert_int_equal(rig.rows.rows[2].changes, 2);
    watch_rows_free(&rig.rows);
}

/* ---- the screen ---- */

static void the_screen_marks_what_changed_in_the_last_round(void **state)
{
    struct rig rig;
    size_t width;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    char *text = screen_of(&rig, 0, 24, 80);
    has_not(text, "* ");
    free(text);
    rig.bytes[0][1] = 42;
    take(&rig, S(6));
    text = screen_of(&rig, 0, 24, 80);
    flatten(text, &width);
    has(text, "plc:102  connected since ");
    has(text, "* DB1.DBW0:INT         42 ");
    has(text, "  DB1.DBB10:STRING(8)  hi ");
    free(text);
    take(&rig, S(7));
    text = screen_of(&rig, 0, 24, 80);
    has_not(text, "* ");
    free(text);
    watch_rows_free(&rig.rows);
}

static void a_lost_connection_is_told_and_the_last_values_stay(void **state)
{
    struct rig rig;
    size_t width;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    watch_rows_pass(&rig.rows);
    rig.line = (struct watch_line){.up = false, .since_ns = S(6), .why = "connection reset"};
    char *text = screen_of(&rig, 0, 24, 80);
    flatten(text, &width);
    has(text, " NO VALUES since ");
    has(text, "connection reset");
    has(text, "DB1.DBB10:STRING(8)  hi ");
    free(text);
    watch_rows_free(&rig.rows);
}

static void no_screen_has_more_lines_than_the_window(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    take(&rig, S(5));
    for (unsigned height = 1; height < 8; height++)
        for (size_t first = 0; first < N_TAGS; first++) {
            size_t width;
            char *text = screen_of(&rig, first, height, 80);
            unsigned lines = flatten(text, &width);

            if (lines > height)
                fail_msg("height %u, from row %zu: %u lines", height, first, lines);
            assert_int_equal(strstr(text, " of 3 tags") != NULL, height == 4);
            free(text);
        }
    watch_rows_free(&rig.rows);
}

static void no_row_is_wider_than_a_window_that_is_wide_enough_for_one(void **state)
{
    struct rig rig;
    char name[200];

    (void)state;
    rig_init(&rig);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    rig.tags[0].symbol = name;
    take(&rig, S(5));
    for (unsigned width = 75; width < 300; width++) {
        size_t widest;
        char *text = screen_of(&rig, 0, 24, width);

        flatten(text, &widest);
        if (widest > width)
            fail_msg("a window of %u columns, a line of %zu: %s", width, widest, text);
        free(text);
    }
    watch_rows_free(&rig.rows);
}

static void a_name_cannot_make_the_terminal_obey(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.tags[0].symbol = "a\x1b[2Jb";
    take(&rig, S(5));
    char *text = screen_of(&rig, 0, 24, 80);
    has(text, "a\\x1B[2Jb");
    free(text);
    watch_rows_free(&rig.rows);
}

/* ---- lines ---- */

static void lines_tell_what_is_fresh_in_each_form(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.tags[1].symbol = "recipe, now";
    take(&rig, S(5));
    rig.bytes[1][2] = 'H';
    refuse(&rig.items[2]);
    take(&rig, S(1700000000) + 7000000);
    char *text = lines_of(&rig, CLI_TEXT);
    assert_string_equal(text, "2023-11-14 22:13:20.007 recipe, now = Hi\n"
                              "2023-11-14 22:13:20.007 M3.7: object does not exist\n");
    free(text);
    text = lines_of(&rig, CLI_CSV);
    assert_string_equal(text,
                        "2023-11-14T22:13:20.007+00:00,\"recipe, now\",S7_OK,Hi,\n"
                        "2023-11-14T22:13:20.007+00:00,M3.7,S7_E_ITEM_MISSING,,object does not exist\n");
    free(text);
    text = lines_of(&rig, CLI_JSON);
    assert_string_equal(
        text, "{\"time\": \"2023-11-14T22:13:20.007+00:00\", \"name\": \"recipe, now\", \"address\": "
              "\"DB1.DBB10:STRING(8)\", \"status\": \"S7_OK\", \"value\": \"Hi\"}\n"
              "{\"time\": \"2023-11-14T22:13:20.007+00:00\", \"address\": \"M3.7\", \"status\": "
              "\"S7_E_ITEM_MISSING\", \"code\": 10, \"error\": \"object does not exist\"}\n");
    free(text);
    watch_rows_free(&rig.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_values_are_fresh_but_no_changes),
        cmocka_unit_test(changes_are_counted_and_dated_and_a_round_without_answer_is_none),
        cmocka_unit_test(what_lies_behind_the_text_of_a_string_is_no_change),
        cmocka_unit_test(a_refusal_is_a_change_and_so_is_its_end),
        cmocka_unit_test(the_screen_marks_what_changed_in_the_last_round),
        cmocka_unit_test(a_lost_connection_is_told_and_the_last_values_stay),
        cmocka_unit_test(no_screen_has_more_lines_than_the_window),
        cmocka_unit_test(no_row_is_wider_than_a_window_that_is_wide_enough_for_one),
        cmocka_unit_test(a_name_cannot_make_the_terminal_obey),
        cmocka_unit_test(lines_tell_what_is_fresh_in_each_form),
    };

    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests_name("cli watch", tests, NULL, NULL);
}
