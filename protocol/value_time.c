/* Dates and times as bytes. */
#include "protocol/bytes.h"
#include "protocol/value_types.h"

#include <string.h>

/* ---- S5TIME: two bits of time base, three BCD digits ---- */

#define S5_BASES    4
#define S5_MAX      999U
#define S5_BITS_MAX 0x3999 /* the two bits above are unused */

int64_t s7_s5_base_ns(unsigned base)
{
    static const int64_t ms[S5_BASES] = {10, 100, 1000, 10000};

    return ms[base] * S7_NS_PER_MS;
}

static bool s5_fits(int64_t ns, unsigned base)
{
    return ns >= 0 && ns % s7_s5_base_ns(base) == 0 && ns / s7_s5_base_ns(base) <= S5_MAX;
}

/* The finest that holds it; S5_BASES: none. */
static unsigned s5_finest(int64_t ns)
{
    unsigned base = 0;

    while (base < S5_BASES && !s5_fits(ns, base))
        base++;
    return base;
}

static bool load_s5(const uint8_t *element, struct s7_value *value)
{
    uint32_t word = (uint32_t)s7_load_be(element, 2), number;
    unsigned base = word >> 12;

    if (base >= S5_BASES || !s7_bcd_load(word & 0xFFF, &number))
        return false;
    value->ns = number * s7_s5_base_ns(base);
    if (base != s5_finest(value->ns))
        value->odd = (uint16_t)(base + 1);
    return true;
}

static bool store_s5(const struct s7_value *value, uint8_t *element)
{
    unsigned base = value->odd > 0 ? value->odd - 1U : s5_finest(value->ns);

    if (base >= S5_BASES || !s5_fits(value->ns, base))
        return false;
    s7_store_be(element, 2, base << 12 | s7_bcd((uint32_t)(value->ns / s7_s5_base_ns(base))));
    return true;
}

/* ---- numbers of milliseconds or nanoseconds ---- */

static bool load_clock(const uint8_t *element, size_t size, int64_t unit, struct s7_value *value)
{
    uint64_t number = s7_load_be(element, size);

    if (number >= (uint64_t)(S7_NS_PER_DAY / unit))
        return false;
    value->ns = (int64_t)number * unit;
    return true;
}

static bool store_clock(const struct s7_value *value, size_t size, int64_t unit, uint8_t *element)
{
    if (value->ns < 0 || value->ns >= S7_NS_PER_DAY || value->ns % unit != 0)
        return false;
    s7_store_be(element, size, (uint64_t)(value->ns / unit));
    return true;
}

static bool store_time(const struct s7_value *value, uint8_t *element)
{
    int64_t ms = value->ns / S7_NS_PER_MS;

    if (value->ns % S7_NS_PER_MS != 0 || ms < INT32_MIN || ms > INT32_MAX)
        return false;
    s7_store_be(element, 4, (uint64_t)ms);
    return true;
}

/* ---- days ---- */

static const struct s7_civil day_0 = {.year = 1990, .month = 1, .day = 1};

static void load_date(const uint8_t *element, struct s7_value *value)
{
    s7_civil_set_days(&value->civil, s7_civil_days(&day_0) + (int64_t)s7_load_be(element, 2));
}

static bool store_date(const struct s7_value *value, uint8_t *element)
{
    if (!s7_civil_valid(&value->civil) || s7_civil_clock(&value->civil) != 0)
        return false;
    int64_t days = s7_civil_days(&value->civil) - s7_civil_days(&day_0);
    if (days < 0 || days > UINT16_MAX)
        return false;
    s7_store_be(element, 2, (uint64_t)days);
    return true;
}

static void load_ldt(const uint8_t *element, struct s7_value *value)
{
    uint64_t ns = s7_load_be(element, 8);

    s7_civil_set_days(&value->civil, (int64_t)(ns / S7_NS_PER_DAY));
    s7_civil_set_clock(&value->civil, (int64_t)(ns % S7_NS_PER_DAY));
}

static bool store_ldt(const struct s7_value *value, uint8_t *element)
{
    if (!s7_civil_valid(&value->civil))
        return false;
    int64_t days = s7_civil_days(&value->civil);
    uint64_t clock = (uint64_t)s7_civil_clock(&value->civil);
    if (days < 0 || (uint64_t)days > (UINT64_MAX - clock) / S7_NS_PER_DAY)
        return false;
    s7_store_be(element, 8, (uint64_t)days * S7_NS_PER_DAY + clock);
    return true;
}

/* ---- fields, the weekday among them ---- */

static void note_weekday(struct s7_value *value, unsigned weekday)
{
    if (weekday != s7_civil_weekday(&value->civil))
        value->odd = (uint16_t)(weekday + 1);
}

static unsigned weekday_of(const struct s7_value *value)
{
    return value->odd > 0 ? value->odd - 1U : s7_civil_weekday(&value->civil);
}

/* yy mm dd hh mi ss, three digits of milliseconds, weekday. */
static bool load_dt(const uint8_t *element, struct s7_value *value)
{
    uint32_t field[6], ms;

    for (size_t i = 0; i < 6; i++)
        if (!s7_bcd_load(element[i], &field[i]))
            return false;
    if (!s7_bcd_load((uint32_t)s7_load_be(element + 6, 2) >> 4, &ms))
        return false;
    value->civil = (struct s7_civil){.year = (uint16_t)(field[0] + (field[0] < 90 ? 2000 : 1900)),
                                     .month = (uint8_t)field[1],
                                     .day = (uint8_t)field[2],
                                     .hour = (uint8_t)field[3],
                                     .minute = (uint8_t)field[4],
                                     .second = (uint8_t)field[5],
                                     .ns = ms * (uint32_t)S7_NS_PER_MS};
    if (!s7_civil_valid(&value->civil))
        return false;
    note_weekday(value, element[7] & 0xF);
    return true;
}

static bool store_dt(const struct s7_value *value, uint8_t *element)
{
    const struct s7_civil *civil = &value->civil;

    if (!s7_civil_valid(civil) || civil->year < 1990 || civil->year > 2089 || civil->ns % S7_NS_PER_MS != 0)
        return false;
    unsigned weekday = weekday_of(value);
    if (weekday > 0xF)
        return false;
    const uint32_t field[6] = {civil->year % 100U, civil->month,  civil->day,
                               civil->hour,        civil->minute, civil->second};
    for (size_t i = 0; i < 6; i++)
        element[i] = (uint8_t)s7_bcd(field[i]);
    s7_store_be(element + 6, 2, s7_bcd(civil->ns / (uint32_t)S7_NS_PER_MS) << 4 | weekday);
    return true;
}

#define DTL_YEAR_MIN 1970
#define DTL_YEAR_MAX 2554

static bool dtl_valid(const struct s7_civil *civil)
{
    return s7_civil_valid(civil) && civil->year >= DTL_YEAR_MIN && civil->year <= DTL_YEAR_MAX;
}

/* year:2 month day weekday hour minute second ns:4 */
static bool load_dtl(const uint8_t *element, struct s7_value *value)
{
    value->civil = (struct s7_civil){.year = (uint16_t)s7_load_be(element, 2),
                                     .month = element[2],
                                     .day = element[3],
                                     .hour = element[5],
                                     .minute = element[6],
                                     .second = element[7],
                                     .ns = (uint32_t)s7_load_be(element + 8, 4)};
    if (!dtl_valid(&value->civil))
        return false;
    note_weekday(value, element[4]);
    return true;
}

static bool store_dtl(const struct s7_value *value, uint8_t *element)
{
    const struct s7_civil *civil = &value->civil;

    if (!dtl_valid(civil))
        return false;
    unsigned weekday = weekday_of(value);
    if (weekday > UINT8_MAX)
        return false;
    s7_store_be(element, 2, civil->year);
    element[2] = civil->month;
    element[3] = civil->day;
    element[4] = (uint8_t)weekday;
    element[5] = civil->hour;
    element[6] = civil->minute;
    element[7] = civil->second;
    s7_store_be(element + 8, 4, civil->ns);
    return true;
}

/* ---- by type ---- */

static bool load(s7_type type, const uint8_t *element, struct s7_value *value)
{
    switch ((int)type) {
    case S7_TYPE_S5TIME:
    case S7_TYPE_TIMER:
        return load_s5(element, value);
    case S7_TYPE_TIME:
        value->ns = s7_load_signed_be(element, 4) * S7_NS_PER_MS;
        return true;
    case S7_TYPE_LTIME:
        value->ns = s7_load_signed_be(element, 8);
        return true;
    case S7_TYPE_TOD:
        return load_clock(element, 4, S7_NS_PER_MS, value);
    case S7_TYPE_LTOD:
        return load_clock(element, 8, 1, value);
    case S7_TYPE_DATE:
        load_date(element, value);
        return true;
    case S7_TYPE_LDT:
        load_ldt(element, value);
        return true;
    case S7_TYPE_DT:
        return load_dt(element, value);
    case S7_TYPE_DTL:
        return load_dtl(element, value);
    default:
        return false;
    }
}

void s7_time_load(s7_type type, const uint8_t *element, struct s7_value *value)
{
    *value = (struct s7_value){.type = type};
    if (load(type, element, value))
        return;
    *value = (struct s7_value){.type = type, .broken = true};
    memcpy(value->raw, element, s7_type_size(type, 0));
}

bool s7_time_store(s7_type type, const struct s7_value *value, uint8_t *element)
{
    switch ((int)type) {
    case S7_TYPE_S5TIME:
    case S7_TYPE_TIMER:
        return store_s5(value, element);
    case S7_TYPE_TIME:
        return store_time(value, element);
    case S7_TYPE_LTIME:
        s7_store_be(element, 8, (uint64_t)value->ns);
        return true;
    case S7_TYPE_TOD:
        return store_clock(value, 4, S7_NS_PER_MS, element);
    case S7_TYPE_LTOD:
        return store_clock(value, 8, 1, element);
    case S7_TYPE_DATE:
        return store_date(value, element);
    case S7_TYPE_LDT:
        return store_ldt(value, element);
    case S7_TYPE_DT:
        return store_dt(value, element);
    case S7_TYPE_DTL:
        return store_dtl(value, element);
    default:
        return false;
    }
}
