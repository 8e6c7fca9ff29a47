/* real_text.h - REAL and LREAL as text, with a decimal point whatever the locale; for value_text.c. */
#ifndef PROTOCOL_REAL_TEXT_H
#define PROTOCOL_REAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Enough for every text that s7_real_format writes, zero included. */
#define S7_REAL_TEXT_CAP 40

/* The fewest digits that read back as the same value: "1.5", "100000", "1e+20", "-inf", "nan". single: the
 * value is a REAL, compared as float. Returns the length. */
size_t s7_real_format(double value, bool single, char buf[S7_REAL_TEXT_CAP]);

/* Read sign, digits with at most one point, exponent; "inf" and "nan" in any case. The whole text must be
 * used, at most 127 characters. false: not a number, or its magnitude is above the type's largest (single:
 * FLT_MAX). */
bool s7_real_parse(const char *text, size_t len, bool single, double *value);

#endif
