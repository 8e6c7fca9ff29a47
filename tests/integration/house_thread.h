/* house_thread.h - for tests of what blocks: a house over loopback whose loop runs on a thread of its own.
 * Its writes are in RAM, and in the file once a second: clients are tried here, by the hundred thousand
 * requests. */
#ifndef TESTS_INTEGRATION_HOUSE_THREAD_H
#define TESTS_INTEGRATION_HOUSE_THREAD_H

#include "house.h"

#include <pthread.h>

struct house_thread {
    struct house house; /* the thread's, but for its endpoint */
    pthread_t thread;
    s7_turn_hook hook;
    pthread_mutex_t mutex; /* of the wish */
    pthread_cond_t done;
    void (*wish)(struct house *house, void *arg);
    void *arg;
};

void house_thread_start(struct house_thread *house);
void house_thread_start_at(struct house_thread *house, const char *cpu, const char *listen);
void house_thread_stop(struct house_thread *house);

/* Have fn done on the house's thread, between two turns of its loop. */
void house_thread_do(struct house_thread *house, void (*fn)(struct house *house, void *arg), void *arg);

/* Every connection ends, and another server listens at the same endpoint. */
void house_thread_restart(struct house_thread *house);

/* What its first PLC saw; and arm a fault there under this id, or drop it (name NULL). */
struct sim_plc_stats house_thread_seen(struct house_thread *house);
void house_thread_fault(struct house_thread *house, uint64_t id, const char *name, const char *args);

#endif
