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

/* ---- distributions ---- */

/* A decimal number at *at, as a part of SIM_SHAPE_ONE. */
static bool shape_at(const char **at, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t whole, part = 0;

    if (!digits(at, UINT16_MAX, &whole))
        return false;
    if (**at == '.') {
        (*at)++;
        if (!fraction(at, SIM_SHAPE_ONE, &part))
            return false;
    }
    *out = (uint32_t)(whole * SIM_SHAPE_ONE + part);
    return whole < UINT16_MAX && *out >= min && *out <= max;
}

/* What the second number of a distribution is. */
enum second { NOTHING, A_TIME, A_LATER_TIME, A_SIGMA, AN_EXPONENT };

static bool second_at(const char **at, enum second second, struct sim_dist *out)
{
    if (second == NOTHING)
        return true;
    if (*(*at)++ != ',')
        return false;
    if (second == A_SIGMA)
        return shape_at(at, 0, 10 * SIM_SHAPE_ONE, &out->shape);
    if (second == AN_EXPONENT)
        return shape_at(at, SIM_SHAPE_ONE / 10, 100 * SIM_SHAPE_ONE, &out->shape);
    return time_at(at, &out->high_ns) && (second == A_TIME || out->high_ns >= out->low_ns);
}

bool sim_value_dist(const char *text, struct sim_dist *out)
{
    static const struct {
        const char *name;
        enum sim_dist_kind kind;
        enum second second;
    } forms[] = {{"fixed(", SIM_DIST_UNIFORM, NOTHING},
                 {"uniform(", SIM_DIST_UNIFORM, A_LATER_TIME},
                 {"normal(", SIM_DIST_NORMAL, A_TIME},
                 {"lognormal(", SIM_DIST_LOGNORMAL, A_SIGMA},
                 {"pareto(", SIM_DIST_PARETO, AN_EXPONENT},
                 {"exp(", SIM_DIST_EXP, NOTHING},
                 {"", SIM_DIST_UNIFORM, NOTHING}};
    size_t i = 0;

    while (strncmp(text, forms[i].name, strlen(forms[i].name)) != 0)
        i++;
    *out = (struct sim_dist){.kind = forms[i].kind};
    text += strlen(forms[i].name);
    if (!time_at(&text, &out->low_ns))
        return false;
    out->high_ns = out->low_ns;
    if (!second_at(&text, forms[i].second, out) || (forms[i].name[0] != '\0' && *text++ != ')'))
        return false;
    return *text == '\0';
}

/* ---- probabilities ---- */

static bool p_at(const char **at, uint64_t *out)
{
    uint64_t whole, part = 0;

    if (!digits(at, 1, &whole))
        return false;
    if (**at == '.') {
        (*at)++;
        if (!fraction(at, SIM_P_ONE, &part))
            return false;
    }
    *out = whole * SIM_P_ONE + part;
    return *out <= SIM_P_ONE;
}

bool sim_value_p(const char *text, uint64_t *out)
{
    return p_at(&text, out) && *text == '\0';
}

bool sim_value_p_pair(const char *text, uint64_t *first, uint64_t *second)
{
    bool enclosed = *text == '(';

    text += enclosed;
    if (!p_at(&text, first) || *text++ != ',' || !p_at(&text, second))
        return false;
    return enclosed ? strcmp(text, ")") == 0 : *text == '\0';
}

/* ---- others ---- */

bool sim_value_amount(const char *text, int64_t *out)
{
    uint64_t units, part = 0;

    if (!digits(&text, SIM_AMOUNT_MAX / SIM_AMOUNT_ONE, &units))
        return false;
    if (*text == '.') {
        text++;
        if (!fraction(&text, SIM_AMOUNT_ONE, &part))
            return false;
    }
    *out = (int64_t)(units * SIM_AMOUNT_ONE + part);
    return *text == '\0' && *out <= SIM_AMOUNT_MAX;
}

static int hex_digit(char c)
{
    static const char digits_of[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits_of, c | (c >= 'A' && c <= 'F' ? 0x20 : 0));

    return at == NULL ? -1 : (int)(at - digits_of);
}

bool sim_value_hex(const char *text, uint8_t *out, size_t max, size_t *len)
{
    for (*len = 0; *text != '\0'; text += 2, (*len)++) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || *len == max)
            return false;
        out[*len] = (uint8_t)(high << 4 | low);
    }
    return true;
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
