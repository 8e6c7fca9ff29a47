/* Which form a file of a plant has. */
#include "cli/plant_file.h"

#include <string.h>
#include <strings.h>

const char *plant_file_path(const char *name)
{
    return strcmp(name, "-") == 0 ? "/dev/stdin" : name;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len >= end_len && strcasecmp(name + len - end_len, end) == 0;
}

/* A mark at the beginning, and blanks, do not count. */
static bool begins_like_json(const char *text, size_t len)
{
    size_t at = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    while (at < len && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r')))
        at++;
    return at < len && text[at] == '{';
}

enum plant_format plant_file_format(const char *name, bool csv, bool json, const char *text, size_t len)
{
    if (csv || json)
        return json ? PLANT_JSON : PLANT_CSV;
    if (name != NULL && (ends_with(name, ".json") || ends_with(name, ".csv")))
        return ends_with(name, ".json") ? PLANT_JSON : PLANT_CSV;
    return text != NULL && begins_like_json(text, len) ? PLANT_JSON : PLANT_CSV;
}
