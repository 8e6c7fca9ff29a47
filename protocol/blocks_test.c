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

static void a_download_is_announced_with_both_lengths(void **state)
{
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_download_start_append(&wr, 'A', 1, 216, 88);
    expect_hex(
        &wr,
        "1a 00 01 00 00 00 00 00 09 5f 30 41 30 30 30 30 31 50 0d 31 30 30 30 32 31 36 30 30 30 30 38 38");
    wr.len = 0;
    s7_download_start_append(&wr, '8', 65535, 999999, 65535);
    expect_hex(
        &wr,
        "1a 00 01 00 00 00 00 00 09 5f 30 38 36 35 35 33 35 50 0d 31 39 39 39 39 39 39 30 36 35 35 33 35");
    wr.len = 0;
    s7_download_answer_append(&wr, S7_FN_DOWNLOAD, true);
    s7_download_answer_append(&wr, S7_FN_DOWNLOAD, false);
    s7_download_answer_append(&wr, S7_FN_DOWNLOAD_END, false);
    s7_download_piece_head_append(&wr, 222);
    expect_hex(&wr, "1b 01 1b 00 1c 00 de 00 fb");
}

static void s7_198_jobs_of_the_plc_name_block_and_error(void **state)
{
    struct bytes bytes = hex("1c 00 d2 0f 00 00 00 00 09 5f 30 42 30 32 30 30 30 50");
    struct s7_pdu pdu = {.param = bytes.at, .param_len = bytes.len};
    struct s7_download_job job;

    (void)state;
    assert_int_equal(bytes.len, 18);
    assert_int_equal(s7_download_decode(&pdu, &job), S7_OK);
    assert_int_equal(job.function, S7_FN_DOWNLOAD_END);
    assert_int_equal(job.type, 'B');
    assert_int_equal(job.number, 2000);
    assert_int_equal(job.error, 0xD20F);
    for (pdu.param_len = 0; pdu.param_len < bytes.len; pdu.param_len++)
        assert_int_equal(s7_download_decode(&pdu, &job), S7_E_FRAME);
    for (size_t i = 0; i < bytes.len; i++) {
        bool matters = i == 0 || (i >= 8 && i <= 10) || (i >= 12 && i <= 16);
        bytes.at[i] ^= 0x80;
        assert_int_equal(s7_download_decode(&pdu, &job), matters ? S7_E_FRAME : S7_OK);
        bytes.at[i] ^= 0x80;
    }
    memcpy(bytes.at + 12, "65536", 5);
    assert_int_equal(s7_download_decode(&pdu, &job), S7_E_FRAME);
}

static void s7_133_blocks_are_inserted_and_deleted_by_name(void **state)
{
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_block_control_append(&wr, S7_BLOCK_INSERT, 'A', 1);
    expect_hex(&wr, "28 00 00 00 00 00 00 fd 00 0a 01 00 30 41 30 30 30 30 31 50 05 5f 49 4e 53 45");
    wr.len = 0;
    s7_block_control_append(&wr, S7_BLOCK_DELETE, 'A', 1);
    expect_hex(&wr, "28 00 00 00 00 00 00 fd 00 0a 01 00 30 41 30 30 30 30 31 42 05 5f 44 45 4c 45");
}

static void a_block_file_says_what_it_is(void **state)
{
    struct bytes bytes =
        hex("70 70 01 01 05 0a 00 01 00 00 00 d8 00 00 00 00 03 af 74 37 2d 70 03 af 74 37 2d 70 00 38 00 00 "
            "00 00 00 58");
    struct s7_block_file file;

    (void)state;
    assert_true(s7_block_file_decode((struct s7_rd){bytes.at, bytes.len}, &file));
    assert_int_equal(file.language, 5);
    assert_int_equal(s7_block_type_of(file.subtype), 'A');
    assert_int_equal(file.number, 1);
    assert_int_equal(file.len, 216);
    assert_int_equal(file.ssb_len, 56);
    assert_int_equal(file.add_len, 0);
    assert_int_equal(file.mc7_len, 88);
    assert_false(s7_block_file_decode((struct s7_rd){bytes.at, bytes.len - 1}, &file));
    bytes.at[1] = 0x71;
    assert_false(s7_block_file_decode((struct s7_rd){bytes.at, bytes.len}, &file));
    assert_int_equal(s7_block_type_of(0x08), '8');
    assert_int_equal(s7_block_type_of(0x0F), 'F');
    assert_int_equal(s7_block_type_of(0x09) + s7_block_type_of(0x10) + s7_block_type_of(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_carry_type_and_five_digits),
        cmocka_unit_test(s7_121_counts_come_one_type_after_the_other),
        cmocka_unit_test(s7_124_and_193_details_give_lengths_and_times),
        cmocka_unit_test(s7_134_an_upload_starts_goes_on_and_ends),
        cmocka_unit_test(a_download_is_announced_with_both_lengths),
        cmocka_unit_test(s7_198_jobs_of_the_plc_name_block_and_error),
        cmocka_unit_test(s7_133_blocks_are_inserted_and_deleted_by_name),
        cmocka_unit_test(a_block_file_says_what_it_is),
    };

    return cmocka_run_group_tests_name("protocol.blocks", tests, NULL, NULL);
}
