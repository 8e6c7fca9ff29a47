#include "protocol/address_scan.h"

#include "protocol/names.h"

#include <stdio.h>

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

char s7_scan_peek(struct s7_scan *scan)
{
    while (is_blank(scan->text[scan->pos]))
        scan->pos++;
    return scan->text[scan->pos];
}

bool s7_scan_digit_next(struct s7_scan *scan)
{
    return is_digit(s7_scan_peek(scan));
}

bool s7_scan_accept(struct s7_scan *scan, char c)
{
    if (s7_scan_peek(scan) != c)
        return false;
    scan->pos++;
    return true;
}

s7_status s7_scan_fail(const struct s7_scan *scan, size_t at, const char *message)
{
    if (scan->error != NULL) {
        scan->error->at = at;
        snprintf(scan->error->text, sizeof scan->error->text, "%s", message);
    }
    return S7_E_SYNTAX;
}

s7_status s7_scan_fail_here(struct s7_scan *scan, const char *message)
{
    s7_scan_peek(scan);
    return s7_scan_fail(scan, scan->pos, message);
}

s7_status s7_scan_number(struct s7_scan *scan, uint32_t min, uint32_t max, const char *message,
                         uint32_t *value)
{
    s7_scan_peek(scan);
    size_t start = scan->pos;
    uint32_t v = 0;

    if (!s7_scan_digit_next(scan))
        return s7_scan_fail(scan, start, message);
    while (s7_scan_digit_next(scan)) {
        v = v * 10 + (uint32_t)(scan->text[scan->pos++] - '0');
        if (v > max)
            return s7_scan_fail(scan, start, message);
    }
    if (v < min)
        return s7_scan_fail(scan, start, message);
    *value = v;
    return S7_OK;
}

s7_status s7_scan_number16(struct s7_scan *scan, uint32_t min, uint32_t max, const char *message,
                           uint16_t *value)
{
    uint32_t v;
    s7_status status = s7_scan_number(scan, min, max, message, &v);

    if (status == S7_OK)
        *value = (uint16_t)v;
    return status;
}

/* ---- words ---- */

bool s7_word_is(const struct s7_word *word, const char *upper_name)
{
    return s7_name_equal(word->text, word->len, upper_name);
}

static bool add(struct s7_scan *scan, struct s7_word *word, bool wanted)
{
    if (!wanted || word->len == S7_WORD_LEN_MAX)
        return false;
    word->text[word->len++] = scan->text[scan->pos++];
    return true;
}

static void add_letters(struct s7_scan *scan, struct s7_word *word)
{
    while (add(scan, word, is_letter(s7_scan_peek(scan)) || (word->len > 0 && s7_scan_peek(scan) == '_')))
        ;
}

/* "5TIME" comes next, as it is in "DB1,S5TIME4". */
static bool s5time_next(struct s7_scan *scan)
{
    struct s7_scan ahead = *scan;
    struct s7_word rest = {0};

    if (!s7_scan_accept(&ahead, '5'))
        return false;
    add_letters(&ahead, &rest);
    return s7_word_is(&rest, "TIME");
}

struct s7_word s7_scan_letters(struct s7_scan *scan)
{
    struct s7_word word = {0};

    s7_scan_peek(scan);
    word.at = scan->pos;
    add_letters(scan, &word);
    if (word.len > 0 && (word.text[word.len - 1] == 'S' || word.text[word.len - 1] == 's') &&
        s5time_next(scan)) {
        add(scan, &word, true);
        add_letters(scan, &word);
    }
    return word;
}

struct s7_word s7_scan_type_word(struct s7_scan *scan)
{
    struct s7_word word = s7_scan_letters(scan);
    char c;

    do
        c = s7_scan_peek(scan);
    while (add(scan, &word, word.len > 0 && (is_letter(c) || is_digit(c) || c == '_')));
    return word;
}
