/* symbols.h - names for addresses, from a CSV file or from the tags of a plant file. */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include "cli/cli.h"

/* *symbols, to be freed; NULL for a path of NULL. The tags of a plant with several PLCs are called PLC/TAG;
 * those whose address is none are left out. Returns -1, or the exit status (said on
 * stderr). */
int cli_symbols(const struct cli_command *self, const char *path, s7_symbols **symbols);

#endif
