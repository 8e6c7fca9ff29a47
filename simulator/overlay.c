#include "overlay.h"

#include "loop/random.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MS_PER_S  1000
#define NS_PER_MS INT64_C(1000000)
#define WIDEST    8 /* bytes of a number */

/* ---- how far it is off ---- */

static int64_t between(int64_t n, int64_t limit)
{
    return n > limit ? limit : n < -limit ? -limit : n;
}

/* rate is at most SIM_AMOUNT_MAX, so that a thousandth of it times milliseconds fits. */
static int64_t drifted(const struct sim_fault_value *value, int64_t age_ns)
{
    int64_t limit = value->amp > 0 ? value->amp : SIM_AMOUNT_MAX, ms = age_ns / NS_PER_MS, whole;
    int64_t rest =
        value->rate / MS_PER_S * (ms % MS_PER_S) + value->rate % MS_PER_S * (ms % MS_PER_S) / MS_PER_S;

    if (__builtin_mul_overflow(value->rate, ms / MS_PER_S, &whole))
        return value->rate < 0 ? -limit : limit;
    return between(between(whole, SIM_AMOUNT_MAX) + rest, limit);
}

static int64_t amount_of(const struct sim_fault *fault, uint64_t bits, int64_t age_ns)
{
    const struct sim_fault_value *value = &fault->value;
    bool down = value->way == SIM_WAY_DOWN || (value->way == SIM_WAY_BOTH && (bits >> 63) != 0);

    if (fault->type == SIM_FAULT_DRIFT)
        return drifted(value, age_ns);
    return fault->type == SIM_FAULT_SPIKE && down ? -value->amp : value->amp;
}

void sim_overlay_make(const struct sim_fault *fault, uint64_t bits, int64_t age_ns, struct sim_overlay *out)
{
    *out = (struct sim_overlay){.type = fault->type,
                                .at = fault->value.at,
                                .item = fault->match.item,
                                .amount = amount_of(fault, bits, age_ns),
                                .bits = bits,
                                .bit = fault->value.bit,
                                .high = fault->value.high,
                                .normal = fault->value.normal};
}

/* What is added to an element. */
static int64_t offset_of(const struct sim_overlay *overlay, uint64_t element)
{
    uint64_t bits = s7_draw(overlay->bits, element, 0, 0);

    if (overlay->type != SIM_FAULT_NOISE)
        return overlay->amount;
    if (overlay->normal)
        return sim_dist_deviation(overlay->amount, bits);
    return s7_draw_range(bits, -overlay->amount, overlay->amount);
}

/* ---- numbers ---- */

static uint64_t load(const uint8_t *at, size_t size)
{
    uint64_t n = 0;

    for (size_t i = 0; i < size; i++)
        n = n << 8 | at[i];
    return n;
}

static void store(uint8_t *at, size_t size, uint64_t n)
{
    for (size_t i = size; i > 0; i--, n >>= 8)
        at[i - 1] = (uint8_t)n;
}

/* The nearest whole number; halves go away from zero. */
static int64_t whole(int64_t amount)
{
    int64_t half = amount < 0 ? -SIM_AMOUNT_ONE / 2 : SIM_AMOUNT_ONE / 2;

    return (amount + half) / SIM_AMOUNT_ONE;
}

static uint64_t add_unsigned(uint64_t n, int64_t units, size_t size)
{
    uint64_t most = size == WIDEST ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1, by = (uint64_t)units;

    if (units < 0)
        return n < 0 - by ? 0 : n - (0 - by);
    return by > most - n ? most : n + by;
}

static int64_t add_signed(uint64_t n, int64_t units, size_t size)
{
    unsigned unused = (unsigned)(64 - 8 * size);
    int64_t value = (int64_t)(n << unused) >> unused, most = (int64_t)(UINT64_MAX >> 1 >> unused), sum;

    if (__builtin_add_overflow(value, units, &sum))
        return units < 0 ? -most - 1 : most;
    return sum > most ? most : sum < -most - 1 ? -most - 1 : sum;
}

static void add_to_real(uint8_t *at, int64_t amount)
{
    uint32_t bits = (uint32_t)load(at, sizeof bits);
    float value;

    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value))
        return;
    double sum = (double)value + (double)amount / SIM_AMOUNT_ONE;
    value = sum > (double)FLT_MAX ? FLT_MAX : sum < (double)-FLT_MAX ? -FLT_MAX : (float)sum;
    memcpy(&bits, &value, sizeof bits);
    store(at, sizeof bits, bits);
}

static void add_to_lreal(uint8_t *at, int64_t amount)
{
    uint64_t bits = load(at, sizeof bits);
    double value;

    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value))
        return;
    value += (double)amount / SIM_AMOUNT_ONE;
    value = value > DBL_MAX ? DBL_MAX : value < -DBL_MAX ? -DBL_MAX : value;
    memcpy(&bits, &value, sizeof bits);
    store(at, sizeof bits, bits);
}

static void add(s7_type type, uint8_t *at, size_t size, int64_t amount)
{
    switch (type) {
    case S7_TYPE_REAL:
        add_to_real(at, amount);
        break;
    case S7_TYPE_LREAL:
        add_to_lreal(at, amount);
        break;
    case S7_TYPE_SINT:
    case S7_TYPE_INT:
    case S7_TYPE_DINT:
    case S7_TYPE_LINT:
    case S7_TYPE_TIME:
        store(at, size, (uint64_t)add_signed(load(at, size), whole(amount), size));
        break;
    default:
        store(at, size, add_unsigned(load(at, size), whole(amount), size));
        break;
    }
}

/* ---- bytes ---- */

static void stick(uint8_t *byte, unsigned bit, bool high)
{
    uint8_t mask = (uint8_t)(1U << bit);

    *byte = high ? *byte | mask : *byte & (uint8_t)~mask;
}

static void alter(const struct sim_overlay *overlay, uint64_t element, uint8_t *at, size_t size)
{
    if (overlay->type == SIM_FAULT_STUCK_BIT)
        stick(at + size - 1 - overlay->bit / 8, overlay->bit % 8, overlay->high);
    else
        add(overlay->at.type, at, size, offset_of(overlay, element));
}

/* What is asked for: of a block, as an item reads it. */
struct reading {
    const struct sim_overlays *overlays;
    unsigned item; /* from 1 */
    const struct plant_block *block;
};

static bool lies_over(const struct reading *reading, const struct sim_overlay *overlay)
{
    const struct plant_block *block = reading->block;
    s7_area area = overlay->at.area == S7_AREA_DI ? S7_AREA_DB : overlay->at.area;

    return area == block->area && (area != S7_AREA_DB || overlay->at.db == block->number) &&
           (overlay->item == 0 || overlay->item == reading->item);
}

static void alter_bits(const struct sim_overlay *overlay, uint32_t offset, uint32_t len, uint8_t *to)
{
    for (uint64_t i = 0; i < overlay->at.count; i++) {
        uint64_t bit = overlay->at.bit + i, byte = overlay->at.byte + bit / 8;
        if (byte >= offset && byte - offset < len)
            stick(&to[byte - offset], (unsigned)(bit % 8), overlay->high);
    }
}

static void read_under(const struct reading *reading, size_t n_overlays, uint32_t offset, uint32_t len,
                       uint8_t *to);

/* An element that is not read whole is altered whole all the same: its parts fit. */
static void alter_elements(const struct reading *reading, size_t which, uint32_t offset, uint32_t len,
                           uint8_t *to)
{
    const struct sim_overlay *overlay = &reading->overlays->of[which];
    uint32_t size = (uint32_t)s7_type_size(overlay->at.type, 0), begin = overlay->at.byte;
    uint32_t first = offset > begin ? (offset - begin) / size : 0;
    uint8_t value[WIDEST];

    for (uint32_t i = first; i < overlay->at.count; i++) {
        uint32_t at = begin + i * size;
        if (at >= offset + len || at > reading->block->len || size > reading->block->len - at)
            return;
        read_under(reading, which, at, size, value);
        alter(overlay, i, value, size);
        for (uint32_t k = 0; k < size; k++)
            if (at + k >= offset && at + k < offset + len)
                to[at + k - offset] = value[k];
    }
}

/* With the first n_overlays of them. */
static void read_under(const struct reading *reading, size_t n_overlays, uint32_t offset, uint32_t len,
                       uint8_t *to)
{
    memcpy(to, reading->block->data + offset, len);
    for (size_t i = 0; i < n_overlays; i++) {
        const struct sim_overlay *overlay = &reading->overlays->of[i];
        if (!lies_over(reading, overlay))
            continue;
        if (overlay->at.type == S7_TYPE_BOOL)
            alter_bits(overlay, offset, len, to);
        else
            alter_elements(reading, i, offset, len, to);
    }
}

void sim_overlays_read(const struct sim_overlays *overlays, unsigned n, const struct plant_block *block,
                       uint32_t offset, uint32_t len, uint8_t *to)
{
    read_under(&(struct reading){overlays, n + 1, block}, overlays->n, offset, len, to);
}
