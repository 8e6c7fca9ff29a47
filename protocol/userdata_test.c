#include "protocol/userdata.h"

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"

#include <stdio.h>

static size_t hex(const char *text, uint8_t *out)
{
    size_t len = 0;
    unsigned value;

    for (int used; sscanf(text, " %2x%n", &value, &used) == 1; text += used)
        out[len++] = (uint8_t)value;
    return len;
}

static void expect_hex(const struct s7_wr *wr, const char *text)
{
    uint8_t want[256];
    size_t len = hex(text, want);

    assert_false(wr->full);
    assert_int_equal(wr->len, len);
    assert_memory_equal(wr->buf, want, len);
}

static s7_status decode(const char *text, struct s7_userdata *out, uint8_t *buf)
{
    struct s7_pdu pdu;
    size_t len = hex(text, buf);

    assert_int_equal(s7_pdu_decode(buf, len, &pdu), S7_OK);
    return s7_userdata_decode(&pdu, out);
}

static void s7_100_a_request_has_8_parameter_bytes_and_method_11(void **state)
{
    static const uint8_t payload[] = {0x04, 0x24, 0x00, 0x00};
    uint8_t buf[256];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CPU, S7_CPU_READ_SZL, payload, sizeof payload);

    (void)state;
    s7_userdata_encode(&wr, 0x0B00, &request);
    expect_hex(&wr, "32 07 00 00 0b 00 00 08 00 08 00 01 12 04 11 44 01 00 ff 09 00 04 04 24 00 00");
}

static void a_request_without_payload_says_none(void **state)
{
    uint8_t buf[256];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CLOCK, S7_CLOCK_READ, NULL, 0);

    (void)state;
    s7_userdata_encode(&wr, 0x1100, &request);
    expect_hex(&wr, "32 07 00 00 11 00 00 08 00 04 00 01 12 04 11 47 01 00 0a 00 00 00");
}

static void s7_104_and_105_a_unit_says_that_more_follows_and_is_followed_up_by_its_sequence(void **state)
{
    uint8_t bytes[256], buf[256];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_userdata answer;

    (void)state;
    assert_int_equal(
        decode("32 07 00 00 05 00 00 0c 00 07 00 01 12 08 12 83 02 2a 65 01 00 00 ff 09 00 03 01 02 03",
               &answer, bytes),
        S7_OK);
    assert_int_equal(answer.type, S7_USERDATA_ANSWER);
    assert_int_equal(answer.group, S7_GROUP_BLOCKS);
    assert_int_equal(answer.unit_ref, 0x65);
    assert_int_not_equal(answer.last_unit, 0);
    assert_int_equal(answer.payload_len, 3);
    assert_int_equal(answer.payload[2], 3);
    struct s7_userdata next = s7_userdata_follow_up(&answer);
    s7_userdata_encode(&wr, 0x0C00, &next);
    expect_hex(&wr, "32 07 00 00 0c 00 00 0c 00 04 00 01 12 08 12 43 02 2a 00 00 00 00 0a 00 00 00");
}

static void s7_102_an_error_sits_in_the_parameters(void **state)
{
    uint8_t bytes[256];
    struct s7_userdata answer;

    (void)state;
    assert_int_equal(decode("32 07 00 00 0d 00 00 0c 00 04 00 01 12 08 12 84 01 00 00 00 d4 01 0a 00 00 00",
                            &answer, bytes),
                     S7_OK);
    assert_int_equal(answer.error, 0xD401);
    assert_int_equal(answer.code, 0x0A);
    assert_int_equal(answer.payload_len, 0);
}

static void s7_101_pushes_are_told_by_their_type(void **state)
{
    uint8_t bytes[256];
    struct s7_userdata push;

    (void)state;
    assert_int_equal(
        decode("32 07 00 00 00 00 00 08 00 06 00 01 12 04 11 04 03 00 ff 09 00 02 43 04", &push, bytes),
        S7_OK);
    assert_int_equal(push.type, S7_USERDATA_PUSH);
    assert_false(push.is_long);
    /* the mode push has a form of its own */
    assert_int_equal(decode("32 07 00 00 00 00 00 08 00 00 01 00 10 10 00 00 02 00", &push, bytes),
                     S7_E_FRAME);
}

static void lengths_that_lie_are_refused(void **state)
{
    static const char *const bad[] = {
        "32 07 00 00 00 01 00 00 00 00",                                        /* nothing */
        "32 07 00 00 00 01 00 07 00 00 00 01 12 04 11 44 01",                   /* short */
        "32 07 00 00 00 01 00 08 00 00 00 01 12 08 11 44 01 00",                /* rest says 8 */
        "32 07 00 00 00 01 00 09 00 00 00 01 12 05 11 44 01 00 00",             /* rest of 5 */
        "32 07 00 00 00 01 00 08 00 00 00 01 13 04 11 44 01 00",                /* another head */
        "32 07 00 00 00 01 00 08 00 03 00 01 12 04 11 44 01 00 ff 09 00",       /* half a header */
        "32 07 00 00 00 01 00 08 00 05 00 01 12 04 11 44 01 00 ff 09 00 02 aa", /* payload of 2 */
        "32 07 00 00 00 01 00 08 00 05 00 01 12 04 11 44 01 00 ff 09 ff ff aa", /* of 65535 */
        "32 01 00 00 00 01 00 08 00 00 00 01 12 04 11 44 01 00",                /* a job */
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct s7_userdata out = {.error = 0x7777};
        uint8_t bytes[256];

        if (decode(bad[i], &out, bytes) != S7_E_FRAME || out.error != 0x7777)
            fail_msg("taken: %s", bad[i]);
    }
}

static void what_is_encoded_is_decoded_to_the_same(void **state)
{
    struct prng prng = {4711};
    uint8_t payload[600], buf[700];

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct s7_wr wr = {buf, sizeof buf, 0, false};
        struct s7_userdata in = {.is_long = prng_below(&prng, 2), .has_data = prng_below(&prng, 4) > 0}, out;
        struct s7_pdu pdu;

        prng_fill(&prng, payload, sizeof payload);
        in.method = payload[0];
        in.type = payload[1] & 0xF;
        in.group = payload[2] & 0xF;
        in.subfunction = payload[3];
        in.sequence = payload[4];
        in.code = in.has_data ? payload[5] : 0;
        in.size = in.has_data ? payload[6] : 0;
        in.unit_ref = in.is_long ? payload[7] : 0;
        in.last_unit = in.is_long ? payload[8] : 0;
        in.error = in.is_long ? payload[9] : 0;
        in.payload = payload;
        in.payload_len = in.has_data ? prng_below(&prng, sizeof payload) : 0;
        s7_userdata_encode(&wr, (uint16_t)round, &in);
        assert_false(wr.full);
        assert_int_equal(s7_pdu_decode(buf, wr.len, &pdu), S7_OK);
        assert_int_equal(pdu.ref, round);
        assert_int_equal(s7_userdata_decode(&pdu, &out), S7_OK);
        assert_int_equal(out.payload_len, in.payload_len);
        if (in.payload_len > 0)
            assert_memory_equal(out.payload, payload, in.payload_len);
        in.payload = out.payload = NULL;
        assert_memory_equal(&in.error, &out.error, sizeof in.error);
        assert_int_equal(in.is_long, out.is_long);
        assert_int_equal(in.method << 16 | in.type << 8 | in.group,
                         out.method << 16 | out.type << 8 | out.group);
        assert_int_equal(in.subfunction << 8 | in.sequence, out.subfunction << 8 | out.sequence);
        assert_int_equal(in.unit_ref << 8 | in.last_unit, out.unit_ref << 8 | out.last_unit);
        assert_int_equal(in.code << 8 | in.size, out.code << 8 | out.size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_100_a_request_has_8_parameter_bytes_and_method_11),
        cmocka_unit_test(a_request_without_payload_says_none),
        cmocka_unit_test(s7_104_and_105_a_unit_says_that_more_follows_and_is_followed_up_by_its_sequence),
        cmocka_unit_test(s7_102_an_error_sits_in_the_parameters),
        cmocka_unit_test(s7_101_pushes_are_told_by_their_type),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(what_is_encoded_is_decoded_to_the_same),
    };

    return cmocka_run_group_tests_name("protocol.userdata", tests, NULL, NULL);
}
