/* Dates and times written as text. */
#include "protocol/time_text.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_US 1000

const struct s7_time_unit s7_time_units[S7_TIME_UNITS] = {
    {"D", "d", S7_NS_PER_DAY}, {"H", "h", 3600 * S7_NS_PER_S}, {"M", "m", 60 * S7_NS_PER_S},
    {"S", "s", S7_NS_PER_S},   {"MS", "ms", S7_NS_PER_MS},     {"US", "us", NS_PER_US},
    {"NS", "ns", 1},
};

enum s7_time_form s7_time_form_of(s7_type type)
{
    switch ((int)type) {
    case S7_TYPE_TOD:
    case S7_TYPE_LTOD:
        return S7_FORM_CLOCK;
    case S7_TYPE_DATE:
        return S7_FORM_DATE;
    case S7_TYPE_DT:
    case S7_TYPE_LDT:
    case S7_TYPE_DTL:
        return S7_FORM_MOMENT;
    default:
        return S7_FORM_SPAN;
    }
}

bool s7_is_s5(s7_type type)
{
    return type == S7_TYPE_S5TIME || type == S7_TYPE_TIMER;
}

/* The units of a duration that are not zero, one after the other. */
static size_t put_span(uint64_t ns, char *buf, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < S7_TIME_UNITS && ns > 0; i++) {
        uint64_t n = ns / (uint64_t)s7_time_units[i].ns;
        if (n > 0)
            len += (size_t)snprintf(buf + len, cap - len, "%" PRIu64 "%s", n, s7_time_units[i].text);
        ns %= (uint64_t)s7_time_units[i].ns;
    }
    return len;
}

static size_t format_span(const struct s7_value *value, char *buf, size_t cap)
{
    const char *prefix = s7_is_s5(value->type) ? "S5T#" : value->type == S7_TYPE_LTIME ? "LT#" : "T#";
    uint64_t magnitude = value->ns < 0 ? 0 - (uint64_t)value->ns : (uint64_t)value->ns;
    size_t len = (size_t)snprintf(buf, cap, "%s%s", prefix, value->ns < 0 ? "-" : "");

    if (magnitude == 0)
        len += (size_t)snprintf(buf + len, cap - len, "0%s", value->type == S7_TYPE_LTIME ? "ns" : "ms");
    len += put_span(magnitude, buf + len, cap - len);
    if (s7_is_s5(value->type) && value->odd > 0) {
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
    if (clock->ns % NS_PER_US == 0)
        return len + (size_t)snprintf(buf + len, cap - len, ".%06" PRIu32, clock->ns / NS_PER_US);
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
    switch (s7_time_form_of(value->type)) {
    case S7_FORM_SPAN:
        return format_span(value, buf, S7_TIME_TEXT_CAP);
    case S7_FORM_CLOCK:
        return format_clock(value, buf, S7_TIME_TEXT_CAP);
    case S7_FORM_DATE:
        return put_date(&value->civil, buf, S7_TIME_TEXT_CAP);
    case S7_FORM_MOMENT:
        return format_moment(value, buf, S7_TIME_TEXT_CAP);
    }
    return 0;
}
