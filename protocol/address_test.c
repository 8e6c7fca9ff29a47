#include <s7rig/address.h>

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"
#include "protocol/value.h"

#include <stdio.h>
#include <string.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

/* ---- texts that are addresses ---- */

struct good {
    const char *text;
    const char *canonical;
};

static const struct good step7[] = {
    {"DB1.DBX0.3", "DB1.DBX0.3"},
    {"DB1.DBX5", "DB1.DBX5.0"},
    {"DB1.DBB1", "DB1.DBB1"},
    {"DB1.DBW2", "DB1.DBW2"},
    {"DB65535.DBD2097151", "DB65535.DBD2097151"},
    {"DI2.DIW4", "DI2.DIW4"},
    {"DI2.DBX4.1", "DI2.DIX4.1"},
    {"I0.0", "I0.0"},
    {"IX0.0", "I0.0"},
    {"IB0", "IB0"},
    {"IW0", "IW0"},
    {"ID4", "ID4"},
    {"Q1.2", "Q1.2"},
    {"M10.7", "M10.7"},
    {"MX10.7", "M10.7"},
    {"MB10", "MB10"},
    {"MW10", "MW10"},
    {"MD10", "MD10"},
    {"E0.0", "I0.0"},
    {"EB0", "IB0"},
    {"A1.2", "Q1.2"},
    {"AW4", "QW4"},
    {"Z3", "C3"},
    {"PIW256", "PIW256"},
    {"PQB4", "PIB4"},
    {"PEW256", "PIW256"},
    {"PAW4", "PIW4"},
    {"T5", "T5"},
    {"C3", "C3"},
    {"V0.3", "DB1.DBX0.3"},
    {"VW12", "DB1.DBW12"},
    {"V12", "DB1.DBB12"},
    {"V12:INT", "DB1.DBW12:INT"},
    {"VB12", "DB1.DBB12"},
    {"VD4", "DB1.DBD4"},
    {"F10.1", "M10.1"},
    {"FW10", "MW10"},
    {"O1.2", "Q1.2"},
    {"OB1", "QB1"},
    {"SM0.5", "SM0.5"},
    {"SMB2", "SMB2"},
    {"SMW2", "SMW2"},
    {"AIW0", "AIW0"},
    {"AEW2", "AIW2"},
    {"AQW4", "AQW4"},
    {"AAW4", "AQW4"},
    {"AI4", "QW4:INT"},
    {"AIX0.1", "AIX0.1"},
    {"DB1.DBL8", "DB1.DBB8:LWORD"},
    {"DB1.DBLW8", "DB1.DBB8:LWORD"},
    {"ML8", "MB8:LWORD"},
    {"%MW10", "MW10"},
    {"db1.dbx0.3", "DB1.DBX0.3"},
    {" DB1.DB X 0. 3\t", "DB1.DBX0.3"},
    {"M 1 0 . 3", "M10.3"},
};

static const struct good typed[] = {
    {"DB1.DBD4:REAL", "DB1.DBD4:REAL"},
    {"%DB1.DBX0.0:BOOL", "DB1.DBX0.0"},
    {"DB1.DBW2:word", "DB1.DBW2"},
    {"MW10:INT[3]", "MW10:INT[3]"},
    {"MW10:WORD[3]", "MW10:WORD[3]"},
    {"MW10:INT[1]", "MW10:INT"},
    {"MB10:INT", "MW10:INT"},
    {"DB1.DBX0.3:BOOL[8]", "DB1.DBX0.3:BOOL[8]"},
    {"M0.3:BOOL[8]", "M0.3:BOOL[8]"},
    {"DB1.DBB10:STRING(20)", "DB1.DBB10:STRING(20)"},
    {"DB1.DBB10:STRING(20)[3]", "DB1.DBB10:STRING(20)[3]"},
    {"DB1.STRING10.20", "DB1.DBB10:STRING(20)"},
    {"DB1.S10.20", "DB1.DBB10:STRING(20)"},
    {"DB1.DBB8:LREAL", "DB1.DBB8:LREAL"},
    {"DB1.DBB8:CHAR[4]", "DB1.DBB8:CHAR[4]"},
    {"T5:TIMER[2]", "T5:TIMER[2]"},
    {"DB1.DBW2:TIMER", "DB1.DBW2:TIMER"},
    {"DB1.DBS10.20", "DB1.DBB10:STRING(20)"},
    {"DB1.WSTRING10.20", "DB1.DBB10:WSTRING(20)"},
    {"DB1.DBB10:WSTRING(16382)[2]", "DB1.DBB10:WSTRING(16382)[2]"},
    {"DB1.DBW2:WCHAR", "DB1.DBW2:WCHAR"},
    {"MB2:WCHAR[4]", "MW2:WCHAR[4]"},
    {"DB1.DBW0:DATE", "DB1.DBW0:DATE"},
    {"DB1.DBW0:S5TIME", "DB1.DBW0:S5TIME"},
    {"DB1.DBW0: s5 time", "DB1.DBW0:S5TIME"},
    {"DB1.DBD0:TIME", "DB1.DBD0:TIME"},
    {"DB1.DBD0:Time_Of_Day", "DB1.DBD0:TOD"},
    {"DB1.DBB0:DATE_AND_TIME", "DB1.DBB0:DT"},
    {"DB1.DBB0:LTIME[2]", "DB1.DBB0:LTIME[2]"},
    {"DB1.DBB0:LTIME_OF_DAY", "DB1.DBB0:LTOD"},
    {"DB1.DBB0:DATE_AND_LTIME", "DB1.DBB0:LDT"},
    {"DB1.DBL0:LDT", "DB1.DBB0:LDT"},
    {"DB1.DBB0:DTL", "DB1.DBB0:DTL"},
    {"%DB1:10:INT", "DB1.DBW10:INT"},
    {"%DB1:10:INT[3]", "DB1.DBW10:INT[3]"},
    {"%DB1:0.3:BOOL", "DB1.DBX0.3"},
    {"%DB1:0.3:BOOL[8]", "DB1.DBX0.3:BOOL[8]"},
    {"%DB1:20:STRING(10)", "DB1.DBB20:STRING(10)"},
    {"%DB1.DBB20:STRING(10)", "DB1.DBB20:STRING(10)"},
    {"%I0.0:BOOL", "I0.0"},
    {"%MW10:WORD", "MW10"},
};

static const struct good nodes7[] = {
    {"DB1,REAL4", "DB1.DBD4:REAL"},
    {"DB1,R4", "DB1.DBD4:REAL"},
    {"DB1,X14.0", "DB1.DBX14.0"},
    {"DB1,X14.0.8", "DB1.DBX14.0:BOOL[8]"},
    {"DB1,S20.10", "DB1.DBB20:STRING(10)"},
    {"DB1,S20.10.3", "DB1.DBB20:STRING(10)[3]"},
    {"DB1,INT12.2", "DB1.DBW12:INT[2]"},
    {"DB1,I12", "DB1.DBW12:INT"},
    {"DB1,DI12", "DB1.DBD12:DINT"},
    {"DB1,D12", "DB1.DBD12"},
    {"DB1,LR8", "DB1.DBB8:LREAL"},
    {"DB1,DBD4", "DB1.DBD4"},
    {"MR4", "MD4:REAL"},
    {"MI6", "MW6:INT"},
    {"II4", "IW4:INT"},
    {"IDI4", "ID4:DINT"},
    {"IR2", "ID2:REAL"},
    {"QLR0", "QB0:LREAL"},
    {"PIW12", "PIW12"},
    {"PII12", "PIW12:INT"},
    {"MREAL4", "MD4:REAL"},
    {"M10.0.8", "M10.0:BOOL[8]"},
    {"DB1,DT4", "DB1.DBB4:DT"},
    {"DB1,DTZ4.2", "DB1.DBB4:DT[2]"},
    {"DB1,DTL4", "DB1.DBB4:DTL"},
    {"DB1,DTLZ4", "DB1.DBB4:DTL"},
    {"DB1,DATE_AND_TIME4", "DB1.DBB4:DT"},
    {"DB1,DATE4", "DB1.DBW4:DATE"},
    {"DB1,TIME4", "DB1.DBD4:TIME"},
    {"DB1,TOD4", "DB1.DBD4:TOD"},
    {"DB1,S5TIME4", "DB1.DBW4:S5TIME"},
    {"DB1,S5TIME4.2", "DB1.DBW4:S5TIME[2]"},
    {"MS5TIME4", "MW4:S5TIME"},
    {"MDT4", "MB4:DT"},
    {"DB1,S5.10", "DB1.DBB5:STRING(10)"},
    {"DB1,WSTRING20.10", "DB1.DBB20:WSTRING(10)"},
    {"DB1,WS20.10.2", "DB1.DBB20:WSTRING(10)[2]"},
    {"DB1,TIMER4", "DB1.DBW4:TIMER"},
    {"DB1,COUNTER4", "DB1.DBW4:COUNTER"},
    {"DB1,STRING0.20", "DB1.DBB0:STRING(20)"},
    {"DB1,DW0", "DB1.DBD0"},
};

static const struct good wincc[] = {
    {"DB12522,DBB28", "DB12522.DBB28"},
    {"DB5200,DD2320", "DB5200.DBD2320"},
    {"DB6200,D206.1", "DB6200.DBX206.1"},
    {"DB6200,D206", "DB6200.DBD206"},
    {"DB6200,D206.1.8", "DB6200.DBX206.1:BOOL[8]"},
    {"DB5,DD20:REAL", "DB5.DBD20:REAL"},
};

static const struct good dacs7[] = {
    {"DB1.0,r", "DB1.DBD0:REAL"},
    {"m.10,w", "MW10"},
    {"DB5.4,x2", "DB5.DBX4.2"},
    {"DB5.4,x", "DB5.DBX4.0"},
    {"DB5.4,x2,8", "DB5.DBX4.2:BOOL[8]"},
    {"DB1.0,b,100", "DB1.DBB0:BYTE[100]"},
    {"DB1.0,di", "DB1.DBD0:DINT"},
    {"DB1.0,dw", "DB1.DBD0"},
    {"DB1.0,s,20", "DB1.DBB0:STRING(20)"},
    {"DB1.0,ws,20,2", "DB1.DBB0:WSTRING(20)[2]"},
    {"i.4,i", "IW4:INT"},
    {"a.4,b", "QB4"},
    {"DI2.4,w", "DI2.DIW4"},
};

static void check_good(const struct good *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s7_address address;
        s7_address_error error;
        char text[S7_ADDRESS_TEXT_CAP];

        if (s7_address_parse(cases[i].text, &address, &error) != S7_OK)
            fail_msg("\"%s\" is refused at %zu: %s", cases[i].text, error.at, error.text);
        s7_address_format(&address, text, sizeof text);
        if (strcmp(text, cases[i].canonical) != 0)
            fail_msg("\"%s\" is read as \"%s\", expected \"%s\"", cases[i].text, text, cases[i].canonical);
    }
}

static void step7_and_german_texts_are_addresses(void **state)
{
    (void)state;
    check_good(step7, N(step7));
}

static void texts_with_a_type_are_addresses(void **state)
{
    (void)state;
    check_good(typed, N(typed));
}

static void nodes7_texts_are_addresses(void **state)
{
    (void)state;
    check_good(nodes7, N(nodes7));
}

static void texts_of_wincc_are_addresses(void **state)
{
    (void)state;
    check_good(wincc, N(wincc));
}

static void texts_of_dacs7_are_addresses(void **state)
{
    (void)state;
    check_good(dacs7, N(dacs7));
}

static void an_address_has_all_its_fields(void **state)
{
    s7_address a;

    (void)state;
    assert_int_equal(s7_address_parse("DB7,S20.10.3", &a, NULL), S7_OK);
    assert_int_equal(a.area, S7_AREA_DB);
    assert_int_equal(a.db, 7);
    assert_int_equal(a.byte, 20);
    assert_int_equal(a.bit, 0);
    assert_int_equal(a.type, S7_TYPE_STRING);
    assert_int_equal(a.string_cap, 10);
    assert_int_equal(a.count, 3);
    assert_int_equal(s7_address_parse("A2.6", &a, NULL), S7_OK);
    assert_int_equal(a.area, S7_AREA_Q);
    assert_int_equal(a.db, 0);
    assert_int_equal(a.byte, 2);
    assert_int_equal(a.bit, 6);
    assert_int_equal(a.type, S7_TYPE_BOOL);
    assert_int_equal(a.string_cap, 0);
    assert_int_equal(a.count, 1);
}

/* ---- texts that are none ---- */

struct bad {
    const char *text;
    size_t at;
    const char *message;
};

#define NO_ADDRESS  "expected an address such as DB1.DBW2, MW10, I0.0 or T5"
#define BIT         "a bit number is 0..7"
#define BIT_MISSING "expected a dot and a bit number 0..7"
#define BYTE        "a byte offset is 0..2097151"
#define DB_NUMBER   "a DB number is 1..65535"
#define MEMBER      "expected DBX, DBB, DBW or DBD"
#define ELEMENTS    "a number of elements is 1..65535"
#define STRING_LEN  "the length of a STRING is 1..254"
#define BEHIND      "unexpected text after the address"
#define COMMA_TYPE  "expected a data type such as X, B, W, D, INT, DINT, REAL or S"
#define ONLY_BITS   "only a bit has a number after the dot"
#define COLON_TYPE  "expected a data type such as BOOL, INT, DINT, REAL or STRING(20)"

static const struct bad bad[] = {
    {"", 0, NO_ADDRESS},
    {"   ", 3, NO_ADDRESS},
    {"10", 0, NO_ADDRESS},
    {"X5", 0, NO_ADDRESS},
    {"%", 1, NO_ADDRESS},
    {"\xC3\x84W4", 0, NO_ADDRESS},
    {"DB1.DBX0.9", 9, BIT},
    {"DB1.DBX0. 9", 10, BIT},
    {"DB1.DBX0.10", 9, BIT},
    {"DB1.DBX0.", 9, BIT},
    {"DB1.DBX0.x", 9, BIT},
    {"M10", 3, BIT_MISSING},
    {"I0,0", 2, BIT_MISSING},
    {"DB1,X4", 6, BIT_MISSING},
    {"M10.8", 4, BIT},
    {"DB0.DBW0", 2, DB_NUMBER},
    {"DB65536.DBW0", 2, DB_NUMBER},
    {"DB.DBW0", 2, DB_NUMBER},
    {"DB99999999999999999999.DBW0", 2, DB_NUMBER},
    {"DB1", 3, "expected a dot or a comma after the DB number"},
    {"DB1:INT", 4, BYTE},
    {"DB1:4", 5, "expected a colon and a data type"},
    {"DB1:4.8:BOOL", 6, BIT},
    {"DB1:4:BOOL", 6, "BOOL needs a bit address such as DBX0.0 or M0.0"},
    {"DB1:4.1:INT", 8, "INT takes 2 bytes, such as DBW0 or MW0"},
    {"DB1.4", 5, "expected a comma and a data type"},
    {"DB1.4,", 6, COMMA_TYPE},
    {"DB1.4,q", 6, COMMA_TYPE},
    {"DB1.4,x8", 7, BIT},
    {"DB1.4,b2", 7, BEHIND},
    {"DB1.4,s", 7, "expected a comma and the length of the STRING"},
    {"DB1.4,s,0", 8, STRING_LEN},
    {"DB1.4,b,0", 8, ELEMENTS},
    {"DB1.4,b:INT", 7, "the type was given already"},
    {"M.x", 2, BYTE},
    {"DB6200,D206.8", 12, BIT},
    {"DB1,WS20", 8, "expected a dot and the length of the WSTRING"},
    {"DB1,WS20.16383", 9, "the length of a WSTRING is 1..16382"},
    {"MB10:WSTRING", 12, "expected the length of the WSTRING in parentheses, \"WSTRING(20)\""},
    {"MB10:WSTRING(0)", 13, "the length of a WSTRING is 1..16382"},
    {"MD10:WSTRING(4)", 5, "WSTRING is written at a byte, such as DBB0 or MB0"},
    {"MD10:DTL", 5, "DTL is written at a byte, such as DBB0 or MB0"},
    {"MD10:DATE", 5, "DATE takes 2 bytes, such as DBW0 or MW0"},
    {"AI0.0", 4, ELEMENTS},
    {"DB1,S5TIM4", 6, "expected a dot and the length of the STRING"},
    {"DB1.", 4, MEMBER},
    {"DB1.DB", 4, MEMBER},
    {"DB1.DBQ0", 4, MEMBER},
    {"DB1.W0", 4, MEMBER},
    {"DB1.DBW", 7, BYTE},
    {"DB1.DBW-1", 7, BYTE},
    {"DB1.DBW2097152", 7, BYTE},
    {"MW4294967296", 2, BYTE},
    {"DB1.DBW2.1", 8, ONLY_BITS},
    {"MW10.3", 4, ONLY_BITS},
    {"DB1.DBX0.1.8", 10, "elements are written behind the type, \":BOOL[8]\""},
    {"DB1.DBW2x", 8, BEHIND},
    {"T5.3", 2, BEHIND},
    {"MW10 MW12", 5, BEHIND},
    {"DB1,Q4", 4, COMMA_TYPE},
    {"DB1,4", 4, COMMA_TYPE},
    {"MQ4", 1, COMMA_TYPE},
    {"DB1,INT12.0", 10, ELEMENTS},
    {"DB1,INT12.65536", 10, ELEMENTS},
    {"DB1,S20", 7, "expected a dot and the length of the STRING"},
    {"DB1,S20.0", 8, STRING_LEN},
    {"DB1,S20.255", 8, STRING_LEN},
    {"TW5", 1, "expected the number of a timer"},
    {"C", 1, "a counter's number is 0..65535"},
    {"T65536", 1, "a timer's number is 0..65535"},
    {"MW10:", 5, COLON_TYPE},
    {"MW10:FLOAT", 5, COLON_TYPE},
    {"MW10:REAL", 5, "REAL takes 4 bytes, such as DBD0 or MD0"},
    {"MD10:INT", 5, "INT takes 2 bytes, such as DBW0 or MW0"},
    {"MW10:BOOL", 5, "BOOL needs a bit address such as DBX0.0 or M0.0"},
    {"M10.0:BYTE", 6, "BYTE is written at a byte, such as DBB0 or MB0"},
    {"MW10:STRING(4)", 5, "STRING is written at a byte, such as DBB0 or MB0"},
    {"MD10:LREAL", 5, "LREAL is written at a byte, such as DBB0 or MB0"},
    {"T5:INT", 3, "a timer has the type TIMER"},
    {"C5:INT", 3, "a counter has the type COUNTER"},
    {"MW10:INT[0]", 9, ELEMENTS},
    {"MW10:INT[]", 9, ELEMENTS},
    {"MW10:INT[3", 10, "expected \"]\""},
    {"MW10:INT[3]]", 11, BEHIND},
    {"MB10:STRING", 11, "expected the length of the STRING in parentheses, \"STRING(20)\""},
    {"MB10:STRING[20]", 11, "expected the length of the STRING in parentheses, \"STRING(20)\""},
    {"MB10:STRING(255)", 12, STRING_LEN},
    {"MB10:STRING(20", 14, "expected \")\""},
    {"DB1,REAL4:REAL", 9, "the type was given already"},
    {"M10.0.8:BOOL", 7, "the type was given already"},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAA5", 1, COMMA_TYPE},
};

static void other_texts_are_refused_where_they_go_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        s7_address address = {.db = 777};
        s7_address_error error = {.at = 0};

        if (s7_address_parse(bad[i].text, &address, &error) != S7_E_SYNTAX)
            fail_msg("\"%s\" is not refused", bad[i].text);
        if (error.at != bad[i].at || strcmp(error.text, bad[i].message) != 0)
            fail_msg("\"%s\": at %zu \"%s\", expected at %zu \"%s\"", bad[i].text, error.at, error.text,
                     bad[i].at, bad[i].message);
        assert_int_equal(address.db, 777);
        assert_int_equal(s7_address_parse(bad[i].text, &address, NULL), S7_E_SYNTAX);
    }
}

static void structures_are_unsupported_as_a_whole(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } cases[] = {{"DB1,ANY4", 4}, {"MB0:IEC_TIMER", 4}, {"db1.dbb0: pointer", 10}, {"DB1.4,IEC_COUNTER", 6}};

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        s7_address address;
        s7_address_error error;

        if (s7_address_parse(cases[i].text, &address, &error) != S7_E_UNSUPPORTED || error.at != cases[i].at)
            fail_msg("\"%s\": at %zu \"%s\"", cases[i].text, error.at, error.text);
    }
}

/* What the beginning of an address is taken for is an address in its own right; otherwise the error points
 * into it. */
static void check_prefixes(const struct good *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t len = 0; len < strlen(cases[i].text); len++) {
            char text[64], canonical[S7_ADDRESS_TEXT_CAP], again[S7_ADDRESS_TEXT_CAP];
            s7_address address;
            s7_address_error error = {999, ""};

            snprintf(text, sizeof text, "%.*s", (int)len, cases[i].text);
            if (s7_address_parse(text, &address, &error) != S7_OK) {
                if (error.at > len || error.text[0] == '\0')
                    fail_msg("\"%s\": at %zu \"%s\"", text, error.at, error.text);
                continue;
            }
            s7_address_format(&address, canonical, sizeof canonical);
            assert_int_equal(s7_address_parse(canonical, &address, NULL), S7_OK);
            s7_address_format(&address, again, sizeof again);
            assert_string_equal(again, canonical);
        }
}

static void every_prefix_is_refused_or_an_address_of_its_own(void **state)
{
    (void)state;
    check_prefixes(step7, N(step7));
    check_prefixes(typed, N(typed));
    check_prefixes(nodes7, N(nodes7));
    check_prefixes(wincc, N(wincc));
    check_prefixes(dacs7, N(dacs7));
}

/* ---- properties ---- */

static s7_address random_address(struct prng *prng)
{
    static const s7_area areas[] = {S7_AREA_C,  S7_AREA_T,  S7_AREA_P,  S7_AREA_I,  S7_AREA_Q, S7_AREA_M,
                                    S7_AREA_DB, S7_AREA_DI, S7_AREA_SM, S7_AREA_AI, S7_AREA_AQ};
    s7_address a = {.area = areas[prng_below(prng, N(areas))],
                    .byte = prng_below(prng, 2097152),
                    .type = (s7_type)(1 + prng_below(prng, S7_TYPE_LAST)),
                    .count = 1};

    if (prng_below(prng, 2) == 0)
        a.count = (uint16_t)(1 + prng_below(prng, 65535));
    if (a.area == S7_AREA_DB || a.area == S7_AREA_DI)
        a.db = (uint16_t)(1 + prng_below(prng, 65535));
    if (a.area == S7_AREA_T || a.area == S7_AREA_C) {
        a.type = a.area == S7_AREA_T ? S7_TYPE_TIMER : S7_TYPE_COUNTER;
        a.byte &= 0xFFFF;
    }
    if (a.type == S7_TYPE_BOOL)
        a.bit = (uint8_t)prng_below(prng, 8);
    if (a.type == S7_TYPE_STRING)
        a.string_cap = (uint16_t)(1 + prng_below(prng, 254));
    if (a.type == S7_TYPE_WSTRING)
        a.string_cap = (uint16_t)(1 + prng_below(prng, 16382));
    return a;
}

static bool same(const s7_address *a, const s7_address *b)
{
    return a->area == b->area && a->db == b->db && a->byte == b->byte && a->bit == b->bit &&
           a->type == b->type && a->string_cap == b->string_cap && a->count == b->count;
}

/* In any case and with blanks anywhere. */
static void dress(struct prng *prng, const char *text, char dressed[3 * S7_ADDRESS_TEXT_CAP])
{
    size_t n = 0;

    for (const char *c = text; *c != '\0'; c++) {
        bool lower = *c >= 'A' && *c <= 'Z' && prng_below(prng, 2) == 0;

        if (prng_below(prng, 4) == 0)
            dressed[n++] = prng_below(prng, 2) == 0 ? ' ' : '\t';
        dressed[n++] = lower ? (char)(*c - 'A' + 'a') : *c;
    }
    dressed[n] = '\0';
}

static void the_canonical_text_is_read_as_the_same_address(void **state)
{
    struct prng prng = {0xADD2};

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        s7_address address = random_address(&prng), found;
        s7_address_error error = {0, ""};
        char text[S7_ADDRESS_TEXT_CAP], dressed[3 * S7_ADDRESS_TEXT_CAP];

        assert_true(s7_address_format(&address, text, sizeof text) < sizeof text);
        dress(&prng, text, dressed);
        if (s7_address_parse(dressed, &found, &error) != S7_OK)
            fail_msg("round %u: \"%s\" is refused at %zu: %s", round, dressed, error.at, error.text);
        if (!same(&address, &found))
            fail_msg("round %u: \"%s\" is read as another address", round, dressed);
    }
}

static void random_texts_never_crash_and_errors_point_into_them(void **state)
{
    static const char alphabet[] = "DBXWIQMTCZEAPRSVLNGOF_0123456789.,:[]() %\xFF";
    struct prng prng = {0xADD3};

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        char text[24];
        size_t len = prng_below(&prng, sizeof text);
        s7_address address, again;
        s7_address_error error = {999, ""};

        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[prng_below(&prng, sizeof alphabet - 1)];
        text[len] = '\0';
        if (s7_address_parse(text, &address, &error) != S7_OK) {
            if (error.at > len || error.text[0] == '\0')
                fail_msg("\"%s\": at %zu \"%s\"", text, error.at, error.text);
            continue;
        }
        char canonical[S7_ADDRESS_TEXT_CAP];
        s7_address_format(&address, canonical, sizeof canonical);
        assert_int_equal(s7_address_parse(canonical, &again, NULL), S7_OK);
        assert_true(same(&address, &again));
    }
}

static void a_text_is_cut_to_the_buffer_and_its_length_told(void **state)
{
    static const s7_address address = {S7_AREA_DB, 1, 10, 0, S7_TYPE_STRING, 20, 1};
    const char *whole = "DB1.DBB10:STRING(20)";

    (void)state;
    assert_int_equal(s7_address_format(&address, NULL, 0), strlen(whole));
    for (size_t cap = 1; cap < 30; cap++) {
        char text[30];

        assert_int_equal(s7_address_format(&address, text, cap), strlen(whole));
        assert_int_equal(strlen(text), cap - 1 < strlen(whole) ? cap - 1 : strlen(whole));
        assert_memory_equal(text, whole, strlen(text));
    }
}

/* ---- names and sizes ---- */

static void every_type_has_a_name_that_is_read_back(void **state)
{
    (void)state;
    for (int i = S7_TYPE_BOOL; i <= S7_TYPE_LAST; i++) {
        const char *name = s7_type_name((s7_type)i);
        s7_type type;

        assert_true(s7_type_from_name(name, strlen(name), &type));
        assert_int_equal(type, i);
        assert_true(s7_type_size((s7_type)i, 4) > 0);
    }
    assert_string_equal(s7_type_name((s7_type)0), "?");
    assert_string_equal(s7_type_name((s7_type)99), "?");
    assert_int_equal(s7_type_size((s7_type)99, 4), 0);
}

static void aliases_of_types_are_known_in_any_case(void **state)
{
    static const struct {
        const char *name;
        s7_type type;
    } cases[] = {{"DI", S7_TYPE_DINT},         {"r", S7_TYPE_REAL},        {"B", S7_TYPE_BYTE},
                 {"Dw", S7_TYPE_DWORD},        {"string", S7_TYPE_STRING}, {"LR", S7_TYPE_LREAL},
                 {"Time_Of_Day", S7_TYPE_TOD}, {"dtlz", S7_TYPE_DTL},      {"WS", S7_TYPE_WSTRING}};
    s7_type type;

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        assert_true(s7_type_from_name(cases[i].name, strlen(cases[i].name), &type));
        assert_int_equal(type, cases[i].type);
    }
    assert_false(s7_type_from_name("", 0, &type));
    assert_false(s7_type_from_name("REALS", 5, &type));
    assert_false(s7_type_from_name("REAL", 3, &type));
    assert_true(s7_type_from_name("REALS", 4, &type));
}

static void an_address_spans_its_elements(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {{"M0.7", 1},         {"M0.7:BOOL[2]", 2}, {"M0.0:BOOL[8]", 1},
                 {"M0.1:BOOL[8]", 2}, {"MW0:INT[3]", 6},   {"DB1.DBB0:STRING(20)[2]", 44},
                 {"MB0:LREAL", 8},    {"T5:TIMER[3]", 6},  {"MB0:CHAR[5]", 5},
                 {"MD0", 4}};

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        s7_address address;

        assert_int_equal(s7_address_parse(cases[i].text, &address, NULL), S7_OK);
        if (s7_address_size(&address) != cases[i].size)
            fail_msg("%s spans %zu bytes, expected %zu", cases[i].text, s7_address_size(&address),
                     cases[i].size);
    }
}

static void areas_have_their_letters(void **state)
{
    (void)state;
    assert_string_equal(s7_area_name(S7_AREA_DB), "DB");
    assert_string_equal(s7_area_name(S7_AREA_DI), "DI");
    assert_string_equal(s7_area_name(S7_AREA_P), "P");
    assert_string_equal(s7_area_name((s7_area)0x42), "?");
}

static void no_text_is_no_address_and_a_text_may_be_checked_alone(void **state)
{
    s7_address address;
    s7_address_error error;

    (void)state;
    assert_int_equal(s7_address_parse(NULL, &address, &error), S7_E_SYNTAX);
    assert_int_equal(error.at, 0);
    assert_int_equal(s7_address_parse("DB1.DBW0", NULL, NULL), S7_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_is_no_address_and_a_text_may_be_checked_alone),
        cmocka_unit_test(step7_and_german_texts_are_addresses),
        cmocka_unit_test(texts_with_a_type_are_addresses),
        cmocka_unit_test(nodes7_texts_are_addresses),
        cmocka_unit_test(texts_of_wincc_are_addresses),
        cmocka_unit_test(texts_of_dacs7_are_addresses),
        cmocka_unit_test(an_address_has_all_its_fields),
        cmocka_unit_test(other_texts_are_refused_where_they_go_wrong),
        cmocka_unit_test(structures_are_unsupported_as_a_whole),
        cmocka_unit_test(every_prefix_is_refused_or_an_address_of_its_own),
        cmocka_unit_test(the_canonical_text_is_read_as_the_same_address),
        cmocka_unit_test(random_texts_never_crash_and_errors_point_into_them),
        cmocka_unit_test(a_text_is_cut_to_the_buffer_and_its_length_told),
        cmocka_unit_test(every_type_has_a_name_that_is_read_back),
        cmocka_unit_test(aliases_of_types_are_known_in_any_case),
        cmocka_unit_test(an_address_spans_its_elements),
        cmocka_unit_test(areas_have_their_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
