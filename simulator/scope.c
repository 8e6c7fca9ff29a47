#include "scope.h"

#include <stdlib.h>
#include <string.h>

/* The first that is not below. */
static size_t place_of(const struct sim_scope *scope, uint64_t key)
{
    size_t low = 0, high = scope->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (scope->counts[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct sim_scope *scope, size_t at, uint64_t key)
{
    return at < scope->n && scope->counts[at].key == key;
}

struct sim_scope_count sim_scope_get(const struct sim_scope *scope, uint64_t key)
{
    size_t at = place_of(scope, key);

    return is_at(scope, at, key) ? scope->counts[at] : (struct sim_scope_count){.key = key};
}

/* Room for one more. */
static bool grow(struct sim_scope_count **list, size_t n, size_t *cap)
{
    size_t more = *cap > 0 ? 2 * *cap : 16;

    if (n < *cap)
        return true;
    struct sim_scope_count *grown = realloc(*list, more * sizeof *grown);
    if (grown == NULL)
        return false;
    *list = grown;
    *cap = more;
    return true;
}

/* There is room. */
static void put(struct sim_scope *scope, const struct sim_scope_count *count)
{
    size_t at = place_of(scope, count->key);

    if (!is_at(scope, at, count->key)) {
        memmove(scope->counts + at + 1, scope->counts + at, (scope->n - at) * sizeof scope->counts[0]);
        scope->n++;
    }
    scope->counts[at] = *count;
}

bool sim_scope_set(struct sim_scope *scope, const struct sim_scope_count *count)
{
    struct sim_scope_count was = sim_scope_get(scope, count->key);

    if (!grow(&scope->counts, scope->n, &scope->cap) || !grow(&scope->undo, scope->n_undo, &scope->cap_undo))
        return false;
    scope->undo[scope->n_undo++] = was;
    if (scope->n == SIM_SCOPE_MAX && !is_at(scope, place_of(scope, count->key), count->key)) {
        scope->n--;
        memmove(scope->counts, scope->counts + 1, scope->n * sizeof scope->counts[0]);
    }
    put(scope, count);
    return true;
}

void sim_scope_mark(struct sim_scope *scope)
{
    scope->n_undo = 0;
}

/* What was forgotten meanwhile stays so. */
void sim_scope_rewind(struct sim_scope *scope)
{
    while (scope->n_undo > 0) {
        const struct sim_scope_count *was = &scope->undo[--scope->n_undo];
        size_t at = place_of(scope, was->key);
        if (is_at(scope, at, was->key))
            scope->counts[at] = *was;
    }
}

void sim_scope_free(struct sim_scope *scope)
{
    free(scope->counts);
    free(scope->undo);
}
