/* time_text.h - what writing and reading of dates and times share; for time_format.c and time_parse.c. */
#ifndef PROTOCOL_TIME_TEXT_H
#define PROTOCOL_TIME_TEXT_H

#include "protocol/value_types.h"

/* The texts that a type has: durations, times of day, dates, both. */
enum s7_time_form { S7_FORM_SPAN, S7_FORM_CLOCK, S7_FORM_DATE, S7_FORM_MOMENT };
enum s7_time_form s7_time_form_of(s7_type type);

bool s7_is_s5(s7_type type);

#define S7_TIME_UNITS 7

/* From days down to nanoseconds. */
extern const struct s7_time_unit {
    const char *name; /* in upper case, to be compared */
    const char *text;
    int64_t ns;
} s7_time_units[S7_TIME_UNITS];

#endif
