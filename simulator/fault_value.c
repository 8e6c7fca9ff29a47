#include "fault_value.h"

#include <string.h>

#define DECIMALS_MAX 9

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Decimal digits at *at, at most max; moves *at behind them. */
static bool digits(const char **at, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (!is_digit(**at))
        return false;
    for (; is_digit(**at); (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* The digits behind a point, as a fraction of `one`; exact as long as one is below 2^33. */
static bool fraction(const char **at, uint64_t one, uint64_t *out)
{
    uint64_t value, scale = 1;
    const char *from = *at;

    if (!digits(at, 999999999, &value) || *at - from > DECIMALS_MAX)
        return false;
    for (; from < *at; from++)
        scale *= 10;
    *out = value * one / scale;
    return true;
}

bool sim_value_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    return digits(&text, max, out) && *text == '\0' && *out >= min;
}

bool sim_value_number32(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t value;

    if (!sim_value_number(text, min, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* "N" or "A..B" */
bool sim_value_span(const char *text, uint32_t min, uint32_t max, struct sim_span *out)
{
    uint64_t low, high;

    if (!digits(&text, max, &low))
        return false;
    high = low;
    if (strncmp(text, "..", 2) == 0) {
        text += 2;
        if (!digits(&text, max, &high))
            return false;
    }
    *out = (struct sim_span){(uint32_t)low, (uint32_t)high};
    return *text == '\0' && low >= min && low <= high;
}

/* A time at *at; moves *at behind it. */
static bool time_at(const char **at, int64_t *out)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"us", 1000},
                 {"ms", 1000000},
                 {"min", UINT64_C(60) * 1000000000},
                 {"s", 1000000000},
                 {"h", UINT64_C(3600) * 1000000000}};
    uint64_t whole, unit_ns = 1000000, millionth = 0;

    if (!digits(at, SIM_TIME_MAX_NS, &whole))
        return false;
    if (**at == '.') {
        (*at)++;
        if (!fraction(at, 1000000000, &millionth))
            return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strncmp(*at, units[i].name, strlen(units[i].name)) == 0) {
            unit_ns = units[i].ns;
            *at += strlen(units[i].name);
            break;
        }
    if (whole > (uint64_t)SIM_TIME_MAX_NS / unit_ns)
        return false;
    *out = (int64_t)(whole * unit_ns + millionth * (unit_ns / 1000) / 1000000);
    return *out <= SIM_TIME_MAX_NS;
}

bool sim_value_time(const char *text, int64_t *out)
{
    return time_at(&text, out) && *text == '\0';
}

bool sim_value_dist(const char *text, struct sim_dist *out)
{
    bool fixed = strncmp(text, "fixed(", 6) == 0, uniform = strncmp(text, "uniform(", 8) == 0;

    text += fixed ? 6 : uniform ? 8 : 0;
    if (!time_at(&text, &out->low_ns))
        return false;
    out->high_ns = out->low_ns;
    if (uniform && (*text++ != ',' || !time_at(&text, &out->high_ns)))
        return false;
    if ((fixed || uniform) && *text++ != ')')
        return false;
    return *text == '\0' && out->low_ns <= out->high_ns;
}

bool sim_value_p(const char *text, uint64_t *out)
{
    uint64_t whole, part = 0;

    if (!digits(&text, 1, &whole))
        return false;
    if (*text == '.') {
        text++;
        if (!fraction(&text, SIM_P_ONE, &part))
            return false;
    }
    *out = whole * SIM_P_ONE + part;
    return *text == '\0' && *out <= SIM_P_ONE;
}

bool sim_value_choose(const char *text, const struct sim_choice *choices, int *out)
{
    for (; choices->word != NULL; choices++)
        if (strcmp(text, choices->word) == 0) {
            *out = choices->value;
            return true;
        }
    return false;
}

bool sim_value_yes_no(const char *text, bool *out)
{
    static const struct sim_choice choices[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
    int value;

    if (!sim_value_choose(text, choices, &value))
        return false;
    *out = value == 1;
    return true;
}
