#include "cli/memory.h"

#include "cli/cli.h"

#include <string.h>

#define WORD_CAP 64

/* The block's first byte is an address: DB1.DBB0, MB0. */
static bool parse_whole(const char *text, struct memory *memory)
{
    static const char *const first[] = {".DBB0", "B0"};
    char word[WORD_CAP];
    s7_address address;

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        if (snprintf(word, sizeof word, "%s%s", text, first[i]) >= WORD_CAP)
            return false;
        if (s7_address_parse(word, &address, NULL) != S7_OK || address.type != S7_TYPE_BYTE)
            continue;
        *memory = (struct memory){.area = address.area, .db = address.db, .whole = true};
        return true;
    }
    return false;
}

static bool fail(s7_address_error *error, size_t at, const char *why)
{
    error->at = at;
    snprintf(error->text, sizeof error->text, "%s", why);
    return false;
}

/* "..29" or "..", behind an address. */
static bool parse_end(const char *text, const char *dots, struct memory *memory, s7_address_error *error)
{
    size_t at = (size_t)(dots - text) + 2;
    uint32_t last;

    memory->len = 0;
    if (dots[2] == '\0')
        return true;
    if (!cli_number(dots + 2, 0, UINT32_MAX - 1, &last))
        return fail(error, at, "expected the number of the last byte, or nothing");
    if (last < memory->byte)
        return fail(error, at, "the last byte is in front of the first");
    memory->len = last - memory->byte + 1;
    return true;
}

bool memory_parse(const char *text, struct memory *memory, s7_address_error *error)
{
    const char *dots = strstr(text, "..");
    size_t len = dots != NULL ? (size_t)(dots - text) : strlen(text);
    char word[WORD_CAP];
    s7_address address;

    if (parse_whole(text, memory))
        return true;
    if (len >= sizeof word)
        return fail(error, sizeof word, "too long for an address");
    memcpy(word, text, len);
    word[len] = '\0';
    if (s7_address_parse(word, &address, error) != S7_OK)
        return false;
    if (address.area == S7_AREA_T || address.area == S7_AREA_C)
        return fail(error, 0, "timers and counters are no bytes: s7rig read shows them");
    *memory = (struct memory){.area = address.area,
                              .db = address.db,
                              .byte = address.byte,
                              .len = (uint32_t)s7_address_size(&address)};
    return dots == NULL || parse_end(text, dots, memory, error);
}

const char *memory_name(s7_area area, uint16_t db, char name[MEMORY_NAME_CAP])
{
    if (db != 0)
        snprintf(name, MEMORY_NAME_CAP, "%s%u", s7_area_name(area), db);
    else
        snprintf(name, MEMORY_NAME_CAP, "%s", s7_area_name(area));
    return name;
}
