#include "cli/block.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const s7_block_type types[] = {S7_BLOCK_OB, S7_BLOCK_DB,  S7_BLOCK_SDB, S7_BLOCK_FC,
                                      S7_BLOCK_FB, S7_BLOCK_SFC, S7_BLOCK_SFB};

bool block_parse(const char *text, s7_block_type *type, uint16_t *number)
{
    uint32_t value;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const char *name = s7_block_type_name(types[i]);
        size_t len = strlen(name);

        if (strncasecmp(text, name, len) != 0 || !cli_number(text + len, 0, UINT16_MAX, &value))
            continue;
        *type = types[i];
        *number = (uint16_t)value;
        return true;
    }
    return false;
}

void block_text(s7_block_type type, uint16_t number, char text[BLOCK_NAME_CAP])
{
    snprintf(text, BLOCK_NAME_CAP, "%s%u", s7_block_type_name(type), number);
}

const char *block_endpoint(int argc, char **argv, bool alone, int *next)
{
    const char *env = getenv("S7_ENDPOINT");

    *next = 1;
    if (env != NULL && *env != '\0' && (argc < 2 || (argc == 2 && alone)))
        return env;
    *next = 2;
    return argc < 2 ? NULL : argv[1];
}

int block_consent(const struct cli_command *self, const char *endpoint, bool typed, bool yes)
{
    if (!typed && !yes)
        return cli_usage_error(
            self, "this changes the PLC of S7_ENDPOINT, %s: name it, or say --yes if that is meant",
            endpoint);
    return cli_consent(self, endpoint, yes);
}
