/* push_impl.h - what push.c (asked for, queued) and push_give.c (handed on) share. For these two only. */
#ifndef CLIENT_PUSH_IMPL_H
#define CLIENT_PUSH_IMPL_H

#include "client/push.h"
#include "protocol/alarm.h"

/* What a push is. */
struct head {
    s7_push_kind kind;          /* 0: none */
    struct s7_subscription *of; /* VALUES */
    uint8_t what;               /* MODE: the mode; else the subfunction */
};

struct waiting {
    struct head head;
    int64_t at_ns;
    size_t len;
    uint8_t bytes[S7_PDU_LEN_MAX];
};

struct s7_pushes {
    s7_session *session;
    struct s7_subscription *subscriptions;
    uint32_t last_id;
    uint32_t events;
    uint64_t dropped; /* since the last that was taken */

    /* how the connection ended, told behind the first end_at of the queue */
    bool end_due;
    unsigned end_at;
    struct s7_event end;

    /* what was taken last, for its views; of an alarm indication, the objects that are still to be told */
    struct waiting taken;
    struct s7_alarm_walk alarms;

    unsigned first, n;
    struct waiting queue[S7_PUSH_QUEUE];
};

/* Hand on what was taken from the queue: of an alarm indication, its next object. */
void s7_pushes_give(struct s7_pushes *pushes, s7_push *push);

#endif
