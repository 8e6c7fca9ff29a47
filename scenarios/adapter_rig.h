/* adapter_rig.h - for tests of adapters: a served plant and an adapter in one of three worlds, and waiting
 * that ends. */
#ifndef SCENARIOS_ADAPTER_RIG_H
#define SCENARIOS_ADAPTER_RIG_H

#include "house.h"
#include "scarce.h"
#include "scenarios/adapter.h"

enum world { WORLD_VIRTUAL, WORLD_EV, WORLD_THREADS };

extern struct house house;
extern struct sc_adapter *adapter;
extern enum world world;
extern s7_pool_options options; /* of the next pool; defaults in every test */

/* setup and teardown; the initial state is a pointer to the world. */
int rig_open(void **state);
int rig_close(void **state);

/* Three entries of a table of tests. */
extern enum world worlds[3];
#define RIG_TEST(test, which, name)                                                                          \
    {                                                                                                        \
        name, test, rig_open, rig_close, &worlds[which]                                                      \
    }
#define IN_ALL_WORLDS(test)                                                                                  \
    RIG_TEST(test, WORLD_VIRTUAL, #test " (virtual)"), RIG_TEST(test, WORLD_EV, #test " (libev)"),           \
        RIG_TEST(test, WORLD_THREADS, #test " (threads)")

/* A call that counts how often it was told; sets call.fn and call.arg. */
struct noted {
    struct sc_call call;
    unsigned told;
    bool put; /* a lease is put back in the function */
    struct sc_pool *pool;
};
struct sc_call *note(struct noted *noted);

/* Run the loop until it is told, or fail; its status. */
s7_status rig_wait(struct noted *noted);

/* Run until good says so, asked every millisecond, or fail. */
typedef bool rig_good_fn(void *arg);
void rig_until(rig_good_fn *good, void *arg);

/* Run for so long, in the loop's time. */
void rig_run_for(int64_t ns);

struct sc_pool *rig_pool(const char *endpoint);
/* Made and started. */
struct sc_pool *rig_started(void);
struct sc_lease rig_borrow(struct sc_pool *pool);
s7_pool_stats rig_stats(struct sc_pool *pool);

/* An endpoint at which nobody listens. */
void rig_nobody(char *endpoint, size_t cap);

#endif
