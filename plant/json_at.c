#include "json_at.h"

#include <string.h>

static bool broken(struct json_at *json, const char *expected)
{
    json->expected = expected;
    return false;
}

static void skip_blanks(struct json_at *json)
{
    while (json->at < json->len && json->text[json->at] != '\0' &&
           strchr(" \t\r\n", json->text[json->at]) != NULL)
        json->at++;
}

static char here(const struct json_at *json)
{
    return json->at < json->len ? json->text[json->at] : '\0';
}

static bool accept(struct json_at *json, char c)
{
    skip_blanks(json);
    if (here(json) != c || c == '\0')
        return false;
    json->at++;
    return true;
}

/* ---- what is no array or object ---- */

static bool skip_escape(struct json_at *json)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    char c = here(json);

    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return broken(json, "expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    json->at++;
    for (int i = 0; c == 'u' && i < 4; i++, json->at++)
        if (here(json) == '\0' || strchr(hex, here(json)) == NULL)
            return broken(json, "expected four hexadecimal digits");
    return true;
}

static bool skip_string(struct json_at *json)
{
    size_t begin = json->at;

    if (!accept(json, '"'))
        return broken(json, "expected a string");
    while (json->at < json->len) {
        unsigned char c = (unsigned char)json->text[json->at];
        if (c < 0x20)
            return broken(json, "a control character in a string is written as \\u00..");
        json->at++;
        if (c == '"')
            return true;
        if (c == '\\' && !skip_escape(json))
            return false;
    }
    json->at = begin;
    return broken(json, "the string is not closed");
}

static size_t skip_digits(struct json_at *json)
{
    size_t begin = json->at;

    while (here(json) >= '0' && here(json) <= '9')
        json->at++;
    return json->at - begin;
}

static bool skip_number(struct json_at *json)
{
    json->at += here(json) == '-';
    size_t begin = json->at, n = skip_digits(json);
    if (n == 0 || (n > 1 && json->text[begin] == '0')) {
        json->at = begin;
        return broken(json, n == 0 ? "expected a value" : "a number does not begin with 0");
    }
    if (here(json) == '.') {
        json->at++;
        if (skip_digits(json) == 0)
            return broken(json, "expected a digit");
    }
    if (here(json) == 'e' || here(json) == 'E') {
        json->at++;
        json->at += here(json) == '-' || here(json) == '+';
        if (skip_digits(json) == 0)
            return broken(json, "expected a digit");
    }
    return true;
}

static bool skip_atom(struct json_at *json)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (json->len - json->at >= len && memcmp(json->text + json->at, words[i], len) == 0) {
            json->at += len;
            return true;
        }
    }
    return here(json) == '"' ? skip_string(json) : skip_number(json);
}

/* ---- arrays and objects ---- */

/* A member's name and colon; *is: it is this one. */
static bool take_name(struct json_at *json, const char *name, bool *is)
{
    skip_blanks(json);
    size_t begin = json->at + 1;
    if (!skip_string(json))
        return false;
    size_t len = json->at - 1 - begin;
    *is = name != NULL && strlen(name) == len && memcmp(json->text + begin, name, len) == 0;
    return accept(json, ':') || broken(json, "expected a colon behind the name");
}

static bool skip_rest(struct json_at *json, char close, bool *more)
{
    *more = accept(json, ',');
    return *more || accept(json, close) ||
           broken(json, close == '}' ? "expected a comma or }" : "expected a comma or ]");
}

static bool skip_items(struct json_at *json, bool is_object)
{
    bool more = true, is;
    char close = is_object ? '}' : ']';

    json->at++;
    if (accept(json, close))
        return true;
    while (more)
        if ((is_object && !take_name(json, NULL, &is)) || !json_skip(json) || !skip_rest(json, close, &more))
            return false;
    return true;
}

bool json_skip(struct json_at *json)
{
    bool whole;

    skip_blanks(json);
    if (here(json) != '{' && here(json) != '[') {
        whole = skip_atom(json);
    } else if (json->depth == JSON_DEPTH_MAX) {
        return broken(json, "arrays and objects are too deep in each other");
    } else {
        json->depth++;
        whole = skip_items(json, here(json) == '{');
        json->depth--;
    }
    if (whole)
        skip_blanks(json);
    return whole;
}

/* ---- paths ---- */

static bool step(struct json_at *json, char open, const char *name, size_t index)
{
    size_t begin;
    bool more = true, is = false;

    skip_blanks(json);
    begin = json->at;
    if (!accept(json, open))
        return false;
    for (size_t i = 0; more; i++) {
        if (name != NULL && !take_name(json, name, &is))
            break;
        skip_blanks(json);
        if (name != NULL ? is : i == index)
            return true;
        if (!json_skip(json) || !skip_rest(json, open == '{' ? '}' : ']', &more))
            break;
    }
    json->at = begin;
    return false;
}

bool json_member(struct json_at *json, const char *name)
{
    return step(json, '{', name, 0);
}

bool json_element(struct json_at *json, size_t index)
{
    return step(json, '[', NULL, index);
}
