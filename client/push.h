/* push.h - what one connection was asked to tell by itself, and what it told: living subscriptions and a
 * bounded queue of pushes, behind <s7rig/push.h> and connections on a loop. No I/O, no clock, and no
 * allocation but for what is subscribed.
 *
 *   driver: S7_EVENT_PUSH --> s7_pushes_take --> queue --> s7_pushes_next --> user
 *                                                  '--> (full: the oldest) into the images, and counted
 *
 * Pushes wait as they came, and change the images of their items only when they leave the queue: what a user
 * sees of a push is what held then. */
#ifndef CLIENT_PUSH_H
#define CLIENT_PUSH_H

#include "client/image.h"
#include "client/session.h"
#include "protocol/cyclic.h"

struct s7_pushes;

struct s7_subscription {
    struct s7_subscription *next;
    uint32_t id;     /* of the user, never used twice */
    uint8_t job;     /* of the PLC, on this connection */
    uint8_t made_by; /* S7_CYCLIC_TIME, S7_CYCLIC_CHANGE */
    bool over;       /* its connection ended; there are pushes of it to be taken */
    bool in_doubt;   /* of which list its pushes are; they are ignored */
    bool dropped;    /* changes of dropped pushes are noted in the images */
    struct s7_cycle cycle;
    struct s7_image *image;
};

/* From now on the session hands on pushes. It must outlive them. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_pushes_new(s7_session *session, struct s7_pushes **out);
void s7_pushes_free(struct s7_pushes *pushes); /* NULL is fine */

/* ---- what is asked for ---- */

/* A subscription that the PLC has made; its id is given here, and it belongs to the pushes. false: one that
 * lives has its job. */
S7_MUST_CHECK bool s7_pushes_add(struct s7_pushes *pushes, struct s7_subscription *subscription);

/* NULL: there is none on the connection that is up. */
struct s7_subscription *s7_pushes_find(const struct s7_pushes *pushes, uint32_t id);

/* Forget what waits of it; or the subscription as well. */
void s7_pushes_forget(struct s7_pushes *pushes, const struct s7_subscription *subscription);
void s7_pushes_remove(struct s7_pushes *pushes, struct s7_subscription *subscription);

/* Enum s7_events of the public header; none while no connection is up. */
uint32_t s7_pushes_events(const struct s7_pushes *pushes);
void s7_pushes_set_events(struct s7_pushes *pushes, uint32_t events);

/* May anything come? */
bool s7_pushes_expected(const struct s7_pushes *pushes);

/* ---- what comes ---- */

/* An S7_EVENT_PUSH of the session; what was not asked for, or does not fit, is ignored. */
void s7_pushes_take(struct s7_pushes *pushes, const struct s7_pdu *pdu);

/* The values of an answer, which fit, as the first push of the subscription. */
void s7_pushes_answer(struct s7_pushes *pushes, struct s7_subscription *subscription, const uint8_t *payload,
                      size_t len);

/* The connection ended: what came before can be taken, then why it ended. */
void s7_pushes_end(struct s7_pushes *pushes, const struct s7_event *closed);

/* The connection was closed by its user, who needs to be told nothing. */
void s7_pushes_clear(struct s7_pushes *pushes);

/* ---- taking ---- */

bool s7_pushes_full(const struct s7_pushes *pushes);  /* the next one to come drops the oldest */
bool s7_pushes_ready(const struct s7_pushes *pushes); /* one of the next two has something */

/* *push is written as a whole, struct_size aside; its views live until the next call here. */
bool s7_pushes_next(struct s7_pushes *pushes, s7_push *push);

/* Behind the last push of a connection: how it ended. */
bool s7_pushes_next_end(struct s7_pushes *pushes, struct s7_event *closed);

#endif
