/* push.h - what a classic S7 PLC tells by itself: values of subscriptions, changes of its mode, entries of
 * its diagnostic buffer, alarms.
 *
 *   s7_subscribe_options options;
 *   s7_subscribe_options_init(&options);
 *   s7_subscribe(plc, NULL, &options, tags, 2, &subscription);
 *   while (s7_push_next(plc, &forever, &push) == S7_OK)
 *       ... push.items[i].data, push.changed[i] ...
 *
 * Asking is a call like those of client.h, with the same contexts. From then on the PLC tells when it likes,
 * and s7_push_next hands on what came, in its order, waiting for it if need be. What comes while other calls
 * are inside (a read, a write) is kept for it: up to S7_PUSH_QUEUE pushes, beyond which the oldest is dropped
 * and counted. Nothing looks at the connection while no call is inside: what came meanwhile waits in the
 * kernel's buffers, and a PLC whose pushes are not taken for long stops telling.
 *
 * What nobody asked for is ignored. An error in one push spoils no other: pushes that do not fit what was
 * asked for are ignored as well.
 *
 * Everything ends with its connection. s7_push_next then hands on what had come, returns why the connection
 * ended, once, and S7_E_NOT_CONNECTED after that; subscriptions and events are to be asked for again on the
 * next one, also with auto_reconnect.
 *
 * Only on a client of one's own: on one that a pool lent the calls of this header are S7_E_MISUSE, for the
 * next borrower would be told.
 *
 * S7-300 and S7-400 do all this, and their HMI panels live on it; S7-1200 and 1500 refuse (S7_E_PLC, 8104):
 * read periodically there. Calls may fail with what services.h says; what else stands beside them. */
#ifndef S7RIG_PUSH_H
#define S7RIG_PUSH_H

#include <s7rig/client.h>
#include <s7rig/datetime.h>
#include <s7rig/services.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pushes that a client keeps until they are taken. */
#define S7_PUSH_QUEUE 64

/* ---- subscriptions ---- */

typedef enum s7_subscribe_kind {
    S7_SUBSCRIBE_TIME = 1, /* all values, every period */
    S7_SUBSCRIBE_CHANGE =
        5 /* what changed, at the period's grid; nothing comes while nothing changes. S7-400 */
} s7_subscribe_kind;

typedef struct s7_subscribe_options {
    uint32_t struct_size;
    s7_subscribe_kind kind; /* [S7_SUBSCRIBE_CHANGE] */
    uint32_t period_ms;     /* [1000] a multiple of 100 up to 25500, of 1000 up to 255000, or of 10000 up to
                               2550000 */
} s7_subscribe_options;
void s7_subscribe_options_init(s7_subscribe_options *options); /* defaults in brackets; NULL: nothing */

/* Have the PLC tell the values of these addresses, which are copied; options NULL: defaults. Request and
 * answer must each fit the granted PDU length, 17 items with 240 bytes; change-driven ones of data blocks
 * alone take less room (up to 42). *subscription is this client's number for it, never used twice. The values
 * of now are the first push.
 *
 * S7_E_ARG: options, or an address out of range (err->item says which). S7_E_TOO_LARGE: they do not fit; make
 * several subscriptions. S7_E_NOMEM. S7_E_PLC: 8104 no such service, D801 an address, D804 the period, D805
 * no more subscriptions, D807 overload. After S7_E_TIMEOUT and S7_E_CANCELLED the PLC may tell all the same,
 * until the connection ends, and is ignored. */
S7_MUST_CHECK s7_status s7_subscribe(s7_client *client, const s7_ctx *ctx,
                                     const s7_subscribe_options *options, const s7_address *items,
                                     size_t n_items, uint32_t *subscription);

/* Give a change-driven subscription another list and period (0: as it was). What it told before and was not
 * taken is dropped; the values of now are the next push. The old list stays when the PLC refuses. Errors as
 * s7_subscribe; S7_E_ARG: there is no such subscription (any more). S7_E_UNSUPPORTED: it is time-driven.
 * When no answer came (S7_E_TIMEOUT, S7_E_CANCELLED) or none that fits, the PLC may have either list: it
 * tells nothing until it is modified again. */
S7_MUST_CHECK s7_status s7_subscription_modify(s7_client *client, const s7_ctx *ctx, uint32_t subscription,
                                               uint32_t period_ms, const s7_address *items, size_t n_items);

/* End it; what it told and was not taken is dropped. A PLC that does not know it any more (D802) is as good.
 * S7_E_ARG: there is no such subscription (any more). After any other failure it is still there. */
S7_MUST_CHECK s7_status s7_unsubscribe(s7_client *client, const s7_ctx *ctx, uint32_t subscription);

/* ---- events ---- */

enum s7_events {
    S7_EVENTS_MODE = 0x01,      /* STOP, RUN ... */
    S7_EVENTS_DIAG = 0x02,      /* what enters the diagnostic buffer: of the system ... */
    S7_EVENTS_USER_DIAG = 0x04, /* ... and of the user program */
    S7_EVENTS_SCAN = 0x10,
    S7_EVENTS_ALARM = 0x20,  /* ALARM, ALARM_8, ALARM_8P, NOTIFY; S7-400 */
    S7_EVENTS_ALARM_S = 0x40 /* ALARM_S, ALARM_SQ */
};

/* Log on for these events (a sum of enum s7_events) and off from all others; 0: off from all. S7_E_ARG: other
 * bits. S7_E_PLC: D403 logged on already, D404 no more, D405 not supported. After a failure the PLC may tell
 * any of what held before and what was asked for. */
S7_MUST_CHECK s7_status s7_events_enable(s7_client *client, const s7_ctx *ctx, uint32_t events);

/* ---- alarms ---- */

#define S7_ALARM_VALUES_MAX 10

typedef struct s7_alarm_value {
    s7_status status;    /* S7_OK: there is one */
    const uint8_t *data; /* as in the PLC, len bytes */
    size_t len;
} s7_alarm_value;

typedef struct s7_alarm {
    uint32_t event; /* its number in the project */
    uint8_t call;   /* 05 ALARM_8, 06 NOTIFY, 11 ALARM_SQ, 12 ALARM_S, 16 NOTIFY_8, 0C an acknowledgement */
    uint8_t state;  /* bit i: signal i + 1 is there */
    uint8_t event_state;           /* bit i: of signal i + 1; as the PLC says */
    uint8_t ack_going, ack_coming; /* bit i: of signal i + 1 its end, its begin is acknowledged */
    s7_datetime time;              /* year 0: the PLC gives none */
    size_t n_values;               /* 0..S7_ALARM_VALUES_MAX; a PLC that sends more is cut */
    s7_alarm_value values[S7_ALARM_VALUES_MAX];
} s7_alarm;

typedef enum s7_alarm_kind { S7_ALARMS_8 = 2, S7_ALARMS_S = 4 } s7_alarm_kind;

typedef struct s7_pending_alarm {
    uint32_t event;
    uint8_t state, ack_going, ack_coming; /* as in s7_alarm */
    s7_datetime coming, going; /* of S7_ALARMS_S, year 0: the PLC gives none; of S7_ALARMS_8 always year 0 */
} s7_pending_alarm;

/* Works on leases too. The alarms that are there, or wait to be acknowledged, in the PLC's order. *n: how
 * many, which may be more than cap: then S7_E_TOO_LARGE, and the first cap are there. None: S7_OK and 0. At
 * most 16 KiB of alarms (S7_E_TOO_LARGE). No event needs to be enabled. */
S7_MUST_CHECK s7_status s7_alarms_query(s7_client *client, const s7_ctx *ctx, s7_alarm_kind kind,
                                        s7_pending_alarm *alarms, size_t cap, size_t *n);

/* ---- taking ---- */

typedef enum s7_push_kind {
    S7_PUSH_VALUES = 1, /* of a subscription */
    S7_PUSH_MODE,
    S7_PUSH_DIAG,
    S7_PUSH_ALARM,
    S7_PUSH_OTHER /* enabled by s7_events_enable, of a form that is not known (SCAN): see bytes */
} s7_push_kind;

/* What is not of its kind is zero. Pointers are views that live until the next call on this client. */
typedef struct s7_push {
    uint32_t struct_size;
    s7_push_kind kind;
    int64_t at_ns;    /* CLOCK_MONOTONIC when it came */
    uint64_t dropped; /* pushes dropped since the one before, because the queue was full */
    /* VALUES: always all items, those that were not told again as they were told last. status S7_OK: data
     * has the value, as in the PLC (BOOL of count 1: one byte, 0 or 1); otherwise why there is none */
    uint32_t subscription;
    size_t n_items;
    const s7_item *items;
    const bool *changed; /* by item: value or status is another than in the push before. All true at first */
    /* MODE */
    s7_cpu_mode mode;
    uint8_t mode_code; /* of the wire: 0 STOP, 1 warm, 3 hot, 6 cold restart, 2 RUN, 4 HOLD ... */
    /* DIAG */
    s7_diag_entry diag;
    /* ALARM */
    s7_alarm alarm;
    /* the payload as it came */
    const uint8_t *bytes;
    size_t len;
} s7_push;

/* The next push; waits until one comes, at most until the context's deadline. push->struct_size is set by the
 * caller. S7_E_TIMEOUT: none came, which is no failure of anything. Why the connection ended, once
 * (S7_E_CLOSED, S7_E_RESET, S7_E_TIMEOUT for an overdue answer ...); S7_E_NOT_CONNECTED after that.
 * S7_E_MISUSE: nothing is subscribed or enabled, so that nothing can come; a call is inside.
 * S7_E_CANCELLED: by the context's token. A deadline that has passed takes what is there without waiting. */
S7_MUST_CHECK s7_status s7_push_next(s7_client *client, const s7_ctx *ctx, s7_push *push);

/* A value of a push of kind VALUES: element index of an item as a number, an item as text ("1.5", "[1,2,3]",
 * "T#1h2m"; UTF-8). Errors as s7_plan_int and its neighbours. */
S7_MUST_CHECK s7_status s7_push_int(const s7_push *push, size_t item, unsigned index, int64_t *value);
S7_MUST_CHECK s7_status s7_push_real(const s7_push *push, size_t item, unsigned index, double *value);
S7_MUST_CHECK s7_status s7_push_text(const s7_push *push, size_t item, char *text, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
