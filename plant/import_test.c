/* import_test.c - texts into plants: what they change, what they leave alone, and what is wrong with them. */
#include "test_plant.h"

#include "exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What was told: "2:5 text" of each problem, "DB5 0>10" of each block that grew. */
static char told[8192];
static struct plant_import_result result;
static struct plant_error error;
static struct plant_import_options options;

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    size_t len = strlen(told);
    va_list args;

    va_start(args, format);
    vsnprintf(told + len, sizeof told - len, format, args);
    va_end(args);
}

static void on_problem(const struct plant_problem *problem, void *arg)
{
    (void)arg;
    tell("%zu:%zu %s\n", problem->line, problem->column, problem->text);
}

static void on_grown(const struct plant_grown *grown, void *arg)
{
    (void)arg;
    tell("%s%u %u>%u\n", grown->kind, grown->number, grown->from, grown->to);
}

static s7_status import_len(struct rig *rig, const char *text, size_t len)
{
    told[0] = '\0';
    options.problem = on_problem;
    options.grown = on_grown;
    return plant_import(rig->path, text, len, &options, &result, &error);
}

static void take(struct rig *rig, const char *text)
{
    if (import_len(rig, text, strlen(text)) != S7_OK)
        fail_msg("%s\n%s", error.text, told);
}

static void csv(struct rig *rig, const char *text)
{
    plant_import_options_init(&options);
    take(rig, text);
}

static void json(struct rig *rig, const char *text)
{
    plant_import_options_init(&options);
    options.format = PLANT_JSON;
    take(rig, text);
}

/* Line by line, so that the first that differs is shown. */
static void expect_told(const char *expected)
{
    for (const char *got = told; *got != '\0' || *expected != '\0';) {
        size_t len = strcspn(got, "\n"), expected_len = strcspn(expected, "\n");
        if (len != expected_len || memcmp(got, expected, len) != 0) {
            fputs(told, stderr);
            fail_msg("expected \"%.*s\", got \"%.*s\"", (int)expected_len, expected, (int)len, got);
        }
        got += len + (got[len] != '\0');
        expected += len + (expected[len] != '\0');
    }
}

static void expect_tags(size_t fresh, size_t changed, size_t unchanged)
{
    if (result.tags.fresh != fresh || result.tags.changed != changed || result.tags.unchanged != unchanged)
        fail_msg("expected %zu new, %zu changed, %zu unchanged tags, got %zu, %zu, %zu", fresh, changed,
                 unchanged, result.tags.fresh, result.tags.changed, result.tags.unchanged);
}

/* Refused, for these reasons, and nothing is changed. */
static void refused(struct rig *rig, enum plant_format format, const char *text, const char *problems)
{
    plant_import_options_init(&options);
    options.format = format;
    int64_t before =
        rig_int(rig, "SELECT (SELECT count(*) FROM tag) * 1000000 + (SELECT sum(length(data)) FROM block)"
                     " + (SELECT max(seq) FROM sqlite_sequence)");
    assert_status(import_len(rig, text, strlen(text)), S7_E_SYNTAX);
    expect_told(problems);
    assert_int_equal(before,
                     rig_int(rig, "SELECT (SELECT count(*) FROM tag) * 1000000 + (SELECT"
                                  " sum(length(data)) FROM block) + (SELECT max(seq) FROM sqlite_sequence)"));
}

/* ---- tables ---- */

static void a_table_gives_tags_that_the_server_sees_with_its_next_turn(void **state)
{
    struct rig *rig = *state;

    csv(rig, "name,address,type,value,comment\n"
             "speed,DB1.DBD0,REAL,1.5,in m/s\n"
             "level,DB1.DBW4:INT,,-7,\n"
             "text,DB1.DBB10,STRING(8),\"a \"\"b\"\"\nc\",\n");
    expect_tags(3, 0, 0);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\x3F\xC0\0\0\xFF\xF9", 6);
    assert_memory_equal(rig_db1(rig) + 10,
                        "\x08\x07"
                        "a \"b\"\nc",
                        9);
    rig_same(rig_select(rig, "SELECT group_concat(name || '=' || value || '/' || ifnull(comment, '-'), ' ')"
                             " FROM tag WHERE name <> 'text'"),
             "speed=1.5/in m/s level=-7/-");
}

static void tables_of_the_engineering_tool_are_taken_as_they_are(void **state)
{
    struct rig *rig = *state;

    csv(rig, "\xEF\xBB\xBFName;Path;Data Type;Logical Address;Comment;Hmi Visible\r\n"
             "Start;Tags;Bool;%M0.1;\"a; b\";True\r\n"
             "Name 2;Tags;String[4];%DB1.DBB8;;True\r\n");
    rig_look(rig);
    rig_same(rig_select(rig, "SELECT group_concat(name || '@' || address || ':' || type || '#' ||"
                             " ifnull(comment, '-'), ' ') FROM tag"),
             "Start@%M0.1:Bool#a; b Name 2@%DB1.DBB8:String(4)#-");
    rig_same(rig_select(rig, "SELECT group_concat(ifnull(error, 'fine')) FROM tag"), "fine,fine");
}

static void without_headings_columns_are_name_address_type_and_comment(void **state)
{
    struct rig *rig = *state;

    csv(rig, "a;DB1.DBW0;INT;first\nb;MW2\n");
    rig_same(rig_select(rig,
                        "SELECT group_concat(name || address || ifnull(type, '-') || ifnull(comment, '-'),"
                        " ' ') FROM tag"),
             "aDB1.DBW0INTfirst bMW2--");
}

static void a_tag_that_is_there_is_changed_in_what_differs_only(void **state)
{
    static const char table[] = "name,address,type,value,comment\na,DB1.DBW0,INT,5,\nb,DB1.DBW2,INT,6,text\n";
    struct rig *rig = *state;

    csv(rig, table);
    expect_tags(2, 0, 0);
    csv(rig, table);
    expect_tags(0, 0, 2);
    rig_look(rig);
    int64_t seq = rig_int(rig, "SELECT max(seq) FROM sqlite_sequence");
    csv(rig, "name,address\na,\"DB1,INT0\"\nb,DB1.DBW2:INT\n");
    expect_tags(0, 0, 2);
    csv(rig, table);
    expect_tags(0, 0, 2);
    assert_int_equal(rig_int(rig, "SELECT max(seq) FROM sqlite_sequence"), seq);
    csv(rig, "name,address,value,comment\na,DB1.DBW4:INT,,new\nb,DB1.DBW2:INT,7,\n");
    expect_tags(0, 2, 0);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\0\5\0\7\0\0", 6);
    rig_same(rig_select(rig, "SELECT group_concat(name || value || comment, ' ') FROM tag"), "a0new b7text");
}

static void a_value_takes_the_place_of_a_refused_edit(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('a', 'DB1.DBW0:INT', 'fast')");
    rig_look(rig);
    csv(rig, "name,address,value\na,DB1.DBW0:INT,3\n");
    rig_look(rig);
    rig_same(rig_tag(rig, "a"), "3");
    rig_same(rig_tag_error(rig, "a"), "NULL");
}

static void a_value_stands_over_block_edits_that_no_server_saw_yet(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO tag (name, address, value) VALUES ('a', 'DB1.DBW0:INT', 3)");
    rig_open(rig, NULL);
    rig_close_plant(rig);
    rig_sql(rig, "UPDATE block SET data = CAST(x'0009' || zeroblob(62) AS BLOB) WHERE number = 1");
    csv(rig, "name,address,value\na,DB1.DBW0:INT,3\n"); /* the row says 3 still */
    rig_open(rig, NULL);
    assert_memory_equal(rig_db1(rig), "\0\3", 2);
}

static void blocks_are_made_as_long_as_their_tags_need(void **state)
{
    struct rig *rig = *state;

    rig_put(rig, 1, 60, "last", 4);
    csv(rig, "a,DB9.DBB4\nb,DB1.DBD64:REAL\nc,DB9.DBX1.0:BOOL[3]\nd,T9\ne,IB3\nf,DB1.DBB0\n");
    expect_told("DB9 0>6\nDB1 64>68\nT0 8>20\nI0 0>4\n");
    rig_look(rig);
    rig_same(rig_select(rig, "SELECT group_concat(kind || number || ' ' || length(data), ', ') FROM block"),
             "DB1 68, DB2 300, M0 32, T0 20, DB9 6, I0 4");
    assert_memory_equal(rig_db1(rig) + 60, "last\0\0\0\0", 8);
    rig_same(rig_select(rig, "SELECT count(error) FROM tag"), "0");
}

static void a_block_that_may_not_grow_is_a_problem_for_each_tag_beyond_it(void **state)
{
    struct rig *rig = *state;

    plant_import_options_init(&options);
    options.keep_sizes = true;
    assert_status(import_len(rig, "a,DB9.DBB4\nb,DB1.DBD62:REAL\nc,DB1.DBB63\n", 40), S7_E_SYNTAX);
    expect_told("1:3 the PLC has no block for it, and none is to be made\n"
                "2:3 it ends at byte 66, the block has 64, and is not to grow\n");
    rig_says(error.text, "nothing was imported", "2 problems", NULL);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM tag"), 0);
}

static void all_problems_of_a_table_are_told_and_nothing_is_imported(void **state)
{
    refused(
        *state, PLANT_CSV,
        "name,address,type,value\n"
        "good,DB1.DBW0,INT,1\n"
        ",DB1.DBW0,INT,1\n"
        "a,DB1.DBY0,,1\n"
        "b,DB1.DBW0,INNT,1\n"
        "c,DB1.DBW0,INT,40000\n"
        "d,DB1.DBX0.8,,1\n"
        "e,DB1.DBB0,STRING(3),\"\xC3\xA4\xE2\x82\xAC\"\n"
        "f,DB1.DBB0,IEC_TIMER,\n"
        "g,PIW4,,\n"
        "h,DB1.DBB65536,,\n"
        "i,,INT,\n"
        "good,DB1.DBW2,INT,1\n"
        "\xC3\xB6,DB1.DBW0:INT[2],,\"[1,2,3]\"\n",
        "3:1 expected a name\n"
        "4:7 expected DBX, DBB, DBW or DBD, got DB1.DBY0\n"
        "5:12 expected a data type such as BOOL, INT, DINT, REAL or STRING(20), got INNT; did you mean INT?\n"
        "6:16 expected a whole number -32768..32767, got 40000\n"
        "7:12 a bit number is 0..7, got DB1.DBX0.8\n"
        "8:23 expected a text of at most 3 characters, none above U+00FF, got \xC3\xA4\xE2\x82\xAC\n"
        "9:12 a structure has no value of its own: address its members, got IEC_TIMER\n"
        "10:3 a plant has DB, I, Q, M, T and C, no area P\n"
        "11:3 it ends at byte 65537, a block has at most 65536\n"
        "12:3 expected an address\n"
        "13:1 the name \"good\" is on line 2 already\n"
        "14:21 expected a list [a,b,...] of 2, each a whole number -32768..32767, got [1,2,3]\n");
}

static void only_the_first_problems_are_told_but_all_are_counted(void **state)
{
    struct rig *rig = *state;
    char text[2000] = "";

    for (int i = 0; i < 50; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "t%d,nowhere\n", i);
    plant_import_options_init(&options);
    assert_status(import_len(rig, text, strlen(text)), S7_E_SYNTAX);
    assert_int_equal(result.problems, 50);
    rig_has(told, "\n20:5 ");
    assert_null(strstr(told, "\n21:"));
}

static void what_is_no_table_says_so(void **state)
{
    struct rig *rig = *state;

    refused(rig, PLANT_CSV, "name,type\na,INT\n", "1:1 expected a column with the heading \"address\"\n");
    refused(rig, PLANT_CSV, "address,type\nMW0,INT\n", "1:1 expected a column with the heading \"name\"\n");
    refused(rig, PLANT_CSV, "a,MW0\nb,\"MW2\nc,MW4\n", "2:3 the quote is not closed\n");
    refused(rig, PLANT_CSV, "a,MW0\n\xE4,MW2\n",
            "2:1 expected UTF-8, got the byte 0xE4; save the text as UTF-8\n");
    refused(rig, PLANT_CSV,
            "\xFF\xFE"
            "a",
            "0:0 the text is UTF-16; save it as UTF-8\n");
    plant_import_options_init(&options);
    assert_status(import_len(rig, "PK\3\4\0\0", 6), S7_E_SYNTAX);
    expect_told("1:5 a zero byte: this is not text\n");
}

static void an_empty_table_changes_nothing(void **state)
{
    csv(*state, "");
    csv(*state, "name,address\n# nothing yet\n");
    expect_tags(0, 0, 0);
}

static void with_several_plcs_a_tag_says_whose_it_is(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "INSERT INTO plc (id, name) VALUES (7, 'plc7')");
    refused(rig, PLANT_CSV, "name,address,plc\na,MW0,\nb,MW0,plc8\n",
            "2:1 the plant has 2 PLCs: expected a column plc that says whose it is\n"
            "3:7 the plant has no PLC plc8; did you mean plc1?\n");
    csv(rig, "name,address,plc\na,MW0,plc7\na,MW0,plc1\n");
    rig_same(rig_select(rig, "SELECT group_concat(plc || name, ' ') FROM tag"), "1a 7a");
    plant_import_options_init(&options);
    options.plc = "plc7";
    take(rig, "b,MW2\n");
    rig_same(rig_select(rig, "SELECT plc FROM tag WHERE name = 'b'"), "7");
    options.plc = "plc9";
    assert_status(import_len(rig, "c,MW2\n", 6), S7_E_SYNTAX);
    expect_told("0:0 the plant has no PLC plc9, which was asked for\n");
}

static void a_text_may_have_zero_bytes_and_be_empty(void **state)
{
    static const char table[] =
        "name,address,value\na,DB1.DBB0:STRING(4),\"x\0y\"\nb,DB1.DBB8:STRING(4),\"\"\n"
        "c,DB1.DBB16:STRING(4),\n";
    struct rig *rig = *state;

    rig_put(rig, 1, 8, "\4\2zz", 4);
    rig_put(rig, 1, 16, "\4\2zz", 4);
    plant_import_options_init(&options);
    assert_status(import_len(rig, table, sizeof table - 1), S7_OK);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\4\3x\0y", 5);
    assert_memory_equal(rig_db1(rig) + 8, "\4\0", 2);
    assert_memory_equal(rig_db1(rig) + 16, "\4\2zz", 4);
}

/* ---- JSON ---- */

static void json_sets_plcs_blocks_lists_and_tags(void **state)
{
    struct rig *rig = *state;

    json(rig, "{\"s7rig_plant\": 1, \"plcs\": [{\"name\": \"plc1\", \"mode\": \"STOP\", \"rack\": 2, "
              "\"password\": \"pw\","
              " \"blocks\": [{\"kind\": \"DB\", \"number\": 3, \"length\": 4, \"data\": \"0a0B\"},"
              "  {\"kind\": \"M\", \"length\": 40}, {\"kind\": \"DB\", \"number\": 2, \"length\": 300}],"
              " \"szl\": [{\"list\": 17, \"index\": 0, \"record_len\": 2, \"data\": \"01020304\"}],"
              " \"tags\": [{\"name\": \"a\", \"address\": \"DB3.DBW2\", \"type\": \"INT\", \"value\": -5},"
              "  {\"name\": \"b\", \"address\": \"DB1.DBX0.0\", \"value\": true, \"comment\": \"on\"},"
              "  {\"name\": \"c\", \"address\": \"DB1.DBB8:STRING(4)[2]\", \"value\": [\"a\\\"\\\\\", "
              "\"\\u00e9\"]},"
              "  {\"name\": \"d\", \"address\": \"DB1.DBW20:INT[3]\", \"value\": [1, 2, 3]},"
              "  {\"name\": \"e\", \"address\": \"DB1.DBB32:ULINT\", \"value\": 18446744073709551615},"
              "  {\"name\": \"f\", \"address\": \"DB1.DBW40:DATE[2]\", \"value\": [\"2026-01-31\", "
              "\"1990-01-01\"]}]},"
              " {\"name\": \"plc2\", \"cpu\": \"s7-300\", \"listen\": null}]}");
    assert_int_equal(result.plcs.fresh, 1);
    assert_int_equal(result.plcs.changed, 1);
    assert_int_equal(result.blocks.fresh, 1);
    assert_int_equal(result.blocks.changed, 1);
    assert_int_equal(result.blocks.unchanged, 1);
    assert_int_equal(result.szls.fresh, 1);
    rig_look(rig);
    rig_same(rig_select(rig, "SELECT mode || rack || password FROM plc WHERE id = 1"), "STOP2pw");
    rig_same(rig_select(rig, "SELECT cpu FROM plc WHERE name = 'plc2'"), "s7-300");
    rig_same(rig_hex(rig, 3), "0A0BFFFB");
    assert_memory_equal(rig_db1(rig) + 8, "\4\3a\"\\\0\4\1\xE9", 9);
    assert_memory_equal(rig_db1(rig) + 20, "\0\1\0\2\0\3", 6);
    assert_memory_equal(rig_db1(rig) + 32, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x33\x7B\0\0", 12);
    rig_same(rig_select(rig, "SELECT length(data) FROM block WHERE kind = 'M'"), "40");
}

static void json_that_is_imported_again_changes_nothing(void **state)
{
    static const char text[] =
        "{\"s7rig_plant\": 1, \"plcs\": [{\"name\": \"plc1\", \"protection\": 2,"
        " \"blocks\": [{\"kind\": \"DB\", \"number\": 1, \"data\": "
        "\"7fc12345000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000"
        "000000000000000000000000\"}],"
        " \"szl\": [{\"list\": 17, \"index\": 0, \"record_len\": 2, \"data\": \"01020304\"}],"
        " \"tags\": [{\"name\": \"a\", \"address\": \"DB1.DBD0:REAL\", \"value\": \"nan\"}]}]}";
    struct rig *rig = *state;

    json(rig, text);
    rig_look(rig);
    assert_memory_equal(rig_db1(rig), "\x7F\xC1\x23\x45", 4); /* the block has more than the tag tells */
    int64_t seq = rig_int(rig, "SELECT max(seq) FROM sqlite_sequence");
    json(rig, text);
    assert_int_equal(result.plcs.unchanged, 1);
    assert_int_equal(result.blocks.unchanged, 1);
    assert_int_equal(result.szls.unchanged, 1);
    expect_tags(0, 0, 1);
    assert_int_equal(rig_int(rig, "SELECT max(seq) FROM sqlite_sequence"), seq);
}

static void all_problems_of_json_are_told_with_their_places(void **state)
{
    refused(
        *state, PLANT_JSON,
        "{\"s7rig_plant\": 1,\n"
        " \"plcs\": [\n"
        "  {\"name\": \"plc1\",\n"
        "   \"rack\": 9,\n"
        "   \"mod\": \"RUN\",\n"
        "   \"cpu\": null,\n"
        "   \"slot\": [1],\n"
        "   \"blocks\": [\n"
        "    {\"kind\": \"X\", \"length\": 4},\n"
        "    {\"kind\": \"DB\", \"length\": 4},\n"
        "    {\"kind\": \"DB\", \"number\": 1},\n"
        "    {\"kind\": \"DB\", \"number\": 1, \"data\": \"0g\"},\n"
        "    {\"kind\": \"DB\", \"number\": 1, \"data\": \"00\"},\n"
        "    {\"kind\": \"DB\", \"number\": 1, \"length\": 70000},\n"
        "    5],\n"
        "   \"szl\": [{\"list\": 1, \"index\": 0, \"record_len\": 3, \"data\": \"0001\"}, {\"list\": 2}],\n"
        "   \"tags\": [\n"
        "    {\"name\": \"a\", \"address\": \"MW0\", \"value\": {}},\n"
        "    {\"name\": \"b\", \"adress\": \"MW0\"},\n"
        "    {\"name\": 5, \"address\": \"MW0\"},\n"
        "    {\"name\": \"c\", \"address\": \"MW0:INT\", \"value\": 1.5},\n"
        "    {\"name\": \"d\", \"address\": \"MW0:INT[2]\", \"value\": [\"x\", 1]},\n"
        "    {\"name\": \"e\", \"address\": \"MW0\"}, {\"name\": \"e\", \"address\": \"MW0\"}]},\n"
        "  {\"cpu\": \"generic\"}, {\"name\": \"plc1\"}]}\n",
        "4:12 plc.rack is 0 to 7\n"
        "5:11 a PLC has no \"mod\"; did you mean \"mode\"?\n"
        "6:11 NOT NULL constraint failed: plc.cpu\n"
        "7:12 expected a number or a text\n"
        "9:14 expected DB, I, Q, M, T or C, got X\n"
        "10:5 a DB has a number 1..65535, the others have none\n"
        "11:5 expected the block's length, its data, or both\n"
        "12:42 expected hexadecimal digits, got 0g\n"
        "13:5 DB1 has 64 bytes in the plant: an import makes no block shorter\n"
        "14:43 expected a whole number 0..65536, got 70000\n"
        "15:5 expected an object {...}\n"
        "16:12 szl.data is whole records, at most 16384 bytes\n"
        "16:70 expected a \"index\" in it\n"
        "18:46 expected a number, a text or an array, got an object\n"
        "19:29 nothing here is called \"adress\"; did you mean \"address\"?\n"
        "20:14 expected a text, got 5\n"
        "21:50 expected a whole number -32768..32767, got 1.5\n"
        "22:53 expected a list [a,b,...] of 2, each a whole number -32768..32767, got [x,1]\n"
        "23:47 the name \"e\" is on line 23 already\n"
        "24:3 expected the PLC's name\n");
    assert_int_equal(result.problems, 21);
}

static void what_is_no_json_is_refused_where_it_breaks(void **state)
{
    struct rig *rig = *state;

    refused(rig, PLANT_JSON, "{\"s7rig_plant\": 1,\n \"plcs\": [{]}", "2:12 expected a string\n");
    refused(rig, PLANT_JSON, "", "1:1 expected a value\n");
    refused(rig, PLANT_JSON, "{} x", "1:4 expected nothing behind the value\n");
    refused(rig, PLANT_JSON, "{}", "1:1 expected {\"s7rig_plant\": 1, \"plcs\": [...]}\n");
    refused(rig, PLANT_JSON, "[]", "1:1 expected {\"s7rig_plant\": 1, \"plcs\": [...]}\n");
    refused(rig, PLANT_JSON, "{\"s7rig_plant\": 2}", "1:17 the form 2 of a newer s7rig; this one knows 1\n");
    refused(rig, PLANT_JSON, "{\"s7rig_plant\": 1}", "1:1 expected an array [...]\n");
}

static void json_makes_a_plant_that_is_not_there_or_leaves_no_file(void **state)
{
    static const char good[] = "{\"s7rig_plant\": 1, \"plcs\": [{\"name\": \"x\"}]}";
    struct rig *rig = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/new", rig->folder);
    plant_import_options_init(&options);
    options.format = PLANT_JSON;
    assert_status(plant_import(path, "{}", 2, &options, &result, &error), S7_E_SYNTAX);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_status(plant_import(path, good, sizeof good - 1, &options, &result, &error), S7_OK);
    assert_true(result.made);
    assert_int_equal(unlink(path), 0);
    options.format = PLANT_CSV;
    assert_status(plant_import(path, "a,MW0", 5, &options, &result, &error), S7_E_PLANT_MISSING);
}

/* ---- the plant ---- */

static void a_plant_that_is_locked_or_none_is_told_apart(void **state)
{
    struct rig *rig = *state;

    plant_import_options_init(&options);
    options.patience_ms = 0;
    rig_sql(rig, "BEGIN IMMEDIATE");
    assert_status(import_len(rig, "a,MW0\n", 6), S7_E_PLANT_BUSY);
    rig_says(error.text, rig->path, "another program holds its lock", NULL);
    rig_sql(rig, "COMMIT");
    assert_status(import_len(rig, "a,MW0\n", 6), S7_OK);
    rig_sql(rig, "PRAGMA user_version = 99");
    assert_status(import_len(rig, "b,MW0\n", 6), S7_E_PLANT_SCHEMA);
    rig_says(error.text, "newer s7rig", NULL);
}

int main(void)
{
#define MADE(test)   cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(a_table_gives_tags_that_the_server_sees_with_its_next_turn),
        SERVED(tables_of_the_engineering_tool_are_taken_as_they_are),
        MADE(without_headings_columns_are_name_address_type_and_comment),
        SERVED(a_tag_that_is_there_is_changed_in_what_differs_only),
        SERVED(a_value_takes_the_place_of_a_refused_edit),
        MADE(a_value_stands_over_block_edits_that_no_server_saw_yet),
        SERVED(blocks_are_made_as_long_as_their_tags_need),
        MADE(a_block_that_may_not_grow_is_a_problem_for_each_tag_beyond_it),
        MADE(all_problems_of_a_table_are_told_and_nothing_is_imported),
        MADE(only_the_first_problems_are_told_but_all_are_counted),
        MADE(what_is_no_table_says_so),
        MADE(an_empty_table_changes_nothing),
        MADE(with_several_plcs_a_tag_says_whose_it_is),
        SERVED(a_text_may_have_zero_bytes_and_be_empty),
        SERVED(json_sets_plcs_blocks_lists_and_tags),
        SERVED(json_that_is_imported_again_changes_nothing),
        MADE(all_problems_of_json_are_told_with_their_places),
        MADE(what_is_no_json_is_refused_where_it_breaks),
        MADE(json_makes_a_plant_that_is_not_there_or_leaves_no_file),
        MADE(a_plant_that_is_locked_or_none_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
