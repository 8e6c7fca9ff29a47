/* Conformance of address texts: the styles of the field, down to the bytes of the request. */
#include "client/conformance_script.h"

#define STYLES 10

/* The request that reads the address of this text. */
static struct bytes request_of(const char *text)
{
    static uint8_t data[64];
    s7_item item = typed_item(text, data);

    assert_true(item.len <= sizeof data);
    rig_up(240, 1);
    begin(false, &item, 1, S7_NEVER_NS);
    struct bytes sent = take_sent(rig.session);
    rig_down();
    return sent;
}

static void expect_same(const char *canonical, const char *text)
{
    s7_address address;
    s7_address_error error;
    char made[S7_ADDRESS_TEXT_CAP];
    struct bytes want = request_of(canonical), got = request_of(text);

    if (s7_address_parse(text, &address, &error) != S7_OK)
        fail_msg("\"%s\" is refused at %zu: %s", text, error.at, error.text);
    s7_address_format(&address, made, sizeof made);
    if (strcmp(made, canonical) != 0)
        fail_msg("\"%s\" is read as \"%s\", expected \"%s\"", text, made, canonical);
    if (got.len != want.len || memcmp(got.at, want.at, want.len) != 0)
        fail_msg("\"%s\" and \"%s\" are asked for by different bytes", text, canonical);
}

static void s7_166_every_style_of_one_tag_is_the_same_address_and_request(void **state)
{
    static const char *const tags[][STYLES] = {
        {"DB1.DBX0.3", "%DB1.DBX0.3:BOOL", "%DB1:0.3:BOOL", "DB1,X0.3", "DB1,D0.3", "DB1.0,x3", "V0.3",
         "db 1 . dbx 0.3"},
        {"DB1.DBD4:REAL", "%DB1.DBD4:REAL", "%DB1:4:REAL", "DB1,REAL4", "DB1,R4", "DB1.4,r", "VD4:REAL",
         "DB1,DD4:REAL"},
        {"DB1.DBW10:INT", "%DB1:10:INT", "DB1,INT10", "DB1,I10", "DB1.10,i", "VW10:INT", "DB1.DBB10:INT"},
        {"DB1.DBD20", "DB1.DBD20:DWORD", "DB1,DD20", "DB1,DBD20", "DB1,D20", "DB1,DW20", "DB1.20,dw", "VD20"},
        {"DB1.DBB10:STRING(20)", "DB1.STRING10.20", "DB1.S10.20", "DB1.DBS10.20", "DB1,S10.20",
         "DB1,STRING10.20", "%DB1:10:STRING(20)", "DB1.10,s,20"},
        {"DB1.DBW12:INT[2]", "DB1,INT12.2", "%DB1:12:INT[2]", "DB1.12,i,2"},
        {"MW10", "%MW10", "%MW10:WORD", "MW10:WORD", "m.10,w", "FW10"},
        {"MD4:REAL", "MR4", "MREAL4", "m.4,r"},
        {"Q1.2", "%Q1.2:BOOL", "QX1.2", "O1.2", "A1.2"},
        {"PIW256", "%PIW256", "PEW256"},
        {"T5", "%T5", "t5", "T5:TIMER"},
    };

    (void)state;
    for (size_t tag = 0; tag < N(tags); tag++)
        for (size_t i = 1; i < STYLES && tags[tag][i] != NULL; i++)
            expect_same(tags[tag][0], tags[tag][i]);
}

static void s7_168_german_letters_are_the_same_areas(void **state)
{
    static const char *const pairs[][2] = {
        {"I0.0", "E0.0"}, {"IB0", "EB0"},     {"IW2", "EW2"},      {"ID4", "ED4"},
        {"Q1.2", "A1.2"}, {"QB4", "AB4"},     {"QW4", "AW4"},      {"QD4", "AD4"},
        {"C3", "Z3"},     {"MW10", "mw10"},   {"QB4", "a.4,b"},    {"PIW256", "PEW256"},
        {"PIB4", "PAB4"}, {"IW4:INT", "EI4"}, {"ID4:REAL", "ER4"}, {"C3:COUNTER[2]", "Z3:COUNTER[2]"},
    };

    (void)state;
    for (size_t i = 0; i < N(pairs); i++)
        expect_same(pairs[i][0], pairs[i][1]);
}

static void s7_167_texts_of_places_that_do_not_exist_are_refused(void **state)
{
    static const char *const texts[] = {
        "M10.8",     "DB1.DBX0.8", "DB1,X0.8",     "DB1.0,x8",          "%DB1:0.8:BOOL",
        "I0.9",      "V0.8",       "DB1,D206.8",   "DB1.DBB2097152",    "DB1,B2097152",
        "MB2097152", "DB0.DBB0",   "DB65536.DBB0", "DB1.DBB4294967296", "DB1.DBD2097151:REAL[65536]"};

    (void)state;
    for (size_t i = 0; i < N(texts); i++) {
        s7_address address;
        s7_address_error error = {.text = ""};

        if (s7_address_parse(texts[i], &address, &error) != S7_E_SYNTAX)
            fail_msg("\"%s\" is taken", texts[i]);
        assert_true(error.text[0] != '\0' && error.at <= strlen(texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_166_every_style_of_one_tag_is_the_same_address_and_request),
        cmocka_unit_test(s7_168_german_letters_are_the_same_areas),
        cmocka_unit_test(s7_167_texts_of_places_that_do_not_exist_are_refused),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_address");
}
