#include "client/pool_group.h"

#include "client/report.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_CAP (S7_HOST_CAP + 32)

struct s7_pool_plc { /* a CPU: pools of the same one share its places */
    struct s7_pool_plc *next;
    unsigned used;
    struct s7_pool_share *pools;
    char key[KEY_CAP];
};

struct s7_pool_group {
    s7_pool_group_options options;
    pthread_mutex_t mutex;
    unsigned users; /* who made it, and its pools */
    unsigned dials;
    uint64_t firsts; /* places given so far to pools that had none */
    struct s7_pool_plc *plcs;
    struct s7_pool_share *first, *last; /* the queue */
};

/* ---- life ---- */

void s7_pool_group_options_init(s7_pool_group_options *options)
{
    if (options == NULL)
        return;
    *options = (s7_pool_group_options){.struct_size = sizeof *options, .turn_ms = 3000};
}

static s7_status refuse(s7_errinfo *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
static s7_status refuse(s7_errinfo *err, const char *format, ...)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    char came[128];
    va_list args;

    va_start(args, format);
    vsnprintf(came, sizeof came, format, args);
    va_end(args);
    snprintf(why.asked, sizeof why.asked, "make a group of pools");
    s7_report_came(&why, S7_E_ARG, came);
    s7_report_give(err, &why);
    return S7_E_ARG;
}

s7_status s7_pool_group_new(const s7_pool_group_options *options, s7_pool_group **out, s7_errinfo *err)
{
    if (options == NULL || out == NULL)
        return refuse(err, "no %s: NULL was given", options == NULL ? "options" : "place for the group");
    if (options->struct_size < sizeof *options)
        return refuse(err, "struct_size is not set: begin with s7_pool_group_options_init");
    if (options->turn_ms > INT32_MAX)
        return refuse(err, "turn_ms is too long: 2147483647 at most");
    if (options->plc_reserved > 0 && options->plc_reserved >= options->plc_connections)
        return refuse(err, "plc_reserved is below plc_connections; got %u of %u%s", options->plc_reserved,
                      options->plc_connections, options->plc_connections == 0 ? " (any number)" : "");
    s7_pool_group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return S7_E_NOMEM;
    group->options = *options;
    group->users = 1;
    if (pthread_mutex_init(&group->mutex, NULL) != 0) {
        free(group);
        return S7_E_NOMEM;
    }
    *out = group;
    return S7_OK;
}

int64_t s7_pool_group_turn_ns(const s7_pool_group *group)
{
    return group != NULL ? group->options.turn_ms * INT64_C(1000000) : 0;
}

/* One user less; the last one frees it. Locked; unlocks. */
static void drop(s7_pool_group *group)
{
    bool last = --group->users == 0;

    pthread_mutex_unlock(&group->mutex);
    if (!last)
        return;
    pthread_mutex_destroy(&group->mutex);
    free(group);
}

void s7_pool_group_free(s7_pool_group *group)
{
    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    drop(group);
}

/* ---- PLCs ---- */

/* The same CPU: the same address, and the same rack and slot behind it. */
static void write_key(const struct s7_settings *settings, char *key)
{
    const s7_client_options *options = &settings->options;

    if (options->remote_tsap != 0)
        snprintf(key, KEY_CAP, "%s %04X", settings->where, options->remote_tsap & 0xFF);
    else
        snprintf(key, KEY_CAP, "%s %04X", settings->where, (options->rack * 32 + options->slot) & 0xFF);
}

static struct s7_pool_plc *plc_of(s7_pool_group *group, const struct s7_settings *settings)
{
    struct s7_pool_plc *plc;
    char key[KEY_CAP];

    write_key(settings, key);
    for (plc = group->plcs; plc != NULL; plc = plc->next)
        if (strcmp(plc->key, key) == 0)
            return plc;
    plc = calloc(1, sizeof *plc);
    if (plc == NULL)
        return NULL;
    memcpy(plc->key, key, sizeof key);
    plc->next = group->plcs;
    group->plcs = plc;
    return plc;
}

static void forget_plc(s7_pool_group *group, struct s7_pool_plc *plc)
{
    struct s7_pool_plc **at = &group->plcs;

    while (*at != plc)
        at = &(*at)->next;
    *at = plc->next;
    free(plc);
}

/* ---- the queue ---- */

static void enqueue(s7_pool_group *group, struct s7_pool_share *share)
{
    if (share->queued)
        return;
    share->queued = true;
    share->next = NULL;
    share->prev = group->last;
    *(group->last != NULL ? &group->last->next : &group->first) = share;
    group->last = share;
}

static void dequeue(s7_pool_group *group, struct s7_pool_share *share)
{
    if (share->queued) {
        *(share->prev != NULL ? &share->prev->next : &group->first) = share->next;
        *(share->next != NULL ? &share->next->prev : &group->last) = share->prev;
    }
    share->queued = share->has_turn = false;
}

/* Whose turn it is between two that wait for the same: who has no place at all, else who came first. */
static bool goes_first(const struct s7_pool_share *other, const struct s7_pool_share *share, int lacks,
                       bool came_first)
{
    bool starves = share->places == 0, other_starves = other->places == 0;

    if (lacks == S7_POOL_LACKS_DIAL || starves == other_starves)
        return came_first;
    return other_starves;
}

static bool is_behind(const s7_pool_group *group, const struct s7_pool_share *share, int lacks)
{
    bool came_first = true;

    for (const struct s7_pool_share *other = group->first; other != NULL; other = other->next) {
        bool same = (int)other->lacks == lacks && (lacks == S7_POOL_LACKS_DIAL || other->plc == share->plc);

        if (other == share)
            came_first = false;
        else if (same && goes_first(other, share, lacks, came_first))
            return true;
    }
    return false;
}

static bool has_place(const s7_pool_group *group, const struct s7_pool_share *share)
{
    unsigned most = group->options.plc_connections - (unsigned)group->options.plc_reserved;

    if (group->options.plc_connections == 0)
        return true;
    return share->plc->used < most && !is_behind(group, share, S7_POOL_LACKS_PLACE);
}

static bool has_dial(const s7_pool_group *group, const struct s7_pool_share *share)
{
    if (group->options.max_dials == 0)
        return true;
    return group->dials < group->options.max_dials && !is_behind(group, share, S7_POOL_LACKS_DIAL);
}

static void call_those_whose_turn_it_is(s7_pool_group *group)
{
    for (struct s7_pool_share *share = group->first; share != NULL; share = share->next) {
        bool place = share->lacks == S7_POOL_LACKS_PLACE;

        if (share->has_turn || !(place ? has_place(group, share) : has_dial(group, share)))
            continue;
        share->has_turn = true;
        atomic_store(&share->called, true);
        share->call(share->arg);
    }
}

/* ---- giving up ---- */

static unsigned places(const struct s7_pool_share *share)
{
    unsigned n = (unsigned)__builtin_popcountll(share->places);

    return n > share->owes ? n - share->owes : 0;
}

/* Who has most gives up one; of those who have one, who has had one for longest. */
static bool gives_before(const struct s7_pool_share *share, const struct s7_pool_share *other)
{
    unsigned n = places(share), others = places(other);

    return n != others ? n > others : n == 1 && share->first_at < other->first_at;
}

/* false: nobody can. */
static bool ask_for_one(const s7_pool_group *group, const struct s7_pool_plc *plc)
{
    struct s7_pool_share *richest = plc->pools;

    for (struct s7_pool_share *share = richest; share != NULL; share = share->peer)
        if (gives_before(share, richest))
            richest = share;
    if (places(richest) < (group->options.turn_ms > 0 ? 1 : 2))
        return false;
    richest->owes++;
    richest->asked++;
    atomic_store(&richest->called, true);
    richest->call(richest->arg);
    return true;
}

/* One place for each that waits for one and has none. */
static void feed_the_starving(const s7_pool_group *group, const struct s7_pool_plc *plc)
{
    unsigned starving = 0;
    unsigned coming = group->options.plc_connections - (unsigned)group->options.plc_reserved - plc->used;

    if (group->options.plc_connections == 0)
        return;
    for (const struct s7_pool_share *share = group->first; share != NULL; share = share->next)
        starving += share->plc == plc && share->lacks == S7_POOL_LACKS_PLACE && share->places == 0;
    for (const struct s7_pool_share *share = plc->pools; share != NULL; share = share->peer)
        coming += share->owes;
    while (starving > coming && ask_for_one(group, plc))
        coming++;
}

/* ---- shares ---- */

s7_status s7_pool_share_join(struct s7_pool_share *share, s7_pool_group *group,
                             const struct s7_settings *settings, void (*call)(void *arg), void *arg)
{
    if (group == NULL)
        return S7_OK;
    pthread_mutex_lock(&group->mutex);
    struct s7_pool_plc *plc = plc_of(group, settings);
    if (plc != NULL) {
        group->users++;
        share->group = group;
        share->plc = plc;
        share->peer = plc->pools;
        plc->pools = share;
        share->call = call;
        share->arg = arg;
    }
    pthread_mutex_unlock(&group->mutex);
    return plc != NULL ? S7_OK : S7_E_NOMEM;
}

static void leave_peers(struct s7_pool_share *share)
{
    struct s7_pool_share **at = &share->plc->pools;

    while (*at != share)
        at = &(*at)->peer;
    *at = share->peer;
}

void s7_pool_share_leave(struct s7_pool_share *share)
{
    s7_pool_group *group = share->group;

    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    dequeue(group, share);
    share->plc->used -= (unsigned)__builtin_popcountll(share->places);
    group->dials -= (unsigned)__builtin_popcountll(share->dials);
    leave_peers(share);
    if (share->plc->pools == NULL)
        forget_plc(group, share->plc);
    share->group = NULL;
    call_those_whose_turn_it_is(group);
    drop(group);
}

enum s7_pool_grant s7_pool_share_take(struct s7_pool_share *share, unsigned conn)
{
    s7_pool_group *group = share->group;
    enum s7_pool_grant grant = S7_POOL_GRANTED;

    if (group == NULL)
        return S7_POOL_GRANTED;
    pthread_mutex_lock(&group->mutex);
    if (!has_place(group, share))
        grant = S7_POOL_NO_PLACE;
    else if (!has_dial(group, share))
        grant = S7_POOL_NO_DIAL;
    share->has_turn = false;
    if (grant == S7_POOL_GRANTED) {
        dequeue(group, share);
        if (share->places == 0)
            share->first_at = group->firsts++;
        share->plc->used++;
        group->dials++;
        share->places |= UINT64_C(1) << conn;
        share->dials |= UINT64_C(1) << conn;
    } else {
        share->lacks = grant == S7_POOL_NO_PLACE ? S7_POOL_LACKS_PLACE : S7_POOL_LACKS_DIAL;
        enqueue(group, share);
    }
    feed_the_starving(group, share->plc);
    call_those_whose_turn_it_is(group);
    pthread_mutex_unlock(&group->mutex);
    return grant;
}

static void end_dial(struct s7_pool_share *share, uint64_t bit)
{
    if ((share->dials & bit) != 0)
        share->group->dials--;
    share->dials &= ~bit;
}

void s7_pool_share_dialed(struct s7_pool_share *share, unsigned conn)
{
    s7_pool_group *group = share->group;

    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    end_dial(share, UINT64_C(1) << conn);
    call_those_whose_turn_it_is(group);
    pthread_mutex_unlock(&group->mutex);
}

void s7_pool_share_give(struct s7_pool_share *share, unsigned conn)
{
    s7_pool_group *group = share->group;
    uint64_t bit = UINT64_C(1) << conn;

    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    end_dial(share, bit);
    if ((share->places & bit) != 0) {
        share->plc->used--;
        share->owes -= share->owes > 0;
    }
    share->places &= ~bit;
    call_those_whose_turn_it_is(group);
    pthread_mutex_unlock(&group->mutex);
}

bool s7_pool_share_is_called(struct s7_pool_share *share)
{
    return share->group != NULL && atomic_exchange(&share->called, false);
}

unsigned s7_pool_share_asked(struct s7_pool_share *share)
{
    s7_pool_group *group = share->group;

    if (group == NULL)
        return 0;
    pthread_mutex_lock(&group->mutex);
    unsigned asked = share->asked;
    share->asked = 0;
    pthread_mutex_unlock(&group->mutex);
    return asked;
}

void s7_pool_share_pass(struct s7_pool_share *share)
{
    s7_pool_group *group = share->group;

    if (group == NULL)
        return;
    pthread_mutex_lock(&group->mutex);
    if (share->has_turn && !atomic_load(&share->called)) {
        dequeue(group, share);
        call_those_whose_turn_it_is(group);
    }
    pthread_mutex_unlock(&group->mutex);
}
