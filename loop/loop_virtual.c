#include "loop/loop_virtual.h"

#include "loop/random.h"
#include "loop/virtual_impl.h"

#include <stdlib.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- turns ---- */

/* The time of the next turn; S7_NEVER_NS: nothing will happen unless somebody from outside makes it. */
static int64_t next_turn_ns(struct virtual_loop *l)
{
    int64_t timer_ns = s7_loop_impl_next_timer(&l->base), packet_ns = virtual_net_next(l);

    if (atomic_load(&l->woken) || virtual_net_is_ready(l))
        return l->base.now_ns;
    return timer_ns < packet_ns ? timer_ns : packet_ns;
}

static void take_turn(struct virtual_loop *l, int64_t at_ns)
{
    if (at_ns > l->base.now_ns) {
        l->base.now_ns = at_ns;
        l->turns_at_now = 0;
    }
    l->turns_at_now++;
    atomic_store(&l->woken, false);
    virtual_net_deliver(l);
    virtual_net_call_ready(l);
    unsigned n_timers = s7_loop_impl_run_timers(&l->base);
    if (n_timers > 0)
        virtual_trace_event(l, EVENT_TIMERS, 0, n_timers, NULL, 0);
    s7_loop_impl_run_hooks(&l->base);
    s7_loop_impl_free_parked(&l->base);
}

static bool is_stuck(const struct virtual_loop *l)
{
    return l->turns_at_now > S7_VIRTUAL_TURNS_MAX;
}

static bool has_work(struct virtual_loop *l)
{
    return s7_loop_impl_alive(&l->base) || atomic_load(&l->woken);
}

static s7_status loop_virtual_run(s7_loop *loop)
{
    struct virtual_loop *l = virtual_loop_of(loop);

    l->turns_at_now = 0;
    while (!loop->stopping && has_work(l)) {
        int64_t at_ns = next_turn_ns(l);

        if (at_ns == S7_NEVER_NS)
            break;
        if (is_stuck(l))
            return S7_E_MISUSE;
        take_turn(l, at_ns);
    }
    return S7_OK;
}

static bool run_until(struct virtual_loop *l, int64_t until_ns)
{
    l->turns_at_now = 0;
    if (until_ns < l->base.now_ns)
        return true;
    while (!l->base.stopping && has_work(l) && !is_stuck(l)) {
        int64_t at_ns = next_turn_ns(l);

        if (at_ns > until_ns || at_ns == S7_NEVER_NS) {
            l->base.now_ns = until_ns;
            return true;
        }
        take_turn(l, at_ns);
    }
    return false;
}

bool s7_virtual_run_until(s7_loop *loop, int64_t until_ns)
{
    bool reached = run_until(virtual_loop_of(loop), until_ns);

    loop->stopping = false;
    return reached;
}

static void loop_virtual_wake(s7_loop *loop)
{
    atomic_store(&virtual_loop_of(loop)->woken, true);
}

static int64_t loop_virtual_wall_ms(const s7_loop *loop)
{
    const struct virtual_loop *l = virtual_loop_of(loop);

    return l->options.start_wall_ms + (loop->now_ns + l->slept_ns) / NS_PER_MS;
}

static int64_t loop_virtual_slept_ns(const s7_loop *loop)
{
    return virtual_loop_of(loop)->slept_ns;
}

static uint64_t loop_virtual_random(s7_loop *loop)
{
    struct virtual_loop *l = virtual_loop_of(loop);

    return s7_draw(l->options.seed, 0, 0, l->n_draws++); /* 0: no stream has this ordinal */
}

/* ---- life ---- */

static void loop_virtual_free(s7_loop *loop)
{
    s7_loop_impl_free_parked(loop);
    virtual_net_free(virtual_loop_of(loop));
    free(loop);
}

static const struct s7_loop_ops ops = {
    .run = loop_virtual_run,
    .wake = loop_virtual_wake,
    .free = loop_virtual_free,
    .wall_ms = loop_virtual_wall_ms,
    .slept_ns = loop_virtual_slept_ns,
    .random = loop_virtual_random,
    .dial = virtual_dial,
    .listen = virtual_listen,
    .read = virtual_read,
    .write = virtual_write,
    .want_changed = virtual_want_changed,
    .set_options = virtual_set_options,
    .shutdown = virtual_shutdown,
    .close = virtual_close,
    .listener_close = virtual_listener_close,
    .vanish = virtual_vanish,
    .listener_refuse = virtual_listener_refuse,
    .listener_lose = virtual_listener_lose,
    .set_buffer = s7_virtual_set_buffer,
};

void s7_virtual_options_init(struct s7_virtual_options *options)
{
    *options = (struct s7_virtual_options){
        .struct_size = sizeof *options,
        .seed = 1,
        .latency_min_ns = 50000,
        .latency_max_ns = 150000,
        .buffer_len = 65536,
        .start_wall_ms = INT64_C(1767225600000),
    };
}

s7_status s7_loop_virtual_new(const struct s7_virtual_options *options, s7_loop **out)
{
    struct s7_virtual_options o;

    s7_virtual_options_init(&o);
    if (options != NULL)
        o = *options;
    if (o.struct_size != sizeof o || o.latency_min_ns < 0 || o.latency_min_ns > o.latency_max_ns ||
        o.buffer_len == 0)
        return S7_E_ARG;
    struct virtual_loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return S7_E_NOMEM;
    s7_loop_impl_init(&l->base, &ops);
    l->options = o;
    atomic_init(&l->woken, false);
    virtual_net_init(l);
    virtual_trace_init(l);
    *out = &l->base;
    return S7_OK;
}
