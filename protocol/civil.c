#include "protocol/civil.h"

#define DAYS_TO_1970 719162 /* from 0001-01-01 */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* From 0001-01-01 to the year's first day. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;

    return past * 365 + past / 4 - past / 100 + past / 400;
}

/* From the year's first day to the month's; month 13: to the next year's. */
static int64_t days_before_month(int64_t year, unsigned month)
{
    static const int16_t days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

    return days[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
}

static bool is_date(const struct s7_civil *c)
{
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1)
        return false;
    return c->day <= days_before_month(c->year, c->month + 1U) - days_before_month(c->year, c->month);
}

bool s7_civil_valid(const struct s7_civil *civil)
{
    return is_date(civil) && civil->hour < 24 && civil->minute < 60 && civil->second < 60 &&
           civil->ns < S7_NS_PER_S;
}

int64_t s7_civil_days(const struct s7_civil *civil)
{
    return days_before_year(civil->year) + days_before_month(civil->year, civil->month) + civil->day - 1 -
           DAYS_TO_1970;
}

void s7_civil_set_days(struct s7_civil *civil, int64_t days)
{
    int64_t since_1 = days + DAYS_TO_1970;
    int64_t year = since_1 / 366 + 1; /* never too late */
    unsigned month = 1;

    year += (since_1 - days_before_year(year)) / 366;
    while (days_before_year(year + 1) <= since_1)
        year++;
    int64_t of_year = since_1 - days_before_year(year);
    while (days_before_month(year, month + 1) <= of_year)
        month++;
    civil->year = (uint16_t)year;
    civil->month = (uint8_t)month;
    civil->day = (uint8_t)(of_year - days_before_month(year, month) + 1);
}

int64_t s7_civil_clock(const struct s7_civil *civil)
{
    return ((civil->hour * INT64_C(60) + civil->minute) * 60 + civil->second) * S7_NS_PER_S + civil->ns;
}

void s7_civil_set_clock(struct s7_civil *civil, int64_t ns)
{
    int64_t seconds = ns / S7_NS_PER_S;

    civil->ns = (uint32_t)(ns % S7_NS_PER_S);
    civil->second = (uint8_t)(seconds % 60);
    civil->minute = (uint8_t)(seconds / 60 % 60);
    civil->hour = (uint8_t)(seconds / 3600);
}

unsigned s7_civil_weekday(const struct s7_civil *civil)
{
    return (unsigned)((s7_civil_days(civil) + DAYS_TO_1970 + 1) % 7) + 1; /* 0001-01-01 was a Monday */
}
