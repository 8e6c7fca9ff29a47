#include "protocol/real_text.h"

#include "protocol/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17 /* of a double */
#define PLAIN_MIN  (-4)
#define PLAIN_MAX  16 /* exponents in between are written without "e", as people do */
#define NUMBER_MAX 127
#define POINT_CAP  8

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* strtod and printf share the locale's decimal point, so what is printed is read back alike; only digits and
 * exponent are taken from the print, never the point. */
static double read_back(const char *text, bool single)
{
    return single ? (double)strtof(text, NULL) : strtod(text, NULL);
}

struct decimal {
    char digits[DIGITS_MAX + 1]; /* first digit is the one before the point */
    int n;
    int exponent;
};

static struct decimal shortest(double magnitude, bool single)
{
    struct decimal d = {.n = 0};
    char print[48];
    char *c = print;

    for (int precision = 0; precision < DIGITS_MAX; precision++) {
        snprintf(print, sizeof print, "%.*e", precision, magnitude);
        if (read_back(print, single) == magnitude)
            break;
    }
    for (; *c != 'e'; c++)
        if (is_digit(*c))
            d.digits[d.n++] = *c;
    d.exponent = (int)strtol(c + 1, NULL, 10);
    return d;
}

/* Digits with the point after the first `before` of them; missing ones are zeros. */
static size_t put_plain(const struct decimal *d, int before, char *buf)
{
    size_t len = 0;
    int end = d->n > before ? d->n : before;

    for (int i = before < 1 ? before - 1 : 0; i < end; i++) {
        if (i == before)
            buf[len++] = '.';
        buf[len++] = i >= 0 && i < d->n ? d->digits[i] : '0';
    }
    buf[len] = '\0';
    return len;
}

size_t s7_real_format(double value, bool single, char buf[S7_REAL_TEXT_CAP])
{
    size_t len = 0;

    if (isnan(value))
        return (size_t)snprintf(buf, S7_REAL_TEXT_CAP, "nan");
    if (signbit(value))
        buf[len++] = '-';
    if (isinf(value))
        return len + (size_t)snprintf(buf + len, S7_REAL_TEXT_CAP - len, "inf");

    struct decimal d = shortest(fabs(value), single);
    if (d.exponent >= PLAIN_MIN && d.exponent < PLAIN_MAX)
        return len + put_plain(&d, d.exponent + 1, buf + len);
    len += put_plain(&d, 1, buf + len);
    return len + (size_t)snprintf(buf + len, S7_REAL_TEXT_CAP - len, "e%+03d", d.exponent);
}

/* ---- reading ---- */

static size_t digits_len(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && is_digit(text[n]))
        n++;
    return n;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. *point: offset of the
 * point, or len. */
static bool is_number(const char *text, size_t len, size_t *point)
{
    size_t at = len > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;
    size_t whole = digits_len(text + at, len - at), fraction = 0;

    at += whole;
    *point = len;
    if (at < len && text[at] == '.') {
        *point = at++;
        fraction = digits_len(text + at, len - at);
        at += fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < len && (text[at] == '+' || text[at] == '-'))
            at++;
        size_t exponent = digits_len(text + at, len - at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == len;
}

static bool parse_special(const char *text, size_t len, double *value)
{
    bool negative = len > 0 && text[0] == '-';
    size_t sign = negative || (len > 0 && text[0] == '+') ? 1 : 0;

    if (s7_name_equal(text + sign, len - sign, "INF"))
        *value = negative ? -(double)INFINITY : (double)INFINITY;
    else if (s7_name_equal(text + sign, len - sign, "NAN"))
        *value = (double)NAN;
    else
        return false;
    return true;
}

/* The decimal point that strtod wants just now; localeconv would need a lock to be safe. */
static size_t locale_point(char point[POINT_CAP])
{
    char half[POINT_CAP + 2];
    int len = snprintf(half, sizeof half, "%.1f", 0.5); /* 0 <point> 5 */

    if (len < 3 || (size_t)len >= sizeof half) {
        point[0] = '.';
        return 1;
    }
    memcpy(point, half + 1, (size_t)len - 2);
    return (size_t)len - 2;
}

bool s7_real_parse(const char *text, size_t len, bool single, double *value)
{
    char number[NUMBER_MAX + POINT_CAP + 1], point_text[POINT_CAP];
    size_t point, n;

    if (parse_special(text, len, value))
        return true;
    if (len > NUMBER_MAX || !is_number(text, len, &point))
        return false;
    memcpy(number, text, point);
    n = point;
    if (point < len) {
        size_t point_len = locale_point(point_text);
        memcpy(number + n, point_text, point_len);
        n += point_len;
        memcpy(number + n, text + point + 1, len - point - 1);
        n += len - point - 1;
    }
    number[n] = '\0';
    double found = read_back(number, single);
    if (!isfinite(found))
        return false;
    *value = found;
    return true;
}
