/* scope.h - counters of a fault that counts for each connection, block or item apart. */
#ifndef SIMULATOR_SCOPE_H
#define SIMULATOR_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SCOPE_MAX 4096 /* keys that are told apart; what comes then forgets the lowest */

struct sim_scope_count {
    uint64_t key, matched, fired;
};

struct sim_scope {
    struct sim_scope_count *counts; /* in the order of keys */
    size_t n, cap;
    struct sim_scope_count *undo; /* those that the turn changed, as they were; the oldest first */
    size_t n_undo, cap_undo;
};

/* 0 matched and fired: it was not counted yet. */
struct sim_scope_count sim_scope_get(const struct sim_scope *scope, uint64_t key);

/* False: no memory, it is as it was. */
bool sim_scope_set(struct sim_scope *scope, const struct sim_scope_count *count);

void sim_scope_mark(struct sim_scope *scope);   /* a turn begins here */
void sim_scope_rewind(struct sim_scope *scope); /* as it was at the mark */
void sim_scope_free(struct sim_scope *scope);

#endif
