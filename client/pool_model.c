#include "client/pool_model.h"

struct model m;

uint64_t draw(void)
{
    return s7_draw(m.seed, 1, 2, m.draws++);
}

unsigned below(unsigned n)
{
    return (unsigned)s7_draw_range(draw(), 0, (int64_t)n - 1);
}

bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* ---- what the model knows ---- */

bool is_idle(const struct model_conn *conn)
{
    return conn->link == UP && !conn->lent && !conn->dirty && !conn->checking;
}

unsigned count(bool (*is)(const struct model_conn *))
{
    unsigned n = 0;

    for (unsigned i = 0; i < MAX_SIZE; i++)
        n += is(&m.conns[i]);
    return n;
}

bool is_dialing(const struct model_conn *conn)
{
    return conn->link == DIALING;
}

bool is_closing(const struct model_conn *conn)
{
    return conn->link == CLOSING;
}

bool is_lent(const struct model_conn *conn)
{
    return conn->lent;
}

bool is_dirty(const struct model_conn *conn)
{
    return conn->link == UP && !conn->lent && conn->dirty;
}

bool is_checking(const struct model_conn *conn)
{
    return conn->link == UP && !conn->lent && !conn->dirty && conn->checking;
}

bool is_good(const struct model_conn *conn)
{
    return conn->link == UP && !conn->ended;
}

/* Not lent, and not on its way out. */
bool is_held(const struct model_conn *conn)
{
    return conn->link == DIALING || (conn->link == UP && !conn->lent);
}

bool is_staying(const struct model_conn *conn)
{
    return conn->link == DIALING || conn->link == UP;
}

bool is_taken(const struct model_conn *conn)
{
    return conn->link != NONE;
}

struct caller *first_waiting(void)
{
    struct caller *first = NULL;

    for (unsigned i = 0; i < MAX_CALLERS; i++)
        if (m.callers[i].waiting && (first == NULL || m.callers[i].turn < first->turn))
            first = &m.callers[i];
    return first;
}

unsigned waiting(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < MAX_CALLERS; i++)
        n += m.callers[i].waiting;
    return n;
}
