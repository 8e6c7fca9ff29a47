/* pool_direct.h - read and write through a pool without borrowing: any number of threads over few
 * connections.
 *
 *   s7_pool_read_db(pool, S7_WITHIN(500), 1, 0, data, 10);
 *
 * With a lease (pool.h) a connection serves one caller at a time, whose requests wait for each other's
 * answers. These calls share connections: as many requests are in flight on each as the PLC granted
 * (max_jobs), and each answer goes to its caller. One connection with eight jobs serves eight callers at the
 * speed of one.
 *
 * Connections. They are borrowed from the pool while there is something to do, under the label "multiplexed",
 * and follow the same rules as any lease, as which they are
 * counted. One is used until its window of jobs is full, then one more, up to
 * mux_connections; one that has nothing to do goes back at once. While somebody waits in s7_pool_get, these
 * calls keep one connection and give the others back; of a pool with a single connection that goes back as
 * well, after a window of jobs: they take turns. They need a connection that is not lent: a thread that holds
 * a lease and makes such a call waits for another one than its own, and if all are held by threads that do
 * so, each gets S7_E_POOL_EXHAUSTED at its deadline.
 *
 * Order. First come, first served. A call that needs many requests goes behind those who wait after each of
 * them, so a long one holds up nobody. Calls of one thread are in its order; calls of several threads that
 * wait at the same time may reach the PLC in any.
 *
 * Merging. With coalesce_us, reads of inputs, outputs, flags and data blocks that fit one request wait that
 * long for others, unless that is more than half of the time that the call has. Those that are equal,
 * overlap, or are neighbours become one item, and as many items as fit become one request. Each caller gets
 * its own bytes, and its own error: what the PLC refuses to several together is asked again for each alone.
 * Gaps between neighbours are read along (coalesce_gap). Writes are never merged.
 *
 * Failures. A deadline or a token ends one call and disturbs no other; its late answer is discarded. When a
 * connection breaks, its reads are repeated on another one, within their deadlines and at most read_retries
 * times. Writes never are: S7_E_OUTCOME_UNKNOWN for those whose bytes left and whose answer did not come.
 *
 * Threads. Any number may be inside. They do the work themselves, one of those who wait for all; there is no
 * further thread, and a lone caller costs one system call more than with a lease. Once as many have been
 * inside as ever are, nothing is allocated. */
#ifndef S7RIG_POOL_DIRECT_H
#define S7RIG_POOL_DIRECT_H

#include <s7rig/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What each call returns, beside what its twin of client.h does: S7_E_PLC_DOWN, S7_E_POOL_EXHAUSTED,
 * S7_E_POOL_PAUSED, S7_E_BUDGET, S7_E_POOL_QUEUE_FULL, S7_E_POOL_CLOSED, S7_E_FORKED as s7_pool_get says;
 * S7_E_MISUSE: the pool was not started, or it is the pool's own thread that calls (s7_pool_event_fn);
 * S7_E_IO: no descriptor is left; S7_E_TIMEOUT: a connection was there, and no answer came in time. A context
 * that says nothing has acquire_ms and request_ms together, of which request_ms for each answer, from when
 * its request was sent. A read whose answer is not there by then is repeated, as when the connection breaks.
 */

/* See s7_read_area, s7_write_area. */
S7_MUST_CHECK s7_status s7_pool_read_area(s7_pool *pool, const s7_ctx *ctx, s7_area area, uint16_t db,
                                          uint32_t start, void *dst, size_t len);
S7_MUST_CHECK s7_status s7_pool_write_area(s7_pool *pool, const s7_ctx *ctx, s7_area area, uint16_t db,
                                           uint32_t start, const void *src, size_t len);
S7_MUST_CHECK s7_status s7_pool_read_db(s7_pool *pool, const s7_ctx *ctx, uint16_t db, uint32_t start,
                                        void *dst, size_t len);
S7_MUST_CHECK s7_status s7_pool_write_db(s7_pool *pool, const s7_ctx *ctx, uint16_t db, uint32_t start,
                                         const void *src, size_t len);

/* See s7_read_multi, s7_write_multi. */
S7_MUST_CHECK s7_status s7_pool_read_multi(s7_pool *pool, const s7_ctx *ctx, s7_item *items, size_t n_items);
S7_MUST_CHECK s7_status s7_pool_write_multi(s7_pool *pool, const s7_ctx *ctx, s7_item *items, size_t n_items);

/* One place by its text, "DB1.DBD4:REAL" (s7_address_parse): its bytes as in the PLC, len of them
 * (s7_address_size); codec.h makes values of them. S7_E_SYNTAX as well. */
S7_MUST_CHECK s7_status s7_pool_read_at(s7_pool *pool, const s7_ctx *ctx, const char *address, void *dst,
                                        size_t len);
S7_MUST_CHECK s7_status s7_pool_write_at(s7_pool *pool, const s7_ctx *ctx, const char *address,
                                         const void *src, size_t len);

/* Values in their native types (codec.h), and as text: see s7_read_values, s7_read_as and s7_read_text of
 * typed.h. Also S7_E_CONVERT, S7_E_TOO_LARGE, S7_E_NOMEM as there.
 *
 *   float speed;
 *   s7_pool_read_as(pool, S7_WITHIN(500), "DB1.DBD4:REAL", &speed, sizeof speed); */
S7_MUST_CHECK s7_status s7_pool_read_values(s7_pool *pool, const s7_ctx *ctx, const s7_address *address,
                                            void *values, size_t size);
S7_MUST_CHECK s7_status s7_pool_write_values(s7_pool *pool, const s7_ctx *ctx, const s7_address *address,
                                             const void *values, size_t size);
S7_MUST_CHECK s7_status s7_pool_read_as(s7_pool *pool, const s7_ctx *ctx, const char *address, void *values,
                                        size_t size);
S7_MUST_CHECK s7_status s7_pool_write_as(s7_pool *pool, const s7_ctx *ctx, const char *address,
                                         const void *values, size_t size);
S7_MUST_CHECK s7_status s7_pool_read_text(s7_pool *pool, const s7_ctx *ctx, const char *address, char *text,
                                          size_t cap);
S7_MUST_CHECK s7_status s7_pool_write_text(s7_pool *pool, const s7_ctx *ctx, const char *address,
                                           const char *text);

#ifdef __cplusplus
}
#endif
#endif
