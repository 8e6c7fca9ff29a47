/* names.h - names of types and operands, compared without a locale; what address.c, address_parse.c and the
 * values know of types. */
#ifndef PROTOCOL_NAMES_H
#define PROTOCOL_NAMES_H

#include <s7rig/address.h>

/* name, in any case, equals upper_name, which is zero-terminated and in upper case. ASCII only. */
bool s7_name_equal(const char *name, size_t name_len, const char *upper_name);

/* STRING or WSTRING: it has a string_cap. */
bool s7_type_has_cap(s7_type type);

/* A structure of Siemens that has no values as a whole: IEC_TIMER, ANY ... */
bool s7_type_known_only(const char *name, size_t name_len);

#endif
