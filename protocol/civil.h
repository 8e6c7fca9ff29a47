/* civil.h - the calendar (Gregorian, no time zones, no leap seconds): days since 1970-01-01 and back. */
#ifndef PROTOCOL_CIVIL_H
#define PROTOCOL_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define S7_NS_PER_MS  INT64_C(1000000)
#define S7_NS_PER_S   INT64_C(1000000000)
#define S7_NS_PER_DAY (86400 * S7_NS_PER_S)

/* A date, or a date and a time of day. */
struct s7_civil {
    uint16_t year; /* 1..9999 */
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
    uint8_t hour, minute, second;
    uint32_t ns;
};

/* Every field is in its range, and the month has that day. */
bool s7_civil_valid(const struct s7_civil *civil);

/* Days from 1970-01-01 to the date, negative before it. The date is valid. */
int64_t s7_civil_days(const struct s7_civil *civil);

/* Set year, month and day; days: those of the years 1..9999. */
void s7_civil_set_days(struct s7_civil *civil, int64_t days);

/* Nanoseconds since midnight, 0..S7_NS_PER_DAY - 1. */
int64_t s7_civil_clock(const struct s7_civil *civil);
void s7_civil_set_clock(struct s7_civil *civil, int64_t ns);

/* 1 Sunday .. 7 Saturday, as S7 counts. */
unsigned s7_civil_weekday(const struct s7_civil *civil);

#endif
