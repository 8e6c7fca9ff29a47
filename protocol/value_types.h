/* value_types.h - limits of the data types; for value.c and value_text.c. */
#ifndef PROTOCOL_VALUE_TYPES_H
#define PROTOCOL_VALUE_TYPES_H

#include "protocol/value.h"

struct s7_type_info {
    s7_type type;
    enum s7_kind kind;
    uint64_t max;      /* UINT: largest value; INT: largest positive value, the smallest is -max - 1 */
    const char *range; /* for s7_type_range */
};

/* Never NULL: a number that is no type has a row that takes nothing but 0. */
const struct s7_type_info *s7_type_info(s7_type type);

#endif
