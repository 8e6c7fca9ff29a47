/* foreign_program.h - a program with an event loop of its own, that of examples/poll_loop.h, for tests of
 * loops over it. */
#ifndef LOOP_FOREIGN_PROGRAM_H
#define LOOP_FOREIGN_PROGRAM_H

#include "loop/contract_rig.h"
#include "loop/kernel_impl.h"

#include "poll_loop.h"

#define HOUR_NS INT64_C(3600000000000)

/* Notes what it is told, and refuses to watch when it is told to. */
struct program {
    struct poll_loop poll;
    s7_loop_hooks hooks; /* of poll */
    unsigned n_watches, n_alarms;
    int64_t after_ns;  /* of the last alarm */
    unsigned refuses;  /* watches to come */
    s7_status refusal; /* with what */
    bool gone;         /* no hook may be called any more */
};

/* What rig_make_loop, rig_run_loop and rig_free_loop are. */
s7_status program_make_loop(s7_loop **out);
s7_status program_run_loop(s7_loop *loop);
void program_free_loop(s7_loop *loop);

/* Only the program; its loop is freed. */
void program_free(struct program *program);

static inline struct program *program_of(struct rig *rig)
{
    return s7_loop_user(rig->loop);
}

static inline s7_loop_watch *watch_of(struct end *end)
{
    return &((struct s7_kernel_stream *)(void *)end->stream)->io.watch;
}

#endif
