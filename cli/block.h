/* block.h - what the commands about blocks share: names like DB1, and which of the words is the endpoint. */
#ifndef CLI_BLOCK_H
#define CLI_BLOCK_H

#include "cli/cli.h"

#include <s7rig/services.h>

#define BLOCK_NAME_CAP 16

/* Most that a block has as a file, whichever way it goes. */
#define BLOCK_FILE_CAP 1000000

/* "DB1", "sdb2000"; false: no such name. */
bool block_parse(const char *text, s7_block_type *type, uint16_t *number);
void block_text(s7_block_type type, uint16_t number, char text[BLOCK_NAME_CAP]);

/* The endpoint: argv[1], or S7_ENDPOINT of the environment where there is no argv[1], or it is the only one
 * and stands for something else (alone). *next: the first operand after it. NULL: there is no endpoint. */
const char *block_endpoint(int argc, char **argv, bool alone, int *next);

/* cli_consent, which takes an endpoint that nobody typed with --yes only. */
int block_consent(const struct cli_command *self, const char *endpoint, bool typed, bool yes);

#endif
