/* Reads address texts. One scanner skips blanks and remembers the first error; the tables below hold
 * everything that differs between areas and between styles. */
#include <s7rig/address.h>

#include "protocol/names.h"

#include <stdio.h>
#include <string.h>

#define BYTE_MAX     2097151U /* 24 bits of bit address on the wire */
#define NUMBER_MAX   65535U   /* DBs, timers, counters, elements */
#define CAP_MAX      254U     /* characters of a STRING */
#define WORD_LEN_MAX 16

struct scan {
    const char *text;
    size_t pos;
    s7_address_error *error;
};

/* ---- the scanner ---- */

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

/* The next character that is not a blank, '\0' at the end; pos is moved to it. */
static char peek(struct scan *scan)
{
    while (is_blank(scan->text[scan->pos]))
        scan->pos++;
    return scan->text[scan->pos];
}

static bool accept(struct scan *scan, char c)
{
    if (peek(scan) != c)
        return false;
    scan->pos++;
    return true;
}

static s7_status fail_at(const struct scan *scan, size_t at, const char *message)
{
    if (scan->error != NULL) {
        scan->error->at = at;
        snprintf(scan->error->text, sizeof scan->error->text, "%s", message);
    }
    return S7_E_SYNTAX;
}

static s7_status fail_here(struct scan *scan, const char *message)
{
    peek(scan);
    return fail_at(scan, scan->pos, message);
}

/* A decimal number min..max; message says what is wanted, at the number's first character. */
static s7_status number(struct scan *scan, uint32_t min, uint32_t max, const char *message, uint32_t *value)
{
    peek(scan);
    size_t start = scan->pos;
    uint32_t v = 0;

    if (!is_digit(peek(scan)))
        return fail_at(scan, start, message);
    while (is_digit(peek(scan))) {
        v = v * 10 + (uint32_t)(scan->text[scan->pos++] - '0');
        if (v > max)
            return fail_at(scan, start, message);
    }
    if (v < min)
        return fail_at(scan, start, message);
    *value = v;
    return S7_OK;
}

static s7_status number16(struct scan *scan, uint32_t min, uint32_t max, const char *message, uint16_t *value)
{
    uint32_t v;
    s7_status status = number(scan, min, max, message, &v);

    if (status == S7_OK)
        *value = (uint16_t)v;
    return status;
}

struct word {
    char text[WORD_LEN_MAX];
    size_t len;
    size_t at; /* where it begins in the address text */
};

/* Letters in a row, possibly none. Those that do not fit are left unread, so nothing in a table equals the
 * word. */
static struct word letters(struct scan *scan)
{
    struct word word = {0};

    peek(scan);
    word.at = scan->pos;
    while (is_letter(peek(scan)) && word.len < WORD_LEN_MAX)
        word.text[word.len++] = scan->text[scan->pos++];
    return word;
}

/* A type name after a colon: letters, then also digits and underscores (S5TIME, DATE_AND_TIME). */
static struct word type_word(struct scan *scan)
{
    struct word word = letters(scan);

    while (word.len > 0 && word.len < WORD_LEN_MAX &&
           (is_letter(peek(scan)) || is_digit(peek(scan)) || peek(scan) == '_'))
        word.text[word.len++] = scan->text[scan->pos++];
    return word;
}

/* ---- operands: what a word in front of the byte offset stands for ---- */

#define WIDE_ANY 0

/* Step7's own operands. An operand may carry any type of its width; bytes carry all but bits. */
struct operand {
    const char *word;
    s7_type type;
    uint8_t width;
    bool nodes7; /* may be followed by a number of elements instead of a type */
};

static const struct operand step7_operands[] = {
    {"X", S7_TYPE_BOOL, 1, false},
    {"B", S7_TYPE_BYTE, WIDE_ANY, false},
    {"W", S7_TYPE_WORD, 2, false},
    {"D", S7_TYPE_DWORD, 4, false},
};

static bool step7_operand(const char *word, size_t len, struct operand *operand)
{
    for (size_t i = 0; i < sizeof step7_operands / sizeof step7_operands[0]; i++)
        if (s7_name_equal(word, len, step7_operands[i].word)) {
            *operand = step7_operands[i];
            return true;
        }
    return false;
}

static s7_status nodes7_operand(struct scan *scan, const struct word *word, size_t skip,
                                struct operand *operand)
{
    s7_type type;

    if (s7_type_known_only(word->text + skip, word->len - skip)) {
        fail_at(scan, word->at + skip, "this data type is not supported");
        return S7_E_UNSUPPORTED;
    }
    if (!s7_type_from_name(word->text + skip, word->len - skip, &type))
        return fail_at(scan, word->at + skip,
                       "expected a data type such as X, B, W, D, INT, DINT, REAL or S");
    *operand = (struct operand){.word = "", .type = type, .nodes7 = true};
    return S7_OK;
}

/* ---- what follows the byte offset ---- */

static s7_status bit_number(struct scan *scan, s7_address *address)
{
    uint32_t bit;
    s7_status status = number(scan, 0, 7, "a bit number is 0..7", &bit);

    if (status == S7_OK)
        address->bit = (uint8_t)bit;
    return status;
}

static s7_status element_count(struct scan *scan, s7_address *address)
{
    return number16(scan, 1, NUMBER_MAX, "a number of elements is 1..65535", &address->count);
}

static s7_status string_cap(struct scan *scan, s7_address *address)
{
    return number16(scan, 1, CAP_MAX, "the length of a STRING is 1..254", &address->string_cap);
}

/* The dots after the offset: the bit, a STRING's length, nodes7's number of elements. */
static s7_status dots(struct scan *scan, const struct operand *operand, s7_address *address)
{
    s7_status status = S7_OK;

    if (address->type == S7_TYPE_BOOL) {
        if (accept(scan, '.'))
            status = bit_number(scan, address);
        else if (operand->word[0] == '\0')
            return fail_here(scan, "expected a dot and a bit number 0..7");
    } else if (address->type == S7_TYPE_STRING) {
        if (!accept(scan, '.'))
            return fail_here(scan, "expected a dot and the length of the STRING");
        status = string_cap(scan, address);
    }
    if (status != S7_OK || peek(scan) != '.')
        return status;
    if (!operand->nodes7)
        return fail_here(scan, address->type == S7_TYPE_BOOL
                                   ? "elements are written behind the type, \":BOOL[8]\""
                                   : "only a bit has a number after the dot");
    accept(scan, '.');
    return element_count(scan, address);
}

static s7_status offset_and_dots(struct scan *scan, const struct operand *operand, s7_address *address)
{
    s7_status status = number(scan, 0, BYTE_MAX, "a byte offset is 0..2097151", &address->byte);

    address->type = operand->type;
    return status == S7_OK ? dots(scan, operand, address) : status;
}

/* ---- blocks ---- */

/* ".DBW2" and ".STRING10.20"; DIs may be written with DIW or DBW. */
static s7_status dot_member(struct scan *scan, const struct word *word, struct operand *operand)
{
    bool prefixed =
        word->len > 2 && (s7_name_equal(word->text, 2, "DB") || s7_name_equal(word->text, 2, "DI"));

    if (prefixed && step7_operand(word->text + 2, word->len - 2, operand))
        return S7_OK;
    if (s7_name_equal(word->text, word->len, "STRING") || s7_name_equal(word->text, word->len, "S")) {
        *operand = (struct operand){.word = "", .type = S7_TYPE_STRING, .nodes7 = true};
        return S7_OK;
    }
    return fail_at(scan, word->at, "expected DBX, DBB, DBW or DBD");
}

static s7_status comma_member(struct scan *scan, const struct word *word, struct operand *operand)
{
    if (word->len > 2 && s7_name_equal(word->text, 2, "DB") &&
        step7_operand(word->text + 2, word->len - 2, operand))
        return S7_OK;
    return nodes7_operand(scan, word, 0, operand);
}

static s7_status block_member(struct scan *scan, struct operand *operand, s7_address *address)
{
    s7_status status = number16(scan, 1, NUMBER_MAX, "a DB number is 1..65535", &address->db);

    if (status != S7_OK)
        return status;
    bool comma = accept(scan, ',');
    if (!comma && !accept(scan, '.'))
        return fail_here(scan, "expected a dot or a comma after the DB number");
    struct word word = letters(scan);
    status = comma ? comma_member(scan, &word, operand) : dot_member(scan, &word, operand);
    return status == S7_OK ? offset_and_dots(scan, operand, address) : status;
}

/* ---- areas without a block number ---- */

struct area_row {
    const char *prefix;
    s7_area area;
    uint16_t db;
};

/* The first prefix that fits is taken, so longer ones stand in front. */
static const struct area_row areas[] = {
    {"PI", S7_AREA_P, 0}, {"PE", S7_AREA_P, 0}, {"PQ", S7_AREA_P, 0}, {"PA", S7_AREA_P, 0},
    {"I", S7_AREA_I, 0},  {"E", S7_AREA_I, 0},  {"Q", S7_AREA_Q, 0},  {"A", S7_AREA_Q, 0},
    {"M", S7_AREA_M, 0},  {"T", S7_AREA_T, 0},  {"C", S7_AREA_C, 0},  {"Z", S7_AREA_C, 0},
    {"V", S7_AREA_DB, 1},
};

static const struct area_row *area_find(const struct word *word)
{
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        size_t len = strlen(areas[i].prefix);

        if (word->len >= len && s7_name_equal(word->text, len, areas[i].prefix))
            return &areas[i];
    }
    return NULL;
}

static s7_status timer_or_counter(struct scan *scan, const struct word *word, struct operand *operand,
                                  s7_address *address)
{
    bool timer = address->area == S7_AREA_T;

    if (word->len > 1)
        return fail_at(scan, word->at + 1,
                       timer ? "expected the number of a timer" : "expected the number of a counter");
    *operand = (struct operand){.word = "T", .type = timer ? S7_TYPE_TIMER : S7_TYPE_COUNTER, .width = 2};
    address->type = operand->type;
    return number(scan, 0, NUMBER_MAX,
                  timer ? "a timer's number is 0..65535" : "a counter's number is 0..65535", &address->byte);
}

static s7_status area_member(struct scan *scan, const struct word *word, struct operand *operand,
                             s7_address *address)
{
    const struct area_row *row = area_find(word);

    if (row == NULL)
        return fail_at(scan, word->at, "expected an address such as DB1.DBW2, MW10, I0.0 or T5");
    address->area = row->area;
    address->db = row->db;
    if (row->area == S7_AREA_T || row->area == S7_AREA_C)
        return timer_or_counter(scan, word, operand, address);

    size_t skip = strlen(row->prefix);
    if (word->len == skip)
        *operand = (struct operand){.word = "", .type = S7_TYPE_BOOL, .width = 1, .nodes7 = true};
    else if (!step7_operand(word->text + skip, word->len - skip, operand)) {
        s7_status status = nodes7_operand(scan, word, skip, operand);
        if (status != S7_OK)
            return status;
    }
    return offset_and_dots(scan, operand, address);
}

/* ---- ":TYPE", ":TYPE[n]", ":STRING(n)" ---- */

static s7_status width_error(const struct scan *scan, const struct word *word, const s7_address *address,
                             s7_type type)
{
    char message[64];
    size_t size = s7_type_size(type, 0);

    if (address->area == S7_AREA_T)
        return fail_at(scan, word->at, "a timer has the type TIMER");
    if (address->area == S7_AREA_C)
        return fail_at(scan, word->at, "a counter has the type COUNTER");
    if (type == S7_TYPE_BOOL)
        return fail_at(scan, word->at, "BOOL needs a bit address such as DBX0.0 or M0.0");
    if (type == S7_TYPE_STRING || size == 1 || size == 8)
        snprintf(message, sizeof message, "%s is written at a byte, such as DBB0 or MB0", s7_type_name(type));
    else
        snprintf(message, sizeof message, "%s takes %zu bytes, such as %s", s7_type_name(type), size,
                 size == 2 ? "DBW0 or MW0" : "DBD0 or MD0");
    return fail_at(scan, word->at, message);
}

/* Timers and counters stay what they are; a wider operand must be as wide as the type. */
static bool type_fits(const struct operand *operand, const s7_address *address, s7_type type)
{
    if (type == address->type)
        return true;
    if (address->area == S7_AREA_T || address->area == S7_AREA_C)
        return false;
    if (type == S7_TYPE_BOOL || address->type == S7_TYPE_BOOL)
        return false;
    if (operand->width == WIDE_ANY)
        return true;
    return type != S7_TYPE_STRING && s7_type_size(type, 0) == operand->width;
}

static s7_status string_suffix(struct scan *scan, s7_address *address)
{
    if (!accept(scan, '('))
        return fail_here(scan, "expected the length of the STRING in parentheses, \"STRING(20)\"");
    s7_status status = string_cap(scan, address);
    if (status != S7_OK)
        return status;
    return accept(scan, ')') ? S7_OK : fail_here(scan, "expected \")\"");
}

static s7_status array_suffix(struct scan *scan, s7_address *address)
{
    s7_status status = element_count(scan, address);

    if (status != S7_OK)
        return status;
    return accept(scan, ']') ? S7_OK : fail_here(scan, "expected \"]\"");
}

static s7_status type_suffix(struct scan *scan, const struct operand *operand, s7_address *address)
{
    struct word word = type_word(scan);
    s7_type type;

    if (s7_type_known_only(word.text, word.len)) {
        fail_at(scan, word.at, "this data type is not supported");
        return S7_E_UNSUPPORTED;
    }
    if (!s7_type_from_name(word.text, word.len, &type))
        return fail_at(scan, word.at, "expected a data type such as BOOL, INT, DINT, REAL or STRING(20)");
    if (!type_fits(operand, address, type))
        return width_error(scan, &word, address, type);
    address->type = type;
    s7_status status = type == S7_TYPE_STRING ? string_suffix(scan, address) : S7_OK;
    if (status == S7_OK && accept(scan, '['))
        status = array_suffix(scan, address);
    return status;
}

/* ---- the whole ---- */

static s7_status place(struct scan *scan, struct operand *operand, s7_address *address)
{
    accept(scan, '%'); /* as TIA writes absolute addresses */
    struct word word = letters(scan);

    if (s7_name_equal(word.text, word.len, "DB"))
        address->area = S7_AREA_DB;
    else if (s7_name_equal(word.text, word.len, "DI"))
        address->area = S7_AREA_DI;
    else
        return area_member(scan, &word, operand, address);
    return block_member(scan, operand, address);
}

s7_status s7_address_parse(const char *text, s7_address *address, s7_address_error *error)
{
    struct scan scan = {.text = text, .error = error};
    s7_address found = {.count = 1};
    struct operand operand = {0};
    s7_status status = place(&scan, &operand, &found);

    if (status == S7_OK && peek(&scan) == ':') {
        if (operand.nodes7 && (operand.type != S7_TYPE_BOOL || found.count != 1))
            return fail_here(&scan, "the type was given already");
        accept(&scan, ':');
        status = type_suffix(&scan, &operand, &found);
    }
    if (status == S7_OK && peek(&scan) != '\0')
        status = fail_here(&scan, "unexpected text after the address");
    if (status == S7_OK)
        *address = found;
    return status;
}
