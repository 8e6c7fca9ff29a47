/* Downloads and deletions by the calls of s7rig/services.h, to the fake PLC, which keeps the blocks. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/pool.h>
#include <s7rig/services.h>

/* Its connection's frames: 0 CR, 1 setup, 2 request, 3 to 5 pieces, 6 end, 7 insertion. */
#define PIECE_FRAME     3
#define INSERTION_FRAME 7

static s7_client *client;
static uint8_t block[FAKE_BLOCK_LEN];

static void begin_with(enum act act, unsigned act_frame)
{
    s7_client_options options;

    server_start(240, 1, act, act_frame);
    s7_client_options_init(&options);
    options.request_ms = PATIENCE_MS;
    options.allow_control = true;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, S7_WITHIN(PATIENCE_MS)), S7_OK);
}

static void begin(void)
{
    begin_with(ANSWER, 0);
}

static void end(void)
{
    s7_client_free(client);
    server_stop();
}

static void s7_139_what_was_uploaded_downloads_to_the_same_bytes(void **state)
{
    uint8_t got[FAKE_BLOCK_LEN];
    s7_block_head head = {.struct_size = sizeof head};
    size_t len;

    (void)state;
    begin();
    fake_make_block(block, sizeof block, 0x0A, 1);
    assert_int_equal(s7_block_download(client, NULL, S7_BLOCK_DB, 1, block, sizeof block), S7_OK);
    assert_int_equal(s7_block_upload(client, NULL, S7_BLOCK_DB, 1, got, sizeof got, &len), S7_OK);
    assert_int_equal(len, sizeof block);
    assert_memory_equal(got, block, sizeof block);
    assert_int_equal(s7_block_download(client, NULL, S7_BLOCK_DB, 1, got, len), S7_OK);
    assert_int_equal(s7_block_upload(client, NULL, S7_BLOCK_DB, 1, got, sizeof got, &len), S7_OK);
    assert_memory_equal(got, block, sizeof block);
    assert_int_equal(s7_block_download(client, NULL, S7_BLOCK_DB, 300, got, len), S7_OK);
    assert_int_equal(s7_block_upload(client, NULL, S7_BLOCK_DB, 300, got, sizeof got, &len), S7_OK);
    assert_int_equal(s7_block_head_get(got, len, &head, NULL), S7_OK);
    assert_int_equal(head.number, 300);
    got[6] = 0; /* else the same, but for the checksum */
    got[7] = 1;
    memcpy(got + sizeof got - 10, block + sizeof block - 10, 2);
    assert_memory_equal(got, block, sizeof block);
    end();
    assert_int_equal(server.plc.services.controls, 3);
}

static void a_block_is_deleted_once(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    fake_make_block(block, sizeof block, 0x0E, 65535);
    assert_int_equal(s7_block_download(client, NULL, S7_BLOCK_FB, 65535, block, sizeof block), S7_OK);
    assert_int_equal(s7_block_delete(client, NULL, S7_BLOCK_FB, 65535), S7_OK);
    assert_int_equal(s7_block_delete(client, &ctx, S7_BLOCK_FB, 65535), S7_E_PLC);
    assert_int_equal(err.plc_error, 0xD209);
    expect_text(err.asked, "delete FB65535 in 127.0.0.1:");
    assert_int_equal(s7_block_delete(client, NULL, (s7_block_type)0x39, 1), S7_E_ARG);
    end();
}

static void what_a_plc_does_not_take_is_told_with_its_step(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    fake_make_block(block, sizeof block, 0x0A, 1);
    server.plc.services.store.refuse_end = 0xD20F;
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_DB, 1, block, sizeof block), S7_E_PLC);
    expect_text(err.asked, "download DB1 to 127.0.0.1:");
    expect_text(err.came, "D20F block too large");
    end();
    assert_int_equal(server.plc.services.controls, 0);
    begin();
    server.plc.services.store.refuse_insertion = 0xD2A9;
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_DB, 1, block, sizeof block), S7_E_PLC);
    expect_text(err.asked, "insert DB1, which was downloaded, in 127.0.0.1:");
    expect_text(err.hint, "wait a moment and repeat");
    end();
    begin_with(REFUSE, 2);
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_DB, 1, block, sizeof block), S7_E_PLC);
    expect_text(err.hint, "this PLC does not have the service");
    end();
}

static s7_status lost_at(enum act act, unsigned frame, s7_errinfo *err)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = act == SILENT ? 50 : PATIENCE_MS, .err = err};
    s7_datetime datetime;

    begin_with(act, frame);
    s7_status status = s7_block_download(client, &ctx, S7_BLOCK_DB, 1, block, sizeof block);
    if (act != SILENT || frame < INSERTION_FRAME) /* what breaks off is closed */
        assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_E_NOT_CONNECTED);
    end();
    assert_int_equal(server.plc.services.controls, frame == INSERTION_FRAME);
    return status;
}

static void s7_154_a_download_that_is_lost_is_unknown_only_while_it_is_inserted(void **state)
{
    static const struct {
        enum act act;
        s7_status status;
    } ends[] = {{FIN, S7_E_CLOSED}, {RST, S7_E_RESET}, {SILENT, S7_E_TIMEOUT}};

    (void)state;
    fake_make_block(block, sizeof block, 0x0A, 1);
    for (unsigned i = 0; i < 3; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;

        assert_int_equal(lost_at(ends[i].act, PIECE_FRAME, &err), ends[i].status);
        expect_text(err.came, "after 222 of 500 bytes; the block was not inserted");
        assert_int_equal(lost_at(ends[i].act, INSERTION_FRAME, &err), S7_E_OUTCOME_UNKNOWN);
        expect_text(err.asked, "insert DB1, which was downloaded, in");
        expect_text(err.hint, "blocks");
    }
}

static void a_plc_that_does_otherwise_is_left_at_once(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    s7_datetime datetime;

    (void)state;
    begin();
    fake_make_block(block, sizeof block, 0x0A, 1);
    server.plc.services.store.ends_early = true;
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_DB, 1, block, sizeof block), S7_E_PROTOCOL);
    expect_text(err.came, "the PLC ended the download early, after 222 of 500 bytes");
    assert_false(s7_client_is_connected(client));
    assert_int_equal(s7_client_connect(client, S7_WITHIN(PATIENCE_MS)), S7_OK);
    assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_OK);
    end();
    assert_int_equal(server.plc.services.controls, 0);
}

static void bytes_that_are_no_block_are_not_sent(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_block_head head = {.struct_size = sizeof head};

    (void)state;
    begin();
    fake_make_block(block, sizeof block, 0x0A, 1);
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_DB, 1, block, sizeof block - 1), S7_E_ARG);
    expect_text(err.came, "says that it has 500 bytes, and there are 499");
    assert_int_equal(s7_block_head_get(block, sizeof block - 1, &head, &err), S7_E_ARG);
    expect_text(err.came, "says that it has 500 bytes, and there are 499");
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_OB, 1, block, sizeof block), S7_E_ARG);
    expect_text(err.came, "of another type");
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_SFC, 1, block, sizeof block), S7_E_ARG);
    assert_int_equal(s7_block_download(client, &ctx, (s7_block_type)7, 1, block, sizeof block), S7_E_ARG);
    assert_int_equal(s7_block_download(client, &ctx, S7_BLOCK_DB, 1, NULL, 0), S7_E_ARG);
    assert_int_equal(s7_block_head_get(NULL, 0, &head, NULL), S7_E_ARG);
    assert_int_equal(s7_block_head_get(block, sizeof block, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_block_head_get(block, sizeof block, &head, NULL), S7_OK);
    assert_int_equal(head.type, S7_BLOCK_DB);
    assert_int_equal(head.data_len, 400);
    assert_string_equal(s7_block_type_name(head.type), "DB");
    assert_string_equal(s7_block_type_name((s7_block_type)0), "");
    assert_int_equal(info_of(client).requests, 0);
    end();
}

static void a_lease_whose_download_broke_off_is_followed_by_a_good_one(void **state)
{
    s7_pool_options options;
    s7_pool *pool;
    s7_client *lease;
    s7_datetime datetime;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    server.plc.services.store.ends_early = true;
    s7_pool_options_init(&options);
    options.size = 1;
    options.client.allow_control = true;
    fake_make_block(block, sizeof block, 0x0A, 1);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &lease), S7_OK);
        assert_int_equal(s7_clock_get(lease, S7_WITHIN(PATIENCE_MS), &datetime), S7_OK);
        assert_int_equal(
            s7_block_download(lease, S7_WITHIN(PATIENCE_MS), S7_BLOCK_DB, 1, block, sizeof block),
            S7_E_PROTOCOL);
        assert_int_equal(s7_pool_put(pool, lease), S7_OK);
    }
    s7_pool_free(pool);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_139_what_was_uploaded_downloads_to_the_same_bytes),
        cmocka_unit_test(a_block_is_deleted_once),
        cmocka_unit_test(what_a_plc_does_not_take_is_told_with_its_step),
        cmocka_unit_test(s7_154_a_download_that_is_lost_is_unknown_only_while_it_is_inserted),
        cmocka_unit_test(a_plc_that_does_otherwise_is_left_at_once),
        cmocka_unit_test(bytes_that_are_no_block_are_not_sent),
        cmocka_unit_test(a_lease_whose_download_broke_off_is_followed_by_a_good_one),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.services_download");
}
