/* log.h - what a direct client tells its user's on_log. Not for a pool's. */
#ifndef CLIENT_LOG_H
#define CLIENT_LOG_H

#include "client/client_impl.h"

/* An attempt to connect again begins; an attempt is over (err: how it failed). */
void s7_log_redial(struct s7_direct *direct);
void s7_log_dialed(struct s7_direct *direct, s7_status status, const s7_errinfo *err);

/* An event was taken from the session. was_up: until it came. */
void s7_log_event(struct s7_direct *direct, const struct s7_event *event, bool was_up);

/* Events were taken: what of the bytes led to none. */
void s7_log_strays(struct s7_direct *direct);

#endif
