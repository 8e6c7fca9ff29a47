/* memory.h - a stretch of a PLC's memory as the command line names it: "DB1", "M", "DB1.DBB10..29". */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <s7rig/address.h>

struct memory {
    s7_area area;
    uint16_t db;
    uint32_t byte; /* where it begins */
    uint32_t len;  /* bytes; 0: to the end, wherever that is */
    bool whole;    /* nothing but the block was named */
};

/* "DB1" or "M", I, Q, E, A, V, PI ...: all of it. "DB1.DBB10..29", "MB10..19": from byte to byte.
 * "DB1.DBB10..": to the end. Any other address: the bytes that it spans. False: *error says why and where. */
bool memory_parse(const char *text, struct memory *memory, s7_address_error *error);

/* "DB1", "M" */
#define MEMORY_NAME_CAP 16
const char *memory_name(s7_area area, uint16_t db, char name[MEMORY_NAME_CAP]);

#endif
