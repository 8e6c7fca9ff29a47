/* client.h - a connection to one S7 PLC (ISO-on-TCP), blocking calls.
 *
 * One s7_client is one connection with one owner at a time; clients share nothing. Calls block the calling
 * thread until their deadline at most; no thread is started, no signal is used, nothing global is kept
 * (but that connecting has worked with an endpoint and a TSAP, which only the hints of later failures look
 * at).
 * Concurrent entry is noticed and refused with S7_E_MISUSE. The caller owns every buffer; no call keeps a
 * pointer after it returned.
 *
 * Every call takes a context: how long it may take, what may cancel it and where to tell more of a failure.
 * NULL means the options' request_ms and no detail.
 *
 * After a timeout, or when a call was cancelled, the connection stays up and owes an answer. That late answer
 * is recognised by its PDU reference, counted and discarded; it can never be taken for the answer of a later
 * call. While answers are owed, each takes a place in the window of jobs that the PLC granted: with a window
 * of one the next call first waits for the late answer, within its own deadline. When the answer does not
 * come by then, or another request_ms after the timeout, the connection is dropped: that call fails with
 * S7_E_TIMEOUT and says so, later ones with S7_E_NOT_CONNECTED until s7_client_connect.
 *
 * What a PLC does beside reads and writes (identification, clock, stop and start ...) is in services.h.
 *
 * A client that a pool lent (pool.h) works with every call of this header but connect, close and free, which
 * belong to its pool. After it was given back, calls return S7_E_STALE_LEASE.
 *
 * A write whose answer did not come is S7_E_OUTCOME_UNKNOWN and is never repeated. After S7_E_PROTOCOL (an
 * answer came that does not fit) a write may or may not have happened as well. */
#ifndef S7RIG_CLIENT_H
#define S7RIG_CLIENT_H

#include <s7rig/address.h>
#include <s7rig/status.h>
#include <s7rig/token.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_client s7_client;

/* ---- call context ---- */

typedef struct s7_ctx {
    uint32_t struct_size; /* sizeof(s7_ctx) */
    int32_t timeout_ms;   /* whole call; 0: the option's default, -1: none */
    int64_t deadline_ns;  /* absolute CLOCK_MONOTONIC; wins over timeout_ms when not 0 */
    const char *label;    /* who asks, for reports; a static string or NULL */
    s7_errinfo *err;      /* filled on failure; may be NULL. Set err->struct_size (S7_ERRINFO_INIT) */
    s7_token *cancel; /* ends the call from another thread: S7_E_CANCELLED; see token.h. NULL: nothing does */
} s7_ctx;

/* A label: this place in the source, "cell.c:42". */
#define S7_HERE               __FILE__ ":" S7_HERE_LINE_(__LINE__)
#define S7_HERE_LINE_(line)   S7_HERE_NUMBER_(line)
#define S7_HERE_NUMBER_(line) #line

/* S7_WITHIN(500): a context of 500 ms for one call. */
#ifdef __cplusplus
#define S7_WITHIN(ms)                                                                                        \
    (&static_cast<const s7_ctx &>(                                                                           \
        s7_ctx{sizeof(s7_ctx), static_cast<int32_t>(ms), 0, nullptr, nullptr, nullptr}))
#else
#define S7_WITHIN(ms) (&(s7_ctx){.struct_size = sizeof(s7_ctx), .timeout_ms = (ms)})
#endif

/* ---- options ---- */

/* Connection type: the first byte of the called TSAP. OP by default, so that the programming device keeps its
 * slot. */
typedef enum s7_conn_type { S7_CONN_PG = 1, S7_CONN_OP = 2, S7_CONN_BASIC = 3 } s7_conn_type;

/* Called when a connection has come up, and when it has ended; see on_connect. why has the reason,
 * S7_E_CANCELLED for s7_client_close and s7_client_free; it lives for the call. */
typedef void s7_connected_fn(s7_client *client, void *user);
typedef void s7_disconnected_fn(s7_client *client, const s7_errinfo *why, void *user);

/* What a client does, in a sentence without a newline, which lives for the call; see on_log. */
typedef enum s7_log_level { S7_LOG_INFO = 1, S7_LOG_WARNING = 2 } s7_log_level;
typedef void s7_log_fn(s7_log_level level, const char *message, void *user);

/* A place that may be written: bytes first..last of an area, or numbers first..last of timers and counters.
 */
typedef struct s7_write_range {
    s7_area area;
    uint16_t db; /* of S7_AREA_DB and S7_AREA_DI; 0 otherwise */
    uint32_t first, last;
} s7_write_range;

#define S7_WRITE_RANGES_MAX 64

typedef struct s7_client_options {
    uint32_t struct_size;
    uint8_t rack;             /* [0] 0..7 */
    uint8_t slot;             /* [1] 0..31; S7-300: 2, S7-400: 3, S7-1200/1500: 1 */
    uint8_t conn_type;        /* [S7_CONN_OP] */
    uint8_t max_jobs;         /* [8] jobs in flight that are asked for (AmQ, both fields); the PLC may grant
                                 fewer. 1..32 */
    uint16_t local_tsap;      /* [0x0100] calling TSAP */
    uint16_t remote_tsap;     /* [0: type << 8 | rack << 5 | slot] called TSAP */
    uint16_t pdu_len;         /* [960] PDU length asked for, 240..960; the PLC may grant less */
    uint32_t connect_ms;      /* [3000] TCP connect */
    uint32_t handshake_ms;    /* [3000] COTP and S7 setup */
    uint32_t request_ms;      /* [5000] a call whose context says nothing else */
    uint32_t user_timeout_ms; /* [5000] TCP_USER_TIMEOUT; 0: the kernel's */
    uint32_t keepalive_idle_ms, keepalive_interval_ms; /* [10000, 3000] 0: off */
    bool allow_control; /* [false] calls of services.h that change what the PLC does are refused without it */
    /* Guards: what they forbid is refused with S7_E_GUARDED before anything of the call is sent. */
    const s7_write_range *write_ranges; /* [NULL: anywhere] each written item must lie in one of them as a
                                           whole; they are copied */
    uint32_t n_write_ranges;            /* [0] at most S7_WRITE_RANGES_MAX; 0 with write_ranges: nowhere */
    bool read_only;                     /* [false] no write and no control at all */
    /* Connecting again. From s7_client_connect (whether it succeeded or not) to s7_client_close, a call that
     * finds the connection lost dials first, within its own deadline, unless an attempt failed a short time
     * ago: then it returns S7_E_NOT_CONNECTED at once, with the last cause and when the next attempt is
     * allowed. A read whose connection broke is repeated within its deadline, a write never. Of no effect in
     * a pool, which dials by its own rules. */
    bool auto_reconnect;     /* [false] */
    uint8_t read_retries;    /* [3] repeats of one read at most */
    uint32_t backoff_min_ms; /* [1000] bound of the pause after a failed attempt, drawn between zero and it;
                                doubled each time up to */
    uint32_t backoff_max_ms; /* [30000] this one. Only a finished setup begins anew. At least 1 */
    /* Called once for each connection that came up, and once when it has ended, in turn, on the thread whose
     * call connected or found out (nobody looks while no call is inside), when nothing of the call is under
     * way. In them every call on this client is S7_E_MISUSE, but for s7_client_is_connected, s7_client_close
     * (does nothing) and s7_client_free (done when the call around returns). Of no effect in a pool. */
    s7_connected_fn *on_connect;       /* [NULL] */
    s7_disconnected_fn *on_disconnect; /* [NULL] */
    void *user;                        /* [NULL] handed to them */
    uint16_t flight_frames; /* [32] frames that the flight recorder keeps (flight.h), in 56 bytes each; 0:
                               none. At most 4096 */
    uint8_t max_items;      /* [20] items of one job at most, 20..255. 20 are what every CPU takes; where the
                               PLC takes more, lists and plans need fewer jobs. The PDU length limits them
                               anyway: 39 at 480, 79 at 960 */
    /* Called for connects and attempts that failed, ends of connections, attempts to connect again, late
     * answers, answers and frames that were refused; on the thread and within the call that found out. What
     * on_connect may not do, it may not either. Of no effect in a pool and on a loop. */
    s7_log_fn *on_log;     /* [NULL] */
    uint8_t family;        /* [0: not known] an s7_family, set by s7_preset; what is advised depends on it */
    uint32_t heartbeat_ms; /* [0: off] connections on a loop (async.h): when nothing was received for so long,
                              and nothing is in flight, a byte of MB0 is read; no answer within request_ms
                              ends the connection with S7_E_TIMEOUT. Of no effect in a pool */
    uint32_t flight_bytes; /* [448] memory of the flight recorder for what frames are longer than 32 bytes:
                              the latest two are kept as far as any are. 224 for each of flight_frames keep
                              them all. At most 1048576 */
} s7_client_options;
void s7_client_options_init(s7_client_options *options); /* defaults in brackets; NULL: nothing */

typedef enum s7_family {
    S7_FAMILY_S7_300 = 1,
    S7_FAMILY_S7_400,
    S7_FAMILY_S7_1200,
    S7_FAMILY_S7_1500, /* ET 200SP CPUs as well */
    S7_FAMILY_LOGO,    /* LOGO! 0BA7 and later */
    S7_FAMILY_S7_200_SMART,
    S7_FAMILY_SINAMICS,  /* drives; parameters are DBs */
    S7_FAMILY_S7_300_CP, /* an S7-300 behind a CP 343-1: as S7_300, but for how long a pool keeps connections
                          */
    S7_FAMILY_S7_400_CP  /* an S7-400 behind a CP 443-1 */
} s7_family;

/* Set rack, slot, type, TSAPs, PDU length and jobs to what is usual for PLCs of a family; change what differs
 * afterwards. The TSAPs of a LOGO! (10.00 and 20.00) are the usual ones of its own project. S7_E_ARG. */
s7_status s7_preset(s7_client_options *options, s7_family family);

const char *s7_family_name(s7_family family); /* "s7-300", as endpoints have it; "?" */

/* Take options from the environment, where set: S7_RACK, S7_SLOT, S7_TYPE, S7_LOCAL_TSAP, S7_REMOTE_TSAP,
 * S7_PDU, S7_JOBS, S7_MAX_ITEMS, S7_TIMEOUT_MS, S7_CONNECT_MS, S7_HANDSHAKE_MS (plain milliseconds),
 * S7_AUTO_RECONNECT, S7_READ_RETRIES, S7_HEARTBEAT_MS, S7_READ_ONLY, S7_FAMILY; values as in an endpoint
 * (s7_client_new). *options begins with s7_client_options_init. No other call of this library looks at the
 * environment, and no other thread may change it meanwhile. S7_E_SYNTAX: err (may be NULL) names the
 * variable, and nothing was changed. S7_E_ARG. */
S7_MUST_CHECK s7_status s7_options_from_env(s7_client_options *options, s7_errinfo *err);

/* ---- life ---- */

/* Make a client for an endpoint; no I/O. endpoint is "host", "host:port", "[ipv6]:port" or
 * "s7://host[:port]?rack=0&slot=1"; its settings win over options. Port 102 when none is given. Settings, in
 * any order, joined by "&":
 *
 *   family=s7-300|s7-400|s7-1200|s7-1500|logo|s7-200smart|sinamics|s7-300-cp|s7-400-cp
 *                                                  s7_preset; the other settings win
 *   rack=0..7 slot=0..31 type=pg|op|basic          where the CPU is
 *   local-tsap=0x0100 remote-tsap=0x0302           or 03.02; remote-tsap instead of rack, slot and type
 *   pdu=240..960 jobs=1..32 max-items=20..255
 *   timeout=5s connect-timeout=3s handshake-timeout=500ms     request_ms and so on; ms, s or m
 *   auto-reconnect=yes|no read-retries=3 heartbeat=10s
 *   read-only=yes                                  "no" does not undo the option
 *
 * options NULL: defaults. S7_E_SYNTAX (endpoint; err says where), S7_E_ARG (options), S7_E_NOMEM. err
 * may be NULL. */
S7_MUST_CHECK s7_status s7_client_new(const char *endpoint, const s7_client_options *options, s7_client **out,
                                      s7_errinfo *err);

/* TCP connect, COTP connect, S7 setup. connect_ms and handshake_ms limit the two phases; the context's
 * deadline may be earlier. S7_E_RESOLVE, S7_E_REFUSED, S7_E_UNREACHABLE, S7_E_TIMEOUT, S7_E_COTP_REFUSED
 * (wrong rack/slot or no connection left), S7_E_NEGOTIATION, S7_E_FRAME, S7_E_MISUSE (already connected).
 * S7_E_NOMEM: none for buffers of the PDU length and jobs that the PLC granted, which are allocated here,
 * unless an earlier connection was granted as much; reads and writes allocate nothing. After a failure it may
 * be called again. */
S7_MUST_CHECK s7_status s7_client_connect(s7_client *client, const s7_ctx *ctx);

/* Close the connection; connect may be called again. Not connected, or another call is inside: nothing
 * happens. */
void s7_client_close(s7_client *client);

/* Close and free; NULL is fine. */
void s7_client_free(s7_client *client);

/* Is the PLC there? Reads one byte of MB0; any well-formed answer is a sign of life, a refusal too. Fails as
 * s7_read_area does otherwise. */
S7_MUST_CHECK s7_status s7_client_ping(s7_client *client, const s7_ctx *ctx);

/* The state known from the last call; no I/O. */
bool s7_client_is_connected(const s7_client *client);

typedef struct s7_client_info {
    uint32_t struct_size;
    uint16_t pdu_len;      /* granted */
    uint16_t amq_calling;  /* granted: jobs that we may have open */
    uint16_t amq_called;   /* granted: the other direction */
    uint64_t requests;     /* jobs sent since s7_client_new */
    uint64_t late_answers; /* answers that came after their job had timed out, and were discarded */
    uint64_t connects;     /* successful connects */
} s7_client_info;
/* S7_E_ARG; S7_E_MISUSE: a call is inside. Granted values (at most what was asked) are 0 while not connected.
 * Fill in struct_size. */
s7_status s7_client_info_get(const s7_client *client, s7_client_info *info);

/* ---- bytes ---- */

/* Read len bytes of an area from byte start on (timers and counters: start is the first number, len a
 * multiple of 2), in as many jobs as the PDU length asks for, several of them in flight when the PLC grants
 * it. len is at least 1. db is ignored unless area is S7_AREA_DB or S7_AREA_DI. dst is unspecified after a
 * failure. S7_E_NOT_CONNECTED; S7_E_TIMEOUT; S7_E_CLOSED, S7_E_RESET, S7_E_FRAME (the connection is gone);
 * S7_E_PLC and S7_E_ITEM_... (the PLC refused; err names the range); S7_E_PROTOCOL; S7_E_ARG. */
S7_MUST_CHECK s7_status s7_read_area(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, void *dst, size_t len);

/* Write; like s7_read_area. Chunks that were acknowledged before a failure stay written.
 * S7_E_OUTCOME_UNKNOWN: at least one chunk left and its answer did not come. S7_E_GUARDED: read_only or
 * write_ranges forbid it; err says which. */
S7_MUST_CHECK s7_status s7_write_area(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, const void *src, size_t len);

S7_MUST_CHECK s7_status s7_read_db(s7_client *client, const s7_ctx *ctx, uint16_t db, uint32_t start,
                                   void *dst, size_t len);
S7_MUST_CHECK s7_status s7_write_db(s7_client *client, const s7_ctx *ctx, uint16_t db, uint32_t start,
                                    const void *src, size_t len);

/* ---- lists ---- */

typedef struct s7_item {
    s7_address address; /* what; see s7_address_parse */
    void *data;         /* reads: filled; writes: taken. BOOL of count 1: one byte, 0 or 1 */
    size_t len;         /* s7_address_size(&address) */
    s7_status status;   /* out: of this item */
    uint8_t code;       /* out: return code of the wire, 0xFF good, 0 none came */
    int64_t time_ns;    /* out: when its answer came, as CLOCK_MONOTONIC has it; of an item that was cut, the
                           last part's. 0: none came */
} s7_item;

/* Read or write any number of items, packed into as few jobs as their order allows (both directions of the
 * PDU length, at most max_items a job); items longer than a PDU are cut. Results stay in the caller's order.
 * S7_OK: every item is good. S7_E_PARTIAL: some item failed, each says so itself, the others are good; err
 * names the first. S7_E_ARG, S7_E_GUARDED: nothing was sent, the items at fault carry it, the others
 * S7_E_CANCELLED. Any other status: the call failed as a whole, and items that were not done carry it; after
 * S7_E_OUTCOME_UNKNOWN items of which nothing left carry S7_E_CANCELLED or why they were not sent. An array
 * of BOOL that does not fill whole bytes is written bit by bit, so that its neighbours stay. */
S7_MUST_CHECK s7_status s7_read_multi(s7_client *client, const s7_ctx *ctx, s7_item *items, size_t n_items);
S7_MUST_CHECK s7_status s7_write_multi(s7_client *client, const s7_ctx *ctx, s7_item *items, size_t n_items);

/* ---- typed: one value of a data block or another area; errors as s7_read_area ---- */

S7_MUST_CHECK s7_status s7_read_bool(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t byte, uint8_t bit, bool *value);
S7_MUST_CHECK s7_status s7_write_bool(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t byte, uint8_t bit, bool value);
S7_MUST_CHECK s7_status s7_read_u8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                   uint32_t start, uint8_t *value); /* BYTE */
S7_MUST_CHECK s7_status s7_write_u8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, uint8_t value);
S7_MUST_CHECK s7_status s7_read_u16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, uint16_t *value); /* WORD */
S7_MUST_CHECK s7_status s7_write_u16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, uint16_t value);
S7_MUST_CHECK s7_status s7_read_i16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, int16_t *value); /* INT */
S7_MUST_CHECK s7_status s7_write_i16(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, int16_t value);
S7_MUST_CHECK s7_status s7_read_u32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, uint32_t *value); /* DWORD */
S7_MUST_CHECK s7_status s7_write_u32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, uint32_t value);
S7_MUST_CHECK s7_status s7_read_i32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, int32_t *value); /* DINT */
S7_MUST_CHECK s7_status s7_write_i32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, int32_t value);
S7_MUST_CHECK s7_status s7_read_f32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, float *value); /* REAL */
S7_MUST_CHECK s7_status s7_write_f32(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, float value);

/* STRING[max]: reads the characters (bytes as stored, Latin-1) into text[0..cap), always zero-terminated. max
 * is the declared maximum, 1..254. S7_E_TOO_LARGE: the text needs more than cap; it is cut. */
S7_MUST_CHECK s7_status s7_read_string(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                       uint32_t start, uint8_t max, char *text, size_t cap);

/* Writes length and characters; the maximum-length byte in the PLC stays as it is. S7_E_TOO_LARGE: longer
 * than max. */
S7_MUST_CHECK s7_status s7_write_string(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                        uint32_t start, uint8_t max, const char *text);

#ifdef __cplusplus
}
#endif
#endif
