#include <s7rig/address.h>

#include "protocol/names.h"

#include <stdio.h>

/* The first row of a type is its name, the others are aliases (of nodes7, mostly). size: of an element; what
 * stands in front of the characters of a STRING. */
static const struct type_row {
    const char *name;
    s7_type type;
    uint8_t size;
} types[] = {
    {"BOOL", S7_TYPE_BOOL, 1},
    {"X", S7_TYPE_BOOL, 1},
    {"BYTE", S7_TYPE_BYTE, 1},
    {"B", S7_TYPE_BYTE, 1},
    {"USINT", S7_TYPE_USINT, 1},
    {"SINT", S7_TYPE_SINT, 1},
    {"CHAR", S7_TYPE_CHAR, 1},
    {"C", S7_TYPE_CHAR, 1},
    {"WORD", S7_TYPE_WORD, 2},
    {"W", S7_TYPE_WORD, 2},
    {"UINT", S7_TYPE_UINT, 2},
    {"INT", S7_TYPE_INT, 2},
    {"I", S7_TYPE_INT, 2},
    {"DWORD", S7_TYPE_DWORD, 4},
    {"DW", S7_TYPE_DWORD, 4},
    {"D", S7_TYPE_DWORD, 4},
    {"UDINT", S7_TYPE_UDINT, 4},
    {"DINT", S7_TYPE_DINT, 4},
    {"DI", S7_TYPE_DINT, 4},
    {"REAL", S7_TYPE_REAL, 4},
    {"R", S7_TYPE_REAL, 4},
    {"LWORD", S7_TYPE_LWORD, 8},
    {"LW", S7_TYPE_LWORD, 8},
    {"ULINT", S7_TYPE_ULINT, 8},
    {"LINT", S7_TYPE_LINT, 8},
    {"LI", S7_TYPE_LINT, 8},
    {"LREAL", S7_TYPE_LREAL, 8},
    {"LR", S7_TYPE_LREAL, 8},
    {"STRING", S7_TYPE_STRING, 2},
    {"S", S7_TYPE_STRING, 2},
    {"TIMER", S7_TYPE_TIMER, 2},
    {"COUNTER", S7_TYPE_COUNTER, 2},
    {"WCHAR", S7_TYPE_WCHAR, 2},
    {"WSTRING", S7_TYPE_WSTRING, 4},
    {"WS", S7_TYPE_WSTRING, 4},
    {"DATE", S7_TYPE_DATE, 2},
    {"TIME", S7_TYPE_TIME, 4},
    {"TOD", S7_TYPE_TOD, 4},
    {"TIME_OF_DAY", S7_TYPE_TOD, 4},
    {"DT", S7_TYPE_DT, 8},
    {"DATE_AND_TIME", S7_TYPE_DT, 8},
    {"DTZ", S7_TYPE_DT, 8},
    {"LTIME", S7_TYPE_LTIME, 8},
    {"LTOD", S7_TYPE_LTOD, 8},
    {"LTIME_OF_DAY", S7_TYPE_LTOD, 8},
    {"LDT", S7_TYPE_LDT, 8},
    {"DATE_AND_LTIME", S7_TYPE_LDT, 8},
    {"DTL", S7_TYPE_DTL, 12},
    {"DTLZ", S7_TYPE_DTL, 12},
    {"S5TIME", S7_TYPE_S5TIME, 2},
};

#define N_TYPES (sizeof types / sizeof types[0])

/* Structures: what is in them has addresses of its own. */
static const char *const known_only[] = {"IEC_TIMER", "IEC_COUNTER", "POINTER", "ANY"};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool s7_name_equal(const char *name, size_t name_len, const char *upper_name)
{
    for (size_t i = 0; i < name_len; i++)
        if (upper_name[i] == '\0' || upper(name[i]) != upper_name[i])
            return false;
    return upper_name[name_len] == '\0';
}

bool s7_type_known_only(const char *name, size_t name_len)
{
    for (size_t i = 0; i < sizeof known_only / sizeof known_only[0]; i++)
        if (s7_name_equal(name, name_len, known_only[i]))
            return true;
    return false;
}

static const struct type_row *type_find(s7_type type)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].type == type)
            return &types[i];
    return NULL;
}

const char *s7_type_name(s7_type type)
{
    const struct type_row *row = type_find(type);

    return row != NULL ? row->name : "?";
}

bool s7_type_from_name(const char *name, size_t name_len, s7_type *type)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (s7_name_equal(name, name_len, types[i].name)) {
            *type = types[i].type;
            return true;
        }
    return false;
}

bool s7_type_has_cap(s7_type type)
{
    return type == S7_TYPE_STRING || type == S7_TYPE_WSTRING;
}

size_t s7_type_size(s7_type type, uint16_t string_cap)
{
    const struct type_row *row = type_find(type);
    size_t char_size = type == S7_TYPE_WSTRING ? 2 : 1;

    if (row == NULL)
        return 0;
    return s7_type_has_cap(type) ? string_cap * char_size + row->size : row->size;
}

const char *s7_area_name(s7_area area)
{
    switch (area) {
    case S7_AREA_SM:
        return "SM";
    case S7_AREA_AI:
        return "AI";
    case S7_AREA_AQ:
        return "AQ";
    case S7_AREA_C:
        return "C";
    case S7_AREA_T:
        return "T";
    case S7_AREA_P:
        return "P";
    case S7_AREA_I:
        return "I";
    case S7_AREA_Q:
        return "Q";
    case S7_AREA_M:
        return "M";
    case S7_AREA_DB:
        return "DB";
    case S7_AREA_DI:
        return "DI";
    }
    return "?";
}

size_t s7_address_size(const s7_address *address)
{
    if (address->type == S7_TYPE_BOOL)
        return ((size_t)address->bit + address->count + 7) / 8;
    return s7_type_size(address->type, address->string_cap) * address->count;
}

/* ---- canonical text ---- */

/* The letter of the operand that is as wide as the type, and the type that the letter alone stands for. */
static char operand_letter(s7_type type, s7_type *plain)
{
    size_t size = s7_type_size(type, 0);

    if (type == S7_TYPE_BOOL) {
        *plain = S7_TYPE_BOOL;
        return 'X';
    }
    if (s7_type_has_cap(type)) {
        *plain = S7_TYPE_BYTE;
        return 'B';
    }
    if (size == 2) {
        *plain = S7_TYPE_WORD;
        return 'W';
    }
    if (size == 4) {
        *plain = S7_TYPE_DWORD;
        return 'D';
    }
    *plain = S7_TYPE_BYTE;
    return 'B';
}

/* Writes the place without its type and says which type it has on its own. */
static int format_place(const s7_address *address, char place[S7_ADDRESS_TEXT_CAP], s7_type *plain)
{
    const char *area = s7_area_name(address->area);
    size_t cap = S7_ADDRESS_TEXT_CAP;
    unsigned byte = address->byte;
    char dot_bit[8] = "";
    char letter[2] = {operand_letter(address->type, plain), '\0'};

    if (address->area == S7_AREA_T || address->area == S7_AREA_C) {
        *plain = address->area == S7_AREA_T ? S7_TYPE_TIMER : S7_TYPE_COUNTER;
        return snprintf(place, cap, "%s%u", area, byte);
    }
    if (address->type == S7_TYPE_BOOL)
        snprintf(dot_bit, sizeof dot_bit, ".%u", address->bit & 0xFFU);
    if (address->area == S7_AREA_DB || address->area == S7_AREA_DI)
        return snprintf(place, cap, "%s%u.%s%s%u%s", area, address->db, area, letter, byte, dot_bit);
    if (address->area == S7_AREA_P)
        area = "PI";
    else if (letter[0] == 'X' && address->area != S7_AREA_AI && address->area != S7_AREA_AQ)
        letter[0] = '\0'; /* AI0.0 would be INT 0 of the outputs, A in German */
    return snprintf(place, cap, "%s%s%u%s", area, letter, byte, dot_bit);
}

size_t s7_address_format(const s7_address *address, char *buf, size_t cap)
{
    char place[S7_ADDRESS_TEXT_CAP];
    char string_len[12] = "", elements[12] = "";
    s7_type plain;
    int len;

    format_place(address, place, &plain);
    if (s7_type_has_cap(address->type))
        snprintf(string_len, sizeof string_len, "(%u)", address->string_cap);
    if (address->count != 1)
        snprintf(elements, sizeof elements, "[%u]", address->count);
    if (plain == address->type && address->count == 1)
        len = snprintf(buf, cap, "%s", place);
    else
        len = snprintf(buf, cap, "%s:%s%s%s", place, s7_type_name(address->type), string_len, elements);
    return len < 0 ? 0 : (size_t)len;
}
