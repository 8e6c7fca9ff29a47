/* nearest.h - "did you mean": the known word that is the fewest typing mistakes away. */
#ifndef PROTOCOL_NEAREST_H
#define PROTOCOL_NEAREST_H

#include <stddef.h>

/* The best candidate so far for an unknown word; best is NULL while none is near enough. Set .word only. */
struct s7_nearest {
    const char *word;
    const char *best;
    size_t mistakes;
};

/* Offer a known word; it must live as long as best is used. In whichever order they are offered: of several
 * that are equally near, the first of the alphabet is the best. */
void s7_nearest_try(struct s7_nearest *nearest, const char *candidate);

#endif
