/* loop.h - connections on the event loop of a program that has one already.
 *
 * s7rig does not wait here: it asks the program's loop, by three hooks, to watch descriptors and the time,
 * and the program calls back when something is due. For libev the hooks are written: <s7rig/libev.h>. For
 * another loop they take some sixty lines; examples/poll_loop.h is a whole one over poll().
 *
 *   program's loop                         s7_loop
 *   descriptor is ready   ----------->     s7_loop_ready(loop, watch, got)
 *   alarm, or woken       ----------->     s7_loop_due(loop)
 *                         <-----------     hooks.watch(user, watch)      watch it, otherwise, or no more
 *                         <-----------     hooks.alarm(user, after_ns)   come back then
 *                         <-----------     hooks.wake(user)              come back soon; from any thread
 *
 * Threads. A loop, and all that is on it, belongs to one thread at a time, the one that runs the program's
 * loop; only the wake hook is called from others. Loops share nothing.
 *
 * Re-entrancy. watch and alarm are called from inside calls of ours: s7_loop_ready and s7_loop_due, and any
 * call on something that is on the loop. They only take note, and call nothing of s7rig. The functions that
 * the program gives to connections are called from inside s7_loop_ready and s7_loop_due only; there anything
 * may be called, s7_loop_free too. A nested run of the program's loop in such a function is harmless but does
 * nothing for s7rig: s7_loop_ready and s7_loop_due return at once until the function has returned.
 *
 * Time is CLOCK_MONOTONIC. Nothing here ever blocks. */
#ifndef S7RIG_LOOP_H
#define S7RIG_LOOP_H

#include <s7rig/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_loop s7_loop;

/* What a descriptor is watched for, and was found ready for. */
enum { S7_LOOP_READ = 1, S7_LOOP_WRITE = 2 };

/* One descriptor that is watched: made by s7rig, valid until the hook was told that it wants 0. */
typedef struct s7_loop_watch {
    int fd;
    unsigned want; /* S7_LOOP_READ | S7_LOOP_WRITE: now; 0: no more */
    void *room;    /* the adapter's own, s7_loop_hooks.room bytes: zero at first and left alone by
                      s7rig, aligned as by malloc. NULL: it asked for none */
} s7_loop_watch;

typedef struct s7_loop_hooks {
    uint32_t struct_size; /* sizeof(s7_loop_hooks) */
    uint32_t room; /* bytes that the adapter needs for each descriptor: an ev_io, a pointer; may be 0 */
    void *user;    /* given to each hook */

    /* Watch watch->fd for watch->want from now on, instead of what it was watched for before;
     * level-triggered, that is, say it again as long as it is so. Called only when the want changes. With
     * want 0, which is told before the descriptor is closed: let go of it; s7_loop_ready must not be called
     * for this watch any more, not even for what was found ready before. The same watch may be told a want
     * again later. Returns S7_OK, or S7_E_NOMEM, S7_E_IO when it cannot be watched (it is watched for nothing
     * then, and the connection ends with this error). What is returned for want 0 is ignored. */
    s7_status (*watch)(void *user, s7_loop_watch *watch);

    /* Call s7_loop_due once, after_ns from now, 0..S7_LOOP_ALARM_MAX_NS, instead of when it was said before;
     * S7_LOOP_NEVER: not at all. Loops that count in milliseconds round up. Too early is harmless: s7rig asks
     * again for the rest. */
    void (*alarm)(void *user, int64_t after_ns);

    /* Make the program's thread call s7_loop_due soon. Called from any thread, the loop's own included; never
     * from a signal handler. Several wakes may become one call. */
    void (*wake)(void *user);
} s7_loop_hooks;

#define S7_LOOP_NEVER        (-1)
#define S7_LOOP_ALARM_MAX_NS INT64_C(86400000000000) /* a day */

/* A loop over the program's own; *hooks is copied, what user points to must outlive the loop. No hook is
 * called yet. S7_E_ARG: an argument or a hook is NULL, or struct_size is not set. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_loop_new(const s7_loop_hooks *hooks, s7_loop **out);

/* The user of its hooks. */
void *s7_loop_user(const s7_loop *loop);

/* A descriptor is ready: got is S7_LOOP_READ | S7_LOOP_WRITE. Errors and hang-ups count as both, whatever was
 * wanted. Something that is not so, or was not wanted, is harmless. The watch may be gone afterwards. */
void s7_loop_ready(s7_loop *loop, s7_loop_watch *watch, unsigned got);

/* The alarm's time has come, or the loop was woken; harmless at any time. */
void s7_loop_due(s7_loop *loop);

/* What is on the loop must have been freed before; then no descriptor is watched any more. Calls no hook
 * after it returns, and before that at most the alarm hook, with S7_LOOP_NEVER. NULL is fine. */
void s7_loop_free(s7_loop *loop);

#ifdef __cplusplus
}
#endif
#endif
