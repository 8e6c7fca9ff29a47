/* value_time_test.c - dates, times and counters: the bytes of Siemens, the texts of people, and what bytes
 * that are no value look like. */
#include "protocol/bytes.h"
#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"
#include "protocol/value_types.h"

#include <stdio.h>
#include <string.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static const s7_type timed[] = {S7_TYPE_DATE,   S7_TYPE_TIME,  S7_TYPE_TOD,    S7_TYPE_DT,
                                S7_TYPE_LTIME,  S7_TYPE_LTOD,  S7_TYPE_LDT,    S7_TYPE_DTL,
                                S7_TYPE_S5TIME, S7_TYPE_TIMER, S7_TYPE_COUNTER};

static s7_address typed(s7_type type, uint16_t count)
{
    return (s7_address){.area = S7_AREA_M, .type = type, .count = count};
}

/* ---- known texts and bytes ---- */

struct text_case {
    s7_type type;
    const char *text;
    const char *hex;       /* bytes of the block; NULL: not a value */
    const char *canonical; /* NULL: text itself */
};

static const struct text_case spans[] = {
    {S7_TYPE_TIME, "T#1h2m3s4ms", "0038CEFC", NULL},
    {S7_TYPE_TIME, "T#0ms", "00000000", NULL},
    {S7_TYPE_TIME, "1500", "000005DC", "T#1s500ms"},
    {S7_TYPE_TIME, " +1500 ", "000005DC", "T#1s500ms"},
    {S7_TYPE_TIME, "-1", "FFFFFFFF", "T#-1ms"},
    {S7_TYPE_TIME, "T#-24d20h31m23s648ms", "80000000", NULL},
    {S7_TYPE_TIME, "T#24d20h31m23s647ms", "7FFFFFFF", NULL},
    {S7_TYPE_TIME, "T#24d20h31m23s648ms", NULL, NULL},
    {S7_TYPE_TIME, "T#-24d20h31m23s649ms", NULL, NULL},
    {S7_TYPE_TIME, "2147483647", "7FFFFFFF", "T#24d20h31m23s647ms"},
    {S7_TYPE_TIME, "2147483648", NULL, NULL},
    {S7_TYPE_TIME, "time#90S", "00015F90", "T#1m30s"},
    {S7_TYPE_TIME, "t#1h_30m", "005265C0", "T#1h30m"},
    {S7_TYPE_TIME, "1h 30m", "005265C0", "T#1h30m"},
    {S7_TYPE_TIME, "1.5s", "000005DC", "T#1s500ms"},
    {S7_TYPE_TIME, "T#0.5d", "02932E00", "T#12h"},
    {S7_TYPE_TIME, "LT#5s", "00001388", "T#5s"},
    {S7_TYPE_TIME, "T#1500us", NULL, NULL},
    {S7_TYPE_TIME, "T#2000us", "00000002", "T#2ms"},
    {S7_TYPE_TIME, "T#1.5ms", NULL, NULL},
    {S7_TYPE_TIME, "T#1m1h", NULL, NULL},
    {S7_TYPE_TIME, "T#1m1m", NULL, NULL},
    {S7_TYPE_TIME, "T#1.5h30m", NULL, NULL},
    {S7_TYPE_TIME, "T#1.h", NULL, NULL},
    {S7_TYPE_TIME, "T#5", NULL, NULL},
    {S7_TYPE_TIME, "T#", NULL, NULL},
    {S7_TYPE_TIME, "T#-", NULL, NULL},
    {S7_TYPE_TIME, "", NULL, NULL},
    {S7_TYPE_TIME, "-", NULL, NULL},
    {S7_TYPE_TIME, "1x", NULL, NULL},
    {S7_TYPE_TIME, "5 s5", NULL, NULL},
    {S7_TYPE_TIME, "D#5s", NULL, NULL},
    {S7_TYPE_TIME, "T#2s base 1s", NULL, NULL},
    {S7_TYPE_TIME, "16#FFFFFFFF", "FFFFFFFF", "T#-1ms"},
    {S7_TYPE_TIME, "0x3e8", "000003E8", "T#1s"},
    {S7_TYPE_TIME, "99999999999999999999999s", NULL, NULL},
    {S7_TYPE_TIME, "9999999999999999999d", NULL, NULL},
    {S7_TYPE_LTIME, "LT#1d2h3m4s5ms6us7ns", "0000554BCA4DD2B7", NULL},
    {S7_TYPE_LTIME, "7", "0000000000000007", "LT#7ns"},
    {S7_TYPE_LTIME, "LT#0ns", "0000000000000000", NULL},
    {S7_TYPE_LTIME, "LT#-106751d23h47m16s854ms775us808ns", "8000000000000000", NULL},
    {S7_TYPE_LTIME, "LT#106751d23h47m16s854ms775us807ns", "7FFFFFFFFFFFFFFF", NULL},
    {S7_TYPE_LTIME, "LT#106751d23h47m16s854ms775us808ns", NULL, NULL},
    {S7_TYPE_LTIME, "LTIME#1.000000001s", "000000003B9ACA01", "LT#1s1ns"},
    {S7_TYPE_LTIME, "LT#1.0000000001s", NULL, NULL},
    {S7_TYPE_LTIME, "LT#1.0000000010s", "000000003B9ACA01", "LT#1s1ns"},
    {S7_TYPE_S5TIME, "S5T#2s", "0200", NULL},
    {S7_TYPE_S5TIME, "S5T#2m10s", "2130", NULL},
    {S7_TYPE_S5TIME, "S5TIME#2H46M30S", "3999", "S5T#2h46m30s"},
    {S7_TYPE_S5TIME, "T#10ms", "0001", "S5T#10ms"},
    {S7_TYPE_S5TIME, "0", "0000", "S5T#0ms"},
    {S7_TYPE_S5TIME, "9990", "0999", "S5T#9s990ms"},
    {S7_TYPE_S5TIME, "S5T#10s", "1100", NULL},
    {S7_TYPE_S5TIME, "S5T#2s base 1s", "2002", NULL},
    {S7_TYPE_S5TIME, "s5t#1m39s BASE 10s", NULL, NULL},
    {S7_TYPE_S5TIME, "S5T#2s base 10ms", "0200", "S5T#2s"},
    {S7_TYPE_S5TIME, "S5T#0ms base 10s", "3000", NULL},
    {S7_TYPE_S5TIME, "S5T#2s base 2s", NULL, NULL},
    {S7_TYPE_S5TIME, "S5T#2s base", NULL, NULL},
    {S7_TYPE_S5TIME, "S5T#2s base1s", NULL, NULL},
    {S7_TYPE_S5TIME, "S5T#15ms", NULL, NULL},
    {S7_TYPE_S5TIME, "S5T#10s10ms", NULL, NULL},
    {S7_TYPE_S5TIME, "S5T#2h46m40s", NULL, NULL},
    {S7_TYPE_S5TIME, "-10", NULL, NULL},
    {S7_TYPE_S5TIME, "16#4000", "4000", NULL},
    {S7_TYPE_S5TIME, "16#00AB", "00AB", NULL},
    {S7_TYPE_S5TIME, "16#10000", NULL, NULL},
    {S7_TYPE_S5TIME, "16#0002130", "2130", "S5T#2m10s"},
    {S7_TYPE_TIMER, "S5T#2m10s", "2130", NULL},
    {S7_TYPE_TIMER, "16#2130", "2130", "S5T#2m10s"},
    {S7_TYPE_COUNTER, "17", "0017", NULL},
    {S7_TYPE_COUNTER, "C#999", "0999", "999"},
    {S7_TYPE_COUNTER, "1000", NULL, NULL},
    {S7_TYPE_COUNTER, "-1", NULL, NULL},
    {S7_TYPE_COUNTER, "C#", NULL, NULL},
    {S7_TYPE_COUNTER, "16#0234", "0234", "234"},
    {S7_TYPE_COUNTER, "16#1234", "1234", NULL},
    {S7_TYPE_COUNTER, "0xA", "000A", "16#000A"},
};

static const struct text_case moments[] = {
    {S7_TYPE_DATE, "1990-01-01", "0000", NULL},
    {S7_TYPE_DATE, "2168-12-31", "FF62", NULL},
    {S7_TYPE_DATE, "2169-06-06", "FFFF", NULL},
    {S7_TYPE_DATE, "2169-06-07", NULL, NULL},
    {S7_TYPE_DATE, "1989-12-31", NULL, NULL},
    {S7_TYPE_DATE, "D#2026-1-31", "337B", "2026-01-31"},
    {S7_TYPE_DATE, "date#2024-02-29", "30BD", "2024-02-29"},
    {S7_TYPE_DATE, "2025-02-29", NULL, NULL},
    {S7_TYPE_DATE, "26-01-31", NULL, NULL},
    {S7_TYPE_DATE, "02026-01-31", NULL, NULL},
    {S7_TYPE_DATE, "2026-001-31", NULL, NULL},
    {S7_TYPE_DATE, "2026-01-31T00:00:00", NULL, NULL},
    {S7_TYPE_DATE, "13179", NULL, NULL},
    {S7_TYPE_DATE, "16#0001", "0001", "1990-01-02"},
    {S7_TYPE_TOD, "12:34:56.789", "02B32C95", NULL},
    {S7_TYPE_TOD, "TOD#1:2:3", "0038CEF8", "01:02:03"},
    {S7_TYPE_TOD, "time_of_day#23:59:59.999", "05265BFF", "23:59:59.999"},
    {S7_TYPE_TOD, "24:00:00", NULL, NULL},
    {S7_TYPE_TOD, "23:60:00", NULL, NULL},
    {S7_TYPE_TOD, "23:59:60", NULL, NULL},
    {S7_TYPE_TOD, "12:34:56.7", "02B32C3C", "12:34:56.700"},
    {S7_TYPE_TOD, "12:34:56.7890", "02B32C95", "12:34:56.789"},
    {S7_TYPE_TOD, "12:34:56.7891", NULL, NULL},
    {S7_TYPE_TOD, "12:34:56.", NULL, NULL},
    {S7_TYPE_TOD, "12:34", NULL, NULL},
    {S7_TYPE_TOD, "1000", NULL, NULL},
    {S7_TYPE_TOD, "16#05265C00", "05265C00", NULL},
    {S7_TYPE_LTOD, "12:34:56.789000001", "000029327B048F41", NULL},
    {S7_TYPE_LTOD, "LTOD#23:59:59.999999999", "00004E94914EFFFF", "23:59:59.999999999"},
    {S7_TYPE_LTOD, "00:00:00.000001", "00000000000003E8", NULL},
    {S7_TYPE_LTOD, "00:00:00.0000000001", NULL, NULL},
    {S7_TYPE_LTOD, "16#00004E94914F0000", "00004E94914F0000", NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56.789", "2601311234567897", NULL},
    {S7_TYPE_DT, "DT#2026-01-31-12:34:56.789", "2601311234567897", "2026-01-31T12:34:56.789"},
    {S7_TYPE_DT, "2026-01-31 12:34:56.789", "2601311234567897", "2026-01-31T12:34:56.789"},
    {S7_TYPE_DT, "date_and_time#1994-7-1-8:0:0", "9407010800000006", "1994-07-01T08:00:00"},
    {S7_TYPE_DT, "1990-01-01T00:00:00", "9001010000000002", NULL},
    {S7_TYPE_DT, "2089-12-31T23:59:59.999", "8912312359599997", NULL},
    {S7_TYPE_DT, "2090-01-01T00:00:00", NULL, NULL},
    {S7_TYPE_DT, "1989-12-31T23:59:59", NULL, NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56.7891", NULL, NULL},
    {S7_TYPE_DT, "2026-01-31", NULL, NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56Z", NULL, NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56 weekday 0", "2601311234560000", NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56 Weekday 7", "2601311234560007", "2026-01-31T12:34:56"},
    {S7_TYPE_DT, "2026-01-31T12:34:56 weekday 15", "260131123456000F", NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56 weekday 16", NULL, NULL},
    {S7_TYPE_DT, "2026-01-31T12:34:56 weekday", NULL, NULL},
    {S7_TYPE_DT, "16#0000000000000000", "0000000000000000", NULL},
    {S7_TYPE_DT, "16#2613311234567897", "2613311234567897", NULL},
    {S7_TYPE_DT, "16#260131123456789", "0260131123456789", "16#0260131123456789"},
    {S7_TYPE_LDT, "1970-01-01T00:00:00", "0000000000000000", NULL},
    {S7_TYPE_LDT, "LDT#2554-07-21-23:34:33.709551615", "FFFFFFFFFFFFFFFF", "2554-07-21T23:34:33.709551615"},
    {S7_TYPE_LDT, "2554-07-21T23:34:33.709551616", NULL, NULL},
    {S7_TYPE_LDT, "2554-07-22T00:00:00", NULL, NULL},
    {S7_TYPE_LDT, "1969-12-31T23:59:59.999999999", NULL, NULL},
    {S7_TYPE_LDT, "2026-01-31T12:34:56 weekday 7", NULL, NULL},
    {S7_TYPE_DTL, "DTL#2026-01-31-12:34:56.789", "07EA 01 1F 07 0C2238 2F072F40", "2026-01-31T12:34:56.789"},
    {S7_TYPE_DTL, "1970-01-01T00:00:00", "07B201010500000000000000", NULL},
    {S7_TYPE_DTL, "2554-12-31T23:59:59.999999999", "09FA0C1F03173B3B3B9AC9FF", NULL},
    {S7_TYPE_DTL, "2555-01-01T00:00:00", NULL, NULL},
    {S7_TYPE_DTL, "2026-01-31T12:34:56 weekday 255", "07EA011FFF0C223800000000", NULL},
    {S7_TYPE_DTL, "2026-01-31T12:34:56 weekday 256", NULL, NULL},
    {S7_TYPE_DTL, "16#000000000000000000000000", "000000000000000000000000", NULL},
    {S7_TYPE_DTL, "16#07EA011F070C22383B9ACA00", "07EA011F070C22383B9ACA00", NULL},
    {S7_TYPE_DTL, "16#1000000000000000000000000", NULL, NULL},
};

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t n = 0;
    unsigned byte;

    for (; *hex != '\0'; hex++)
        if (*hex != ' ' && sscanf(hex, "%2x", &byte) == 1) {
            bytes[n++] = (uint8_t)byte;
            hex++;
        }
    return n;
}

static void check_text(const struct text_case *c)
{
    s7_address address = typed(c->type, 1);
    const char *canonical = c->canonical != NULL ? c->canonical : c->text;
    uint8_t bytes[S7_VALUE_RAW_MAX], want[S7_VALUE_RAW_MAX + 4];
    char text[S7_TIME_TEXT_CAP];

    memset(bytes, 0xEE, sizeof bytes);
    s7_status status = s7_values_parse(&address, c->text, strlen(c->text), bytes);
    if (status != (c->hex != NULL ? S7_OK : S7_E_CONVERT))
        fail_msg("%s \"%s\": %s", s7_type_name(c->type), c->text, s7_errname(status));
    if (c->hex == NULL) {
        assert_int_equal(bytes[0], 0xEE);
        return;
    }
    size_t size = from_hex(c->hex, want), len = s7_values_format(&address, bytes, text, sizeof text);
    assert_int_equal(size, s7_address_size(&address));
    if (len != strlen(canonical) || strcmp(text, canonical) != 0)
        fail_msg("%s \"%s\" is written as \"%s\"", s7_type_name(c->type), c->text, text);
    if (memcmp(bytes, want, size) != 0)
        fail_msg("%s \"%s\" is not stored as %s but as %02X%02X%02X%02X %02X%02X%02X%02X %02X%02X%02X%02X",
                 s7_type_name(c->type), c->text, c->hex, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                 bytes[5], bytes[6], bytes[7], bytes[8], bytes[9], bytes[10], bytes[11]);
}

static void durations_and_counters_are_stored_and_written_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(spans); i++)
        check_text(&spans[i]);
}

static void dates_and_times_of_day_are_stored_and_written_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(moments); i++)
        check_text(&moments[i]);
}

/* What the beginning of a text is taken for must come back as it is, too. */
static void check_prefixes(const struct text_case *c)
{
    s7_address address = typed(c->type, 1);

    for (size_t len = 0; len < strlen(c->text); len++) {
        uint8_t bytes[S7_VALUE_RAW_MAX] = {0}, again[S7_VALUE_RAW_MAX] = {0};
        char text[S7_TIME_TEXT_CAP];

        if (s7_values_parse(&address, c->text, len, bytes) != S7_OK)
            continue;
        size_t n = s7_values_format(&address, bytes, text, sizeof text);
        if (s7_values_parse(&address, text, n, again) != S7_OK || memcmp(bytes, again, sizeof bytes) != 0)
            fail_msg("%s: %zu characters of \"%s\" are \"%s\", which is something else",
                     s7_type_name(c->type), len, c->text, text);
    }
}

static void every_prefix_is_refused_or_a_value_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(spans); i++)
        check_prefixes(&spans[i]);
    for (size_t i = 0; i < N(moments); i++)
        check_prefixes(&moments[i]);
}

/* ---- all bytes ---- */

static bool comes_back(s7_type type, const uint8_t *bytes, char text[S7_TIME_TEXT_CAP])
{
    s7_address address = typed(type, 1);
    size_t len = s7_values_format(&address, bytes, text, S7_TIME_TEXT_CAP);
    uint8_t again[S7_VALUE_RAW_MAX] = {0};

    return len < S7_TIME_TEXT_CAP && s7_values_parse(&address, text, len, again) == S7_OK &&
           memcmp(again, bytes, s7_type_size(type, 0)) == 0;
}

static void every_word_of_the_two_byte_types_comes_back(void **state)
{
    static const s7_type types[] = {S7_TYPE_DATE, S7_TYPE_S5TIME, S7_TYPE_TIMER, S7_TYPE_COUNTER};

    (void)state;
    for (size_t i = 0; i < N(types); i++)
        for (unsigned word = 0; word <= 0xFFFF; word++) {
            const uint8_t bytes[] = {(uint8_t)(word >> 8), (uint8_t)word};
            char text[S7_TIME_TEXT_CAP];

            if (!comes_back(types[i], bytes, text))
                fail_msg("%s %04X is written as \"%s\"", s7_type_name(types[i]), word, text);
        }
}

static bool is_bcd(unsigned word)
{
    for (; word > 0; word >>= 4)
        if ((word & 0xF) > 9)
            return false;
    return true;
}

static void a_word_without_bcd_is_no_counter_and_no_s5time(void **state)
{
    (void)state;
    for (unsigned word = 0; word <= 0xFFFF; word++) {
        const uint8_t bytes[] = {(uint8_t)(word >> 8), (uint8_t)word};
        s7_address counter = typed(S7_TYPE_COUNTER, 1), timer = typed(S7_TYPE_S5TIME, 1);
        bool digits = is_bcd(word & 0xFFF);

        assert_int_equal(s7_value_load(&counter, bytes, 0).broken, !digits || word > 0xFFF);
        assert_int_equal(s7_value_load(&timer, bytes, 0).broken, !digits || word > 0x3FFF);
    }
}

/* Each byte of a good DT in turn, all 256 values. */
static void every_byte_of_a_dt_is_good_or_shown_as_it_is(void **state)
{
    static const uint8_t low[] = {0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00};
    static const uint8_t high[] = {0x99, 0x12, 0x31, 0x23, 0x59, 0x59, 0x99, 0x9F};

    (void)state;
    for (size_t at = 0; at < 8; at++)
        for (unsigned byte = 0; byte <= 0xFF; byte++) {
            uint8_t bytes[] = {0x26, 0x01, 0x28, 0x12, 0x34, 0x56, 0x78, 0x97};
            s7_address address = typed(S7_TYPE_DT, 1);
            char text[S7_TIME_TEXT_CAP];

            bytes[at] = (uint8_t)byte;
            bool good = byte >= low[at] && byte <= high[at] && is_bcd(at == 7 ? byte >> 4 : byte);
            if (!comes_back(S7_TYPE_DT, bytes, text) || s7_value_load(&address, bytes, 0).broken == good ||
                (strncmp(text, "16#", 3) != 0) != good)
                fail_msg("byte %zu as %02X is written as \"%s\"", at, byte, text);
        }
}

static void every_day_of_a_dt_has_its_bytes_and_weekday(void **state)
{
    s7_address address = typed(S7_TYPE_DT, 1);
    struct s7_civil civil = {.year = 1990, .month = 1, .day = 1};
    int64_t days = s7_civil_days(&civil);

    (void)state;
    for (unsigned weekday = 2; civil.year < 2090;
         weekday = weekday % 7 + 1, s7_civil_set_days(&civil, ++days)) {
        char text[S7_TIME_TEXT_CAP];
        uint8_t bytes[8], want[8] = {0};

        snprintf(text, sizeof text, "%u-%02u-%02uT00:00:00", civil.year, civil.month, civil.day);
        want[0] = (uint8_t)(civil.year / 10 % 10 << 4 | civil.year % 10);
        want[1] = (uint8_t)(civil.month / 10 << 4 | civil.month % 10);
        want[2] = (uint8_t)(civil.day / 10 << 4 | civil.day % 10);
        want[7] = (uint8_t)weekday;
        assert_int_equal(s7_values_parse(&address, text, strlen(text), bytes), S7_OK);
        if (memcmp(bytes, want, sizeof want) != 0)
            fail_msg("%s is stored as something else", text);
        char back[S7_TIME_TEXT_CAP];
        if (!comes_back(S7_TYPE_DT, bytes, back) || strcmp(back, text) != 0)
            fail_msg("%s comes back as %s", text, back);
    }
}

static void random_bytes_come_back_whatever_the_type(void **state)
{
    struct prng prng = {0x71E};

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        s7_type type = timed[prng_below(&prng, N(timed))];
        uint8_t bytes[S7_VALUE_RAW_MAX];
        char text[S7_TIME_TEXT_CAP];

        prng_fill(&prng, bytes, sizeof bytes);
        if (!comes_back(type, bytes, text))
            fail_msg("round %u: %s \"%s\" does not come back", round, s7_type_name(type), text);
    }
}

/* Fields near their limits, so that most are dates. */
static void random_moments_come_back_whatever_the_type(void **state)
{
    static const s7_type types[] = {S7_TYPE_DT, S7_TYPE_LDT, S7_TYPE_DTL};
    struct prng prng = {0x71F};

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        struct s7_value value = {.type = types[round % N(types)]}, found;
        s7_address address = typed(value.type, 1);
        uint8_t bytes[S7_VALUE_RAW_MAX];
        char text[S7_TIME_TEXT_CAP];

        value.civil = (struct s7_civil){.year = (uint16_t)(1969 + prng_below(&prng, 600)),
                                        .month = (uint8_t)prng_below(&prng, 14),
                                        .day = (uint8_t)prng_below(&prng, 33),
                                        .hour = (uint8_t)prng_below(&prng, 25),
                                        .minute = (uint8_t)prng_below(&prng, 61),
                                        .second = (uint8_t)prng_below(&prng, 61),
                                        .ns = prng_below(&prng, 1001) * 1000000};
        if (s7_value_store(&address, bytes, 0, &value) != S7_OK)
            continue;
        found = s7_value_load(&address, bytes, 0);
        if (!s7_civil_valid(&value.civil) || found.broken || found.odd != 0 ||
            s7_civil_days(&found.civil) != s7_civil_days(&value.civil) ||
            s7_civil_clock(&found.civil) != s7_civil_clock(&value.civil) ||
            !comes_back(value.type, bytes, text))
            fail_msg("round %u: %u-%u-%u does not come back", round, value.civil.year, value.civil.month,
                     value.civil.day);
    }
}

/* ---- texts from anywhere ---- */

static void random_texts_never_crash(void **state)
{
    static const char alphabet[] = "0123456789-:.#TdhmsunSDLOTtb 5_+aeyWk";
    struct prng prng = {0x720};

    (void)state;
    for (unsigned round = 0; round < 300000; round++) {
        s7_type type = timed[prng_below(&prng, N(timed))];
        s7_address address = typed(type, 1);
        uint8_t bytes[S7_VALUE_RAW_MAX];
        char text[40], again[S7_TIME_TEXT_CAP];
        size_t len = prng_below(&prng, sizeof text);

        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[prng_below(&prng, sizeof alphabet - 1)];
        if (s7_values_parse(&address, text, len, bytes) == S7_OK && !comes_back(type, bytes, again))
            fail_msg("\"%.*s\" is \"%s\", which does not come back", (int)len, text, again);
    }
}

static void lists_of_times_are_plain(void **state)
{
    s7_address address = typed(S7_TYPE_DT, 2);
    const char *list = "[2026-01-31T12:34:56,16#0000000000000000]";
    uint8_t bytes[16];
    char text[64];

    (void)state;
    assert_int_equal(s7_values_parse(&address, list, strlen(list), bytes), S7_OK);
    assert_int_equal(s7_values_format(&address, bytes, text, sizeof text), strlen(list));
    assert_string_equal(text, list);
}

/* ---- values that do not come from texts ---- */

static void values_that_do_not_fit_are_refused_and_write_nothing(void **state)
{
    static const struct s7_value values[] = {
        {.type = S7_TYPE_TIME, .ns = 1},
        {.type = S7_TYPE_TIME, .ns = INT64_MAX},
        {.type = S7_TYPE_TOD, .ns = -1000000},
        {.type = S7_TYPE_LTOD, .ns = S7_NS_PER_DAY},
        {.type = S7_TYPE_S5TIME, .ns = 10000000, .odd = 5},
        {.type = S7_TYPE_S5TIME, .ns = 10000000, .odd = 2},
        {.type = S7_TYPE_S5TIME, .ns = -10000000},
        {.type = S7_TYPE_COUNTER, .u = 1000},
        {.type = S7_TYPE_DATE, .civil = {.year = 2026, .month = 1, .day = 31, .hour = 1}},
        {.type = S7_TYPE_DT, .civil = {.year = 2026, .month = 1, .day = 32}},
        {.type = S7_TYPE_DT, .civil = {.year = 2026, .month = 1, .day = 31}, .odd = 17},
        {.type = S7_TYPE_DTL, .civil = {.year = 2026, .month = 1, .day = 31}, .odd = 257},
        {.type = S7_TYPE_LDT, .civil = {.year = 9999, .month = 12, .day = 31}},
    };

    (void)state;
    for (size_t i = 0; i < N(values); i++) {
        s7_address address = typed(values[i].type, 1);
        static const uint8_t zeros[S7_VALUE_RAW_MAX];
        uint8_t bytes[S7_VALUE_RAW_MAX] = {0};

        if (s7_value_store(&address, bytes, 0, &values[i]) != S7_E_CONVERT)
            fail_msg("value %zu of type %s is taken", i, s7_type_name(values[i].type));
        assert_memory_equal(bytes, zeros, sizeof zeros);
    }
}

static void no_type_takes_the_value_of_another(void **state)
{
    static const struct s7_value time = {.type = S7_TYPE_TIME, .ns = 1000000000};
    static const struct s7_value broken = {.type = S7_TYPE_S5TIME, .broken = true};
    uint8_t bytes[S7_VALUE_RAW_MAX];

    (void)state;
    for (int type = S7_TYPE_BOOL; type <= S7_TYPE_LAST; type++) {
        s7_address address = typed((s7_type)type, 1);

        assert_int_equal(s7_value_store(&address, bytes, 0, &time),
                         type == S7_TYPE_TIME ? S7_OK : S7_E_CONVERT);
        assert_int_equal(s7_value_store(&address, bytes, 0, &broken),
                         type == S7_TYPE_S5TIME ? S7_OK : S7_E_CONVERT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_and_counters_are_stored_and_written_again),
        cmocka_unit_test(dates_and_times_of_day_are_stored_and_written_again),
        cmocka_unit_test(every_prefix_is_refused_or_a_value_of_its_own),
        cmocka_unit_test(every_word_of_the_two_byte_types_comes_back),
        cmocka_unit_test(a_word_without_bcd_is_no_counter_and_no_s5time),
        cmocka_unit_test(every_byte_of_a_dt_is_good_or_shown_as_it_is),
        cmocka_unit_test(every_day_of_a_dt_has_its_bytes_and_weekday),
        cmocka_unit_test(random_bytes_come_back_whatever_the_type),
        cmocka_unit_test(random_moments_come_back_whatever_the_type),
        cmocka_unit_test(random_texts_never_crash),
        cmocka_unit_test(lists_of_times_are_plain),
        cmocka_unit_test(values_that_do_not_fit_are_refused_and_write_nothing),
        cmocka_unit_test(no_type_takes_the_value_of_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
