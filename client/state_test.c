/* on_connect and on_disconnect. */
#include "client/plc_thread.h"
#include "client/test_names.h"

enum trick { NO_TRICK, CALL, CLOSE, FREE };

static struct {
    unsigned ups, downs;
    pthread_t thread;
    s7_status why;
    char came[S7_CAME_CAP];
    enum trick up_trick, down_trick;
    s7_status called;
    bool connected;
} told;

static void play(enum trick trick, s7_client *client)
{
    uint8_t value;

    told.thread = pthread_self();
    told.connected = s7_client_is_connected(client);
    if (trick == CALL)
        told.called = s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value);
    if (trick == CLOSE)
        s7_client_close(client);
    if (trick == FREE)
        s7_client_free(client);
}

static void up(s7_client *client, void *user)
{
    assert_ptr_equal(user, &told);
    assert_int_equal(told.ups, told.downs); /* in turn */
    told.ups++;
    play(told.up_trick, client);
    if (told.up_trick != NO_TRICK)
        assert_true(told.connected);
}

static void down(s7_client *client, const s7_errinfo *why, void *user)
{
    assert_ptr_equal(user, &told);
    told.downs++;
    assert_int_equal(told.ups, told.downs);
    told.why = why->status;
    snprintf(told.came, sizeof told.came, "%s", why->came);
    play(told.down_trick, client);
    assert_false(told.connected);
}

static s7_client *told_client(bool auto_reconnect)
{
    s7_client_options options;
    s7_client *client = NULL;

    memset(&told, 0, sizeof told);
    s7_client_options_init(&options);
    options.auto_reconnect = auto_reconnect;
    options.on_connect = up;
    options.on_disconnect = down;
    options.user = &told;
    options.request_ms = options.handshake_ms = PATIENCE_MS;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    return client;
}

static void each_connection_is_told_up_and_down_once_on_the_calling_thread(void **state)
{
    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = told_client(false);
    s7_client_close(client);
    assert_int_equal(told.ups + told.downs, 0);
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(s7_client_connect(client, NULL), S7_OK);
        assert_int_equal(told.ups, i);
        assert_true(pthread_equal(told.thread, pthread_self()));
        assert_int_equal(s7_client_connect(client, NULL), S7_E_MISUSE);
        s7_client_close(client);
        s7_client_close(client);
        assert_int_equal(told.downs, i);
        assert_int_equal(told.why, S7_E_CANCELLED);
        expect_text(told.came, "s7_client_close");
    }
    s7_client_free(client);
    assert_int_equal(told.downs, 3);
    server_stop();
}

static void the_reason_is_what_the_call_saw(void **state)
{
    static const struct {
        enum act act;
        s7_status why;
    } cases[] = {{FIN, S7_E_CLOSED}, {RST, S7_E_RESET}, {DR, S7_E_CLOSED}, {GARBAGE, S7_E_FRAME}};
    uint8_t value;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        server_start(240, 1, cases[i].act, 2);
        s7_client *client = told_client(false);
        assert_int_equal(s7_client_connect(client, NULL), S7_OK);
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), cases[i].why);
        assert_int_equal(told.downs, 1);
        assert_int_equal(told.why, cases[i].why);
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
        s7_client_free(client);
        assert_int_equal(told.downs, 1);
        server_stop();
    }
}

static void a_connection_that_never_came_up_is_not_told(void **state)
{
    (void)state;
    server_start(240, 1, DR, 1);
    s7_client *client = told_client(false);
    assert_int_equal(s7_client_connect(client, NULL), S7_E_COTP_REFUSED);
    s7_client_free(client);
    assert_int_equal(told.ups + told.downs, 0);
    server_stop();
}

static void connecting_again_is_told_in_turn(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, FIN, 3);
    s7_client *client = told_client(true);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    assert_int_equal(told.ups, 4);
    assert_int_equal(told.downs, 3);
    s7_client_free(client);
    assert_int_equal(told.downs, 4);
    server_stop();
}

static void calls_from_inside_are_misuse_and_close_does_nothing(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = told_client(false);
    told.up_trick = told.down_trick = CALL;
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(told.called, S7_E_MISUSE);
    told.called = S7_OK;
    s7_client_close(client);
    assert_int_equal(told.called, S7_E_MISUSE);
    told.up_trick = told.down_trick = CLOSE;
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    s7_client_free(client);
    assert_int_equal(told.downs, 2);
    server_stop();
}

static void a_client_may_be_freed_from_inside(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, FIN, 2);
    s7_client *client = told_client(false);
    told.up_trick = FREE;
    assert_int_equal(s7_client_connect(client, NULL), S7_OK); /* the last call */
    assert_int_equal(told.downs, 1);

    client = told_client(false);
    told.down_trick = FREE;
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_CLOSED);
    assert_int_equal(told.downs, 1);

    client = told_client(false);
    told.down_trick = FREE;
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    s7_client_free(client); /* and in the end of this one again */
    assert_int_equal(told.downs, 1);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_connection_is_told_up_and_down_once_on_the_calling_thread),
        cmocka_unit_test(the_reason_is_what_the_call_saw),
        cmocka_unit_test(a_connection_that_never_came_up_is_not_told),
        cmocka_unit_test(connecting_again_is_told_in_turn),
        cmocka_unit_test(calls_from_inside_are_misuse_and_close_does_nothing),
        cmocka_unit_test(a_client_may_be_freed_from_inside),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.state");
}
