/* Conformance of reconnecting: the pauses between dials while a PLC is down. */
#include "client/pool_core_rig.h"

#define DIALS 12

/* The first dial at once; the pause behind dial i is drawn between 0 and 250 ms * 2^i, 5 s at most. The draws
 * are eighths of the whole range, in an order without pattern. */
static void s7_152_dials_back_off_with_jitter_and_a_cap(void **state)
{
    static const unsigned eighths[DIALS] = {5, 8, 1, 7, 3, 6, 2, 8, 4, 8, 7, 5};

    (void)state;
    rig_rules();
    rig_start();
    s7_pool_core_ended(rig.core, 0, S7_E_RESET, rig.now);
    rig.refuse = S7_E_REFUSED;
    rig.dials = 0;
    rig.random = UINT64_MAX / 8 * eighths[0];
    assert_int_equal(get(0, S7_NEVER_NS), S7_OK);
    assert_int_equal(rig.dials, 1);
    assert_int_equal(rig.dialed_at[0], T0);
    for (unsigned i = 0; i + 1 < DIALS; i++) {
        int64_t bound = i < 5 ? 250 * MS << i : 5000 * MS, want = bound / 8 * eighths[i];

        rig.random = UINT64_MAX / 8 * eighths[i + 1];
        run_to(s7_pool_core_deadline(rig.core));
        assert_int_equal(rig.dials, i + 2);
        int64_t pause = rig.dialed_at[i + 1] - rig.dialed_at[i];
        if (pause < want - 100 || pause > want + 100)
            fail_msg("pause %u of %.6f s, expected %.6f s of at most %.3f s", i, (double)pause / 1e9,
                     (double)want / 1e9, (double)bound / 1e9);
    }
    rig.refuse = S7_OK;
    run_to(s7_pool_core_deadline(rig.core));
    expect_told(0, S7_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(s7_152_dials_back_off_with_jitter_and_a_cap, rig_free),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_reconnect");
}
