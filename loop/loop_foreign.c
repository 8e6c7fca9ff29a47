/* loop.h over the event loop of a program that has one: see <s7rig/loop.h>. Each call of the program's loop
 * is a turn. */
#include "loop/blocking.h"
#include "loop/kernel_impl.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN_NS INT64_C(-1) /* no timer is due then */

struct loop_foreign {
    struct s7_kernel_loop kernel;
    s7_loop_hooks hooks;
    int64_t alarm_ns; /* when the program's loop was asked to come back */
    bool in_turn;
    bool freed; /* in this turn, which ends it */
};

static struct loop_foreign *loop_foreign_of(const s7_loop *loop)
{
    return (struct loop_foreign *)(void *)(uintptr_t)loop;
}

/* ---- the hooks ---- */

static s7_status watch_fd(struct s7_kernel_loop *kernel, s7_loop_watch *watch)
{
    struct loop_foreign *l = loop_foreign_of(&kernel->base);

    return l->hooks.watch(l->hooks.user, watch);
}

/* Ask for the earliest timer, unless that is what the program's loop knows. */
static void ask_for_alarm(struct loop_foreign *l)
{
    int64_t next_ns = s7_loop_impl_next_timer(&l->kernel.base);

    if (next_ns == l->alarm_ns)
        return;
    l->alarm_ns = next_ns;
    int64_t after_ns = S7_LOOP_NEVER;
    if (next_ns != S7_NEVER_NS) {
        after_ns = next_ns - s7_now_ns(); /* both are positive: cannot overflow */
        after_ns = after_ns > 0 ? after_ns : 0;
        after_ns = after_ns < S7_LOOP_ALARM_MAX_NS ? after_ns : S7_LOOP_ALARM_MAX_NS;
    }
    l->hooks.alarm(l->hooks.user, after_ns);
}

/* In a turn it is asked once, at the end. */
static void loop_foreign_timer_changed(s7_loop *loop)
{
    struct loop_foreign *l = loop_foreign_of(loop);

    if (!l->in_turn)
        ask_for_alarm(l);
}

static void loop_foreign_wake(s7_loop *loop)
{
    struct loop_foreign *l = loop_foreign_of(loop);

    l->hooks.wake(l->hooks.user);
}

/* ---- turns ---- */

static void destroy(struct loop_foreign *l)
{
    s7_loop_impl_free_parked(&l->kernel.base);
    s7_kernel_close_muted(&l->kernel);
    free(l);
}

/* False: this is a call from inside a turn, by a nested run of the program's loop. */
static bool turn_begin(struct loop_foreign *l)
{
    if (l->in_turn)
        return false;
    l->in_turn = true;
    l->kernel.base.now_ns = s7_now_ns();
    return true;
}

static void turn_end(struct loop_foreign *l)
{
    s7_loop *loop = &l->kernel.base;

    s7_loop_impl_run_timers(loop);
    s7_loop_impl_run_hooks(loop);
    s7_loop_impl_free_parked(loop);
    l->in_turn = false;
    if (l->freed)
        destroy(l);
    else
        ask_for_alarm(l);
}

void s7_loop_ready(s7_loop *loop, s7_loop_watch *watch, unsigned got)
{
    struct loop_foreign *l = loop_foreign_of(loop);

    if (!turn_begin(l))
        return;
    s7_kernel_ready(watch, got);
    turn_end(l);
}

/* Whether it is the alarm or a wake cannot be told, so the alarm may be used up: it is asked for again. */
void s7_loop_due(s7_loop *loop)
{
    struct loop_foreign *l = loop_foreign_of(loop);

    l->alarm_ns = UNKNOWN_NS;
    if (turn_begin(l))
        turn_end(l);
}

/* Between turns the program may have done anything for any time. */
static int64_t loop_foreign_now_ns(const s7_loop *loop)
{
    return loop_foreign_of(loop)->in_turn ? loop->now_ns : s7_now_ns();
}

static s7_status loop_foreign_run(s7_loop *loop)
{
    (void)loop;
    return S7_E_MISUSE;
}

/* ---- life ---- */

/* The functions of streams that were closed in this turn may be further up on the stack. */
static void loop_foreign_free(s7_loop *loop)
{
    struct loop_foreign *l = loop_foreign_of(loop);

    ask_for_alarm(l); /* no timer is left: never */
    if (l->in_turn)
        l->freed = true;
    else
        destroy(l);
}

static const struct s7_loop_ops ops = {
    .run = loop_foreign_run,
    .wake = loop_foreign_wake,
    .free = loop_foreign_free,
    .now_ns = loop_foreign_now_ns,
    .timer_changed = loop_foreign_timer_changed,
    S7_KERNEL_OPS,
};

/* Hooks that an older caller does not know are zero. */
static bool take_hooks(s7_loop_hooks *to, const s7_loop_hooks *from)
{
    *to = (s7_loop_hooks){0};
    if (from == NULL || from->struct_size < sizeof from->struct_size)
        return false;
    memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
    return to->watch != NULL && to->alarm != NULL && to->wake != NULL;
}

s7_status s7_loop_new(const s7_loop_hooks *hooks, s7_loop **out)
{
    s7_loop_hooks taken;

    if (out == NULL || !take_hooks(&taken, hooks))
        return S7_E_ARG;
    struct loop_foreign *l = calloc(1, sizeof *l);
    if (l == NULL)
        return S7_E_NOMEM;
    s7_loop_impl_init(&l->kernel.base, &ops);
    l->kernel.base.now_ns = s7_now_ns();
    l->kernel.watch = watch_fd;
    l->kernel.room = taken.room;
    l->hooks = taken;
    l->alarm_ns = S7_NEVER_NS;
    *out = &l->kernel.base;
    return S7_OK;
}

void *s7_loop_user(const s7_loop *loop)
{
    return loop_foreign_of(loop)->hooks.user;
}
