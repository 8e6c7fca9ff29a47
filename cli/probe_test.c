#include "cli/probe.h"

#include "protocol/cmocka_test.h"

/* Probe something of that size; the number of bytes tried. */
static unsigned found(struct probe *probe, uint32_t size)
{
    unsigned tried = 0;
    uint32_t byte;

    probe_init(probe, S7_AREA_DB, 7);
    while (probe_next(probe, &byte)) {
        assert_true(byte < PROBE_MAX);
        assert_true(++tried < 40);
        probe_take(probe, byte < size ? S7_OK : S7_E_ITEM_ADDRESS);
    }
    return tried;
}

static unsigned log2_of(uint32_t n)
{
    unsigned log = 0;

    for (; n > 1; n /= 2)
        log++;
    return log;
}

static void every_size_is_found_with_few_bytes(void **state)
{
    struct probe probe;

    (void)state;
    for (uint32_t size = 1; size <= PROBE_MAX; size++) {
        unsigned tried = found(&probe, size);
        unsigned allowed = 2 * log2_of(size) + 2;

        if (probe.size != size || probe.status != S7_OK || tried > allowed)
            fail_msg("size %u: found %u, status %d, with %u bytes tried (%u allowed)", size, probe.size,
                     probe.status, tried, allowed);
    }
}

static void what_is_larger_than_all_that_is_tried_counts_as_that(void **state)
{
    struct probe probe;

    (void)state;
    found(&probe, PROBE_MAX + 1);
    assert_int_equal(probe.size, PROBE_MAX);
}

static void of_what_is_missing_one_byte_is_tried_and_the_refusal_kept(void **state)
{
    struct probe probe;
    uint32_t byte = 77;

    (void)state;
    probe_init(&probe, S7_AREA_DB, 7);
    assert_true(probe_next(&probe, &byte));
    assert_int_equal(byte, 0);
    probe_take(&probe, S7_E_ITEM_MISSING);
    assert_false(probe_next(&probe, &byte));
    assert_int_equal(probe.size, 0);
    assert_int_equal(probe.status, S7_E_ITEM_MISSING);
    probe_take(&probe, S7_OK);
    assert_int_equal(probe.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_found_with_few_bytes),
        cmocka_unit_test(what_is_larger_than_all_that_is_tried_counts_as_that),
        cmocka_unit_test(of_what_is_missing_one_byte_is_tried_and_the_refusal_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
