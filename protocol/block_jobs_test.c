#include "protocol/block_jobs.h"

#include "protocol/cmocka_test.h"

static struct s7_pdu pdu_of(const struct s7_wr *param, const struct s7_wr *data)
{
    return (struct s7_pdu){.param = param->buf,
                           .param_len = param->len,
                           .data = data != NULL ? data->buf : NULL,
                           .data_len = data != NULL ? data->len : 0};
}

static void a_request_is_read_as_it_was_written(void **state)
{
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_download_request out;

    (void)state;
    s7_download_start_append(&wr, 'B', 2000, 999999, 65535);
    struct s7_pdu pdu = pdu_of(&wr, NULL);
    assert_int_equal(s7_download_start_decode(&pdu, &out), S7_OK);
    assert_int_equal(out.name.type, 'B');
    assert_int_equal(out.name.number, 2000);
    assert_int_equal(out.name.where, 'P');
    assert_int_equal(out.load_len, 999999);
    assert_int_equal(out.mc7_len, 65535);
    for (pdu.param_len = 0; pdu.param_len < wr.len; pdu.param_len++)
        assert_int_equal(s7_download_start_decode(&pdu, &out), S7_E_FRAME);
    for (size_t i = 0; i < wr.len; i++) {
        bool of_name = i == 10 || (i >= 12 && i <= 16), free = (i > 0 && i < 8) || i == 11 || i == 17;
        buf[i] ^= 0x80;
        assert_int_equal(s7_download_start_decode(&pdu, &out), of_name ? S7_E_ARG
                                                               : free  ? S7_OK
                                                                       : S7_E_FRAME);
        buf[i] ^= 0x80;
    }
}

static void s7_198_a_job_of_the_cpu_has_18_bytes(void **state)
{
    const struct s7_download_job job = {S7_FN_DOWNLOAD_END, '8', 65535, 0xD20F};
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_download_job out;

    (void)state;
    s7_download_job_append(&wr, &job);
    assert_int_equal(wr.len, 18);
    struct s7_pdu pdu = pdu_of(&wr, NULL);
    assert_int_equal(s7_download_decode(&pdu, &out), S7_OK);
    assert_int_equal(out.function, job.function);
    assert_int_equal(out.type, job.type);
    assert_int_equal(out.number, job.number);
    assert_int_equal(out.error, job.error);
}

static void a_piece_has_the_bytes_that_it_says(void **state)
{
    uint8_t params[4], bytes[64];
    struct s7_wr param = {params, sizeof params, 0, false}, data = {bytes, sizeof bytes, 0, false};
    struct s7_rd piece;
    bool more;

    (void)state;
    s7_download_answer_append(&param, S7_FN_DOWNLOAD, true);
    s7_download_piece_head_append(&data, 3);
    s7_wr_bytes(&data, (const uint8_t *)"abc", 3);
    struct s7_pdu pdu = pdu_of(&param, &data);
    assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_OK);
    assert_true(more);
    assert_int_equal(piece.left, 3);
    assert_memory_equal(piece.at, "abc", 3);
    for (pdu.data_len = 0; pdu.data_len < data.len; pdu.data_len++)
        assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_E_FRAME);
    bytes[3] = 0xFA;
    assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_E_FRAME);
    bytes[3] = 0xFB;
    params[1] = 0;
    assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_OK);
    assert_false(more);
    bytes[1] = 2; /* bytes that belong to nothing */
    assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_E_FRAME);
    pdu.data_len = 4;
    bytes[1] = 0;
    assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_E_FRAME);
    params[0] = S7_FN_DOWNLOAD_END;
    assert_int_equal(s7_download_piece_decode(&pdu, &piece, &more), S7_E_FRAME);
}

static void s7_133_control_has_the_names_of_its_blocks(void **state)
{
    uint8_t buf[] = "\x28\0\0\0\0\0\0\xFD\0\x12\x02\0"
                    "0A00001B"
                    "0C12345A"
                    "\x05_DELE";
    struct s7_pdu pdu = {.param = buf, .param_len = sizeof buf - 1};
    enum s7_block_control control;
    struct s7_block_name name;
    struct s7_rd names;

    (void)state;
    assert_int_equal(s7_block_control_decode(&pdu, &control, &names), S7_OK);
    assert_int_equal(control, S7_BLOCK_DELETE);
    assert_true(s7_block_name_decode(&names, &name));
    assert_int_equal(name.number, 1);
    assert_true(s7_block_name_decode(&names, &name));
    assert_int_equal(name.type, 'C');
    assert_int_equal(name.number, 12345);
    assert_int_equal(name.where, 'A');
    assert_false(s7_block_name_decode(&names, &name));
    for (pdu.param_len = 0; pdu.param_len + 6 < sizeof buf - 1; pdu.param_len++)
        assert_int_equal(s7_block_control_decode(&pdu, &control, &names), S7_E_FRAME);
    pdu.param_len = sizeof buf - 1;
    buf[10] = 1; /* more names than it says */
    assert_int_equal(s7_block_control_decode(&pdu, &control, &names), S7_E_SYNTAX);
    buf[10] = 0;
    assert_int_equal(s7_block_control_decode(&pdu, &control, &names), S7_E_SYNTAX);
    buf[sizeof buf - 2] = 'X'; /* another service */
    assert_int_equal(s7_block_control_decode(&pdu, &control, &names), S7_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_as_it_was_written),
        cmocka_unit_test(s7_198_a_job_of_the_cpu_has_18_bytes),
        cmocka_unit_test(a_piece_has_the_bytes_that_it_says),
        cmocka_unit_test(s7_133_control_has_the_names_of_its_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
