/* bytes.h - whole numbers of 1 to 8 bytes, big-endian, and BCD, in memory whose size is known; for values.
 * The wire is read through wire.h. */
#ifndef PROTOCOL_BYTES_H
#define PROTOCOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t s7_load_be(const uint8_t *bytes, size_t size)
{
    uint64_t v = 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | bytes[i];
    return v;
}

/* The lower size bytes of v. */
static inline void s7_store_be(uint8_t *bytes, size_t size, uint64_t v)
{
    for (size_t i = size; i > 0; i--) {
        bytes[i - 1] = (uint8_t)v;
        v >>= 8;
    }
}

/* Two's complement, without relying on how the compiler converts to signed. */
static inline int64_t s7_load_signed_be(const uint8_t *bytes, size_t size)
{
    uint64_t raw = s7_load_be(bytes, size), sign = (uint64_t)1 << (size * 8 - 1);

    if ((raw & sign) == 0)
        return (int64_t)raw;
    uint64_t magnitude_less_1 = ~raw & (sign - 1);
    return -(int64_t)magnitude_less_1 - 1;
}

/* Eight BCD digits at most; false: one of them is none. */
static inline bool s7_bcd_load(uint32_t bcd, uint32_t *number)
{
    uint32_t n = 0;

    for (int shift = 28; shift >= 0; shift -= 4) {
        uint32_t digit = bcd >> shift & 0xF;
        if (digit > 9)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

/* number: 0..99999999. */
static inline uint32_t s7_bcd(uint32_t number)
{
    uint32_t bcd = 0;

    for (unsigned shift = 0; shift < 32; shift += 4) {
        bcd |= number % 10 << shift;
        number /= 10;
    }
    return bcd;
}

#endif
