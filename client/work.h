/* work.h - what a call has under way at a session: a transfer, a service. Whoever drives the session pumps,
 * hands on events and cancels without knowing which. */
#ifndef CLIENT_WORK_H
#define CLIENT_WORK_H

#include "client/session.h"

struct s7_work;

struct s7_work_ops {
    /* Submit what the window allows; called at the begin and after each event. */
    void (*pump)(struct s7_work *work, s7_session *session);
    /* Take an event; false: it is not of this work. */
    bool (*event)(struct s7_work *work, const struct s7_event *event);
    /* Give up because of why (detail: in words, or ""); the events of its jobs still come. */
    void (*cancel)(struct s7_work *work, s7_session *session, s7_status why, const char *detail);
    bool (*waits)(const struct s7_work *work); /* a job of it is in flight */
    bool (*done)(const struct s7_work *work);  /* none is, and none will be */
};

/* The first member of what does the work, which may not move in memory until it is done. */
struct s7_work {
    const struct s7_work_ops *ops;
    int64_t deadline_ns;
};

#endif
