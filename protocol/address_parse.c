/* Reads address texts. The tables hold what differs between areas, the functions what differs between styles.
 */
#include <s7rig/address.h>

#include "protocol/address_scan.h"
#include "protocol/names.h"

#include <stdio.h>
#include <string.h>

#define BYTE_MAX     2097151U /* 24 bits of bit address on the wire */
#define NUMBER_MAX   65535U   /* DBs, timers, counters, elements */
#define CAP_MAX      254U     /* characters of a STRING */
#define WIDE_CAP_MAX 16382U   /* of a WSTRING */

#define BIT_WANTED  "a bit number is 0..7"
#define BYTE_WANTED "a byte offset is 0..2097151"
#define TYPE_WANTED "expected a data type such as X, B, W, D, INT, DINT, REAL or S"

/* ---- operands: what a word in front of the byte offset stands for ---- */

#define WIDE_ANY 0

/* An operand of Step7 may carry any type of its width; bytes carry all but bits. */
struct operand {
    const char *word;
    s7_type type;
    uint8_t width;
    bool typed;     /* says the type itself, as nodes7 does: elements behind a dot, no ":TYPE" */
    bool byte_too;  /* without a bit it is a byte: V12 */
    bool wincc_bit; /* D206.1 is a bit, D206 a double word */
};

static const struct operand step7_operands[] = {
    {.word = "X", .type = S7_TYPE_BOOL, .width = 1},  {.word = "B", .type = S7_TYPE_BYTE, .width = WIDE_ANY},
    {.word = "W", .type = S7_TYPE_WORD, .width = 2},  {.word = "D", .type = S7_TYPE_DWORD, .width = 4},
    {.word = "L", .type = S7_TYPE_LWORD, .width = 8}, {.word = "LW", .type = S7_TYPE_LWORD, .width = 8},
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

/* "DBW" and the like. */
static bool step7_member(const struct s7_word *word, struct operand *operand)
{
    return word->len > 2 && (s7_name_equal(word->text, 2, "DB") || s7_name_equal(word->text, 2, "DI")) &&
           step7_operand(word->text + 2, word->len - 2, operand);
}

/* The data type that begins skip characters into the word. */
static s7_status type_of_word(const struct s7_scan *scan, const struct s7_word *word, size_t skip,
                              const char *wanted, s7_type *type)
{
    if (s7_type_known_only(word->text + skip, word->len - skip)) {
        s7_scan_fail(scan, word->at + skip, "a structure has no value of its own: address its members");
        return S7_E_UNSUPPORTED;
    }
    if (!s7_type_from_name(word->text + skip, word->len - skip, type))
        return s7_scan_fail(scan, word->at + skip, wanted);
    return S7_OK;
}

static s7_status typed_operand(const struct s7_scan *scan, const struct s7_word *word, size_t skip,
                               struct operand *operand)
{
    s7_type type;
    s7_status status = type_of_word(scan, word, skip, TYPE_WANTED, &type);

    if (status == S7_OK)
        *operand = (struct operand){.word = "", .type = type, .typed = true};
    return status;
}

/* ---- what follows the byte offset ---- */

static s7_status bit_number(struct s7_scan *scan, s7_address *address)
{
    uint32_t bit;
    s7_status status = s7_scan_number(scan, 0, 7, BIT_WANTED, &bit);

    if (status == S7_OK)
        address->bit = (uint8_t)bit;
    return status;
}

static s7_status element_count(struct s7_scan *scan, s7_address *address)
{
    return s7_scan_number16(scan, 1, NUMBER_MAX, "a number of elements is 1..65535", &address->count);
}

static s7_status string_cap(struct s7_scan *scan, s7_address *address)
{
    if (address->type == S7_TYPE_WSTRING)
        return s7_scan_number16(scan, 1, WIDE_CAP_MAX, "the length of a WSTRING is 1..16382",
                                &address->string_cap);
    return s7_scan_number16(scan, 1, CAP_MAX, "the length of a STRING is 1..254", &address->string_cap);
}

/* A separator and the length of a STRING. */
static s7_status cap_behind(struct s7_scan *scan, char separator, s7_address *address)
{
    char message[64];

    if (s7_scan_accept(scan, separator))
        return string_cap(scan, address);
    snprintf(message, sizeof message, "expected a %s and the length of the %s",
             separator == '.' ? "dot" : "comma", s7_type_name(address->type));
    return s7_scan_fail_here(scan, message);
}

static s7_status bit_behind_dot(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    if (s7_scan_accept(scan, '.'))
        return bit_number(scan, address);
    if (operand->byte_too) {
        step7_operand("B", 1, operand);
        address->type = S7_TYPE_BYTE;
        return S7_OK;
    }
    if (operand->word[0] == '\0')
        return s7_scan_fail_here(scan, "expected a dot and a bit number 0..7");
    return S7_OK;
}

/* The dots after the offset: the bit, a STRING's length, nodes7's number of elements. */
static s7_status dots(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    s7_status status = S7_OK;

    if (operand->wincc_bit && s7_scan_peek(scan) == '.')
        address->type = S7_TYPE_BOOL;
    if (address->type == S7_TYPE_BOOL)
        status = bit_behind_dot(scan, operand, address);
    else if (s7_type_has_cap(address->type))
        status = cap_behind(scan, '.', address);
    if (status != S7_OK || s7_scan_peek(scan) != '.')
        return status;
    if (!operand->typed)
        return s7_scan_fail_here(scan, address->type == S7_TYPE_BOOL
                                           ? "elements are written behind the type, \":BOOL[8]\""
                                           : "only a bit has a number after the dot");
    s7_scan_accept(scan, '.');
    return element_count(scan, address);
}

static s7_status byte_offset(struct s7_scan *scan, s7_address *address)
{
    return s7_scan_number(scan, 0, BYTE_MAX, BYTE_WANTED, &address->byte);
}

static s7_status offset_and_dots(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    s7_status status = byte_offset(scan, address);

    address->type = operand->type;
    return status == S7_OK ? dots(scan, operand, address) : status;
}

/* dacs7 behind "DB1." and "M.": "10,W", "4,X2", "0,B,100", "0,S,20". */
static s7_status offset_and_commas(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    s7_status status = byte_offset(scan, address);

    if (status != S7_OK)
        return status;
    if (!s7_scan_accept(scan, ','))
        return s7_scan_fail_here(scan, "expected a comma and a data type");
    struct s7_word word = s7_scan_letters(scan);
    status = typed_operand(scan, &word, 0, operand);
    if (status != S7_OK)
        return status;
    address->type = operand->type;
    if (address->type == S7_TYPE_BOOL && s7_scan_digit_next(scan))
        status = bit_number(scan, address);
    else if (s7_type_has_cap(address->type))
        status = cap_behind(scan, ',', address);
    if (status == S7_OK && s7_scan_accept(scan, ','))
        status = element_count(scan, address);
    return status;
}

/* plc4x behind "DB1:": "10:INT", "0.3:BOOL". The type is read as that of any operand. */
static s7_status offset_and_colon(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    s7_status status = byte_offset(scan, address);

    if (status != S7_OK)
        return status;
    *operand = (struct operand){.word = "", .type = S7_TYPE_BOOL, .width = 1, .byte_too = true};
    address->type = operand->type;
    status = bit_behind_dot(scan, operand, address);
    if (status == S7_OK && s7_scan_peek(scan) != ':')
        return s7_scan_fail_here(scan, "expected a colon and a data type");
    return status;
}

/* ---- blocks ---- */

/* ".DBW2" and ".STRING10.20"; DIs may be written with DIW or DBW. */
static s7_status dot_member(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    static const char *const strings[] = {"STRING", "S", "DBS", "DIS"}, *const wide[] = {"WSTRING", "WS"};
    struct s7_word word = s7_scan_letters(scan);

    if (step7_member(&word, operand))
        return offset_and_dots(scan, operand, address);
    *operand = (struct operand){.word = "", .typed = true};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (s7_word_is(&word, strings[i]))
            operand->type = S7_TYPE_STRING;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (s7_word_is(&word, wide[i]))
            operand->type = S7_TYPE_WSTRING;
    if (operand->type == 0)
        return s7_scan_fail(scan, word.at, "expected DBX, DBB, DBW or DBD");
    return offset_and_dots(scan, operand, address);
}

/* ",DBD4", ",REAL4", ",DD20". */
static s7_status comma_member(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    struct s7_word word = s7_scan_letters(scan);
    s7_status status = S7_OK;

    if (s7_word_is(&word, "DD"))
        step7_operand("D", 1, operand);
    else if (!step7_member(&word, operand))
        status = typed_operand(scan, &word, 0, operand);
    if (status != S7_OK)
        return status;
    operand->wincc_bit = s7_word_is(&word, "D");
    return offset_and_dots(scan, operand, address);
}

static s7_status block_member(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    s7_status status = s7_scan_number16(scan, 1, NUMBER_MAX, "a DB number is 1..65535", &address->db);

    if (status != S7_OK)
        return status;
    if (s7_scan_accept(scan, ','))
        return comma_member(scan, operand, address);
    if (s7_scan_accept(scan, ':'))
        return offset_and_colon(scan, operand, address);
    if (!s7_scan_accept(scan, '.'))
        return s7_scan_fail_here(scan, "expected a dot or a comma after the DB number");
    if (s7_scan_digit_next(scan))
        return offset_and_commas(scan, operand, address);
    return dot_member(scan, operand, address);
}

/* ---- areas without a block number ---- */

struct area_row {
    const char *prefix;
    s7_area area;
    uint16_t db;
    bool operand_only; /* a Step7 operand must follow: AI4 is an INT among the outputs, A in German */
    bool byte_too;
};

/* The first prefix that fits is taken, so longer ones stand in front. */
static const struct area_row areas[] = {
    {"PI", S7_AREA_P, 0, false, false},  {"PE", S7_AREA_P, 0, false, false},
    {"PQ", S7_AREA_P, 0, false, false},  {"PA", S7_AREA_P, 0, false, false},
    {"SM", S7_AREA_SM, 0, false, false}, {"AI", S7_AREA_AI, 0, true, false},
    {"AE", S7_AREA_AI, 0, true, false},  {"AQ", S7_AREA_AQ, 0, true, false},
    {"AA", S7_AREA_AQ, 0, true, false},  {"I", S7_AREA_I, 0, false, false},
    {"E", S7_AREA_I, 0, false, false},   {"Q", S7_AREA_Q, 0, false, false},
    {"A", S7_AREA_Q, 0, false, false},   {"O", S7_AREA_Q, 0, false, false},
    {"M", S7_AREA_M, 0, false, false},   {"F", S7_AREA_M, 0, false, false},
    {"T", S7_AREA_T, 0, false, false},   {"C", S7_AREA_C, 0, false, false},
    {"Z", S7_AREA_C, 0, false, false},   {"V", S7_AREA_DB, 1, false, true},
};

static bool area_fits(const struct area_row *row, const struct s7_word *word)
{
    size_t len = strlen(row->prefix);
    struct operand operand;

    return word->len >= len && s7_name_equal(word->text, len, row->prefix) &&
           (!row->operand_only || step7_operand(word->text + len, word->len - len, &operand));
}

static const struct area_row *area_find(const struct s7_word *word)
{
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
        if (area_fits(&areas[i], word))
            return &areas[i];
    return NULL;
}

static s7_status timer_or_counter(struct s7_scan *scan, const struct s7_word *word, struct operand *operand,
                                  s7_address *address)
{
    bool timer = address->area == S7_AREA_T;

    if (word->len > 1)
        return s7_scan_fail(scan, word->at + 1,
                            timer ? "expected the number of a timer" : "expected the number of a counter");
    *operand = (struct operand){.word = "T", .type = timer ? S7_TYPE_TIMER : S7_TYPE_COUNTER, .width = 2};
    address->type = operand->type;
    return s7_scan_number(scan, 0, NUMBER_MAX,
                          timer ? "a timer's number is 0..65535" : "a counter's number is 0..65535",
                          &address->byte);
}

static s7_status area_member(struct s7_scan *scan, const struct s7_word *word, struct operand *operand,
                             s7_address *address)
{
    const struct area_row *row = area_find(word);
    s7_status status = S7_OK;

    if (row == NULL)
        return s7_scan_fail(scan, word->at, "expected an address such as DB1.DBW2, MW10, I0.0 or T5");
    address->area = row->area;
    address->db = row->db;
    if (row->area == S7_AREA_T || row->area == S7_AREA_C)
        return timer_or_counter(scan, word, operand, address);

    size_t skip = strlen(row->prefix);
    if (word->len == skip && s7_scan_accept(scan, '.'))
        return offset_and_commas(scan, operand, address);
    if (word->len == skip)
        *operand = (struct operand){
            .word = "", .type = S7_TYPE_BOOL, .width = 1, .typed = true, .byte_too = row->byte_too};
    else if (!step7_operand(word->text + skip, word->len - skip, operand))
        status = typed_operand(scan, word, skip, operand);
    return status == S7_OK ? offset_and_dots(scan, operand, address) : status;
}

/* ---- ":TYPE", ":TYPE[n]", ":STRING(n)" ---- */

static s7_status width_error(const struct s7_scan *scan, const struct s7_word *word,
                             const s7_address *address, s7_type type)
{
    char message[64];
    size_t size = s7_type_size(type, 0);

    if (address->area == S7_AREA_T)
        return s7_scan_fail(scan, word->at, "a timer has the type TIMER");
    if (address->area == S7_AREA_C)
        return s7_scan_fail(scan, word->at, "a counter has the type COUNTER");
    if (type == S7_TYPE_BOOL)
        return s7_scan_fail(scan, word->at, "BOOL needs a bit address such as DBX0.0 or M0.0");
    if (s7_type_has_cap(type) || size == 1 || size > 4)
        snprintf(message, sizeof message, "%s is written at a byte, such as DBB0 or MB0", s7_type_name(type));
    else
        snprintf(message, sizeof message, "%s takes %zu bytes, such as %s", s7_type_name(type), size,
                 size == 2 ? "DBW0 or MW0" : "DBD0 or MD0");
    return s7_scan_fail(scan, word->at, message);
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
    return !s7_type_has_cap(type) && s7_type_size(type, 0) == operand->width;
}

static s7_status string_suffix(struct s7_scan *scan, s7_address *address)
{
    char message[96];

    if (!s7_scan_accept(scan, '(')) {
        snprintf(message, sizeof message, "expected the length of the %s in parentheses, \"%s(20)\"",
                 s7_type_name(address->type), s7_type_name(address->type));
        return s7_scan_fail_here(scan, message);
    }
    s7_status status = string_cap(scan, address);
    if (status != S7_OK)
        return status;
    return s7_scan_accept(scan, ')') ? S7_OK : s7_scan_fail_here(scan, "expected \")\"");
}

static s7_status array_suffix(struct s7_scan *scan, s7_address *address)
{
    s7_status status = element_count(scan, address);

    if (status != S7_OK)
        return status;
    return s7_scan_accept(scan, ']') ? S7_OK : s7_scan_fail_here(scan, "expected \"]\"");
}

static s7_status type_suffix(struct s7_scan *scan, const struct operand *operand, s7_address *address)
{
    struct s7_word word = s7_scan_type_word(scan);
    s7_type type;
    s7_status status = type_of_word(
        scan, &word, 0, "expected a data type such as BOOL, INT, DINT, REAL or STRING(20)", &type);

    if (status != S7_OK)
        return status;
    if (!type_fits(operand, address, type))
        return width_error(scan, &word, address, type);
    address->type = type;
    status = s7_type_has_cap(type) ? string_suffix(scan, address) : S7_OK;
    if (status == S7_OK && s7_scan_accept(scan, '['))
        status = array_suffix(scan, address);
    return status;
}

/* ---- the whole ---- */

static s7_status place(struct s7_scan *scan, struct operand *operand, s7_address *address)
{
    s7_scan_accept(scan, '%'); /* as TIA writes absolute addresses */
    struct s7_word word = s7_scan_letters(scan);

    if (s7_word_is(&word, "DB"))
        address->area = S7_AREA_DB;
    else if (s7_word_is(&word, "DI"))
        address->area = S7_AREA_DI;
    else
        return area_member(scan, &word, operand, address);
    return block_member(scan, operand, address);
}

s7_status s7_address_parse(const char *text, s7_address *address, s7_address_error *error)
{
    struct s7_scan scan = {.text = text != NULL ? text : "", .error = error};
    s7_address found = {.count = 1};
    struct operand operand = {0};
    s7_status status = place(&scan, &operand, &found);

    if (status == S7_OK && s7_scan_peek(&scan) == ':') {
        if (operand.typed && (found.type != S7_TYPE_BOOL || found.count != 1))
            return s7_scan_fail_here(&scan, "the type was given already");
        s7_scan_accept(&scan, ':');
        status = type_suffix(&scan, &operand, &found);
    }
    if (status == S7_OK && s7_scan_peek(&scan) != '\0')
        status = s7_scan_fail_here(&scan, "unexpected text after the address");
    if (status == S7_OK && address != NULL)
        *address = found;
    return status;
}
