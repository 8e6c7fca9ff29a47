#include "protocol/tpkt.h"

#include "protocol/cmocka_test.h"

static void a_written_header_is_read_back(void **state)
{
    static uint8_t frame[S7_TPKT_MAX_LEN];

    (void)state;
    for (size_t len = S7_TPKT_MIN_LEN; len <= S7_TPKT_MAX_LEN; len += 7) {
        size_t found = 0;

        s7_tpkt_write(frame, len);
        if (s7_tpkt_peek(frame, len, S7_TPKT_MAX_LEN, &found) != S7_OK || found != len)
            fail_msg("a frame of %zu bytes is read as %zu bytes", len, found);
    }
}

static void every_prefix_is_truncated(void **state)
{
    uint8_t frame[25];

    (void)state;
    s7_tpkt_write(frame, sizeof frame);
    for (size_t n = 0; n < sizeof frame; n++) {
        size_t found = 1;
        s7_status status = s7_tpkt_peek(frame, n, S7_TPKT_MAX_LEN, &found);
        size_t want = n < S7_TPKT_HEADER_LEN ? 0 : sizeof frame;

        if (status != S7_E_TRUNCATED || found != want)
            fail_msg("%zu of 25 bytes: %s, frame_len %zu, expected %zu", n, s7_errname(status), found, want);
    }
}

static void bytes_of_the_next_frame_do_not_matter(void **state)
{
    uint8_t frame[9] = {3, 0, 0, 7, 2, 0xF0, 0x80, 3, 0};
    size_t found = 0;

    (void)state;
    assert_int_equal(s7_tpkt_peek(frame, sizeof frame, S7_TPKT_MAX_LEN, &found), S7_OK);
    assert_int_equal(found, 7);
}

static void a_wrong_version_is_seen_at_the_first_byte(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        uint8_t byte = (uint8_t)version;
        size_t found = 77;
        s7_status status = s7_tpkt_peek(&byte, 1, S7_TPKT_MAX_LEN, &found);

        if (status != (version == 3 ? S7_E_TRUNCATED : S7_E_FRAME))
            fail_msg("version %u: %s", version, s7_errname(status));
        if (status == S7_E_FRAME)
            assert_int_equal(found, 77);
    }
}

static void lengths_outside_the_limits_are_refused(void **state)
{
    static const struct {
        size_t len, max_len;
        s7_status status;
    } cases[] = {{0, 100, S7_E_FRAME},       {6, 100, S7_E_FRAME},   {7, 100, S7_E_TRUNCATED},
                 {100, 100, S7_E_TRUNCATED}, {101, 100, S7_E_FRAME}, {65535, 65535, S7_E_TRUNCATED}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t header[S7_TPKT_HEADER_LEN];
        size_t found;

        s7_tpkt_write(header, cases[i].len);
        s7_status status = s7_tpkt_peek(header, sizeof header, cases[i].max_len, &found);
        if (status != cases[i].status)
            fail_msg("length %zu with limit %zu: %s", cases[i].len, cases[i].max_len, s7_errname(status));
    }
}

static void the_reserved_byte_is_ignored(void **state)
{
    uint8_t frame[7] = {3, 0xFF, 0, 7, 2, 0xF0, 0x80};
    size_t found = 0;

    (void)state;
    assert_int_equal(s7_tpkt_peek(frame, sizeof frame, S7_TPKT_MAX_LEN, &found), S7_OK);
    assert_int_equal(found, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_header_is_read_back),
        cmocka_unit_test(every_prefix_is_truncated),
        cmocka_unit_test(bytes_of_the_next_frame_do_not_matter),
        cmocka_unit_test(a_wrong_version_is_seen_at_the_first_byte),
        cmocka_unit_test(lengths_outside_the_limits_are_refused),
        cmocka_unit_test(the_reserved_byte_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
