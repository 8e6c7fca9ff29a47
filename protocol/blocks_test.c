#include "protocol/blocks.h"

#include "protocol/cmocka_test.h"

#include <stdio.h>

struct bytes {
    uint8_t at[256];
    size_t len;
};

static struct bytes hex(const char *text)
{
    struct bytes out = {.len = 0};
    unsigned value;

    for (int used; sscanf(text, " %2x%n", &value, &used) == 1; text += used)
        out.at[out.len++] = (uint8_t)value;
    return out;
}

static void expect_hex(const struct s7_wr *wr, const char *text)
{
    struct bytes want = hex(text);

    assert_int_equal(wr->len, want.len);
    assert_memory_equal(wr->buf, want.at, want.len);
}

static void requests_carry_type_and_five_digits(void **state)
{
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_blocks_of_type_append(&wr, 'A');
    expect_hex(&wr, "30 41");
    wr.len = 0;
    s7_block_info_append(&wr, 'A', 1);
    expect_hex(&wr, "30 41 30 30 30 30 31 41");
    wr.len = 0;
    s7_block_info_append(&wr, '8', 65535);
    expect_hex(&wr, "30 38 36 35 35 33 35 41");
}

static void s7_121_counts_come_one_type_after_the_other(void **state)
{
    struct bytes bytes = hex("30 38 00 01 30 45 00 00 31 43 00 02");
    struct s7_rd rd = {bytes.at, bytes.len};
    uint8_t type;
    uint16_t count;

    (void)state;
    assert_true(s7_block_count_decode(&rd, &type, &count));
    assert_int_equal(type, '8');
    assert_int_equal(count, 1);
    assert_true(s7_block_count_decode(&rd, &type, &count));
    assert_int_equal(type, 'E');
    assert_false(s7_block_count_decode(&rd, &type, &count)); /* not after a '0' */
    rd = (struct s7_rd){bytes.at, 3};
    assert_false(s7_block_count_decode(&rd, &type, &count));
}

/* A DB of 8 bytes. */
static const char db1[] =
    "01 00 00 4a 22 00 70 70 01 01 05 0a 00 01 00 00 00 66 00 00 00 03 00 00 00 01 16 a8 05 26 5b ff 16 a9 "
    "00 14 00 02 00 00 00 08 73 69 65 6d 65 6e 73 20 66 61 6d 00 00 00 00 00 20 20 20 20 20 20 20 20 21 00 "
    "ab cd "
    "00 00 00 00 00 00 00 00";

static void s7_124_and_193_details_give_lengths_and_times(void **state)
{
    struct bytes bytes = hex(db1);
    struct s7_block_details out;

    (void)state;
    assert_int_equal(bytes.len, S7_BLOCK_INFO_LEN);
    assert_true(s7_block_details_decode(bytes.at, bytes.len, &out));
    assert_int_equal(out.subtype, 0x0A);
    assert_int_equal(out.number, 1);
    assert_int_equal(out.load_len, 72 + out.mc7_len + out.ssb_len + out.add_len);
    assert_int_equal(out.mc7_len, 8);
    assert_int_equal(out.security, 3);
    assert_int_equal(out.code_time.year, 1999);
    assert_int_equal(out.code_time.day, 18);
    assert_int_equal(out.interface_time.day, 19);
    assert_int_equal(out.interface_time.hour, 23);
    assert_string_equal(out.author, "siemens");
    assert_string_equal(out.family, "fam");
    assert_string_equal(out.name, "");
    assert_int_equal(out.version, 0x21);
    assert_int_equal(out.checksum, 0xABCD);
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(s7_block_details_decode(bytes.at, len, &out));
}

static void s7_134_an_upload_starts_goes_on_and_ends(void **state)
{
    struct bytes start = hex("1d 00 01 00 00 00 00 07 07 30 30 30 30 32 31 36"), piece = hex("1e 01"),
                 data = hex("00 03 00 fb 70 70 01");
    struct s7_pdu pdu = {.param = start.at, .param_len = start.len};
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_rd rd;
    uint32_t id, len;
    bool last;

    (void)state;
    s7_upload_start_append(&wr, 'A', 1);
    expect_hex(&wr, "1d 00 00 00 00 00 00 00 09 5f 30 41 30 30 30 30 31 41");
    assert_int_equal(s7_upload_start_decode(&pdu, &id, &len), S7_OK);
    assert_int_equal(id, 7);
    assert_int_equal(len, 216);
    wr.len = 0;
    s7_upload_append(&wr, id);
    expect_hex(&wr, "1e 00 00 00 00 00 00 07");
    pdu = (struct s7_pdu){.param = piece.at, .param_len = piece.len, .data = data.at, .data_len = data.len};
    assert_int_equal(s7_upload_decode(&pdu, &rd, &last), S7_OK);
    assert_int_equal(rd.left, 3);
    assert_false(last);
    piece.at[1] = 0;
    assert_int_equal(s7_upload_decode(&pdu, &rd, &last), S7_OK);
    assert_true(last);
    pdu.data_len--; /* the piece says that it is longer */
    assert_int_equal(s7_upload_decode(&pdu, &rd, &last), S7_E_FRAME);
    wr.len = 0;
    s7_upload_end_append(&wr, id);
    expect_hex(&wr, "1f 00 00 00 00 00 00 07");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_carry_type_and_five_digits),
        cmocka_unit_test(s7_121_counts_come_one_type_after_the_other),
        cmocka_unit_test(s7_124_and_193_details_give_lengths_and_times),
        cmocka_unit_test(s7_134_an_upload_starts_goes_on_and_ends),
    };

    return cmocka_run_group_tests_name("protocol.blocks", tests, NULL, NULL);
}
