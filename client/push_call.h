/* push_call.h - the requests behind <s7rig/push.h> as services (client/service.h): for the blocking calls and
 * for connections on a loop. No I/O, no clock.
 *
 *   make (subscribe, modify ...) --> begin --> its work is driven --> end --> release
 *                                      ^---- another attempt ----'            */
#ifndef CLIENT_PUSH_CALL_H
#define CLIENT_PUSH_CALL_H

#include "client/push.h"
#include "client/service.h"

/* A request of the message service. */
struct s7_events_step {
    uint8_t events, alarms; /* as in protocol/messages.h */
};
#define S7_EVENTS_STEPS_MAX 4

struct s7_push_call {
    struct s7_service service; /* the first: one address for both */
    uint32_t id;               /* of the subscription: in, or out for one that is new */
    char what[48];             /* "subscribe to 2 items of" */
    /* private */
    s7_status (*make)(struct s7_push_call *call, const s7_session *session);
    void (*ended)(struct s7_push_call *call, s7_status status);
    struct s7_pushes *pushes;
    struct s7_subscription *made; /* ours until the PLC has made it */
    struct s7_image *image;       /* the new list, ours until the PLC has taken it */
    struct s7_cycle cycle;        /* factor 0: as it was */
    uint32_t events, events_before;
    struct s7_events_step steps[S7_EVENTS_STEPS_MAX];
    unsigned n_steps, step;
    char detail[96];
    uint8_t data[S7_PDU_LEN_MAX];
};

/* Errors as the public calls of these names, as far as they need no connection; err (may be NULL) and
 * call->detail say which item and why. Release the call in any case. */
S7_MUST_CHECK s7_status s7_push_call_subscribe(struct s7_push_call *call, const s7_subscribe_options *options,
                                               const s7_address *items, size_t n_items, s7_errinfo *err);
S7_MUST_CHECK s7_status s7_push_call_modify(struct s7_push_call *call, uint32_t id, uint32_t period_ms,
                                            const s7_address *items, size_t n_items, s7_errinfo *err);
S7_MUST_CHECK s7_status s7_push_call_unsubscribe(struct s7_push_call *call, uint32_t id);
S7_MUST_CHECK s7_status s7_push_call_events(struct s7_push_call *call, uint32_t events);

/* The connection is up: make the request for what it granted. Not S7_OK: call->detail says why. */
S7_MUST_CHECK s7_status s7_push_call_begin(struct s7_push_call *call, struct s7_pushes *pushes,
                                           const s7_session *session);

/* The service is done, with status. */
void s7_push_call_end(struct s7_push_call *call, s7_status status);

/* Free what it owns; the call itself is the caller's. */
void s7_push_call_release(struct s7_push_call *call);

#endif
