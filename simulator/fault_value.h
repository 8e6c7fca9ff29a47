/* fault_value.h - values in the words of a fault: numbers, spans, times, probabilities, choices. All of them
 * exact, in integers; each must be the whole text. */
#ifndef SIMULATOR_FAULT_VALUE_H
#define SIMULATOR_FAULT_VALUE_H

#include "simulator/fault.h"

#define SIM_TIME_MAX_NS (INT64_C(24) * 3600 * 1000000000)

bool sim_value_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
bool sim_value_number32(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* "N" or "A..B", A <= B */
bool sim_value_span(const char *text, uint32_t min, uint32_t max, struct sim_span *out);

/* "100", "0.5s", "2min": 0..24h, at most 9 decimals, cut to whole nanoseconds. */
bool sim_value_time(const char *text, int64_t *out);

/* Without blanks: "T", "fixed(T)", "uniform(A,B)" with A <= B, "normal(M,S)", "lognormal(MEDIAN,SIGMA)" with
 * a SIGMA up to 10, "pareto(MIN,A)" with an A from 0.1 to 100, "exp(MEAN)". */
bool sim_value_dist(const char *text, struct sim_dist *out);

/* "0.25" of SIM_AMOUNT_ONE, up to SIM_AMOUNT_MAX, at most 9 decimals, cut to millionths. */
bool sim_value_amount(const char *text, int64_t *out);

/* "0.25" as a part of SIM_P_ONE, 0..1, at most 9 decimals. */
bool sim_value_p(const char *text, uint64_t *out);

/* "0.1,0.5", in parentheses or not. */
bool sim_value_p_pair(const char *text, uint64_t *first, uint64_t *second);

/* "320100": 1 to max bytes. */
bool sim_value_hex(const char *text, uint8_t *out, size_t max, size_t *len);

bool sim_value_yes_no(const char *text, bool *out);

struct sim_choice {
    const char *word; /* NULL: the end */
    int value;
};
bool sim_value_choose(const char *text, const struct sim_choice *choices, int *out);

#endif
