#include "client/conn_user.h"

struct conn_user user;

static void called(void)
{
    if (user.calls++ == user.trick_at && user.trick != NULL)
        user.trick();
}

void told_fn(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct told *told = arg;

    assert_ptr_equal(conn, user.conn);
    assert_true((status == S7_OK) == (err == NULL));
    told->times++;
    told->status = status;
    if (err != NULL)
        told->err = *err;
    called();
}

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    assert_ptr_equal(arg, &user);
    if (user.conn != NULL)
        assert_ptr_equal(conn, user.conn);
    if (up) {
        assert_int_equal(s7_conn_state_get(conn), S7_CONN_UP);
        assert_null(err);
        user.ups++;
    } else {
        user.ends++;
        user.end = why;
        user.end_err = *err;
        user.at_end = s7_conn_state_get(conn);
    }
    called();
}

void user_options(s7_client_options *options)
{
    s7_client_options_init(options);
    options->connect_ms = 1000;
    options->handshake_ms = 2000;
    options->request_ms = 500;
}

void user_open(const s7_client_options *options)
{
    s7_client_options usual;

    user_options(&usual);
    user = (struct conn_user){.trick_at = UINT32_MAX};
    assert_int_equal(s7_conn_new(world.loop, WORLD_ENDPOINT, options != NULL ? options : &usual, on_state,
                                 &user, &user.conn, NULL),
                     S7_OK);
    assert_int_equal(s7_conn_open(user.conn, NULL), S7_OK);
}

void user_up(const s7_client_options *options)
{
    user_open(options);
    while (user.calls == 0)
        run_for(1);
    assert_int_equal(user.ups, 1);
}

void user_down(void)
{
    s7_conn_free(user.conn);
    user.conn = NULL;
}

void expect_told(const struct told *told, s7_status status)
{
    if (told->times != 1 || told->status != status)
        fail_msg("told %u times, %s (%s), expected %s", told->times, s7_errname(told->status), told->err.came,
                 s7_errname(status));
}
