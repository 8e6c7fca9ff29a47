#include "client/log.h"

#include "client/plc_thread.h"
#include "client/test_names.h"

#define MAX_MESSAGES 16

static struct {
    unsigned n;
    s7_log_level levels[MAX_MESSAGES];
    char texts[MAX_MESSAGES][700];
} said;

static s7_client *plc;
static bool frees; /* when a connection ends */

static void listen_to(s7_log_level level, const char *message, void *user)
{
    uint8_t value;

    assert_ptr_equal(user, &said);
    assert_true(said.n < MAX_MESSAGES);
    said.levels[said.n] = level;
    snprintf(said.texts[said.n++], sizeof said.texts[0], "%s", message);
    if (plc == NULL)
        return;
    assert_int_equal(s7_read_u8(plc, NULL, S7_AREA_DB, 1, 0, &value), S7_E_MISUSE);
    s7_client_close(plc); /* nothing happens */
    if (frees && strstr(message, "ended") != NULL)
        s7_client_free(plc);
}

static void expect_said(unsigned i, s7_log_level level, const char *text)
{
    if (i >= said.n)
        fail_msg("only %u messages, expected \"%s\"", said.n, text);
    assert_int_equal(said.levels[i], level);
    expect_text(said.texts[i], text);
}

static void new_plc(void)
{
    s7_client_options options;

    memset(&said, 0, sizeof said);
    frees = false;
    s7_client_options_init(&options);
    options.auto_reconnect = true;
    options.on_log = listen_to;
    options.user = &said;
    assert_int_equal(s7_client_new(server.endpoint, &options, &plc, NULL), S7_OK);
}

static void the_life_of_a_connection_is_told(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, HOLD, 2);
    new_plc();
    assert_int_equal(s7_client_connect(plc, NULL), S7_OK);
    assert_int_equal(s7_read_u8(plc, S7_WITHIN(30), S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    server_wait_for_held();
    server_release();
    assert_int_equal(s7_read_u8(plc, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    server_drop();
    assert_int_equal(s7_read_db(plc, S7_WITHIN(30), 1, 0, &value, 1), S7_E_TIMEOUT); /* frame 2 again */
    s7_client_free(plc);
    plc = NULL;
    server_stop();
    expect_said(0, S7_LOG_INFO, "connected to 127.0.0.1:");
    expect_text(said.texts[0], "PDU length 240, jobs 1 and 1");
    expect_said(1, S7_LOG_INFO, "a late answer from 127.0.0.1:");
    expect_said(2, S7_LOG_WARNING, "ended: the peer closed the connection");
    expect_said(3, S7_LOG_INFO, "again, 0 failed in a row");
    expect_said(4, S7_LOG_INFO, "connected to");
    expect_said(5, S7_LOG_INFO, "was closed");
    assert_int_equal(said.n, 6);
}

static void an_attempt_that_failed_is_told_with_what_to_try(void **state)
{
    (void)state;
    server_start(240, 1, DR, 0);
    new_plc();
    assert_int_equal(s7_client_connect(plc, NULL), S7_E_COTP_REFUSED);
    s7_client_free(plc);
    plc = NULL;
    server_stop();
    assert_int_equal(said.n, 1);
    expect_said(0, S7_LOG_WARNING, "connect to 127.0.0.1:");
    expect_text(said.texts[0], "reason 02");
    expect_text(said.texts[0], "; try: ");
}

static void a_frame_that_is_none_is_told_and_the_client_may_be_freed_there(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, GARBAGE, 2);
    new_plc();
    assert_int_equal(s7_client_connect(plc, NULL), S7_OK);
    frees = true;
    assert_int_equal(s7_read_u8(plc, NULL, S7_AREA_DB, 1, 0, &value), S7_E_FRAME);
    plc = NULL;
    server_stop();
    expect_said(1, S7_LOG_WARNING, "ended: TPKT version 72");
    assert_int_equal(said.n, 2);
}

static void answers_that_do_not_fit_are_told(void **state)
{
    struct s7_event event = {
        .kind = S7_EVENT_FAILED, .status = S7_E_PROTOCOL, .detail = "of another function"};

    (void)state;
    snprintf(server.endpoint, sizeof server.endpoint, "127.0.0.1:1");
    new_plc();
    s7_client *client = plc;
    plc = NULL;
    s7_log_event((struct s7_direct *)client, &event, true);
    expect_said(0, S7_LOG_WARNING, "an answer from 127.0.0.1:1 was refused: of another function");
    event.status = S7_E_TIMEOUT;
    s7_log_event((struct s7_direct *)client, &event, true);
    event = (struct s7_event){.kind = S7_EVENT_CLOSED, .status = S7_E_RESET};
    s7_log_event((struct s7_direct *)client, &event, false); /* the attempt says it */
    s7_log_strays((struct s7_direct *)client);
    assert_int_equal(said.n, 1);
    s7_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_life_of_a_connection_is_told),
        cmocka_unit_test(an_attempt_that_failed_is_told_with_what_to_try),
        cmocka_unit_test(a_frame_that_is_none_is_told_and_the_client_may_be_freed_there),
        cmocka_unit_test(answers_that_do_not_fit_are_told),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.log");
}
