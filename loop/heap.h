/* heap.h - things that happen at a time, earliest first: an intrusive pairing heap, so that arming and
 * disarming never allocate.
 *
 * The order is total: (at_ns, seq). Whoever inserts gives each node a seq of its own, counting up. */
#ifndef LOOP_HEAP_H
#define LOOP_HEAP_H

#include <stdint.h>

struct s7_heap_node {
    int64_t at_ns;
    uint64_t seq;
    struct s7_heap_node *child, *next, *prev; /* prev: left sibling, or parent of a first child */
};

/* Both return the new root, which is the earliest node; NULL is the empty heap. */
struct s7_heap_node *s7_heap_insert(struct s7_heap_node *root, struct s7_heap_node *node);
struct s7_heap_node *s7_heap_remove(struct s7_heap_node *root, struct s7_heap_node *node); /* node is in it */

#endif
