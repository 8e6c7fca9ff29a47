/* settings.h - endpoint and options of one client, checked and put together. For client.c, conn.c and the
 * pool. */
#ifndef CLIENT_SETTINGS_H
#define CLIENT_SETTINGS_H

#include "client/endpoint.h"
#include "client/session.h"
#include "loop/tcp_options.h"

#define S7_PROBE_LEN 8 /* the most that a sign of life may be asked to bring */

struct s7_settings {
    struct s7_client_endpoint endpoint;
    s7_client_options options;
    char where[S7_HOST_CAP + 10]; /* "127.0.0.1:10102", "[::1]:102" */
};

/* options NULL: defaults; the endpoint's own settings win. options.write_ranges is the caller's array still.
 * S7_E_SYNTAX, S7_E_ARG: *err (the caller's; may be NULL) says what. */
S7_MUST_CHECK s7_status s7_settings_make(const char *endpoint, const s7_client_options *options,
                                         struct s7_settings *out, s7_errinfo *err);

/* How much memory its write ranges take, and move them there: they are its own then. */
static inline size_t s7_settings_ranges_len(const struct s7_settings *settings)
{
    return settings->options.n_write_ranges * sizeof(s7_write_range);
}
void s7_settings_move_ranges(struct s7_settings *settings, void *memory);

/* A copy in memory of its own, ranges and all, to be freed; NULL: there is none. */
struct s7_settings *s7_settings_keep(const struct s7_settings *made);

/* What an option may be. A time of more than 24 days (S7_MS_MAX) was a negative number. */
#define S7_MS_MAX INT32_MAX
struct s7_option_range {
    const char *name;
    uint32_t value, least, most;
};

/* Is one out of its range? Then came says which, what it may be, and what it was. */
bool s7_settings_out_of_range(const struct s7_option_range *ranges, size_t n, char came[S7_CAME_CAP]);

/* The called TSAP: as set, or of type, rack and slot. */
uint16_t s7_settings_remote_tsap(const struct s7_settings *settings);

/* A session that asks for what the settings say. */
S7_MUST_CHECK s7_status s7_settings_session(const struct s7_settings *settings, uint16_t first_ref,
                                            s7_session **out);

/* How long to wait before the next attempt after so many failed in a row (0 counts as 1), drawn with 64
 * random bits: full jitter, so that clients that lost their PLC together do not come back together. */
int64_t s7_settings_pause_ns(const s7_client_options *options, unsigned failures, uint64_t random);

/* asked = "connect to 127.0.0.1:10102 (rack 0, slot 1, OP)" */
void s7_settings_asked(const struct s7_settings *settings, s7_errinfo *err);

/* What TCP is to be told. */
struct s7_tcp_options s7_settings_tcp(const struct s7_settings *settings);

#endif
