#include "loop/virtual_wire.h"

#include "loop/random.h"

#include <errno.h>
#include <stdlib.h>

/* Tells these draws from those of connections, whose keys are ordinals. */
#define LOSS_DRAWS UINT64_C(0x4C6F737400000000)

struct virtual_listener {
    s7_listener base;
    struct s7_ip_addr bound;
    struct s7_loss loss;
    uint64_t n_syn; /* that reached it while it loses them: key of draws */
    struct virtual_listener *next;
};

s7_listener *virtual_listener_for(struct virtual_loop *l, const struct s7_ip_addr *to)
{
    s7_listener *any = NULL;

    for (struct virtual_listener *i = l->listeners; i != NULL; i = i->next) {
        if (i->base.refuses)
            continue;
        if (s7_ip_addr_equal(&i->bound, to))
            return &i->base;
        if (s7_ip_addr_covers(&i->bound, to))
            any = &i->base;
    }
    return any;
}

static bool in_use(struct virtual_loop *l, const struct s7_ip_addr *bound)
{
    for (struct virtual_listener *i = l->listeners; i != NULL; i = i->next)
        if (s7_ip_addr_covers(&i->bound, bound) || s7_ip_addr_covers(bound, &i->bound))
            return true;
    return false;
}

/* The next free port, in turn, so that a port just given up is not soon another's. */
static bool pick_port(struct virtual_loop *l, struct s7_ip_addr *bound)
{
    for (int i = FIRST_FREE_PORT; i < FIRST_DIALING_PORT; i++) {
        s7_ip_addr_set_port(bound, l->next_port);
        l->next_port = l->next_port + 1 < FIRST_DIALING_PORT ? (uint16_t)(l->next_port + 1) : FIRST_FREE_PORT;
        if (!in_use(l, bound))
            return true;
    }
    return false;
}

s7_status virtual_listen(s7_loop *loop, const char *host, uint16_t port, s7_listener **out, int *os_errno)
{
    struct virtual_loop *l = virtual_loop_of(loop);
    struct s7_ip_addr bound;

    if (!s7_ip_addr_parse(host, port, &bound))
        return S7_E_RESOLVE;
    if (port == 0 ? !pick_port(l, &bound) : in_use(l, &bound)) {
        *os_errno = EADDRINUSE;
        return S7_E_ADDRESS_IN_USE;
    }
    struct virtual_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return S7_E_NOMEM;
    listener->bound = bound;
    listener->base.port = s7_ip_addr_port(&bound);
    listener->next = l->listeners;
    l->listeners = listener;
    virtual_trace_address(l, EVENT_LISTEN, 0, 0, &bound);
    *out = &listener->base;
    return S7_OK;
}

static void reset_unaccepted(struct virtual_loop *l, const s7_listener *listener)
{
    struct virtual_stream *s = l->accept_first;

    l->accept_first = NULL;
    l->accept_end = &l->accept_first;
    while (s != NULL) {
        struct virtual_stream *next = s->accept_next;

        if (s->listener == listener) {
            s7_stream_close(&s->base, S7_CLOSE_RST);
        } else {
            s->accept_next = NULL;
            *l->accept_end = s;
            l->accept_end = &s->accept_next;
        }
        s = next;
    }
}

void virtual_listener_close(s7_listener *base)
{
    struct virtual_listener *listener = (struct virtual_listener *)(void *)base;
    struct virtual_loop *l = virtual_loop_of(base->loop);
    struct virtual_listener **link = &l->listeners;

    while (*link != listener)
        link = &(*link)->next;
    *link = listener->next;
    virtual_trace_address(l, EVENT_LISTENER_CLOSE, 0, 0, &listener->bound);
    reset_unaccepted(l, base);
}

/* Nothing more to do: who refuses is passed over by virtual_listener_for, when a SYN arrives and when a
 * handshake that had begun before ends. */
s7_status virtual_listener_refuse(s7_listener *base, bool refuse, int *os_errno)
{
    struct virtual_listener *listener = (struct virtual_listener *)(void *)base;
    struct virtual_loop *l = virtual_loop_of(base->loop);

    (void)os_errno;
    virtual_trace_address(l, EVENT_REFUSE, 0, refuse, &listener->bound);
    if (refuse)
        reset_unaccepted(l, base);
    return S7_OK;
}

static struct virtual_listener *loser_for(struct virtual_loop *l, const struct s7_ip_addr *to)
{
    struct virtual_listener *i = l->listeners;

    while (i != NULL && (i->loss.kind == S7_LOSS_NONE || !s7_ip_addr_covers(&i->bound, to)))
        i = i->next;
    return i;
}

/* One that refuses as well loses first: the loss is on the way to it. */
struct s7_loss virtual_listener_loss(struct virtual_loop *l, const struct s7_ip_addr *to)
{
    struct virtual_listener *listener = loser_for(l, to);

    if (listener == NULL)
        return (struct s7_loss){.kind = S7_LOSS_NONE};
    uint64_t bits = s7_draw(l->options.seed, LOSS_DRAWS, listener->base.port, listener->n_syn++);
    if (listener->loss.kind == S7_LOSS_SYN && bits >> 32 >= listener->loss.p)
        return (struct s7_loss){.kind = S7_LOSS_NONE};
    return listener->loss;
}

s7_status virtual_listener_lose(s7_listener *base, const struct s7_loss *loss)
{
    struct virtual_listener *listener = (struct virtual_listener *)(void *)base;

    listener->loss = *loss;
    virtual_trace_address(virtual_loop_of(base->loop), EVENT_LOSE, 0, loss->kind, &listener->bound);
    return S7_OK;
}
