/* datetime.h - a date and a time of day as a PLC keeps them: no time zone, no leap seconds. */
#ifndef S7RIG_DATETIME_H
#define S7RIG_DATETIME_H

#include <stdint.h>

typedef struct s7_datetime {
    uint16_t year; /* 1990..2089 on the wire; 0: not known, and the rest is 0 as well */
    uint8_t month, day;
    uint8_t hour, minute, second;
    uint8_t weekday; /* 1 Sunday .. 7 Saturday; not looked at when a clock is set */
    uint16_t millisecond;
} s7_datetime;

#endif
