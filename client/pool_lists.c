#include "client/pool_core_impl.h"

#include <assert.h>
#include <stdlib.h>

/* ---- connections ---- */

static void unlink_conn(struct s7_pool_list *list, struct s7_pool_conn *conn)
{
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        list->first = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    else
        list->last = conn->prev;
    list->n--;
}

/* before NULL: at the end. */
static void link_conn(struct s7_pool_list *list, struct s7_pool_conn *conn, struct s7_pool_conn *before)
{
    conn->next = before;
    conn->prev = before != NULL ? before->prev : list->last;
    if (conn->prev != NULL)
        conn->prev->next = conn;
    else
        list->first = conn;
    if (before != NULL)
        before->prev = conn;
    else
        list->last = conn;
    list->n++;
}

void s7_pool_move(s7_pool_core *core, struct s7_pool_conn *conn, enum s7_pool_state to)
{
    struct s7_pool_list *list = &core->lists[to];
    struct s7_pool_conn *before = NULL;

    assert(s7_pool_is_edge(conn->state, to));
    unlink_conn(&core->lists[conn->state], conn);
    if (to == S7_POOL_IDLE) /* one that was only checked goes back to its place */
        for (before = list->first; before != NULL && before->idle_since_ns > conn->idle_since_ns;)
            before = before->next;
    else if (to == S7_POOL_FREE)
        for (before = list->first; before != NULL && before->index < conn->index;)
            before = before->next;
    link_conn(list, conn, before);
    conn->state = to;
}

void s7_pool_ask(s7_pool_core *core, struct s7_pool_conn *conn, int todo)
{
    bool listed = conn->todo != NOTHING_TO_DO;

    conn->todo = todo;
    if (listed == (todo != NOTHING_TO_DO))
        return;
    if (listed) {
        *(conn->todo_prev != NULL ? &conn->todo_prev->todo_next : &core->todo_first) = conn->todo_next;
        *(conn->todo_next != NULL ? &conn->todo_next->todo_prev : &core->todo_last) = conn->todo_prev;
        return;
    }
    conn->todo_next = NULL;
    conn->todo_prev = core->todo_last;
    *(core->todo_last != NULL ? &core->todo_last->todo_next : &core->todo_first) = conn;
    core->todo_last = conn;
}

struct s7_pool_conn *s7_pool_asked(s7_pool_core *core, int *todo)
{
    struct s7_pool_conn *conn = core->todo_first;

    if (conn == NULL)
        return NULL;
    *todo = conn->todo;
    s7_pool_ask(core, conn, NOTHING_TO_DO);
    return conn;
}

/* ---- places ---- */

/* What there is stays where it is. */
s7_status s7_pool_make_places(s7_pool_core *core, unsigned size)
{
    if (size <= core->n_places)
        return S7_OK;
    unsigned n = size - core->n_places;
    struct s7_pool_block *block = calloc(1, sizeof *block + n * sizeof block->conns[0]);

    if (block == NULL)
        return S7_E_NOMEM;
    block->next = core->blocks;
    core->blocks = block;
    for (unsigned i = 0; i < n; i++) {
        struct s7_pool_conn *conn = &block->conns[i];

        conn->index = core->n_places;
        conn->todo = NOTHING_TO_DO;
        core->conns[core->n_places++] = conn;
        link_conn(&core->lists[S7_POOL_FREE], conn, NULL);
    }
    return S7_OK;
}

void s7_pool_free_places(s7_pool_core *core)
{
    for (struct s7_pool_block *block; (block = core->blocks) != NULL;) {
        core->blocks = block->next;
        free(block);
    }
}

/* ---- waiters ---- */

static void append(struct s7_pool_waiters *queue, struct s7_pool_waiter *waiter)
{
    waiter->next = NULL;
    waiter->prev = queue->last;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = waiter;
    queue->last = waiter;
    queue->n++;
}

static void take_out(struct s7_pool_waiters *queue, struct s7_pool_waiter *waiter)
{
    *(waiter->prev != NULL ? &waiter->prev->next : &queue->first) = waiter->next;
    *(waiter->next != NULL ? &waiter->next->prev : &queue->last) = waiter->prev;
    queue->n--;
}

void s7_pool_wait(s7_pool_core *core, struct s7_pool_waiter *waiter, int64_t deadline_ns)
{
    waiter->state = S7_WAITER_WAITING;
    waiter->due = (struct s7_heap_node){.at_ns = deadline_ns, .seq = core->due_seq++};
    core->due = s7_heap_insert(core->due, &waiter->due);
    append(&core->waiting, waiter);
}

static void stop_waiting(s7_pool_core *core, struct s7_pool_waiter *waiter)
{
    core->due = s7_heap_remove(core->due, &waiter->due);
    take_out(&core->waiting, waiter);
}

void s7_pool_settle_waiter(s7_pool_core *core, struct s7_pool_waiter *waiter)
{
    stop_waiting(core, waiter);
    append(&core->settled, waiter);
    waiter->state = S7_WAITER_SETTLED;
}

void s7_pool_forget_waiter(s7_pool_core *core, struct s7_pool_waiter *waiter)
{
    if (waiter->state == S7_WAITER_WAITING)
        stop_waiting(core, waiter);
    else if (waiter->state == S7_WAITER_SETTLED)
        take_out(&core->settled, waiter);
    waiter->state = S7_WAITER_FREE;
}

struct s7_pool_waiter *s7_pool_next_due(const s7_pool_core *core, int64_t now_ns)
{
    if (core->due == NULL || core->due->at_ns > now_ns)
        return NULL;
    return (struct s7_pool_waiter *)((char *)core->due - offsetof(struct s7_pool_waiter, due));
}
