/* pool_group.h - what a pool asks its group before it dials, and tells it afterwards.
 *
 * A pool takes a place and a dial for a connection before it is made. Who gets none stands in a queue and is
 * called when it is his turn; then he takes, or passes. What one waits for, nobody behind him gets; those
 * that have no place at all are before all others. Who has no place at all and gets none has another one
 * asked to give one up: who has most, or has had his only one for longest.
 *
 * Thread-safe; the group's mutex is the last one that is locked. */
#ifndef CLIENT_POOL_GROUP_H
#define CLIENT_POOL_GROUP_H

#include "client/settings.h"

#include <s7rig/pool.h>

#include <stdatomic.h>

/* One pool's share in its group; zeroed: of no group, where everything is granted. */
struct s7_pool_share {
    s7_pool_group *group;
    struct s7_pool_plc *plc;
    uint64_t places, dials; /* one bit for each connection of the pool */
    void (*call)(void *arg);
    void *arg;
    atomic_bool called; /* set before call; taken by s7_pool_share_is_called */
    /* private */
    bool queued, has_turn;
    unsigned owes, asked;       /* places to give up; of them: it was not told yet */
    uint64_t first_at;          /* when it got one and had none, in the order of all of the group */
    struct s7_pool_share *peer; /* the next one at this PLC */
    enum { S7_POOL_LACKS_PLACE, S7_POOL_LACKS_DIAL } lacks;
    struct s7_pool_share *next, *prev;
};

/* How long a pool of it keeps its only connection; group NULL: 0. */
int64_t s7_pool_group_turn_ns(const s7_pool_group *group);

/* call is made from any thread, with the group's mutex locked: it may only wake somebody. group NULL: fine.
 * S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_pool_share_join(struct s7_pool_share *share, s7_pool_group *group,
                                           const struct s7_settings *settings, void (*call)(void *arg),
                                           void *arg);
void s7_pool_share_leave(struct s7_pool_share *share); /* gives back all it has */

enum s7_pool_grant { S7_POOL_GRANTED, S7_POOL_NO_PLACE, S7_POOL_NO_DIAL };
enum s7_pool_grant s7_pool_share_take(struct s7_pool_share *share, unsigned conn);
void s7_pool_share_dialed(struct s7_pool_share *share,
                          unsigned conn); /* the dial is over, it keeps its place */
void s7_pool_share_give(struct s7_pool_share *share, unsigned conn); /* it is closed, or could not be made */

/* Was it called since the last time? Then give up what it owes, try again what was refused, and pass. */
bool s7_pool_share_is_called(struct s7_pool_share *share);
unsigned s7_pool_share_asked(struct s7_pool_share *share); /* so many more to give up; each is told once */
void s7_pool_share_pass(struct s7_pool_share *share);      /* nothing happens unless it has its turn */

#endif
