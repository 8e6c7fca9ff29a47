/* Values: any bytes have a text, and what is typed is shown as a text that gives the same bytes. The first
 * byte of the input is the type, the second says how many elements and how long a STRING; the rest is taken
 * for bytes of the block, and for a text. */
#include "fuzz.h"

#include "protocol/value.h"

#include <string.h>

#define ROOM 4096

const char *const fuzz_seeds[] = {"\"\x01\x01true",
                                  "\"\x08\x01-32768",
                                  "\"\x0C\x01"
                                  "1.5e-3",
                                  "\"\x11\x15[\"a\",\"\\\"\\\\\"]",
                                  "\"\x12\x01S5T#2m10s base 1s",
                                  "\"\x13\x01"
                                  "C#999",
                                  "\"\x14\x01\xE2\x82\xAC",
                                  "\"\x15\x11[\"\xF0\x9F\x98\x80\"]",
                                  "\"\x16\x01"
                                  "D#2026-01-31",
                                  "\"\x17\x02[T#-24d20h31m23s648ms,1.5s]",
                                  "\"\x18\x01TOD#23:59:59.999",
                                  "\"\x19\x01"
                                  "2026-01-31T12:34:56.789 weekday 0",
                                  "\"\x1A\x01LT#1d2h3m4s5ms6us7ns",
                                  "\"\x1B\x01"
                                  "12:34:56.789000001",
                                  "\"\x1C\x01LDT#2554-07-21-23:34:33.709551615",
                                  "\"\x1D\x01"
                                  "16#07EA011F070C22383B9ACA00",
                                  "1901 2601311234567897",
                                  "1d01 07ea011f070c22382f072f40",
                                  "1302 0999 1000",
                                  "1403 0000 ffff dbdb dbdb",
                                  "1521 00050002d83dde00 0041 ffff",
                                  NULL};

static s7_address address_of(const uint8_t *bytes)
{
    s7_address address = {.area = S7_AREA_M, .type = (s7_type)(1 + (bytes[0] - 1U) % S7_TYPE_LAST)};

    address.count = (uint16_t)(1 + bytes[1] % 4);
    if (address.type == S7_TYPE_STRING || address.type == S7_TYPE_WSTRING)
        address.string_cap = (uint16_t)(1 + bytes[1] / 4);
    if (address.type == S7_TYPE_BOOL)
        address.bit = bytes[1] / 4 % 8;
    return address;
}

/* NaN has one text, half a surrogate pair has that of U+FFFD, and what lies behind a STRING's text has none.
 */
static bool text_says_all(const s7_address *address, const char *text, size_t len)
{
    return address->type != S7_TYPE_STRING && address->type != S7_TYPE_WSTRING &&
           address->type != S7_TYPE_BOOL && strstr(text, "nan") == NULL &&
           memmem(text, len, "\xEF\xBF\xBD", 3) == NULL;
}

static void check_bytes(const s7_address *address, const uint8_t *bytes)
{
    uint8_t again[ROOM] = {0};
    char text[ROOM], text_again[ROOM];
    size_t size = s7_address_size(address), len = s7_values_format(address, bytes, text, sizeof text);

    if (len >= sizeof text)
        fuzz_fail("a text of %zu characters from %zu bytes", len, size);
    if (s7_type_is_text(address->type)) /* its maximum counts */
        memcpy(again, bytes, size);
    if (s7_values_parse(address, text, len, again) != S7_OK)
        fuzz_fail("%s \"%s\" cannot be typed", s7_type_name(address->type), text);
    if (text_says_all(address, text, len) && memcmp(again, bytes, size) != 0)
        fuzz_fail("%s \"%s\" gives other bytes", s7_type_name(address->type), text);
    if (s7_values_format(address, again, text_again, sizeof text_again) != len ||
        memcmp(text, text_again, len) != 0)
        fuzz_fail("%s \"%s\" is then \"%s\"", s7_type_name(address->type), text, text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t block[ROOM] = {0};

    if (len < 2 || len > ROOM)
        return 0;
    s7_address address = address_of(bytes);
    memcpy(block, bytes + 2, len - 2);
    check_bytes(&address, block);
    memset(block, 0, sizeof block);
    if (s7_values_parse(&address, (const char *)bytes + 2, len - 2, block) == S7_OK)
        check_bytes(&address, block);
    return 0;
}
