#include "client/plc_thread.h"
#include "client/test_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

static void s7_013_every_failure_to_connect_says_what_happened(void **state)
{
    static const struct {
        enum act act;
        unsigned frame;
        s7_status status;
        const char *came;
    } cases[] = {
        {DR, 0, S7_E_COTP_REFUSED, "reason 02"},
        {FIN, 0, S7_E_COTP_REFUSED, "closed"},
        {RST, 0, S7_E_COTP_REFUSED, "reset"},
        {SILENT, 0, S7_E_TIMEOUT, "no answer to the COTP connection request"},
        {GARBAGE, 0, S7_E_FRAME, "TPKT version 72"},
        {SILENT, 1, S7_E_TIMEOUT, "no answer to setup communication"},
        {FIN, 1, S7_E_CLOSED, "setup"},
        {GARBAGE, 1, S7_E_FRAME, "TPKT version 72"},
    };
    uint8_t value;

    (void)state;
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

        server_start(240, 1, cases[c].act, cases[c].frame);
        /* Silence costs its whole time, and what comes before it must fit into that on a busy machine. */
        s7_client *client = new_client(PATIENCE_MS, cases[c].act != SILENT ? PATIENCE_MS
                                                    : cases[c].frame == 0  ? 50
                                                                           : 1000);
        for (unsigned again = 0; again < 2; again++) { /* after a failure it may be called again */
            s7_status status = s7_client_connect(client, &ctx);
            if (status != cases[c].status)
                fail_msg("case %u: %s (%s), expected %s", c, s7_errname(status), err.came,
                         s7_errname(cases[c].status));
            expect_text(err.came, cases[c].came);
            expect_text(err.asked, "rack 0, slot 1, OP");
            assert_true(err.hint[0] != '\0');
            assert_false(s7_client_is_connected(client));
        }
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
        s7_client_free(client);
        server_stop();
    }
}

/* A port that nobody can listen at, since it is ours. */
static int bound_port(char *endpoint, size_t cap)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(endpoint, cap, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

static void a_port_where_nobody_listens_refuses_and_a_strange_name_does_not_resolve(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_client *client;
    char endpoint[32];

    (void)state;
    int fd = bound_port(endpoint, sizeof endpoint);
    assert_int_equal(s7_client_new(endpoint, NULL, &client, &err), S7_OK);
    assert_int_equal(s7_client_connect(client, &ctx), S7_E_REFUSED);
    close(fd);
    assert_int_equal(err.os_errno, ECONNREFUSED);
    expect_text(err.hint, "10102");
    s7_client_free(client);
    assert_int_equal(s7_client_new("plc:0", NULL, &client, &err), S7_E_SYNTAX);
    expect_text(err.came, "character 5");
}

static void a_short_deadline_ends_the_handshake(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 20, .err = &err};
    s7_client_options options;
    s7_client *client;

    (void)state;
    server_start(240, 1, SILENT, 0);
    s7_client_options_init(&options);
    options.handshake_ms = 3600000;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, &ctx), S7_E_TIMEOUT);
    expect_text(err.came, "no answer to the COTP");
    s7_client_free(client);
    server_stop();
}

static void close_and_connect_again_work_at_any_time(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = new_client(PATIENCE_MS, PATIENCE_MS);
    s7_client_close(client);
    s7_client_close(NULL);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(s7_client_connect(client, NULL), S7_OK);
        assert_int_equal(s7_client_connect(client, NULL), S7_E_MISUSE);
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
        s7_client_close(client);
        assert_false(s7_client_is_connected(client));
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
        assert_int_equal(info_of(client).connects, i);
        assert_int_equal(info_of(client).pdu_len, 0);
    }
    s7_client_free(client);
    s7_client_free(NULL);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_013_every_failure_to_connect_says_what_happened),
        cmocka_unit_test(a_port_where_nobody_listens_refuses_and_a_strange_name_does_not_resolve),
        cmocka_unit_test(a_short_deadline_ends_the_handshake),
        cmocka_unit_test(close_and_connect_again_work_at_any_time),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.client_connect");
}
