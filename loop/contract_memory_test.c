/* Every allocation of a loop fails once. Linked with --wrap, so that only the loop's own calls are counted.
 */
#include "loop/contract_rig.h"
#include "loop/contract_test.h"

#include <stdlib.h>

static unsigned n_left; /* allocations until one fails; 0: none does */

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);

static bool fails_now(void)
{
    return n_left > 0 && --n_left == 0;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

struct attempt {
    s7_loop *loop;
    s7_listener *listener;
    s7_stream *client, *server;
    s7_timer timer;
    bool answered;
};

static void serve(s7_stream *stream, unsigned ready, void *arg)
{
    struct attempt *a = arg;
    uint8_t byte;

    (void)ready;
    if (s7_stream_read(stream, &byte, 1) == 1 && s7_stream_write(stream, &byte, 1) == 1)
        return;
    s7_stream_close(stream, S7_CLOSE_RST);
    a->server = NULL;
}

static void accept_it(s7_listener *listener, s7_stream *accepted, void *arg)
{
    struct attempt *a = arg;

    (void)listener;
    if (s7_stream_vanish(accepted, S7_VANISH_IN | S7_VANISH_OUT) != S7_OK ||
        s7_stream_vanish(accepted, 0) != S7_OK) {
        s7_stream_close(accepted, S7_CLOSE_RST);
        return;
    }
    a->server = accepted;
    s7_stream_set_fn(accepted, serve, a);
}

static void ask(s7_stream *stream, unsigned ready, void *arg)
{
    struct attempt *a = arg;
    uint8_t byte = 'x';

    if (ready == S7_READY_CONNECTED && s7_stream_write(stream, &byte, 1) == 1)
        return;
    if (ready != S7_READY_CONNECTED)
        a->answered = s7_stream_read(stream, &byte, 1) == 1;
    s7_loop_stop(a->loop);
}

static void give_up(s7_timer *timer, void *arg)
{
    (void)timer;
    s7_loop_stop(((struct attempt *)arg)->loop);
}

static s7_status try_on(struct attempt *a)
{
    s7_status status = s7_loop_listen(a->loop, "127.0.0.1", 0, accept_it, a, &a->listener, NULL);

    if (status != S7_OK)
        return status;
    status = s7_loop_dial(a->loop, "127.0.0.1", s7_listener_port(a->listener), ask, a, &a->client);
    if (status != S7_OK)
        return status;
    s7_timer_init(&a->timer, give_up, a);
    s7_timer_set(a->loop, &a->timer, s7_loop_now_ns(a->loop) + INT64_C(10000000000));
    status = rig_run_loop(a->loop);
    s7_timer_stop(&a->timer);
    return status;
}

/* Asked and answered, or an error in its proper place: S7_E_NOMEM, or a connection that breaks. */
static bool attempt(unsigned fail_at)
{
    struct attempt a = {0};

    n_left = fail_at;
    s7_status status = rig_make_loop(&a.loop);
    if (status == S7_OK)
        status = try_on(&a);
    n_left = 0;
    s7_stream_close(a.client, S7_CLOSE_FIN);
    s7_stream_close(a.server, S7_CLOSE_FIN);
    s7_listener_close(a.listener);
    rig_free_loop(a.loop);
    if (status != S7_OK && status != S7_E_NOMEM)
        fail_msg("allocation %u fails: status %d", fail_at, (int)status);
    return a.answered;
}

static void any_allocation_may_fail(void **state)
{
    unsigned fail_at = 1;

    (void)state;
    assert_true(attempt(0));
    for (;;) {
        bool answered = attempt(fail_at);

        /* The loop needs memory for itself, the listener and two streams at least. */
        if (answered && fail_at > 4)
            break;
        fail_at++;
        assert_in_range(fail_at, 1, 100);
    }
}

int contract_run_memory(const char *name)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
