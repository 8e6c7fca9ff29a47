#include "protocol/szl.h"

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"

#include <stdio.h>

struct bytes {
    uint8_t at[512];
    size_t len;
};

static void append(struct bytes *to, const char *text)
{
    unsigned value;

    for (int used; sscanf(text, " %2x%n", &value, &used) == 1; text += used)
        to->at[to->len++] = (uint8_t)value;
}

static void append_text(struct bytes *to, const char *text, size_t len)
{
    memset(to->at + to->len, 0, len);
    memcpy(to->at + to->len, text, strlen(text));
    to->len += len;
}

static struct s7_szl decode(const struct bytes *bytes)
{
    struct s7_szl szl;

    assert_int_equal(s7_szl_decode(bytes->at, bytes->len, &szl), S7_OK);
    return szl;
}

static struct s7_rd record(const struct s7_szl *szl, size_t i)
{
    struct s7_rd rd;

    assert_true(s7_szl_record(szl, i, &rd));
    return rd;
}

static void s7_111_module_identification_gives_order_code_and_firmware(void **state)
{
    struct bytes bytes = {.len = 0};
    struct s7_szl_module module;

    (void)state;
    append(&bytes, "00 11 00 00 00 1c 00 02 00 01");
    append_text(&bytes, "6ES7 315-2EH14-0AB0 ", 20);
    append(&bytes, "00 c0 00 04 00 01 00 07");
    append_text(&bytes, "                    ", 20);
    append(&bytes, "00 c0 56 03 02 06");
    struct s7_szl szl = decode(&bytes);
    assert_int_equal(s7_szl_count(&szl), 2);
    assert_true(s7_szl_module_decode(record(&szl, 0), &module));
    assert_int_equal(module.index, 1);
    assert_string_equal(module.order_code, "6ES7 315-2EH14-0AB0");
    assert_true(s7_szl_module_decode(record(&szl, 1), &module));
    assert_int_equal(module.index, 7);
    assert_string_equal(module.order_code, "");
    assert_int_equal(module.version[0], 0x5603);
    assert_int_equal(module.version[1], 0x0206);
}

static void s7_112_components_are_texts_by_index(void **state)
{
    struct bytes bytes = {.len = 0};
    struct s7_szl_component component;

    (void)state;
    append(&bytes, "00 1c 00 00 00 22 00 02 00 01");
    append_text(&bytes, "S7300/ET200M station_1", 32);
    append(&bytes, "00 07");
    append_text(&bytes, "CPU 315-2 PN/DP and all 32 bytes", 32);
    struct s7_szl szl = decode(&bytes);
    assert_true(s7_szl_component_decode(record(&szl, 0), &component));
    assert_int_equal(component.index, S7_COMPONENT_AS_NAME);
    assert_string_equal(component.text, "S7300/ET200M station_1");
    assert_true(s7_szl_component_decode(record(&szl, 1), &component));
    assert_string_equal(component.text, "CPU 315-2 PN/DP and all 32 bytes");
}

static void s7_113_the_mode_is_the_low_nibble_at_offset_3(void **state)
{
    struct bytes bytes = {.len = 0};
    struct s7_szl_mode mode;

    (void)state;
    append(&bytes, "04 24 00 00 00 14 00 01 51 44 ff 08 00 00 00 00 00 00 00 00 26 11 24 19 03 25 00 03");
    struct s7_szl szl = decode(&bytes);
    assert_true(s7_szl_mode_decode(record(&szl, 0), &mode));
    assert_int_equal(mode.event, 0x5144);
    assert_int_equal(mode.state, 0x08);
    assert_int_equal(mode.since.year, 2026);
    assert_int_equal(mode.since.second, 25);
    bytes.at[20] = 0xFF;
    assert_true(s7_szl_mode_decode(record(&szl, 0), &mode));
    assert_int_equal(mode.since.year, 0);
}

static void s7_191_communication_limits_have_three_rates(void **state)
{
    struct bytes bytes = {.len = 0};
    struct s7_szl_comm comm;

    (void)state;
    append(&bytes, "01 31 00 01 00 28 00 01 00 01 00 f0 00 10 00 b7 1b 00 00 02 dc 6c 05 f5 e1 00");
    append_text(&bytes, "", 22);
    struct s7_szl szl = decode(&bytes);
    assert_true(s7_szl_comm_decode(record(&szl, 0), &comm));
    assert_int_equal(comm.pdu_len, 240);
    assert_int_equal(comm.connections, 16);
    assert_int_equal(comm.mpi_bps, 12000000);
    assert_int_equal(comm.bus_bps, 187500);
    assert_int_equal(comm.ethernet_bps, 100000000);
}

static void protection_leds_and_diagnosis_are_decoded(void **state)
{
    struct bytes bytes = {.len = 0};
    struct s7_szl_protection protection;
    struct s7_szl_led led;
    struct s7_szl_diag diag;

    (void)state;
    append(&bytes, "00 04 00 01 00 03 00 02 00 02 00 01");
    assert_true(s7_szl_protection_decode((struct s7_rd){bytes.at, bytes.len}, &protection));
    assert_int_equal(protection.key_level, 1);
    assert_int_equal(protection.set_level, 3);
    assert_int_equal(protection.valid_level, 2);
    assert_int_equal(protection.mode_switch, 2);
    assert_int_equal(protection.startup_switch, 1);
    bytes.len = 0;
    append(&bytes, "00 04 01 00");
    assert_true(s7_szl_led_decode((struct s7_rd){bytes.at, bytes.len}, &led));
    assert_string_equal(s7_led_id_text(led.id), "RUN");
    assert_int_equal(led.on, 1);
    bytes.len = 0;
    append(&bytes, "43 04 ff 84 c7 00 00 00 08 14 77 14 94 01 09 21 53 42 15 21");
    assert_true(s7_szl_diag_decode((struct s7_rd){bytes.at, bytes.len}, &diag));
    assert_int_equal(diag.event, 0x4304);
    assert_int_equal(diag.ob, 0x84);
    assert_int_equal(diag.info2, 0x08147714);
    assert_int_equal(diag.time.year, 1994);
    assert_string_equal(s7_diag_event_text(0x4302), "from startup to RUN");
    assert_string_equal(s7_diag_event_text(0xFFFF), "");
}

static void s7_189_an_extract_without_hits_has_no_records(void **state)
{
    static const char *const empty[] = {"01 12 02 00 00 00 00 00", "00 3a 00 00 00 94 00 00",
                                        "0f 74 00 00 00 04 00 07", "00 11 00 00 00 00 00 07 aa bb"};

    (void)state;
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct bytes bytes = {.len = 0};
        struct s7_rd rd;

        append(&bytes, empty[i]);
        struct s7_szl szl = decode(&bytes);
        assert_int_equal(s7_szl_count(&szl), 0);
        assert_false(s7_szl_record(&szl, 0, &rd));
    }
}

/* Whatever the head says: records lie within the answer, and no decoder reads past its record. */
static void lengths_that_lie_reach_nowhere(void **state)
{
    struct prng prng = {815};

    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        uint8_t bytes[64];
        size_t len = prng_below(&prng, sizeof bytes);
        struct s7_szl szl;
        struct s7_rd rd;

        prng_fill(&prng, bytes, sizeof bytes);
        bytes[4] = 0;
        bytes[5] &= 0x3F;
        if (s7_szl_decode(bytes, len, &szl) != S7_OK) {
            assert_true(len < S7_SZL_HEAD_LEN);
            continue;
        }
        size_t n = s7_szl_count(&szl);
        assert_true(n <= szl.n_records && n * szl.record_len <= len - S7_SZL_HEAD_LEN);
        assert_false(s7_szl_record(&szl, n, &rd));
        for (size_t i = 0; i < n; i++) {
            assert_true(s7_szl_record(&szl, i, &rd));
            assert_true(rd.at >= bytes + S7_SZL_HEAD_LEN && rd.at + rd.left <= bytes + len);
            struct s7_szl_mode mode;
            assert_int_equal(s7_szl_mode_decode(rd, &mode), szl.record_len >= 20);
            struct s7_szl_module module;
            assert_int_equal(s7_szl_module_decode(rd, &module), szl.record_len >= 28);
            struct s7_szl_component component;
            assert_int_equal(s7_szl_component_decode(rd, &component), szl.record_len >= 34);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_111_module_identification_gives_order_code_and_firmware),
        cmocka_unit_test(s7_112_components_are_texts_by_index),
        cmocka_unit_test(s7_113_the_mode_is_the_low_nibble_at_offset_3),
        cmocka_unit_test(s7_191_communication_limits_have_three_rates),
        cmocka_unit_test(protection_leds_and_diagnosis_are_decoded),
        cmocka_unit_test(s7_189_an_extract_without_hits_has_no_records),
        cmocka_unit_test(lengths_that_lie_reach_nowhere),
    };

    return cmocka_run_group_tests_name("protocol.szl", tests, NULL, NULL);
}
