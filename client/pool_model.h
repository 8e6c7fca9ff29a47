/* pool_model.h - a model of the pool's policy, one record a connection and a caller and no lists, that is
 * told what the core is told and judges what the core wants. One at a time. */
#ifndef CLIENT_POOL_MODEL_H
#define CLIENT_POOL_MODEL_H

#include "client/pool_core.h"
#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS          INT64_C(1000000)
#define SECOND      (1000 * MS)
#define BACKOFF_MAX (5 * SECOND)
#define GROW_MAX    (60 * SECOND)
#define MAX_SIZE    8
#define MAX_CALLERS 24

enum link { NONE, DIALING, UP, CLOSING };

struct model_conn {
    enum link link;
    bool lent, dirty, checking, told_to_end, ended, old; /* old: refresh came since it was made */
    int64_t born, idle_since, check_since, dirty_since, drained_at, last_check;
    int64_t lent_since;
    bool leak_told; /* of this lease */
    struct s7_pool_lease lease;
};

struct caller {
    bool waiting;
    uint64_t turn; /* order of asking */
    int64_t deadline;
    struct s7_pool_waiter waiter;
};

struct model {
    uint64_t seed, draws;
    struct s7_pool_rules rules;
    unsigned places; /* the largest size so far */
    s7_pool_core *core;
    int64_t now, started;
    struct model_conn conns[MAX_SIZE];
    struct caller callers[MAX_CALLERS];
    struct s7_pool_lease old[16]; /* leases that are over */
    unsigned n_old;
    uint64_t turns;
    bool open, starting, paused, pausing, closing, closed, down;
    int64_t close_deadline, pause_deadline, failed_at, waited_at; /* waited: when somebody last did */
    struct {
        uint64_t dials, connects, failures, closed[S7_POOL_CLOSE_REASONS], leaks, returned;
        unsigned waiting, lent;
        bool down;
        int64_t at;
    } told;            /* by events */
    uint64_t returned; /* leases that had been told as leaks */
    uint64_t grants, puts, misuse, connects, failures, closes, checks;
    unsigned told_down;               /* in this step: that no connection is up */
    bool denied, no_place;            /* by the group, until it allows */
    unsigned asked;                   /* by the group for connections that were not given up for it yet */
    bool hurried;                     /* somebody waited in this step and withdrew */
    bool resumed, refreshed, granted; /* in this step */
    unsigned warm;                    /* leases that came to be known while they were out */
};

extern struct model m;

#define WRONG(...)                                                                                           \
    do {                                                                                                     \
        char text[160];                                                                                      \
        snprintf(text, sizeof text, __VA_ARGS__);                                                            \
        fail_msg("seed %llu, draw %llu, at %.6f s: %s", (unsigned long long)m.seed,                          \
                 (unsigned long long)m.draws, (double)m.now / 1e9, text);                                    \
    } while (0)

/* ---- chance, and what the model knows (pool_model.c) ---- */

uint64_t draw(void);
unsigned below(unsigned n);
bool one_in(unsigned n);
bool is_idle(const struct model_conn *conn);
unsigned count(bool (*is)(const struct model_conn *));
bool is_dialing(const struct model_conn *conn);
bool is_closing(const struct model_conn *conn);
bool is_lent(const struct model_conn *conn);
bool is_dirty(const struct model_conn *conn);
bool is_checking(const struct model_conn *conn);
bool is_good(const struct model_conn *conn);
bool is_held(const struct model_conn *conn);
bool is_staying(const struct model_conn *conn);
bool is_taken(const struct model_conn *conn);
struct caller *first_waiting(void);
unsigned waiting(void);

/* ---- what the core wants, judged (pool_model_actions.c) ---- */

bool is_leak(const struct model_conn *conn);
void take_actions(void);

/* ---- what may happen (pool_model_events.c) ---- */

void give_back(void);
void finish_close(void);
void allow(void);
void act(void);

#endif
