#include "loop/loop.h"

#include "loop/loop_impl.h"

#include <stddef.h>
#include <stdlib.h>

/* ---- the loop ---- */

void s7_loop_impl_init(s7_loop *loop, const struct s7_loop_ops *ops)
{
    *loop = (s7_loop){.ops = ops};
}

bool s7_loop_impl_alive(const s7_loop *loop)
{
    return loop->n_streams > 0 || loop->n_listeners > 0 || loop->timers != NULL;
}

int64_t s7_loop_now_ns(const s7_loop *loop)
{
    return loop->ops->now_ns != NULL ? loop->ops->now_ns(loop) : loop->now_ns;
}

int64_t s7_loop_clock_ns(const s7_loop *loop)
{
    return loop->ops->clock_ns != NULL ? loop->ops->clock_ns() : s7_loop_now_ns(loop);
}

int64_t s7_loop_wall_ms(const s7_loop *loop)
{
    return loop->ops->wall_ms(loop);
}

int64_t s7_loop_slept_ns(const s7_loop *loop)
{
    return loop->ops->slept_ns(loop);
}

uint64_t s7_loop_random(s7_loop *loop)
{
    return loop->ops->random(loop);
}

s7_status s7_loop_run(s7_loop *loop)
{
    s7_status status = loop->ops->run(loop);

    /* Not cleared at the start: a stop that comes before the run, from a signal say, is not lost. */
    loop->stopping = false;
    return status;
}

void s7_loop_stop(s7_loop *loop)
{
    loop->stopping = true;
}

void s7_loop_wake(s7_loop *loop)
{
    loop->ops->wake(loop);
}

void s7_loop_free(s7_loop *loop)
{
    if (loop != NULL)
        loop->ops->free(loop);
}

/* ---- timers ---- */

static s7_timer *timer_of(struct s7_heap_node *node)
{
    return (s7_timer *)(void *)((char *)node - offsetof(s7_timer, node));
}

int64_t s7_loop_impl_next_timer(const s7_loop *loop)
{
    return loop->timers != NULL ? loop->timers->at_ns : S7_NEVER_NS;
}

void s7_timer_init(s7_timer *timer, s7_timer_fn *fn, void *arg)
{
    *timer = (s7_timer){.fn = fn, .arg = arg};
}

static void timer_remove(s7_timer *timer)
{
    if (timer->loop == NULL)
        return;
    timer->loop->timers = s7_heap_remove(timer->loop->timers, &timer->node);
    timer->loop = NULL;
}

static void timer_insert(s7_loop *loop, s7_timer *timer, int64_t at_ns)
{
    int64_t now_ns = s7_loop_now_ns(loop);

    timer->loop = loop;
    /* Counted as now, a late timer sorts behind every timer that is due already: run_timers relies on it. */
    timer->node.at_ns = at_ns > now_ns ? at_ns : now_ns;
    timer->node.seq = ++loop->timer_seq;
    loop->timers = s7_heap_insert(loop->timers, &timer->node);
}

static void tell_if_changed(s7_loop *loop, int64_t next_before_ns)
{
    if (loop->ops->timer_changed != NULL && s7_loop_impl_next_timer(loop) != next_before_ns)
        loop->ops->timer_changed(loop);
}

void s7_timer_set(s7_loop *loop, s7_timer *timer, int64_t at_ns)
{
    int64_t next_ns = s7_loop_impl_next_timer(loop);

    if (timer->loop == loop)
        timer_remove(timer);
    else
        s7_timer_stop(timer);
    if (at_ns != S7_NEVER_NS)
        timer_insert(loop, timer, at_ns);
    tell_if_changed(loop, next_ns);
}

void s7_timer_stop(s7_timer *timer)
{
    s7_loop *loop = timer->loop;

    if (loop == NULL)
        return;
    int64_t next_ns = s7_loop_impl_next_timer(loop);
    timer_remove(timer);
    tell_if_changed(loop, next_ns);
}

unsigned s7_loop_impl_run_timers(s7_loop *loop)
{
    uint64_t newest = loop->timer_seq;
    int64_t next_ns = s7_loop_impl_next_timer(loop);
    unsigned n_called = 0;

    while (loop->timers != NULL && loop->timers->at_ns <= loop->now_ns && loop->timers->seq <= newest) {
        s7_timer *timer = timer_of(loop->timers);

        timer_remove(timer);
        n_called++;
        timer->fn(timer, timer->arg);
    }
    if (n_called > 0)
        tell_if_changed(loop, next_ns);
    return n_called;
}

/* ---- turn hooks ---- */

void s7_turn_hook_add(s7_loop *loop, s7_turn_hook *hook, s7_turn_fn *fn, void *arg)
{
    s7_turn_hook **end = &loop->hooks;

    while (*end != NULL)
        end = &(*end)->next;
    *hook = (s7_turn_hook){.fn = fn, .arg = arg, .loop = loop, .added_in = loop->hook_pass};
    *end = hook;
}

void s7_turn_hook_remove(s7_turn_hook *hook)
{
    if (hook->loop == NULL)
        return;
    s7_turn_hook **link = &hook->loop->hooks;

    while (*link != hook)
        link = &(*link)->next;
    *link = hook->next;
    if (hook->loop->hook_next == hook)
        hook->loop->hook_next = hook->next;
    hook->loop = NULL;
}

void s7_loop_impl_run_hooks(s7_loop *loop)
{
    uint64_t pass = ++loop->hook_pass;

    for (s7_turn_hook *hook = loop->hooks; hook != NULL; hook = loop->hook_next) {
        loop->hook_next = hook->next;
        if (hook->added_in != pass)
            hook->fn(loop, hook->arg);
    }
    loop->hook_next = NULL;
}

/* ---- streams ---- */

void s7_loop_impl_stream_init(s7_loop *loop, s7_stream *stream)
{
    stream->loop = loop;
    stream->want = S7_READY_READ;
    stream->ordinal = ++loop->last_ordinal;
    loop->n_streams++;
}

void s7_loop_impl_fail(s7_stream *stream, s7_status error, int os_errno)
{
    if (stream->error != S7_OK)
        return;
    stream->error = error;
    stream->os_errno = os_errno;
}

s7_status s7_loop_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream_fn *fn, void *arg,
                       s7_stream **out)
{
    s7_stream *stream;
    s7_status status = loop->ops->dial(loop, host, port, &stream);

    if (status != S7_OK)
        return status;
    s7_stream_set_fn(stream, fn, arg);
    *out = stream;
    return S7_OK;
}

s7_status s7_stream_error(const s7_stream *stream)
{
    return stream->error;
}

int s7_stream_errno(const s7_stream *stream)
{
    return stream->os_errno;
}

void s7_stream_want(s7_stream *stream, unsigned want)
{
    want &= S7_READY_READ | S7_READY_WRITE;
    if (stream->shut)
        want &= ~(unsigned)S7_READY_WRITE; /* always "ready" for a write that must fail */
    if (want == stream->want)
        return;
    stream->want = want;
    stream->loop->ops->want_changed(stream);
}

ssize_t s7_stream_read(s7_stream *stream, uint8_t *buf, size_t cap)
{
    if (cap == 0)
        return S7_AGAIN;
    return stream->loop->ops->read(stream, buf, cap);
}

ssize_t s7_stream_write(s7_stream *stream, const uint8_t *bytes, size_t len)
{
    if (stream->shut)
        s7_loop_impl_fail(stream, S7_E_MISUSE, 0);
    if (stream->error != S7_OK)
        return -1;
    if (len == 0)
        return 0;
    return stream->loop->ops->write(stream, bytes, len);
}

void s7_stream_set_fn(s7_stream *stream, s7_stream_fn *fn, void *arg)
{
    stream->fn = fn;
    stream->arg = arg;
    stream->loop->ops->want_changed(stream);
}

void s7_stream_shutdown(s7_stream *stream)
{
    if (stream->shut)
        return;
    s7_stream_want(stream, stream->want & ~(unsigned)S7_READY_WRITE);
    stream->shut = true;
    stream->loop->ops->shutdown(stream);
}

void s7_stream_close(s7_stream *stream, enum s7_close_how how)
{
    if (stream == NULL)
        return;
    s7_loop *loop = stream->loop;

    stream->fn = NULL;
    loop->ops->close(stream, how);
    loop->n_streams--;
    stream->next_parked = loop->parked_streams;
    loop->parked_streams = stream;
}

void s7_stream_set_options(s7_stream *stream, const struct s7_tcp_options *options)
{
    stream->loop->ops->set_options(stream, options);
}

s7_status s7_stream_vanish(s7_stream *stream, unsigned directions)
{
    return stream->loop->ops->vanish(stream, directions & (S7_VANISH_IN | S7_VANISH_OUT));
}

void s7_stream_set_buffer(s7_stream *stream, uint32_t len)
{
    stream->loop->ops->set_buffer(stream, len);
}

uint64_t s7_stream_ordinal(const s7_stream *stream)
{
    return stream->ordinal;
}

const char *s7_stream_peer(const s7_stream *stream)
{
    return stream->peer;
}

/* ---- listeners ---- */

s7_status s7_loop_listen(s7_loop *loop, const char *host, uint16_t port, s7_accept_fn *fn, void *arg,
                         s7_listener **out, int *os_errno)
{
    s7_listener *listener;
    int ignored;
    s7_status status = loop->ops->listen(loop, host, port, &listener, os_errno != NULL ? os_errno : &ignored);

    if (status != S7_OK)
        return status;
    listener->loop = loop;
    listener->fn = fn;
    listener->arg = arg;
    loop->n_listeners++;
    *out = listener;
    return S7_OK;
}

uint16_t s7_listener_port(const s7_listener *listener)
{
    return listener->port;
}

s7_status s7_listener_lose(s7_listener *listener, const struct s7_loss *loss)
{
    return listener->loop->ops->listener_lose(listener, loss);
}

s7_status s7_listener_refuse(s7_listener *listener, bool refuse, int *os_errno)
{
    int ignored;

    if (listener->refuses == refuse)
        return S7_OK;
    s7_status status =
        listener->loop->ops->listener_refuse(listener, refuse, os_errno != NULL ? os_errno : &ignored);
    if (status == S7_OK)
        listener->refuses = refuse;
    return status;
}

void s7_listener_close(s7_listener *listener)
{
    if (listener == NULL)
        return;
    s7_loop *loop = listener->loop;

    loop->ops->listener_close(listener);
    loop->n_listeners--;
    listener->next_parked = loop->parked_listeners;
    loop->parked_listeners = listener;
}

void s7_loop_impl_free_parked(s7_loop *loop)
{
    while (loop->parked_streams != NULL) {
        s7_stream *stream = loop->parked_streams;

        loop->parked_streams = stream->next_parked;
        free(stream);
    }
    while (loop->parked_listeners != NULL) {
        s7_listener *listener = loop->parked_listeners;

        loop->parked_listeners = listener->next_parked;
        free(listener);
    }
}
