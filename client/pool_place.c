#include "client/pool_place.h"

#include "client/pool_thread_impl.h"
#include "loop/blocking.h"

#include <stdlib.h>

/* The word: flags, how many notes there are, and the number of the last lease. */
enum {
    COLD = 0,
    WARM_IDLE = 1,
    WARM_LENT = 2,
    STATE = 3,
    INSIDE = 4,
    RECALLED = 8,
    USED = 16, /* something was called on the last lease, as far as is known: times are exact */
    FLAGS = 31,
    NOTE = 32, /* one */
    NOTES_MASK = 255,
    NUMBER = 8192 /* one */
};

/* Out of the way of what is fast: with no other call in it, that needs fewer registers. */
#define NOT_HERE __attribute__((noinline))

static uint64_t number_of(uint64_t word)
{
    return word / NUMBER;
}

static size_t handle_of(uint64_t word)
{
    return number_of(word) % S7_PLACE_HANDLES;
}

static unsigned notes_of(uint64_t word)
{
    return word / NOTE & NOTES_MASK;
}

static uint64_t look(const struct s7_pool_place *place)
{
    return atomic_load_explicit(&place->word, memory_order_acquire);
}

/* Rounded up: nothing counts as idle for longer than it was. */
static int64_t now_roughly(const s7_pool *pool)
{
    return s7_now_roughly_ns() + pool->place.rough_ns;
}

/* When lease `number` was given. Its parity tells whether that is noted already: before, there is what the
 * last one noted. */
static void note_since(struct s7_pool_place *place, uint64_t number, int64_t now_ns)
{
    atomic_store_explicit(&place->since, (uint64_t)now_ns * 2 + number % 2, memory_order_relaxed);
}

static int64_t since_ns(const struct s7_pool_place *place)
{
    return (int64_t)(atomic_load_explicit(&place->since, memory_order_relaxed) / 2);
}

static bool has_since(const struct s7_pool_place *place, uint64_t number)
{
    return atomic_load_explicit(&place->since, memory_order_relaxed) % 2 == number % 2;
}

static const struct s7_pool_member *member_of(const struct s7_pool_place *place)
{
    return atomic_load_explicit(&place->member, memory_order_relaxed);
}

static bool change(struct s7_pool_place *place, uint64_t *from, uint64_t to)
{
    return atomic_compare_exchange_strong_explicit(&place->word, from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

/* ---- borrowing ---- */

/* The core lends to everybody alike, but for the label it has to name. */
static bool suits(const struct s7_pool_place *place, const s7_ctx *ctx)
{
    const char *label = atomic_load_explicit(&place->label, memory_order_relaxed);

    return ctx != NULL ? s7_ctx_is_good(ctx) && ctx->label == label : label == NULL;
}

static bool take(struct s7_pool_place *place, uint64_t word, int64_t now_ns, s7_client **out)
{
    uint64_t lent = (word & ~(uint64_t)FLAGS) + NUMBER + WARM_LENT;

    if (!change(place, &word, lent))
        return false;
    note_since(place, number_of(lent), now_ns);
    *out = &place->handles[handle_of(lent)];
    return true;
}

/* Where calls are made, a clock that is exact costs nothing beside them. */
static s7_status NOT_HERE get_with_care(s7_pool *pool, const s7_ctx *ctx, s7_client **out)
{
    uint64_t word = look(&pool->place);

    if ((word & (FLAGS - USED)) == WARM_IDLE && suits(&pool->place, ctx) &&
        !s7_token_is_cancelled(s7_ctx_cancel(ctx)) && take(&pool->place, word, s7_now_ns(), out))
        return S7_OK;
    return s7_pool_get_slowly(pool, ctx, out);
}

s7_status s7_pool_get(s7_pool *pool, const s7_ctx *ctx, s7_client **out)
{
    if (out == NULL)
        return S7_E_ARG;
    *out = NULL;
    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return s7_pool_complain(ctx, pool, "borrow from the pool", S7_E_FORKED, "");
    int64_t now_ns = now_roughly(pool);
    uint64_t word = look(&pool->place);

    if ((word & FLAGS) == WARM_IDLE && suits(&pool->place, ctx) && s7_ctx_cancel(ctx) == NULL &&
        take(&pool->place, word, now_ns, out))
        return S7_OK;
    return get_with_care(pool, ctx, out);
}

/* ---- calls on a warm lease ---- */

static s7_pool *pool_of(const s7_client *client)
{
    return ((const struct s7_place_kind *)(const void *)client->lease)->pool;
}

/* Is it the lease that is out? */
static bool is_of(const struct s7_pool_place *place, const s7_client *client, uint64_t word)
{
    return (word & STATE) == WARM_LENT && client == &place->handles[handle_of(word)];
}

static bool is_taken_away(const s7_pool *pool, uint64_t word)
{
    return (word & RECALLED) != 0 && atomic_load(&pool->place_lent.state) == S7_LENT_TAKEN_AWAY;
}

static struct s7_direct *find(const s7_client *client, s7_status *why)
{
    s7_pool *pool = pool_of(client);

    *why = s7_pool_is_forked(pool) ? S7_E_FORKED : S7_E_STALE_LEASE;
    if (*why == S7_E_FORKED)
        return NULL;
    uint64_t word = look(&pool->place);
    if (is_of(&pool->place, client, word) && !is_taken_away(pool, word))
        return member_of(&pool->place)->direct;
    atomic_fetch_add(&pool->stale, 1);
    return NULL;
}

/* One call at a time, and no put meanwhile. */
static bool close_door(struct s7_pool_place *place, const s7_client *client)
{
    uint64_t word = look(place);

    do {
        if (!is_of(place, client, word) || (word & INSIDE) != 0)
            return false;
    } while (!change(place, &word, word | INSIDE | USED));
    return true;
}

/* Returns the word as it was; another's when the lease is over by now. */
static uint64_t open_door(struct s7_pool_place *place, const s7_client *client)
{
    uint64_t word = look(place);

    while (is_of(place, client, word) && !change(place, &word, word & ~(uint64_t)INSIDE)) {
    }
    return word;
}

static bool enter(s7_client *client, struct s7_direct *direct)
{
    struct s7_pool_place *place = &pool_of(client)->place;

    if (!close_door(place, client))
        return false;
    if (s7_direct_enter(direct))
        return true;
    (void)open_door(place, client);
    return false;
}

/* As for any lease, once the pool may wait for it. */
static void left(s7_client *client)
{
    s7_pool *pool = pool_of(client);
    uint64_t word = open_door(&pool->place, client);

    if (is_of(&pool->place, client, word) && is_taken_away(pool, word))
        s7_watch_wake(pool->watch);
}

static const char *where(const s7_client *client)
{
    return pool_of(client)->settings.client.where;
}

static const struct s7_lease_ops ops = {find, enter, left, where};

/* ---- giving back ---- */

static bool put_at(struct s7_pool_place *place, uint64_t word, uint64_t notes, int64_t now_ns)
{
    atomic_store_explicit(&place->until_ns, now_ns, memory_order_relaxed);
    return change(place, &word, (word & ~(uint64_t)(STATE | INSIDE)) + notes * NOTE + WARM_IDLE);
}

static bool put_noted(struct s7_pool_place *place, uint64_t word, int64_t now_ns)
{
    atomic_store_explicit(&place->notes[notes_of(word)], now_ns - since_ns(place), memory_order_relaxed);
    return put_at(place, word, 1, now_ns);
}

/* Something was called: look what is left behind, as if one more call went in, which lets in no other. */
static bool put_used(s7_pool *pool, s7_client *client, uint64_t word)
{
    const struct s7_pool_member *member = member_of(&pool->place);

    if (!enter(client, member->direct))
        return false;
    bool spotless = s7_pool_is_spotless(member);
    s7_direct_leave(member->direct);
    if (spotless && put_noted(&pool->place, word | INSIDE, s7_now_ns()))
        return true;
    left(client);
    return false;
}

static s7_status NOT_HERE put_with_care(s7_pool *pool, s7_client *client)
{
    uint64_t word = look(&pool->place);
    bool warm = is_of(&pool->place, client, word) && notes_of(word) < S7_PLACE_NOTES;

    if (warm && (word & FLAGS) == (WARM_LENT | USED) && put_used(pool, client, word))
        return S7_OK;
    if (warm && (word & FLAGS) == WARM_LENT && put_noted(&pool->place, word, s7_now_ns()))
        return S7_OK;
    return s7_pool_put_slowly(pool, client, false, S7_OK);
}

/* A lease on which nothing is called, and for no longer than the kernel's clock can tell, is as long as none.
 */
s7_status s7_pool_put(s7_pool *pool, s7_client *client)
{
    if (pool == NULL)
        return S7_E_ARG;
    if (s7_pool_is_forked(pool))
        return S7_E_FORKED;
    int64_t now_ns = now_roughly(pool);
    uint64_t word = look(&pool->place);

    if (is_of(&pool->place, client, word) && (word & FLAGS) == WARM_LENT &&
        now_ns - since_ns(&pool->place) <= pool->place.rough_ns && put_at(&pool->place, word, 0, now_ns))
        return S7_OK;
    return put_with_care(pool, client);
}

/* ---- with the mutex ---- */

void s7_pool_place_init(s7_pool *pool)
{
    pool->place.kind = (struct s7_place_kind){ops, pool};
    for (unsigned i = 0; i < S7_PLACE_HANDLES; i++)
        pool->place.handles[i].lease = &pool->place.kind.ops;
    pool->place.rough_ns = s7_rough_ns();
}

/* The number that is passed over makes it another word, for who has looked before. */
void s7_pool_place_heat(s7_pool *pool, unsigned conn, const char *label, int64_t now_ns)
{
    struct s7_pool_place *place = &pool->place;
    uint64_t number = number_of(look(place)) + 1;

    if (!s7_pool_core_warm(pool->core, conn, now_ns))
        return;
    place->booked = number;
    place->heated_ns = now_ns;
    note_since(place, number, 0);
    atomic_store_explicit(&place->member, &pool->members[conn], memory_order_relaxed);
    atomic_store_explicit(&place->label, label, memory_order_relaxed);
    atomic_store_explicit(&place->word, number * NUMBER + USED + WARM_IDLE, memory_order_release);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Those that are back, up to number; returns when the last one came. */
static int64_t book(s7_pool *pool, uint64_t number, unsigned notes)
{
    struct s7_pool_place *place = &pool->place;
    bool any = number > place->booked;

    s7_pool_core_warm_leases(pool->core, number - place->booked - notes, 0);
    for (unsigned i = 0; i < notes; i++)
        s7_pool_core_warm_leases(pool->core, 1, atomic_load_explicit(&place->notes[i], memory_order_relaxed));
    place->booked = number;
    return any ? atomic_load_explicit(&place->until_ns, memory_order_relaxed) : place->heated_ns;
}

/* It is lent, and an ordinary lease from now on. */
static void recall_lent(s7_pool *pool, uint64_t number, int64_t now_ns)
{
    struct s7_pool_place *place = &pool->place;
    struct s7_pool_lent *lent = &pool->place_lent;
    int64_t at_ns = has_since(place, number) ? earlier(since_ns(place), now_ns) : now_ns;

    lent->label = atomic_load_explicit(&place->label, memory_order_relaxed);
    lent->lease = s7_pool_core_cool_lent(pool->core, lent->label, at_ns);
    pool->members[lent->lease.conn].lent = lent;
    atomic_store(&lent->state, S7_LENT_OUT);
}

void s7_pool_place_recall(s7_pool *pool)
{
    struct s7_pool_place *place = &pool->place;
    uint64_t word = look(place);

    if ((word & STATE) == COLD || (word & RECALLED) != 0)
        return;
    word = atomic_fetch_or_explicit(&place->word, RECALLED, memory_order_acq_rel);
    int64_t now_ns = s7_now_ns();
    if ((word & STATE) == WARM_LENT) {
        (void)book(pool, number_of(word) - 1, notes_of(word));
        recall_lent(pool, number_of(word), now_ns);
        return;
    }
    s7_pool_core_cool_idle(pool->core, earlier(book(pool, number_of(word), notes_of(word)), now_ns));
    atomic_store_explicit(&place->word, number_of(word) * NUMBER + COLD, memory_order_release);
}

void s7_pool_place_end(s7_pool *pool)
{
    struct s7_pool_place *place = &pool->place;

    atomic_store_explicit(&place->word, number_of(look(place)) * NUMBER + COLD, memory_order_release);
}

bool s7_pool_place_has(const s7_pool *pool, const s7_client *client, bool *current)
{
    const struct s7_pool_place *place = &pool->place;
    uintptr_t at = (uintptr_t)client, first = (uintptr_t)place->handles;

    *current = is_of(place, client, look(place));
    return at >= first && at - first < sizeof place->handles && (at - first) % sizeof place->handles[0] == 0;
}

bool s7_pool_place_is_warm(const s7_pool *pool)
{
    uint64_t word = look(&pool->place);

    return (word & STATE) != COLD && (word & RECALLED) == 0;
}
