/* push_call.h - the requests behind <s7rig/push.h> as works: for the blocking calls and for connections on a
 * loop. No I/O, no clock.
 *
 *   s7_push_call_... --> its work is driven --> s7_push_call_result --> s7_push_call_release
 *
 * A request is made when the work is pumped first, for what is subscribed then, and again for each attempt.
 */
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
    struct s7_service service; /* the first: one address for both, and for the work */
    char what[48];             /* "subscribe to 2 items of" */
    char detail[96];           /* why it was refused or failed, "": the status says it all */
    /* private */
    const struct s7_work_ops *inner; /* of the service */
    bool asked;                      /* the request of this attempt was made, and its end is still to come */
    s7_status (*make)(struct s7_push_call *call, const s7_session *session);
    s7_status (*ended)(struct s7_push_call *call, s7_status status);
    s7_status result;          /* what the end came to */
    struct s7_pushes **pushes; /* of the connection; made when something is asked for first */
    uint32_t id;
    uint32_t *to;                 /* the caller's: id of a new subscription */
    struct s7_subscription *made; /* ours until the PLC has made it */
    struct s7_image *image;       /* the new list, ours until the PLC has taken it */
    struct s7_cycle cycle;        /* factor 0: as it was */
    uint32_t events, events_before;
    struct s7_events_step steps[S7_EVENTS_STEPS_MAX];
    unsigned n_steps, step;
    s7_pending_alarm *alarms; /* the caller's */
    size_t cap, *n;
    uint8_t *answer; /* ours */
    uint8_t data[S7_PDU_LEN_MAX];
};

/* Options as a caller gives them (NULL: defaults), all fields filled in; false: no struct_size. */
bool s7_subscribe_options_take(s7_subscribe_options *full, const s7_subscribe_options *given);

/* What public calls of these names do. pushes: where the connection has its own, NULL as long as nothing was
 * asked for. S7_E_ARG and others that need no connection: call->detail says why, err->item which item. In any
 * case the call is to be released. */
S7_MUST_CHECK s7_status s7_push_call_subscribe(struct s7_push_call *call, struct s7_pushes **pushes,
                                               const s7_subscribe_options *options, const s7_address *items,
                                               size_t n_items, uint32_t *subscription, s7_errinfo *err);
S7_MUST_CHECK s7_status s7_push_call_modify(struct s7_push_call *call, struct s7_pushes **pushes,
                                            uint32_t subscription, uint32_t period_ms,
                                            const s7_address *items, size_t n_items, s7_errinfo *err);
void s7_push_call_unsubscribe(struct s7_push_call *call, struct s7_pushes **pushes, uint32_t subscription);
S7_MUST_CHECK s7_status s7_push_call_events(struct s7_push_call *call, struct s7_pushes **pushes,
                                            uint32_t events);
S7_MUST_CHECK s7_status s7_push_call_alarms(struct s7_push_call *call, s7_alarm_kind kind,
                                            s7_pending_alarm *alarms, size_t cap, size_t *n);

/* The outcome of a call whose work is done. *detail lives as long as the call. */
s7_status s7_push_call_result(const struct s7_push_call *call, uint16_t *plc_error, const char **detail);

/* Free what it owns; the call itself is the caller's. */
void s7_push_call_release(struct s7_push_call *call);

#endif
