/* What all subcommands share: options, numbers, text of two encodings, JSON. */
#include "cli/cli.h"

#include "protocol/value.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct cli_command command = {
    .name = "thing", .usage = "FILE", .help = "Does things.\n", .summary = "does things"};

/* ---- what a call prints ---- */

struct capture {
    FILE **stream, *was;
    char *text;
    size_t len;
};

static void capture_begin(struct capture *capture, FILE **stream)
{
    capture->stream = stream;
    capture->was = *stream;
    *stream = open_memstream(&capture->text, &capture->len);
    assert_non_null(*stream);
}

/* The text, to be freed. */
static char *capture_end(struct capture *capture)
{
    fclose(*capture->stream);
    *capture->stream = capture->was;
    return capture->text;
}

/* ---- options ---- */

struct got {
    bool json;
    const char *name;
    uint32_t slot;
    char dbs[64]; /* every --db, each behind a blank */
};

static bool on_db(const char *value, void *arg)
{
    struct got *got = arg;

    if (strcmp(value, "bad") == 0)
        return false;
    strcat(strcat(got->dbs, " "), value);
    return true;
}

/* Run the words, ended by NULL, through cli_options; *argc is left as the number of operands. */
static int take(struct got *got, char **words, int *n_operands, char **said)
{
    const struct cli_option options[] = {{.name = "json", .letter = 'j', .flag = &got->json},
                                         {.name = "name", .letter = 'n', .text = &got->name},
                                         {.name = "slot", .number = &got->slot, .min = 2, .max = 31},
                                         {.name = "db", .each = on_db, .arg = got},
                                         {.name = NULL}};
    struct capture capture;
    int argc = 0;

    while (words[argc] != NULL)
        argc++;
    capture_begin(&capture, &stderr);
    int status = cli_options(&command, options, &argc, words);
    *said = capture_end(&capture);
    *n_operands = argc - 1;
    return status;
}

static void options_are_taken_out_and_operands_keep_their_order(void **state)
{
    struct got got = {0};
    char *words[] = {"thing", "a",    "--json", "b",  "--name", "x y",    "--slot=3", "-",
                     "--db",  "1:10", "--db=2", "--", "--json", "--name", NULL};
    char *said;
    int n;

    (void)state;
    assert_int_equal(take(&got, words, &n, &said), -1);
    assert_string_equal(said, "");
    assert_true(got.json);
    assert_string_equal(got.name, "x y");
    assert_int_equal(got.slot, 3);
    assert_string_equal(got.dbs, " 1:10 2");
    assert_int_equal(n, 5);
    assert_string_equal(words[1], "a");
    assert_string_equal(words[2], "b");
    assert_string_equal(words[3], "-");
    assert_string_equal(words[4], "--json");
    assert_string_equal(words[5], "--name");
    free(said);
}

static void an_option_with_a_letter_takes_both_forms(void **state)
{
    struct got got = {0};
    char *apart[] = {"thing", "-j", "a", "-n", "x y", NULL}, *joined[] = {"thing", "-nx", "--", "-j", NULL};
    char *said;
    int n;

    (void)state;
    assert_int_equal(take(&got, apart, &n, &said), -1);
    assert_true(got.json);
    assert_string_equal(got.name, "x y");
    assert_int_equal(n, 1);
    free(said);
    assert_int_equal(take(&got, joined, &n, &said), -1);
    assert_string_equal(got.name, "x");
    assert_string_equal(joined[1], "-j");
    free(said);
}

static void a_wrong_option_is_refused_with_words_that_name_it(void **state)
{
    static const struct {
        char *words[4];
        const char *says;
    } rows[] = {
        {{"thing", "--jsn"}, "no such option --jsn; did you mean --json?"},
        {{"thing", "--frobnicate=3"}, "no such option --frobnicate\n"},
        {{"thing", "-x"}, "no such option -x"},
        {{"thing", "-n"}, "--name needs a value"},
        {{"thing", "-jn"}, "--json takes no value"},
        {{"thing", "--json=1"}, "--json takes no value"},
        {{"thing", "--name"}, "--name needs a value"},
        {{"thing", "--slot", "1"}, "--slot takes a number 2..31, got \"1\""},
        {{"thing", "--slot=32"}, "got \"32\""},
        {{"thing", "--slot", "two"}, "got \"two\""},
        {{"thing", "--slot="}, "got \"\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct got got = {.slot = 77};
        char *words[4], *said;
        int n;

        memcpy(words, rows[i].words, sizeof words);
        int status = take(&got, words, &n, &said);
        if (status != CLI_USAGE || strstr(said, rows[i].says) == NULL || got.slot != 77)
            fail_msg("row %zu (%s): expected status %d and \"%s\", got %d and \"%s\", slot %u", i,
                     rows[i].words[1], CLI_USAGE, rows[i].says, status, said, got.slot);
        assert_non_null(strstr(said, "usage: s7rig thing FILE"));
        free(said);
    }
}

static void a_value_that_its_function_refuses_ends_the_command(void **state)
{
    struct got got = {0};
    char *words[] = {"thing", "--db", "bad", "--json", NULL}, *said;
    int n;

    (void)state;
    assert_int_equal(take(&got, words, &n, &said), CLI_USAGE);
    assert_false(got.json);
    free(said);
}

static void help_prints_usage_and_text_and_ends_well(void **state)
{
    static char *const ways[] = {"--help", "-h"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct got got = {0};
        struct capture capture;
        char *words[] = {"thing", "a", ways[i], "--wrong", NULL}, *said;
        int n;

        capture_begin(&capture, &stdout);
        int status = take(&got, words, &n, &said);
        char *out = capture_end(&capture);
        assert_int_equal(status, CLI_OK);
        assert_string_equal(out, "usage: s7rig thing FILE\n\nDoes things.\n");
        assert_string_equal(said, "");
        free(out);
        free(said);
    }
}

static void numbers_are_whole_decimal_and_in_range(void **state)
{
    static const char *const wrong[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "1.", "4294967296", "99999999999999999999999", "1a"};
    uint32_t value = 5;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (cli_number(wrong[i], 0, UINT32_MAX, &value) || value != 5)
            fail_msg("\"%s\" was taken for %u", wrong[i], value);
    assert_true(cli_number("4294967295", 0, UINT32_MAX, &value));
    assert_int_equal(value, UINT32_MAX);
    assert_true(cli_number("000102", 102, 102, &value));
    assert_int_equal(value, 102);
    assert_false(cli_number("101", 102, 103, &value));
    assert_false(cli_number("104", 102, 103, &value));
}

/* ---- text ---- */

/* An opinion of others on what is UTF-8. */
static bool is_utf8(const char *text, size_t len)
{
    iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
    char *in = (char *)text, *buf = malloc(4 * len + 8), *out = buf;
    size_t in_left = len, out_left = 4 * len + 8;

    assert_true(cd != (iconv_t)-1);
    assert_non_null(buf);
    bool good = iconv(cd, &in, &in_left, &out, &out_left) != (size_t)-1 && in_left == 0;
    iconv_close(cd);
    free(buf);
    return good;
}

static void every_printable_latin1_byte_comes_back(void **state)
{
    (void)state;
    for (unsigned c = 0x20; c <= 0xFF; c++) {
        struct capture capture;
        FILE *out = NULL;
        const s7_address address = {.area = S7_AREA_M, .type = S7_TYPE_CHAR, .count = 1};
        uint8_t byte = (uint8_t)c, back;

        if (c >= 0x7F && c < 0xA0)
            continue;
        capture_begin(&capture, &out);
        struct s7_value value = s7_value_load(&address, &byte, 0);
        cli_print_text(out, &value, false);
        char *text = capture_end(&capture);
        if (!is_utf8(text, strlen(text)) || s7_values_parse(&address, text, strlen(text), &back) != S7_OK ||
            back != byte)
            fail_msg("byte %02X does not come back", c);
        free(text);
    }
}

/* A JSON string: quotes at both ends, valid UTF-8, nothing raw that must be escaped, known escapes only. */
static bool is_json_string(const char *text)
{
    size_t len = strlen(text);

    if (len < 2 || text[0] != '"' || text[len - 1] != '"' || !is_utf8(text, len))
        return false;
    for (const char *c = text + 1; c < text + len - 1; c++) {
        if ((unsigned char)*c < 0x20 || *c == '"')
            return false;
        if (*c != '\\')
            continue;
        c++;
        if (*c == 'u' && strspn(c + 1, "0123456789abcdef") >= 4)
            c += 4;
        else if (c >= text + len - 1 || (*c != '"' && *c != '\\'))
            return false;
    }
    return true;
}

static void any_latin1_bytes_become_a_json_string(void **state)
{
    char bytes[256];
    struct capture capture;
    FILE *out = NULL;

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t from = 0; from < sizeof bytes; from++) {
        capture_begin(&capture, &out);
        cli_json_text(out,
                      &(struct s7_value){.type = S7_TYPE_STRING, .s = {bytes + from, sizeof bytes - from}});
        char *text = capture_end(&capture);
        if (!is_json_string(text))
            fail_msg("bytes %02zX..FF give no JSON string: %s", from, text);
        free(text);
    }
}

static void json_escapes_are_those_that_readers_undo(void **state)
{
    struct capture capture;
    FILE *out = NULL;

    (void)state;
    capture_begin(&capture, &out);
    cli_json_text(out, &(struct s7_value){.type = S7_TYPE_STRING, .s = {"a\"b\\c\n\xE4", 8}});
    cli_json_utf8(out, "a\"b\\c\n\xC3\xA4\xE2\x82\xAC");
    char *text = capture_end(&capture);
    assert_string_equal(text,
                        "\"a\\\"b\\\\c\\u000a\xC3\xA4\\u0000\"\"a\\\"b\\\\c\\u000a\xC3\xA4\xE2\x82\xAC\"");
    free(text);
}

static void half_a_pair_of_utf16_is_shown_by_its_number(void **state)
{
    const struct s7_value value = {.type = S7_TYPE_WSTRING, .s = {"\0a\xD8\x3D\xDE\x00\xDE\x01\xD8\x02", 10}};
    struct capture capture;
    FILE *out = NULL;

    (void)state;
    capture_begin(&capture, &out);
    cli_json_text(out, &value);
    cli_print_text(out, &value, true);
    char *text = capture_end(&capture);
    assert_string_equal(text, "\"a\xF0\x9F\x98\x80\\ude01\\ud802\"\"a\xF0\x9F\x98\x80\\uDE01\\uD802\"");
    free(text);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

static void any_bytes_of_a_plant_file_become_valid_text(void **state)
{
    static const unsigned char likely[] = {0xC3, 0xA4, 0xE2, 0x82, 0xAC, 0xED, 0xA0, 0xF0,
                                           0x90, 0x80, 0xF4, 0xC0, '"',  '\\', 'a',  0x1B};
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char bytes[9] = {0};
        struct capture capture;
        FILE *out = NULL;

        for (size_t i = 0, n = next_random(&seed) % sizeof bytes; i < n; i++)
            bytes[i] = (char)likely[next_random(&seed) % sizeof likely];
        capture_begin(&capture, &out);
        cli_json_utf8(out, bytes);
        char *json = capture_end(&capture);
        capture_begin(&capture, &out);
        size_t n = cli_print_utf8(out, bytes);
        char *text = capture_end(&capture);
        bool whole = strstr(text, "\xEF\xBF\xBD") == NULL;
        if (!is_json_string(json) || !is_utf8(text, strlen(text)) || whole != is_utf8(bytes, strlen(bytes)) ||
            n != cli_print_utf8(NULL, bytes))
            fail_msg("round %d: json %s, text %s, %zu characters", round, json, text, n);
        free(json);
        free(text);
    }
}

static void a_csv_field_is_quoted_where_a_reader_could_take_it_apart(void **state)
{
    static const struct {
        const char *text, *field;
    } cases[] = {
        {"", ""},
        {"plain text", "plain text"},
        {"a,b", "\"a,b\""},
        {"say \"no\"", "\"say \"\"no\"\"\""},
        {" led", "\" led\""},
        {"trailed ", "\"trailed \""},
        {" ", "\" \""},
        {"a\nb\r", "a\\x0Ab\\x0D"},
        {"\xC3\xA4\xFF", "\xC3\xA4\xEF\xBF\xBD"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct capture capture;
        FILE *out = NULL;

        capture_begin(&capture, &out);
        cli_csv_utf8(out, cases[i].text);
        char *field = capture_end(&capture);
        assert_string_equal(field, cases[i].field);
        free(field);
    }
}

static void a_time_has_a_number_and_a_unit(void **state)
{
    static const struct {
        const char *text;
        uint32_t ms;
    } good[] = {{"1ms", 1},    {"500ms", 500},   {"2s", 2000},
                {"1m", 60000}, {"60m", 3600000}, {"3600000ms", 3600000}};
    static const char *const bad[] = {"",    "ms",  "500",  "0ms", "61m",           "3601s",
                                      "1 s", "-1s", "1.5s", "1h",  "99999999999ms", "1sx"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint32_t ms = 0;

        assert_true(cli_duration(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t ms = 7;

        if (cli_duration(bad[i], &ms) || ms != 7)
            fail_msg("\"%s\" is taken for %u ms", bad[i], ms);
    }
}

/* ---- where the endpoint comes from ---- */

static void the_endpoint_of_the_environment_is_for_command_lines_without_one(void **state)
{
    static const struct {
        const char *env, *operand;
        enum cli_operands operands;
        const char *endpoint;
        int next;
    } cases[] = {
        {NULL, "plc", CLI_NOTHING_MORE, "plc", 2},
        {NULL, NULL, CLI_NOTHING_MORE, NULL, 2},
        {NULL, "DB1.DBW0", CLI_ADDRESSES, "DB1.DBW0", 2},
        {"", "DB1.DBW0", CLI_ADDRESSES, "DB1.DBW0", 2},
        {"env", NULL, CLI_NOTHING_MORE, "env", 1},
        {"env", "t5", CLI_NOTHING_MORE, "t5", 2},
        {"env", "plc", CLI_ADDRESSES, "plc", 2},
        {"env", "10.0.0.1", CLI_ADDRESSES, "10.0.0.1", 2},
        {"env", "DB1.DBW0", CLI_ADDRESSES, "env", 1},
        {"env", "DB1.DBD4:REAL", CLI_ADDRESSES, "env", 1},
        {"env", "t5", CLI_ADDRESSES, "env", 1},
        {"env", "t5:102", CLI_ADDRESSES, "t5:102", 2},
        {"env", "plc", CLI_ASSIGNMENTS, "plc", 2},
        {"env", "DB1.DBW0=1", CLI_ASSIGNMENTS, "env", 1},
        {"env", "s7://plc?slot=2", CLI_ASSIGNMENTS, "s7://plc?slot=2", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[] = "thing", operand[40] = "";
        char *argv[] = {name, operand, NULL};
        int next;

        if (cases[i].env != NULL)
            setenv("S7_ENDPOINT", cases[i].env, 1);
        if (cases[i].operand != NULL)
            snprintf(operand, sizeof operand, "%s", cases[i].operand);
        const char *got = cli_endpoint(cases[i].operand != NULL ? 2 : 1, argv, cases[i].operands, &next);
        unsetenv("S7_ENDPOINT");
        if (cases[i].endpoint == NULL)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].endpoint);
        assert_int_equal(next, cases[i].next);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_taken_out_and_operands_keep_their_order),
        cmocka_unit_test(an_option_with_a_letter_takes_both_forms),
        cmocka_unit_test(a_wrong_option_is_refused_with_words_that_name_it),
        cmocka_unit_test(a_value_that_its_function_refuses_ends_the_command),
        cmocka_unit_test(help_prints_usage_and_text_and_ends_well),
        cmocka_unit_test(numbers_are_whole_decimal_and_in_range),
        cmocka_unit_test(every_printable_latin1_byte_comes_back),
        cmocka_unit_test(any_latin1_bytes_become_a_json_string),
        cmocka_unit_test(json_escapes_are_those_that_readers_undo),
        cmocka_unit_test(half_a_pair_of_utf16_is_shown_by_its_number),
        cmocka_unit_test(any_bytes_of_a_plant_file_become_valid_text),
        cmocka_unit_test(a_csv_field_is_quoted_where_a_reader_could_take_it_apart),
        cmocka_unit_test(a_time_has_a_number_and_a_unit),
        cmocka_unit_test(the_endpoint_of_the_environment_is_for_command_lines_without_one),
    };

    return cmocka_run_group_tests_name("cli options and text", tests, NULL, NULL);
}
