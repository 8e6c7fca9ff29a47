/* sandbox_pattern.h - Lua's patterns, matched with a budget: Lua's own matcher cannot be stopped, and some
 * patterns take longer than anybody lives. Same language, same results (compared with Lua's in the test),
 * with two differences: a malformed pattern is refused before anything is matched, and what %a, %s and the
 * like take does not depend on the locale.
 *
 * No Lua state, no allocation. */
#ifndef SCENARIOS_SANDBOX_PATTERN_H
#define SCENARIOS_SANDBOX_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_CAPTURES 32
#define SC_NO_MATCH SIZE_MAX

struct sc_byte_set {
    uint32_t bits[8];
};

struct sc_item {
    uint8_t kind;    /* private */
    uint8_t capture; /* its number, from 0 */
    char ends[2];    /* of %b */
    struct sc_byte_set set;
};

struct sc_pattern {
    bool anchored;
    unsigned n_captures;
    uint32_t positions; /* bit n: capture n is a position, "()" */
    struct sc_item items[];
};

/* Bytes that a pattern whose text has len bytes needs at most. */
size_t sc_pattern_size(size_t len);

/* NULL, or what is wrong with it (static). caret false: '^' is no anchor, as in gmatch. */
const char *sc_pattern_compile(struct sc_pattern *pattern, const char *text, size_t len, bool caret);

struct sc_capture {
    size_t begin, end;
};

struct sc_match {
    const struct sc_pattern *pattern;
    const char *subject;
    size_t len;
    uint64_t budget;                         /* comparisons that may be made ... */
    uint64_t spent;                          /* ... and were: above budget, the search was given up */
    size_t begin, end;                       /* what matched */
    struct sc_capture captures[SC_CAPTURES]; /* a position is its begin */
};

/* The first match that begins at from or later, and does not end at not_end (SC_NO_MATCH: wherever). */
bool sc_pattern_search(struct sc_match *match, size_t from, size_t not_end);

#endif
