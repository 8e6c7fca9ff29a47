#include "client/pool_thread_impl.h"

#include <stdlib.h>

static struct s7_direct *find(const s7_client *client, s7_status *why)
{
    struct s7_pool_lent *lent = (struct s7_pool_lent *)(uintptr_t)client;

    *why = s7_pool_is_forked(lent->pool) ? S7_E_FORKED : S7_E_STALE_LEASE;
    if (*why == S7_E_FORKED)
        return NULL;
    if (atomic_load(&lent->state) == S7_LENT_OUT)
        return atomic_load(&lent->direct);
    atomic_fetch_add(&lent->pool->stale, 1);
    return NULL;
}

/* The pool's thread may wait for the borrower to leave a connection that was taken away from him. It has set
 * the state before it looked whether he is inside, he has left before he looks at the state: one of them sees
 * the other. */
static void left(s7_client *client)
{
    struct s7_pool_lent *lent = (struct s7_pool_lent *)client;

    if (atomic_load(&lent->state) == S7_LENT_TAKEN_AWAY)
        s7_watch_wake(lent->pool->watch);
}

static const char *where(const s7_client *client)
{
    return ((const struct s7_pool_lent *)client)->pool->settings.client.where;
}

static bool enter(s7_client *client, struct s7_direct *direct)
{
    (void)client;
    return s7_direct_enter(direct);
}

static const struct s7_lease_ops ops = {find, enter, left, where};

static void append(s7_pool *pool, struct s7_pool_lent *lent)
{
    lent->next = NULL;
    *(pool->free_last != NULL ? &pool->free_last->next : &pool->free_first) = lent;
    pool->free_last = lent;
}

s7_status s7_pool_leases_new(s7_pool *pool)
{
    pool->n_leases = S7_POOL_LEASES_SPARE + S7_POOL_SIZE_MAX;
    pool->leases = malloc(pool->n_leases * sizeof pool->leases[0]);
    return pool->leases != NULL ? S7_OK : S7_E_NOMEM;
}

/* First those that were never touched, so that a pool that lends little costs no memory for all of them.
 * There are more than connections. */
static struct s7_pool_lent *next_free(s7_pool *pool)
{
    struct s7_pool_lent *lent = &pool->leases[pool->n_touched];

    if (pool->n_touched < pool->n_leases) {
        pool->n_touched++;
        *lent = (struct s7_pool_lent){.head = {&ops}, .pool = pool};
        return lent;
    }
    lent = pool->free_first;
    pool->free_first = lent->next;
    if (pool->free_first == NULL)
        pool->free_last = NULL;
    return lent;
}

struct s7_pool_lent *s7_pool_lent_new(s7_pool *pool, struct s7_pool_lease lease, const char *label)
{
    struct s7_pool_lent *lent = next_free(pool);
    struct s7_pool_member *member = &pool->members[lease.conn];

    lent->lease = lease;
    lent->label = label;
    member->lent = lent;
    atomic_store(&lent->direct, member->direct);
    atomic_store(&lent->state, S7_LENT_OUT);
    return lent;
}

void s7_pool_lent_end(s7_pool *pool, struct s7_pool_lent *lent, int state)
{
    if (pool->members[lent->lease.conn].lent == lent)
        pool->members[lent->lease.conn].lent = NULL;
    atomic_store(&lent->state, state);
    if (state == S7_LENT_FREE && lent == &pool->place_lent)
        s7_pool_place_end(pool);
    else if (state == S7_LENT_FREE)
        append(pool, lent);
}

static struct s7_pool_lent *ordinary(const s7_pool *pool, const s7_client *client)
{
    uintptr_t at = (uintptr_t)client, first = (uintptr_t)pool->leases;

    if (at < first || at - first >= pool->n_touched * sizeof pool->leases[0] ||
        (at - first) % sizeof pool->leases[0] != 0)
        return NULL;
    return pool->leases + (at - first) / sizeof pool->leases[0];
}

struct s7_pool_lent *s7_pool_lent_of(s7_pool *pool, const s7_client *client, s7_status *why)
{
    struct s7_pool_lent *lent = ordinary(pool, client);
    bool out = lent != NULL && atomic_load(&lent->state) != S7_LENT_FREE, ours = lent != NULL;

    if (!ours) {
        lent = &pool->place_lent;
        ours = s7_pool_place_has(pool, client, &out);
    }
    *why = ours ? S7_E_MISUSE : S7_E_FOREIGN;
    return out ? lent : NULL;
}
