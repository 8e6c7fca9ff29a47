#include "client/plan_rig.h"
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/symbols.h>

/* ---- allocations that fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static _Thread_local unsigned allocations;
static _Thread_local unsigned fail_nth = UINT32_MAX;

void *__wrap_malloc(size_t size)
{
    return allocations++ == fail_nth ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allocations++ == fail_nth ? NULL : __real_calloc(n, size);
}

/* ---- from CSV ---- */

static s7_symbols *parsed(const char *text)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_symbols *symbols = NULL;

    if (s7_symbols_parse(text, strlen(text), &symbols, &err) != S7_OK)
        fail_msg("%s: %s", err.came, err.hint);
    return symbols;
}

static void expect_symbol(const s7_symbols *symbols, const char *name, const char *address,
                          const char *comment)
{
    const s7_symbol *symbol = s7_symbols_find(symbols, name);
    char text[S7_ADDRESS_TEXT_CAP];

    if (symbol == NULL)
        fail_msg("%s is not in the table", name);
    s7_address_format(&symbol->address, text, sizeof text);
    assert_string_equal(symbol->name, name);
    assert_string_equal(text, address);
    assert_string_equal(symbol->comment != NULL ? symbol->comment : "none", comment);
}

static void lines_of_any_separator_become_symbols(void **state)
{
    static const char *const texts[] = {
        "Speed;DB1.DBD0:REAL;;in m/s\nCount; %MW10 ; Int\n\"a \"\"b\"\"; c\";DB1.DBB20;String[20]; x ",
        "Speed,DB1.DBD0:REAL,,in m/s\r\n\r\n# a comment, with commas\r\nCount,%MW10,INT,\r\n\"a \"\"b\"\"; "
        "c\",DB1.DBB20,\"STRING(20)\",\"x\"\r\n,,,\r\n",
    };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        s7_symbols *symbols = parsed(texts[i]);

        assert_int_equal(s7_symbols_count(symbols), 3);
        expect_symbol(symbols, "Speed", "DB1.DBD0:REAL", "in m/s");
        expect_symbol(symbols, "Count", "MW10:INT", "none");
        expect_symbol(symbols, "a \"b\"; c", "DB1.DBB20:STRING(20)", "x");
        assert_string_equal(s7_symbols_at(symbols, 1)->name, "Count");
        assert_null(s7_symbols_at(symbols, 3));
        assert_null(s7_symbols_find(symbols, "speed"));
        assert_null(s7_symbols_find(symbols, NULL));
        s7_symbols_free(symbols);
    }
    s7_symbols *tabs = parsed("\xEF\xBB\xBFSpeed\tDB1.DBD0:REAL\t\tin m/s\nCount\t\"MW10\" \tInt\tx\tmore");
    assert_int_equal(s7_symbols_count(tabs), 2);
    expect_symbol(tabs, "Speed", "DB1.DBD0:REAL", "in m/s");
    expect_symbol(tabs, "Count", "MW10:INT", "x");
    s7_symbols_free(tabs);
}

static void a_header_says_which_columns_there_are(void **state)
{
    s7_symbols *symbols = parsed("Name;Path;Data Type;Logical Address;Comment;Hmi Visible\n"
                                 "Motor1.Run;Default;Bool;%Q0.1;runs;True\n"
                                 "Level;Default;Int[3];%IW4\n");

    (void)state;
    assert_int_equal(s7_symbols_count(symbols), 2);
    expect_symbol(symbols, "Motor1.Run", "Q0.1", "runs");
    expect_symbol(symbols, "Level", "IW4:INT[3]", "none");
    s7_symbols_free(symbols);
    symbols = parsed("");
    assert_int_equal(s7_symbols_count(symbols), 0);
    s7_symbols_free(symbols);
}

static void mistakes_are_told_with_line_and_column(void **state)
{
    static const struct {
        const char *text;
        s7_status status;
        const char *came, *hint;
    } cases[] = {
        {"a;MW0\n\nb;DB1.DBX0.9", S7_E_SYNTAX, "line 3, column 12: a bit number is 0..7", ""},
        {"a;MD0;REEL", S7_E_SYNTAX,
         "line 1, column 7: expected a data type such as BOOL, INT, DINT, REAL or STRING(20)",
         "did you mean REAL?"},
        {"a;DB1.DBB0;IEC_TIMER", S7_E_UNSUPPORTED, "line 1, column 12: ", ""},
        {"a;MW0\n\"b;MW2\nc;MW4", S7_E_SYNTAX, "line 2, column 1: the quote is not closed on this line", ""},
        {"\"a\"b;MW0", S7_E_SYNTAX, "line 1, column 4: expected a separator behind the quote", ""},
        {"a", S7_E_SYNTAX, "line 1, column 1: expected an address", ""},
        {"a;MW0\n;MW2", S7_E_SYNTAX, "line 2, column 1: expected a name", ""},
        {"a;MW0\nb;MW2\n\"a\";MW4", S7_E_SYNTAX, "line 3, column 1: the name \"a\" is on line 1 already", ""},
        {"name;adress\na;MW0", S7_E_SYNTAX,
         "line 1, column 1: expected a column with the heading \"address\"", ""},
        {"a;MW0:INT;INT", S7_E_SYNTAX, "line 1, column 10: unexpected text after the address", ""},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_symbols *symbols = NULL;
        s7_status status = s7_symbols_parse(cases[i].text, strlen(cases[i].text), &symbols, &err);

        if (status != cases[i].status || strncmp(err.came, cases[i].came, strlen(cases[i].came)) != 0 ||
            strcmp(err.hint, cases[i].hint) != 0)
            fail_msg("%s: %s, \"%s\", \"%s\"", cases[i].text, s7_errname(status), err.came, err.hint);
        assert_null(symbols);
        assert_int_equal(s7_symbols_parse(cases[i].text, strlen(cases[i].text), &symbols, NULL),
                         cases[i].status);
    }
    s7_symbols *symbols = NULL;
    assert_int_equal(s7_symbols_parse("a\0;MW0", 6, &symbols, NULL), S7_E_SYNTAX);
    assert_int_equal(s7_symbols_parse(NULL, 6, &symbols, NULL), S7_E_ARG);
}

static void any_text_is_taken_or_refused(void **state)
{
    static const char alphabet[] = "ab;,\t\"\n\r #DMWB1.:0[](";
    uint32_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = draw(&seed) % 60;
        char *text = malloc(len + 1); /* so that a byte too many is noticed */
        s7_symbols *symbols = NULL;

        for (size_t i = 0; i < len; i++)
            text[i] = round % 2 != 0 ? alphabet[draw(&seed) % (sizeof alphabet - 1)] : (char)draw(&seed);
        if (s7_symbols_parse(text, len, &symbols, NULL) == S7_OK)
            for (size_t i = 0; i < s7_symbols_count(symbols); i++)
                assert_ptr_equal(s7_symbols_find(symbols, s7_symbols_at(symbols, i)->name),
                                 s7_symbols_at(symbols, i));
        s7_symbols_free(symbols);
        free(text);
    }
}

/* ---- from an array ---- */

static void an_array_is_copied_and_each_of_many_names_is_found(void **state)
{
    static s7_symbol list[1000];
    static char names[1000][16];
    s7_symbols *symbols = NULL;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof names[i], "tag%u", i * 7919 % 1000);
        list[i] = (s7_symbol){names[i], address_of("DB1.DBW0"), i % 2 != 0 ? "odd" : NULL};
        list[i].address.byte = i;
    }
    assert_int_equal(s7_symbols_new(list, 1000, &symbols, NULL), S7_OK);
    for (unsigned i = 0; i < 1000; i++) {
        const s7_symbol *symbol = s7_symbols_find(symbols, names[i]);

        assert_ptr_equal(symbol, s7_symbols_at(symbols, i));
        assert_true(symbol->name != names[i] && symbol->address.byte == i);
    }
    assert_null(s7_symbols_find(symbols, "tag1000"));
    s7_symbols_free(symbols);
}

static void bad_arrays_are_refused(void **state)
{
    s7_symbol list[3] = {
        {"a", address_of("MW0"), NULL}, {"b", address_of("MW2"), NULL}, {"a", address_of("MW4"), NULL}};
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_symbols *symbols = NULL;

    (void)state;
    assert_int_equal(s7_symbols_new(list, 3, &symbols, &err), S7_E_ARG);
    assert_int_equal(err.item, 2);
    assert_string_equal(err.came, "the name is in the list twice");
    list[1].address.byte = 3000000;
    assert_int_equal(s7_symbols_new(list, 2, &symbols, &err), S7_E_ARG);
    assert_int_equal(err.item, 1);
    list[0].name = "";
    assert_int_equal(s7_symbols_new(list, 1, &symbols, &err), S7_E_ARG);
    assert_int_equal(s7_symbols_new(NULL, 1, &symbols, &err), S7_E_ARG);
    assert_null(symbols);
    s7_symbols_free(NULL);
}

static void out_of_memory_at_any_allocation_is_told(void **state)
{
    static const char text[] = "a;MW0\nb;MW2";
    const char *const names[] = {"a", "b"};
    bool made = false;

    (void)state;
    for (unsigned nth = 0; !made && nth < 50; nth++) {
        s7_symbols *symbols = NULL;
        s7_plan *plan = NULL;

        allocations = 0;
        fail_nth = nth;
        s7_status status = s7_symbols_parse(text, sizeof text - 1, &symbols, NULL);
        if (status == S7_OK)
            status = s7_symbols_plan(symbols, names, 2, NULL, &plan, NULL);
        fail_nth = UINT32_MAX;
        made = status == S7_OK;
        assert_true(made || (status == S7_E_NOMEM && plan == NULL));
        s7_plan_free(plan);
        s7_symbols_free(symbols);
    }
    assert_true(made);
}

/* ---- by name ---- */

static const char plant[] = "Motor1.Speed;DB1.DBD0:REAL\n"
                            "Motor1.Count;DB1.DBW4:INT\n"
                            "Motor1.Run;DB1.DBX6.3\n"
                            "Motor1.Name;DB1.DBB8;STRING(10)\n"
                            "Motor1.Steps;DB1.DBW20;INT[3]\n"
                            "Motor1.Wide;DB1.DBB30;WSTRING(5)\n"
                            "Motor1.Runtime;DB1.DBD50;TIME\n"
                            "Long;DB1.DBB1000;BYTE[2000]\n"
                            "Missing;DB9.DBW0\n";

static void values_are_read_and_written_by_name(void **state)
{
    s7_symbols *symbols = parsed(plant);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    static char text[8000];
    int64_t whole;
    double real;

    (void)state;
    server_start(240, 4, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_write_tag_real(client, &ctx, symbols, "Motor1.Speed", 1.5), S7_OK);
    assert_int_equal(s7_read_tag_real(client, &ctx, symbols, "Motor1.Speed", &real), S7_OK);
    assert_true(real == 1.5);
    assert_int_equal(s7_write_tag_int(client, &ctx, symbols, "Motor1.Count", -7), S7_OK);
    assert_int_equal(s7_read_tag_int(client, &ctx, symbols, "Motor1.Count", &whole), S7_OK);
    assert_int_equal(whole, -7);
    assert_int_equal(s7_write_tag_int(client, &ctx, symbols, "Motor1.Run", 1), S7_OK);
    assert_int_equal(s7_read_tag_text(client, &ctx, symbols, "Motor1.Run", text, sizeof text), S7_OK);
    assert_string_equal(text, "1");
    assert_int_equal(s7_write_tag_text(client, &ctx, symbols, "Motor1.Name", "pump"), S7_OK);
    assert_int_equal(s7_read_tag_text(client, &ctx, symbols, "Motor1.Name", text, sizeof text), S7_OK);
    assert_string_equal(text, "pump");
    assert_int_equal(s7_write_tag_text(client, &ctx, symbols, "Motor1.Steps", "[1,2,3]"), S7_OK);
    assert_int_equal(s7_read_tag_text(client, &ctx, symbols, "Motor1.Steps", text, sizeof text), S7_OK);
    assert_string_equal(text, "[1,2,3]");
    assert_int_equal(s7_write_tag_text(client, &ctx, symbols, "Motor1.Wide", "p\xC3\xBCmp"), S7_OK);
    assert_int_equal(s7_write_tag_text(client, &ctx, symbols, "Motor1.Runtime", "T#1s5ms"), S7_OK);
    assert_int_equal(s7_read_tag_text(client, &ctx, symbols, "Motor1.Runtime", text, sizeof text), S7_OK);
    assert_string_equal(text, "T#1s5ms");
    assert_int_equal(s7_read_tag_int(client, &ctx, symbols, "Motor1.Runtime", &whole), S7_E_CONVERT);
    assert_int_equal(s7_read_tag_text(client, &ctx, symbols, "Long", text, sizeof text), S7_OK);
    assert_memory_equal(text, "[27,58,89,", 10); /* db_byte of 1000 and so on */
    s7_client_free(client);
    server_stop();
    assert_int_equal(server.plc.db1[8], db_byte(8)); /* the maximum length is the PLC's */
    assert_memory_equal(server.plc.db1 + 9, "\4pump", 5);
    assert_int_equal(server.plc.db1[31], db_byte(31));
    assert_memory_equal(server.plc.db1 + 32, "\0\4\0p\0\xFC\0m\0p", 10);
    s7_symbols_free(symbols);
}

static void failures_by_name_say_the_name(void **state)
{
    s7_symbols *symbols = parsed(plant);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    char expected[128], text[8];
    int64_t whole;
    double real;

    (void)state;
    server_start(240, 4, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    uint64_t before = info_of(client).requests;
    assert_int_equal(s7_read_tag_int(client, &ctx, symbols, "Motor1.Cuont", &whole), S7_E_ARG);
    assert_string_equal(err.came, "no symbol has the name \"Motor1.Cuont\"");
    assert_string_equal(err.hint, "did you mean Motor1.Count?");
    assert_int_equal(s7_write_tag_int(client, &ctx, symbols, "Motor1.Count", 40000), S7_E_CONVERT);
    assert_string_equal(err.asked, "write Motor1.Count at DB1.DBW4:INT");
    assert_int_equal(s7_write_tag_int(client, &ctx, symbols, "Motor1.Steps", 4), S7_E_CONVERT);
    assert_int_equal(s7_write_tag_text(client, &ctx, symbols, "Motor1.Name", "longer than ten"),
                     S7_E_CONVERT);
    assert_int_equal(s7_write_tag_text(client, &ctx, symbols, "Motor1.Name", NULL), S7_E_ARG);
    assert_int_equal(s7_read_tag_int(client, &ctx, symbols, "Motor1.Count", NULL), S7_E_ARG);
    assert_int_equal(s7_read_tag_int(client, &ctx, NULL, "Motor1.Count", &whole), S7_E_ARG);
    assert_string_equal(err.came, "symbols is NULL");
    assert_int_equal(s7_read_tag_int(client, NULL, symbols, NULL, &whole), S7_E_ARG);
    assert_int_equal(s7_read_tag_int(NULL, &ctx, symbols, "Motor1.Count", &whole), S7_E_ARG);
    assert_int_equal(info_of(client).requests, before);
    assert_int_equal(s7_read_tag_int(client, &ctx, symbols, "Motor1.Speed", &whole), S7_E_CONVERT);
    assert_int_equal(s7_read_tag_real(client, &ctx, symbols, "Motor1.Name", &real), S7_E_CONVERT);
    assert_int_equal(s7_read_tag_text(client, &ctx, symbols, "Motor1.Steps", text, sizeof text),
                     S7_E_TOO_LARGE);
    assert_int_equal(s7_read_tag_int(client, &ctx, symbols, "Missing", &whole), S7_E_ITEM_MISSING);
    snprintf(expected, sizeof expected, "read Missing at DB9.DBW0 from %s", server.endpoint);
    assert_string_equal(err.asked, expected);
    s7_client_free(client);
    server_stop();
    s7_symbols_free(symbols);
}

static void plans_are_made_of_names(void **state)
{
    static const char *const names[] = {"Motor1.Run", "Motor1.Speed", "Motor1.Count"};
    static const char *const wrong[] = {"Motor1.Run", "Motor1.Spede"};
    s7_symbols *symbols = parsed(plant);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_plan *plan = NULL;

    (void)state;
    assert_int_equal(s7_symbols_plan(symbols, names, 3, NULL, &plan, &err), S7_OK);
    rig_up(240, 1);
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    expect_tags_right(plan);
    assert_int_equal(rig.plc.n_items, 1);
    rig_down();
    s7_plan_free(plan);
    plan = NULL;
    assert_int_equal(s7_symbols_plan(symbols, wrong, 2, NULL, &plan, &err), S7_E_ARG);
    assert_int_equal(err.item, 1);
    assert_string_equal(err.hint, "did you mean Motor1.Speed?");
    assert_int_equal(s7_symbols_plan(symbols, NULL, 2, NULL, &plan, &err), S7_E_ARG);
    assert_null(plan);
    s7_symbols_free(symbols);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_any_separator_become_symbols),
        cmocka_unit_test(a_header_says_which_columns_there_are),
        cmocka_unit_test(mistakes_are_told_with_line_and_column),
        cmocka_unit_test(any_text_is_taken_or_refused),
        cmocka_unit_test(an_array_is_copied_and_each_of_many_names_is_found),
        cmocka_unit_test(bad_arrays_are_refused),
        cmocka_unit_test(out_of_memory_at_any_allocation_is_told),
        cmocka_unit_test(values_are_read_and_written_by_name),
        cmocka_unit_test(failures_by_name_say_the_name),
        cmocka_unit_test(plans_are_made_of_names),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.symbols");
}
