#include "protocol/pdu.h"

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"

static const uint8_t rosctrs[] = {S7_ROSCTR_JOB, S7_ROSCTR_ACK, S7_ROSCTR_ACK_DATA, S7_ROSCTR_USERDATA};

static bool has_error(uint8_t rosctr)
{
    return rosctr == S7_ROSCTR_ACK || rosctr == S7_ROSCTR_ACK_DATA;
}

static struct s7_pdu random_pdu(struct prng *prng, uint8_t bytes[64])
{
    struct s7_pdu pdu = {.rosctr = rosctrs[prng_below(prng, sizeof rosctrs)],
                         .redundancy = (uint16_t)prng_next(prng),
                         .ref = (uint16_t)prng_next(prng),
                         .param = bytes,
                         .param_len = prng_below(prng, 33),
                         .data = bytes + 32,
                         .data_len = prng_below(prng, 33)};

    prng_fill(prng, bytes, 64);
    if (has_error(pdu.rosctr))
        pdu.error = (uint16_t)prng_next(prng);
    return pdu;
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    struct prng prng = {0x5732};

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[64], wire[128];
        struct s7_pdu pdu = random_pdu(&prng, bytes), found;
        struct s7_wr wr = {wire, sizeof wire, 0, false};

        s7_pdu_encode(&wr, &pdu);
        assert_false(wr.full);
        assert_int_equal(s7_pdu_decode(wire, wr.len, &found), S7_OK);
        assert_int_equal(found.rosctr, pdu.rosctr);
        assert_int_equal(found.redundancy, pdu.redundancy);
        assert_int_equal(found.ref, pdu.ref);
        assert_int_equal(found.error, pdu.error);
        assert_int_equal(found.param_len, pdu.param_len);
        assert_int_equal(found.data_len, pdu.data_len);
        assert_memory_equal(found.param, pdu.param, pdu.param_len);
        assert_memory_equal(found.data, pdu.data, pdu.data_len);
    }
}

static void every_other_length_is_refused_and_moves_nothing(void **state)
{
    struct prng prng = {0x1234};

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        uint8_t bytes[64], wire[128] = {0}, small[128];
        struct s7_pdu pdu = random_pdu(&prng, bytes);
        struct s7_wr wr = {wire, sizeof wire, 0, false};

        s7_pdu_encode(&wr, &pdu);
        for (size_t n = 0; n < sizeof wire; n++) {
            struct s7_pdu found = {.ref = 77};
            struct s7_wr short_wr = {small, n, 0, false};

            if (n == wr.len)
                continue;
            if (s7_pdu_decode(wire, n, &found) != S7_E_FRAME || found.ref != 77)
                fail_msg("round %u: a PDU of %zu bytes is taken with %zu", round, wr.len, n);
            s7_pdu_encode(&short_wr, &pdu);
            assert_int_equal(short_wr.full, n < wr.len);
        }
    }
}

static void random_bytes_never_crash_and_round_trip_when_taken(void **state)
{
    struct prng prng = {0xABCD};
    unsigned taken = 0;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t wire[30], again[30];
        size_t len = prng_below(&prng, sizeof wire + 1);
        struct s7_wr wr = {again, sizeof again, 0, false};
        struct s7_pdu found;

        prng_fill(&prng, wire, sizeof wire);
        wire[0] = prng_below(&prng, 20) == 0 ? S7_PROTOCOL_ID_PLUS : S7_PROTOCOL_ID;
        wire[1] = (uint8_t)prng_below(&prng, 9);
        wire[6] = wire[8] = 0;
        wire[7] = (uint8_t)prng_below(&prng, 12);
        wire[9] = (uint8_t)prng_below(&prng, 12);
        if (s7_pdu_decode(wire, len, &found) != S7_OK)
            continue;
        taken++;
        s7_pdu_encode(&wr, &found);
        assert_false(wr.full);
        assert_int_equal(wr.len, len);
        assert_memory_equal(again, wire, len);
    }
    assert_true(taken > 500);
}

static void foreign_ids_and_rosctrs_are_refused(void **state)
{
    (void)state;
    for (unsigned id = 0; id < 256; id++)
        for (unsigned rosctr = 0; rosctr < 256; rosctr++) {
            uint8_t wire[12] = {(uint8_t)id, (uint8_t)rosctr};
            struct s7_pdu found;
            size_t len = has_error((uint8_t)rosctr) ? 12 : 10;
            bool good = id == 0x32 && memchr(rosctrs, (int)rosctr, sizeof rosctrs) != NULL;

            if ((s7_pdu_decode(wire, len, &found) == S7_OK) != good)
                fail_msg("id %02X, ROSCTR %02X", id, rosctr);
        }
}

static void a_pdu_can_follow_other_bytes_in_the_buffer(void **state)
{
    uint8_t wire[64];
    struct s7_wr wr = {wire, sizeof wire, 0, false};
    struct s7_pdu found;

    (void)state;
    s7_wr_be(&wr, 3, 0x010203);
    size_t begin = s7_pdu_begin(&wr, S7_ROSCTR_ACK_DATA, 0xBEEF, 0x8104);
    s7_wr_be(&wr, 2, 0x0401);
    s7_pdu_param_end(&wr, begin);
    s7_wr_be(&wr, 3, 0xAABBCC);
    s7_pdu_end(&wr, begin);
    assert_int_equal(begin, 3);
    assert_int_equal(s7_pdu_decode(wire + begin, wr.len - begin, &found), S7_OK);
    assert_int_equal(found.ref, 0xBEEF);
    assert_int_equal(found.error, 0x8104);
    assert_int_equal(found.param_len, 2);
    assert_int_equal(found.data_len, 3);
    assert_int_equal(found.data[2], 0xCC);
}

static void lengths_above_16_bits_and_unknown_rosctrs_are_not_encoded(void **state)
{
    static uint8_t bytes[70000], out[150000];
    struct s7_pdu pdu = {.rosctr = S7_ROSCTR_JOB, .param = bytes, .param_len = 65536, .data = bytes};
    struct s7_wr wr = {out, sizeof out, 0, false};

    (void)state;
    s7_pdu_encode(&wr, &pdu);
    assert_true(wr.full);

    wr = (struct s7_wr){out, sizeof out, 0, false};
    pdu = (struct s7_pdu){.rosctr = S7_ROSCTR_JOB, .param = bytes, .data = bytes, .data_len = 65536};
    s7_pdu_encode(&wr, &pdu);
    assert_true(wr.full);

    wr = (struct s7_wr){out, sizeof out, 0, false};
    pdu = (struct s7_pdu){.rosctr = 0x08, .param = bytes, .data = bytes};
    s7_pdu_encode(&wr, &pdu);
    assert_true(wr.full);
}

static void setup_round_trips_and_is_known_byte_for_byte(void **state)
{
    static const uint8_t want[] = {0x32, 3, 0, 0, 0, 9, 0, 8, 0, 0, 0, 0, 0xF0, 0, 0, 1, 0, 2, 1, 0xE0};
    struct s7_setup setup = {.amq_calling = 1, .amq_called = 2, .pdu_len = 480}, found;
    uint8_t wire[32];
    struct s7_wr wr = {wire, sizeof wire, 0, false};
    struct s7_pdu pdu;

    (void)state;
    s7_setup_encode(&wr, S7_ROSCTR_ACK_DATA, 9, &setup);
    assert_int_equal(wr.len, sizeof want);
    assert_memory_equal(wire, want, sizeof want);
    assert_int_equal(s7_pdu_decode(wire, wr.len, &pdu), S7_OK);
    for (size_t n = 0; n < S7_SETUP_PARAM_LEN; n++) {
        pdu.param_len = n;
        assert_int_equal(s7_setup_decode(&pdu, &found), S7_E_FRAME);
    }
    pdu.param_len = S7_SETUP_PARAM_LEN;
    assert_int_equal(s7_setup_decode(&pdu, &found), S7_OK);
    assert_int_equal(found.amq_calling, 1);
    assert_int_equal(found.amq_called, 2);
    assert_int_equal(found.pdu_len, 480);
}

static void another_function_is_no_setup(void **state)
{
    static const uint8_t param[S7_SETUP_PARAM_LEN] = {S7_FN_READ_VAR};
    struct s7_pdu pdu = {.rosctr = S7_ROSCTR_JOB, .param = param, .param_len = sizeof param};
    struct s7_setup found;

    (void)state;
    assert_int_equal(s7_setup_decode(&pdu, &found), S7_E_FRAME);
}

static void a_refusal_is_a_bare_header(void **state)
{
    static const uint8_t want[] = {0x32, 2, 0, 0, 0, 0x0A, 0, 0, 0, 0, 0x81, 4};
    uint8_t wire[16];
    struct s7_wr wr = {wire, sizeof wire, 0, false};

    (void)state;
    s7_refusal_encode(&wr, 0x000A, 0x8104);
    assert_int_equal(wr.len, sizeof want);
    assert_memory_equal(wire, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes_to_the_same),
        cmocka_unit_test(every_other_length_is_refused_and_moves_nothing),
        cmocka_unit_test(random_bytes_never_crash_and_round_trip_when_taken),
        cmocka_unit_test(foreign_ids_and_rosctrs_are_refused),
        cmocka_unit_test(a_pdu_can_follow_other_bytes_in_the_buffer),
        cmocka_unit_test(lengths_above_16_bits_and_unknown_rosctrs_are_not_encoded),
        cmocka_unit_test(setup_round_trips_and_is_known_byte_for_byte),
        cmocka_unit_test(another_function_is_no_setup),
        cmocka_unit_test(a_refusal_is_a_bare_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
