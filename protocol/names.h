/* names.h - comparing names of types and operands without a locale; for address.c and address_parse.c. */
#ifndef PROTOCOL_NAMES_H
#define PROTOCOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* name, in any case, equals upper_name, which is zero-terminated and in upper case. ASCII only. */
bool s7_name_equal(const char *name, size_t name_len, const char *upper_name);

/* A data type of Siemens that s7rig knows by name only: DTL, WSTRING ... */
bool s7_type_known_only(const char *name, size_t name_len);

#endif
