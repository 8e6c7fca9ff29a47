#include "loop/heap.h"

#include <stdbool.h>
#include <stddef.h>

static bool before(const struct s7_heap_node *a, const struct s7_heap_node *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->seq < b->seq);
}

/* Both are roots: no siblings, no parent. Either may be NULL. */
static struct s7_heap_node *merge(struct s7_heap_node *a, struct s7_heap_node *b)
{
    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (before(b, a)) {
        struct s7_heap_node *earlier = b;
        b = a;
        a = earlier;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child != NULL)
        a->child->prev = b;
    a->child = b;
    return a;
}

static struct s7_heap_node *take(struct s7_heap_node **list)
{
    struct s7_heap_node *node = *list;

    if (node != NULL) {
        *list = node->next;
        node->next = NULL;
        node->prev = NULL;
    }
    return node;
}

/* Siblings into one tree: pairs from left to right, then all pairs from right to left. The second pass is
 * what keeps removal at O(log n) amortised. */
static struct s7_heap_node *merge_siblings(struct s7_heap_node *first)
{
    struct s7_heap_node *pairs = NULL, *root = NULL, *node;

    while ((node = take(&first)) != NULL) {
        node = merge(node, take(&first));
        node->next = pairs;
        pairs = node;
    }
    while ((node = take(&pairs)) != NULL)
        root = merge(root, node);
    return root;
}

struct s7_heap_node *s7_heap_insert(struct s7_heap_node *root, struct s7_heap_node *node)
{
    node->child = NULL;
    node->next = NULL;
    node->prev = NULL;
    return merge(root, node);
}

struct s7_heap_node *s7_heap_remove(struct s7_heap_node *root, struct s7_heap_node *node)
{
    struct s7_heap_node *children = merge_siblings(node->child);

    if (node == root)
        return children;
    if (node->prev->child == node)
        node->prev->child = node->next;
    else
        node->prev->next = node->next;
    if (node->next != NULL)
        node->next->prev = node->prev;
    return merge(root, children);
}
