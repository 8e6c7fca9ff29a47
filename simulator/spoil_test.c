/* Spoiling stays within its room whatever the answer is: faults may come one behind the other, and services
 * answer what they like. What the bytes look like is tested where a client gets them
 * (tests/integration/fault_answer_test.c). */
#include "simulator/spoil.h"

#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t all_items[SIM_ITEM_WORDS] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};

/* A read answer of three units in a DT. */
static const uint8_t answer[] = {3, 0,  0,  44, 2, 0xf0, 0x80, 0x32, 3, 0,  0, 0, 1, 0, 2,
                                 0, 23, 0,  0,  4, 3,    0xff, 4,    0, 32, 1, 2, 3, 4, 0xff,
                                 4, 0,  24, 5,  6, 7,    0,    0xff, 9, 0,  3, 8, 9, 10};

static struct sim_fault_own own_of(unsigned choice, uint32_t n)
{
    return (struct sim_fault_own){.choice = choice, .n = n};
}

/* Whole frames or the PDU in one; the room ends with the memory, so that the sanitizers see a byte too far.
 */
static size_t spoil(bool frames, enum sim_fault_type type, unsigned choice, uint32_t n, const uint8_t *bytes,
                    size_t len, size_t cap)
{
    struct sim_fault_own own = own_of(choice, n);
    struct sim_quirk quirk = {
        .type = type, .own = &own, .items = all_items, .bits = s7_draw(1, type, n, len)};
    uint8_t *room = malloc(cap > 0 ? cap : 1);

    assert_non_null(room);
    memcpy(room, bytes, len);
    size_t spoilt = frames ? sim_spoil_frames(&quirk, 7, room, len, cap)
                           : sim_spoil_pdu(&quirk, &(struct sim_refs){.last = 7}, room, len, cap);
    free(room);
    return spoilt;
}

static const unsigned choices[SIM_FAULT_TYPES] = {
    [SIM_FAULT_WRONG_REF] = SIM_REF_RANDOM,  [SIM_FAULT_WRONG_FUNCTION] = SIM_PAIR_WRITE_FOR_READ,
    [SIM_FAULT_PAD_WRONG] = SIM_PAD_EXTRA,   [SIM_FAULT_BITFLIP] = SIM_FLIP_DATA,
    [SIM_FAULT_UNSOLICITED] = SIM_PUSH_MODE, [SIM_FAULT_CC_SHORT] = SIM_CC_OTHER_SIZE};

static void try_all(const uint8_t *bytes, size_t len, size_t cap)
{
    static const uint32_t numbers[] = {0, 1, 5, 40, 64, 300, UINT16_MAX};

    for (unsigned type = 0; type < SIM_FAULT_TYPES; type++)
        for (unsigned choice = 0; choice <= choices[type]; choice++)
            for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
                assert_true(spoil(true, (enum sim_fault_type)type, choice, numbers[i], bytes, len, cap) <=
                            cap);
                assert_true(spoil(false, (enum sim_fault_type)type, choice, numbers[i], bytes, len, cap) <=
                            cap);
            }
}

static void every_prefix_of_an_answer_is_spoilt_within_its_room(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof answer; len++) {
        try_all(answer, len, len);
        try_all(answer, len, len + 1);
        try_all(answer, len, len + 200);
    }
    for (size_t from = 0; from < sizeof answer; from++)
        try_all(answer + from, sizeof answer - from, sizeof answer);
}

static void so_are_answers_with_any_byte_changed(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof answer; at++)
        for (unsigned flip = 1; flip < 256; flip *= 2) {
            uint8_t bytes[sizeof answer];
            memcpy(bytes, answer, sizeof bytes);
            bytes[at] ^= (uint8_t)flip;
            try_all(bytes, sizeof bytes, sizeof bytes + 3);
        }
}

static void without_a_quirk_nothing_is_refused(void **state)
{
    (void)state;
    assert_false(sim_quirk_is(NULL, SIM_FAULT_ITEM_ERROR));
    assert_false(sim_quirk_hits(NULL, SIM_FAULT_ITEM_ERROR, 0));
    assert_int_equal(sim_quirk_refuses(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_of_an_answer_is_spoilt_within_its_room),
        cmocka_unit_test(so_are_answers_with_any_byte_changed),
        cmocka_unit_test(without_a_quirk_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
