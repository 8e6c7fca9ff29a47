/* client_pooled.h - a direct client driven in steps that never wait, for the pool's thread: dialing,
 * checking, waiting for late answers. Borrowers then drive the same client with the blocking calls.
 *
 * Everything here is called by whoever is inside (s7_direct_enter), or before anybody can be. */
#ifndef CLIENT_CLIENT_POOLED_H
#define CLIENT_CLIENT_POOLED_H

#include "client/client_impl.h"

/* Begin to dial the endpoint's address number nth. *fd belongs to the caller; when it is ready for writing,
 * go on with connected. *n_addresses: how many there are. err is filled on failure. May take as long as the
 * system's resolver when the host is a name. */
S7_MUST_CHECK s7_status s7_pooled_dial(const struct s7_direct *direct, unsigned nth, int *fd,
                                       unsigned *n_addresses, s7_errinfo *err);

/* TCP is up, or is not: err says why. The handshake begins; then pump whenever there is something to read,
 * until the client is up or lost. */
S7_MUST_CHECK s7_status s7_pooled_connected(struct s7_direct *direct, int fd, s7_errinfo *err);

/* Send and take what there is. Then look: up (atomic), probing and alive, s7_session_owed, s7_pooled_lost. */
void s7_pooled_pump(struct s7_direct *direct);

/* The time of the handshake has come. */
void s7_pooled_tick(struct s7_direct *direct, int64_t now_ns);

/* The connection is over; err (may be NULL) says why, as s7_client_connect would. */
bool s7_pooled_lost(const struct s7_direct *direct, s7_status *why, s7_errinfo *err);

/* Give the connection up; its descriptor stays with the pool. */
void s7_pooled_give_up(struct s7_direct *direct);

/* Ask for a sign of life: a read of at, at most S7_PROBE_LEN bytes. */
void s7_pooled_probe(struct s7_direct *direct, const s7_address *at);

#endif
