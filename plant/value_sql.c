/* What stands at an address, as a value of SQL, and what an address takes, in words. */
#include "plant_impl.h"

#include "protocol/value.h"

#define NUMBER_CAP 128

size_t value_text(const s7_address *address, const uint8_t *bytes, char *text)
{
    size_t len = s7_values_format(address, bytes, text, PLANT_TEXT_CAP);

    return len < PLANT_TEXT_CAP ? len : PLANT_TEXT_CAP - 1;
}

/* A REAL goes by its shortest text, so that 1.1 shows as 1.1. False: no number (NaN, infinity). */
static bool real_as_double(const struct s7_value *value, double *out)
{
    const s7_address lreal = {.type = S7_TYPE_LREAL, .count = 1};
    char text[NUMBER_CAP];
    size_t len = s7_value_format(value, text, sizeof text);
    struct s7_value number;

    if (value->f - value->f != 0 || s7_value_parse(&lreal, text, len, &number) != S7_OK)
        return false;
    *out = number.f;
    return true;
}

int value_bind(sqlite3_stmt *q, int column, const s7_address *address, const uint8_t *bytes, char *text)
{
    enum s7_kind kind = s7_type_kind(address->type);
    struct s7_value value = s7_value_load(address, bytes, 0);
    bool single = address->count == 1 && !value.broken;
    double number;

    if (single && kind == S7_KIND_UINT && value.u <= INT64_MAX)
        return sqlite3_bind_int64(q, column, (int64_t)value.u);
    if (single && kind == S7_KIND_INT)
        return sqlite3_bind_int64(q, column, value.i);
    if (single && kind == S7_KIND_FLOAT && real_as_double(&value, &number))
        return sqlite3_bind_double(q, column, number);
    size_t len = value_text(address, bytes, text);
    return sqlite3_bind_text(q, column, text, (int)len, SQLITE_TRANSIENT);
}

/* Characters that a STRING or WSTRING takes: as many as were declared, or less if the PLC's program said so
 * in front. */
static unsigned string_room(const s7_address *address, const uint8_t *bytes)
{
    unsigned declared = address->string_cap;
    unsigned max = address->type == S7_TYPE_WSTRING ? (unsigned)bytes[0] << 8 | bytes[1] : bytes[0];

    return address->count > 1 || max == 0 || max > declared ? declared : max;
}

size_t value_expected(const s7_address *address, const uint8_t *bytes, char *text, size_t cap)
{
    size_t len = 0;

    if (address->count > 1)
        len = (size_t)snprintf(text, cap, "a list [a,b,...] of %u, each ", address->count);
    if (address->string_cap > 0)
        len += (size_t)snprintf(text + len, cap - len, "a text of at most %u characters",
                                string_room(address, bytes));
    else
        len += (size_t)snprintf(text + len, cap - len, "%s", s7_type_range(address->type));
    if (s7_type_kind(address->type) == S7_KIND_TEXT)
        len += (size_t)snprintf(text + len, cap - len, ", none above U+00FF");
    return len;
}
