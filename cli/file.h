/* file.h - a whole file in memory. */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The file's bytes, to be freed, never NULL for an empty one. NULL: it cannot be read, or is longer than max;
 * *why says so, until the next call of strerror. Pipes are fine. */
uint8_t *cli_load(const char *path, size_t max, size_t *len, const char **why);

#endif
