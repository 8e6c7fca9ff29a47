/* shape.h - how answers leave a connection: late, in pieces, several at once. A shape is a line of gates in
 * the bytes that are to be sent; the order of bytes is never changed, and what has no gate of its own waits
 * only for those before it.
 *
 * A connection has a shape from its first answer that needs one. What a turn adds is put back when it is
 * undone. */
#ifndef SIMULATOR_SHAPE_H
#define SIMULATOR_SHAPE_H

#include "simulator/distribution.h"

#include "loop/loop.h"

#include <stdbool.h>

/* How one answer is to leave; all zero: as it is. */
struct sim_leaving {
    int64_t from_ns; /* not earlier */
    uint32_t first;  /* so many bytes then, and the rest `gap` later; 0: no such cut */
    uint32_t piece;  /* so many bytes each `gap`; 0: the whole answer */
    struct sim_dist gap;
    uint64_t bits; /* key of its draws */
    uint32_t hold; /* until so many answers are held; 0: it is not held */
};

#define SIM_GATES 32

struct sim_gate {
    uint64_t upto;  /* the end of its bytes, counted since the shape was made */
    uint64_t open;  /* they may leave up to here */
    int64_t at_ns;  /* when the next of them may */
    uint32_t piece; /* bytes; 0: all at once */
    struct sim_dist gap;
    uint64_t bits, n_pieces;
    bool held;
};

/* Answers that are to leave in the reverse order, one after the other in the bytes. */
#define SIM_GROUP 16
struct sim_group {
    uint64_t from;
    size_t len[SIM_GROUP];
    unsigned n, wanted; /* wanted 0: there is none */
    int64_t until_ns;   /* it leaves then, complete or not */
};

struct sim_gates {
    size_t n, n_held;
    struct sim_group group;
    struct sim_gate gates[SIM_GATES];
};

struct sim_shape {
    uint64_t sent;
    struct sim_gates now, mark;
    s7_timer timer;
};

/* The last `len` of the bytes that are pending are to leave so. More gates than there is room for become
 * one. */
void sim_shape_add(struct sim_shape *shape, const struct sim_leaving *how, size_t pending, size_t len,
                   int64_t now_ns);

/* How many of the pending bytes may be sent now; *next_ns: when more of them may (S7_NEVER_NS: all may). */
size_t sim_shape_may_send(struct sim_shape *shape, size_t pending, int64_t now_ns, int64_t *next_ns);

void sim_shape_sent(struct sim_shape *shape, size_t len);

/* Does a group wait for more answers? They belong to it, whatever was decided about them. */
bool sim_shape_has_group(const struct sim_shape *shape, int64_t now_ns);
void sim_shape_begin_group(struct sim_shape *shape, unsigned wanted, int64_t until_ns);

/* The last `len` of the pending bytes are one more of its answers; *how: hold them. */
void sim_shape_join(struct sim_shape *shape, size_t pending, size_t len, struct sim_leaving *how);

/* Turn a group round that is complete, or whose time is over; unsent: the pending bytes. When the turn
 * stands.
 */
void sim_shape_turn_round(struct sim_shape *shape, uint8_t *unsent, int64_t now_ns);

static inline bool sim_leaving_is_usual(const struct sim_leaving *how)
{
    return how->from_ns == 0 && how->first == 0 && how->piece == 0 && how->hold == 0;
}

#endif
