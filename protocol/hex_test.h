/* hex_test.h - for tests: bytes written as "32 07 00 00". */
#ifndef PROTOCOL_HEX_TEST_H
#define PROTOCOL_HEX_TEST_H

#include "protocol/cmocka_test.h"
#include "protocol/wire.h"

#include <stdio.h>

#define HEX_CAP 1024

static inline size_t hex_bytes(const char *text, uint8_t out[HEX_CAP])
{
    size_t len = 0;
    unsigned value;

    for (int used; len < HEX_CAP && sscanf(text, " %2x%n", &value, &used) == 1; text += used)
        out[len++] = (uint8_t)value;
    return len;
}

static inline void expect_hex(const struct s7_wr *wr, const char *text)
{
    uint8_t want[HEX_CAP];
    size_t len = hex_bytes(text, want);

    assert_false(wr->full);
    assert_int_equal(wr->len, len);
    assert_memory_equal(wr->buf, want, len);
}

#endif
