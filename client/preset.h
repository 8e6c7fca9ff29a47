/* preset.h - kinds of PLCs by the words that endpoints and the environment have for them. */
#ifndef CLIENT_PRESET_H
#define CLIENT_PRESET_H

#include <s7rig/client.h>

/* "s7-1200" as well as "S71200"; false: no such family. */
bool s7_family_from_name(const char *name, size_t name_len, s7_family *family);

/* Where its CPU is; false: it has no slots, or no such family. */
bool s7_family_slot(s7_family family, uint8_t *slot);

/* Is the CPU reached through a communication processor? */
bool s7_family_has_cp(s7_family family);

/* All names in one line, for messages. */
#define S7_FAMILY_NAMES                                                                                      \
    "s7-300, s7-400, s7-1200, s7-1500, logo, s7-200smart, sinamics, s7-300-cp or s7-400-cp"

#endif
