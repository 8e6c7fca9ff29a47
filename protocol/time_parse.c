/* Dates and times read from text. */
#include "protocol/names.h"
#include "protocol/time_text.h"

#include <string.h>

struct cursor {
    const char *at;
    size_t left;
};

static char next(const struct cursor *cursor)
{
    return cursor->left > 0 ? *cursor->at : '\0';
}

static void skip(struct cursor *cursor, size_t n)
{
    cursor->at += n;
    cursor->left -= n;
}

static bool take(struct cursor *cursor, char c)
{
    if (cursor->left == 0 || *cursor->at != c)
        return false;
    skip(cursor, 1);
    return true;
}

static bool take_blanks(struct cursor *cursor)
{
    size_t before = cursor->left;

    while (cursor->left > 0 && s7_is_blank(*cursor->at))
        skip(cursor, 1);
    return cursor->left < before;
}

static bool digit_next(const struct cursor *cursor)
{
    return next(cursor) >= '0' && next(cursor) <= '9';
}

static bool letter_next(const struct cursor *cursor)
{
    return (next(cursor) >= 'a' && next(cursor) <= 'z') || (next(cursor) >= 'A' && next(cursor) <= 'Z');
}

/* 1..most digits; the number is at most 10^most - 1. */
static bool take_number(struct cursor *cursor, unsigned most, uint64_t *number)
{
    unsigned n = 0;

    *number = 0;
    for (; n < most && digit_next(cursor); n++) {
        *number = *number * 10 + (uint64_t)(next(cursor) - '0');
        skip(cursor, 1);
    }
    return n > 0;
}

static bool take_small(struct cursor *cursor, unsigned most, uint8_t *number)
{
    uint64_t n;

    if (!take_number(cursor, most, &n) || n > UINT8_MAX)
        return false;
    *number = (uint8_t)n;
    return true;
}

/* The word comes next and ends there. */
static bool take_word(struct cursor *cursor, const char *upper_name)
{
    size_t len = strlen(upper_name);
    struct cursor behind = *cursor;

    if (cursor->left < len || !s7_name_equal(cursor->at, len, upper_name))
        return false;
    skip(&behind, len);
    if (letter_next(&behind))
        return false;
    *cursor = behind;
    return true;
}

/* ---- durations ---- */

#define NUMBER_DIGITS 19 /* fit 64 bits */

/* sum += n * ns, while it fits a signed number with either sign. */
static bool add_units(uint64_t *sum, uint64_t n, uint64_t ns)
{
    const uint64_t most = (uint64_t)INT64_MAX + 1;

    if (n > (most - *sum) / ns)
        return false;
    *sum += n * ns;
    return true;
}

/* The digits behind a point, each a tenth of the unit before: they must come to whole nanoseconds. */
static bool fraction_of(struct cursor digits, int64_t unit_ns, uint64_t *sum)
{
    for (; digit_next(&digits); skip(&digits, 1)) {
        if (unit_ns % 10 != 0 && next(&digits) != '0')
            return false;
        unit_ns /= 10;
        if (unit_ns > 0 && !add_units(sum, (uint64_t)(next(&digits) - '0'), (uint64_t)unit_ns))
            return false;
    }
    return true;
}

/* "12h" or "1.5s"; *from: the first unit that may come, as they go down. */
static bool take_part(struct cursor *cursor, size_t *from, uint64_t *sum)
{
    struct cursor fraction = {0};
    uint64_t number;
    size_t i;

    if (!take_number(cursor, NUMBER_DIGITS, &number))
        return false;
    if (take(cursor, '.')) {
        fraction = *cursor;
        if (!digit_next(cursor))
            return false;
        while (digit_next(cursor))
            skip(cursor, 1);
    }
    for (i = *from; i < S7_TIME_UNITS && !take_word(cursor, s7_time_units[i].name); i++)
        ;
    if (i == S7_TIME_UNITS || !add_units(sum, number, (uint64_t)s7_time_units[i].ns))
        return false;
    *from = fraction.at != NULL ? S7_TIME_UNITS : i + 1; /* a fraction ends it */
    return fraction.at == NULL || fraction_of(fraction, s7_time_units[i].ns, sum);
}

/* "1h2m", "1h_2m", "1h 2m". */
static bool take_parts(struct cursor *cursor, uint64_t *sum)
{
    size_t from = 0;

    *sum = 0;
    do {
        if (!take_part(cursor, &from, sum))
            return false;
        if (!take(cursor, '_'))
            take_blanks(cursor);
    } while (digit_next(cursor));
    return true;
}

static bool take_base(struct cursor *cursor, struct s7_value *value)
{
    uint64_t ns;

    if (!s7_is_s5(value->type) || !take_word(cursor, "BASE") || !take_blanks(cursor) ||
        !take_parts(cursor, &ns))
        return false;
    for (unsigned base = 0; base < 4; base++)
        if (ns == (uint64_t)s7_s5_base_ns(base))
            value->odd = (uint16_t)(base + 1);
    return value->odd > 0;
}

static bool is_plain_number(struct cursor cursor)
{
    while (digit_next(&cursor))
        skip(&cursor, 1);
    return cursor.left == 0;
}

static bool parse_span(struct cursor *cursor, bool prefixed, struct s7_value *value)
{
    bool negative = take(cursor, '-');
    uint64_t sum = 0, number;

    if (!negative)
        take(cursor, '+');
    if (!prefixed && is_plain_number(*cursor)) {
        uint64_t unit = value->type == S7_TYPE_LTIME ? 1 : (uint64_t)S7_NS_PER_MS;
        if (!take_number(cursor, NUMBER_DIGITS, &number) || !add_units(&sum, number, unit))
            return false;
    } else if (!take_parts(cursor, &sum) || (cursor->left > 0 && !take_base(cursor, value))) {
        return false;
    }
    if (sum > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    value->ns = negative && sum > 0 ? -(int64_t)(sum - 1) - 1 : (int64_t)sum;
    return true;
}

/* ---- clock and calendar ---- */

static bool take_clock(struct cursor *cursor, struct s7_civil *clock)
{
    uint64_t unit_ns = S7_NS_PER_S / 10, ns = 0;

    if (!take_small(cursor, 2, &clock->hour) || !take(cursor, ':') ||
        !take_small(cursor, 2, &clock->minute) || !take(cursor, ':') ||
        !take_small(cursor, 2, &clock->second))
        return false;
    if (take(cursor, '.')) {
        if (!digit_next(cursor))
            return false;
        for (; digit_next(cursor) && unit_ns > 0; unit_ns /= 10, skip(cursor, 1))
            ns += (uint64_t)(next(cursor) - '0') * unit_ns;
    }
    clock->ns = (uint32_t)ns;
    return true;
}

/* Four digits of the year, so that nobody wonders which century. */
static bool take_date(struct cursor *cursor, struct s7_civil *date)
{
    const char *start = cursor->at;
    uint64_t year;

    if (!take_number(cursor, 4, &year) || cursor->at - start != 4 || !take(cursor, '-') ||
        !take_small(cursor, 2, &date->month) || !take(cursor, '-') || !take_small(cursor, 2, &date->day))
        return false;
    date->year = (uint16_t)year;
    return true;
}

static bool parse_clock(struct cursor *cursor, struct s7_value *value)
{
    struct s7_civil clock = {.year = 1970, .month = 1, .day = 1};

    if (!take_clock(cursor, &clock) || !s7_civil_valid(&clock))
        return false;
    value->ns = s7_civil_clock(&clock);
    return true;
}

static bool take_weekday(struct cursor *cursor, struct s7_value *value)
{
    uint8_t weekday;

    if (value->type == S7_TYPE_LDT || !take_word(cursor, "WEEKDAY") || !take_blanks(cursor) ||
        !take_small(cursor, 3, &weekday))
        return false;
    value->odd = (uint16_t)(weekday + 1);
    return true;
}

static bool parse_moment(struct cursor *cursor, struct s7_value *value)
{
    if (!take_date(cursor, &value->civil))
        return false;
    if (!take(cursor, 'T') && !take(cursor, 't') && !take(cursor, '-') && !take_blanks(cursor))
        return false;
    if (!take_clock(cursor, &value->civil))
        return false;
    return !take_blanks(cursor) || take_weekday(cursor, value);
}

/* ---- the whole ---- */

/* "DATE_AND_TIME#": moves behind it. Names of the same form do for each other: T#2s for an S5TIME. */
static bool take_prefix(struct cursor *cursor, enum s7_time_form form)
{
    static const struct {
        const char *name;
        enum s7_time_form form;
    } prefixes[] = {
        {"T", S7_FORM_SPAN},     {"TIME", S7_FORM_SPAN},
        {"LT", S7_FORM_SPAN},    {"LTIME", S7_FORM_SPAN},
        {"S5T", S7_FORM_SPAN},   {"S5TIME", S7_FORM_SPAN},
        {"TOD", S7_FORM_CLOCK},  {"TIME_OF_DAY", S7_FORM_CLOCK},
        {"LTOD", S7_FORM_CLOCK}, {"LTIME_OF_DAY", S7_FORM_CLOCK},
        {"D", S7_FORM_DATE},     {"DATE", S7_FORM_DATE},
        {"DT", S7_FORM_MOMENT},  {"DATE_AND_TIME", S7_FORM_MOMENT},
        {"LDT", S7_FORM_MOMENT}, {"DATE_AND_LTIME", S7_FORM_MOMENT},
        {"DTL", S7_FORM_MOMENT},
    };
    const char *hash = memchr(cursor->at, '#', cursor->left);
    size_t len = hash != NULL ? (size_t)(hash - cursor->at) : 0;

    for (size_t i = 0; hash != NULL && i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (prefixes[i].form == form && s7_name_equal(cursor->at, len, prefixes[i].name)) {
            skip(cursor, len + 1);
            return true;
        }
    return false;
}

static bool parse(struct cursor *cursor, struct s7_value *value)
{
    enum s7_time_form form = s7_time_form_of(value->type);
    bool prefixed = take_prefix(cursor, form);

    switch (form) {
    case S7_FORM_SPAN:
        return parse_span(cursor, prefixed, value);
    case S7_FORM_CLOCK:
        return parse_clock(cursor, value);
    case S7_FORM_DATE:
        return take_date(cursor, &value->civil);
    case S7_FORM_MOMENT:
        return parse_moment(cursor, value);
    }
    return false;
}

bool s7_time_parse(const char *text, size_t len, struct s7_value *value)
{
    struct cursor cursor = {text, len};
    struct s7_value found = {.type = value->type};

    if (!parse(&cursor, &found) || cursor.left > 0)
        return false;
    *value = found;
    return true;
}
