/* pool_place.h - the warm place of a pool for threads: where one connection is lent and given back without
 * the pool's mutex, while nobody waits for anything (S7_POOL_WARM in pool_core.h).
 *
 * One atomic word says what is there, and every change is one compare-and-swap of it:
 *
 *            heat              get                enter
 *      COLD ------> WARM_IDLE -----> WARM_LENT <-------> WARM_LENT | INSIDE   (a call is inside the client)
 *       ^ ^             |    <-----      |         left
 *       | |             |      put       |
 *       | +--- recall --+                | recall
 *       |                                v
 *       +----- the put (slowly) --- WARM_LENT | RECALLED
 *
 * Whoever takes the mutex recalls the place, so that with the mutex the core knows how every connection is. A
 * lease that is out then is an ordinary one from then on; its put finds the word changed and takes the mutex,
 * too: nobody who waits is missed.
 *
 * Leases are numbered. The number is in the word, and its lowest bits say which of the place's handles, used
 * in turn, is the lease: a stale one is told by the word alone. How long a lease was out its borrower notes
 * before the word says that it is back; who recalls books it into the core. */
#ifndef CLIENT_POOL_PLACE_H
#define CLIENT_POOL_PLACE_H

#include "client/client_impl.h"
#include "client/pool_core.h"

#define S7_PLACE_HANDLES 2048 /* a power of two: a stale lease is known for at least 1024 later ones */
#define S7_PLACE_NOTES   255  /* as many as the word can count; the next lease is put slowly */

struct s7_pool_member;

/* What the borrower of a warm lease holds is no more than an s7_client, since there are many: what it points
 * at says which pool's it is. */
struct s7_place_kind {
    struct s7_lease_ops ops;
    s7_pool *pool;
};

struct s7_pool_place {
    atomic_uint_fast64_t word;
    _Atomic(const char *) label;             /* who borrows here; others go the slow way */
    _Atomic(struct s7_pool_member *) member; /* the connection */
    atomic_uint_fast64_t since;              /* the lease that is out: its time times 2, and parity */
    atomic_int_fast64_t until_ns;            /* the last put */
    int64_t rough_ns;                        /* what the rough clock may be behind */
    uint64_t booked;                         /* with the mutex: the number up to which leases are */
    int64_t heated_ns;                       /* with the mutex */
    atomic_int_fast64_t
        notes[S7_PLACE_NOTES]; /* lengths of leases that were used, or that the rough clock can tell */
    struct s7_place_kind kind;
    struct s7_client handles[S7_PLACE_HANDLES];
};

void s7_pool_place_init(s7_pool *pool);

/* Is a connection there that was not recalled? For tests; without the mutex, as s7_pool_get and s7_pool_put,
 * which are in pool_place.c. */
bool s7_pool_place_is_warm(const s7_pool *pool);

/* With the mutex: connection conn has come back from a borrower with this label. It is left to those who say
 * the same, if the core says so. */
void s7_pool_place_heat(s7_pool *pool, unsigned conn, const char *label, int64_t now_ns);

/* With the mutex, just taken: the core knows all that has happened here. */
void s7_pool_place_recall(s7_pool *pool);

/* With the mutex: the lease that was recalled is over. */
void s7_pool_place_end(s7_pool *pool);

/* With the mutex: is client a handle of the place? *current: of the lease that was recalled and is out. */
bool s7_pool_place_has(const s7_pool *pool, const s7_client *client, bool *current);

#endif
