/* Dates and times as text. */
#include "protocol/names.h"
#include "protocol/value_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define US 1000
#define H  3600 /* in seconds */

static const struct unit {
    const char *name; /* upper case, to be compared */
    const char *text;
    int64_t ns;
} units[] = {
    {"D", "d", S7_NS_PER_DAY}, {"H", "h", H *S7_NS_PER_S}, {"M", "m", 60 * S7_NS_PER_S},
    {"S", "s", S7_NS_PER_S},   {"MS", "ms", S7_NS_PER_MS}, {"US", "us", US},
    {"NS", "ns", 1},
};

#define N_UNITS (sizeof units / sizeof units[0])

/* The texts that a type has: durations, times of day, dates, both. */
enum form { FORM_SPAN, FORM_CLOCK, FORM_DATE, FORM_MOMENT };

static enum form form_of(s7_type type)
{
    switch ((int)type) {
    case S7_TYPE_TOD:
    case S7_TYPE_LTOD:
        return FORM_CLOCK;
    case S7_TYPE_DATE:
        return FORM_DATE;
    case S7_TYPE_DT:
    case S7_TYPE_LDT:
    case S7_TYPE_DTL:
        return FORM_MOMENT;
    default:
        return FORM_SPAN;
    }
}

static bool is_s5(s7_type type)
{
    return type == S7_TYPE_S5TIME || type == S7_TYPE_TIMER;
}

/* ---- writing ---- */

/* The units of a duration that are not zero, one after the other. */
static size_t put_span(uint64_t ns, char *buf, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < N_UNITS && ns > 0; i++) {
        uint64_t n = ns / (uint64_t)units[i].ns;
        if (n > 0)
            len += (size_t)snprintf(buf + len, cap - len, "%" PRIu64 "%s", n, units[i].text);
        ns %= (uint64_t)units[i].ns;
    }
    return len;
}

static size_t format_span(const struct s7_value *value, char *buf, size_t cap)
{
    const char *prefix = is_s5(value->type) ? "S5T#" : value->type == S7_TYPE_LTIME ? "LT#" : "T#";
    uint64_t magnitude = value->ns < 0 ? 0 - (uint64_t)value->ns : (uint64_t)value->ns;
    size_t len = (size_t)snprintf(buf, cap, "%s%s", prefix, value->ns < 0 ? "-" : "");

    if (magnitude == 0)
        len += (size_t)snprintf(buf + len, cap - len, "0%s", value->type == S7_TYPE_LTIME ? "ns" : "ms");
    len += put_span(magnitude, buf + len, cap - len);
    if (is_s5(value->type) && value->odd > 0) {
        len += (size_t)snprintf(buf + len, cap - len, " base ");
        len += put_span((uint64_t)s7_s5_base_ns(value->odd - 1U), buf + len, cap - len);
    }
    return len;
}

/* As many groups of three digits as it takes. */
static size_t put_clock(const struct s7_civil *clock, char *buf, size_t cap)
{
    size_t len = (size_t)snprintf(buf, cap, "%02u:%02u:%02u", clock->hour, clock->minute, clock->second);

    if (clock->ns == 0)
        return len;
    if (clock->ns % (uint32_t)S7_NS_PER_MS == 0)
        return len +
               (size_t)snprintf(buf + len, cap - len, ".%03" PRIu32, clock->ns / (uint32_t)S7_NS_PER_MS);
    if (clock->ns % US == 0)
        return len + (size_t)snprintf(buf + len, cap - len, ".%06" PRIu32, clock->ns / US);
    return len + (size_t)snprintf(buf + len, cap - len, ".%09" PRIu32, clock->ns);
}

static size_t put_date(const struct s7_civil *date, char *buf, size_t cap)
{
    return (size_t)snprintf(buf, cap, "%04u-%02u-%02u", date->year, date->month, date->day);
}

static size_t format_clock(const struct s7_value *value, char *buf, size_t cap)
{
    struct s7_civil clock = {0};

    s7_civil_set_clock(&clock, value->ns);
    return put_clock(&clock, buf, cap);
}

static size_t format_moment(const struct s7_value *value, char *buf, size_t cap)
{
    size_t len = put_date(&value->civil, buf, cap);

    buf[len++] = 'T';
    len += put_clock(&value->civil, buf + len, cap - len);
    if (value->odd > 0)
        len += (size_t)snprintf(buf + len, cap - len, " weekday %u", value->odd - 1U);
    return len;
}

size_t s7_time_format(const struct s7_value *value, char buf[S7_TIME_TEXT_CAP])
{
    switch (form_of(value->type)) {
    case FORM_SPAN:
        return format_span(value, buf, S7_TIME_TEXT_CAP);
    case FORM_CLOCK:
        return format_clock(value, buf, S7_TIME_TEXT_CAP);
    case FORM_DATE:
        return put_date(&value->civil, buf, S7_TIME_TEXT_CAP);
    case FORM_MOMENT:
        return format_moment(value, buf, S7_TIME_TEXT_CAP);
    }
    return 0;
}

/* ---- reading ---- */

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
    for (i = *from; i < N_UNITS && !take_word(cursor, units[i].name); i++)
        ;
    if (i == N_UNITS || !add_units(sum, number, (uint64_t)units[i].ns))
        return false;
    *from = fraction.at != NULL ? N_UNITS : i + 1; /* a fraction ends it */
    return fraction.at == NULL || fraction_of(fraction, units[i].ns, sum);
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

    if (!is_s5(value->type) || !take_word(cursor, "BASE") || !take_blanks(cursor) || !take_parts(cursor, &ns))
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
static bool take_prefix(struct cursor *cursor, enum form form)
{
    static const struct {
        const char *name;
        enum form form;
    } prefixes[] = {
        {"T", FORM_SPAN},     {"TIME", FORM_SPAN},
        {"LT", FORM_SPAN},    {"LTIME", FORM_SPAN},
        {"S5T", FORM_SPAN},   {"S5TIME", FORM_SPAN},
        {"TOD", FORM_CLOCK},  {"TIME_OF_DAY", FORM_CLOCK},
        {"LTOD", FORM_CLOCK}, {"LTIME_OF_DAY", FORM_CLOCK},
        {"D", FORM_DATE},     {"DATE", FORM_DATE},
        {"DT", FORM_MOMENT},  {"DATE_AND_TIME", FORM_MOMENT},
        {"LDT", FORM_MOMENT}, {"DATE_AND_LTIME", FORM_MOMENT},
        {"DTL", FORM_MOMENT},
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
    enum form form = form_of(value->type);
    bool prefixed = take_prefix(cursor, form);

    switch (form) {
    case FORM_SPAN:
        return parse_span(cursor, prefixed, value);
    case FORM_CLOCK:
        return parse_clock(cursor, value);
    case FORM_DATE:
        return take_date(cursor, &value->civil);
    case FORM_MOMENT:
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
