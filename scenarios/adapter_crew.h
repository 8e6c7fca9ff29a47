/* adapter_crew.h - threads for calls that block, and the way back to the loop.
 *
 * A chore is run on a thread of its own; when it has run, it is over: its function is called at the end of a
 * turn of the loop. Threads are made when more chores run at a time than ever before, kept, and used again;
 * they block all signals.
 *
 * All functions are called on the loop's thread. As long as a chore is not over the loop goes on running. */
#ifndef SCENARIOS_ADAPTER_CREW_H
#define SCENARIOS_ADAPTER_CREW_H

#include "loop/loop.h"

#define SC_CREW_MAX 1100U

struct sc_crew;
struct sc_chore;
typedef void sc_chore_fn(struct sc_chore *chore);

/* Embedded by who wants it done; must stay until over was called, or the crew was dismissed. */
struct sc_chore {
    sc_chore_fn *run;      /* on a thread */
    sc_chore_fn *over;     /* on the loop's; the chore may be freed or given again */
    struct sc_chore *next; /* private */
};

/* No thread yet. S7_E_NOMEM. loop must outlive it. */
S7_MUST_CHECK s7_status sc_crew_new(s7_loop *loop, struct sc_crew **out);

/* See to it that the next n chores find a thread. S7_E_IO: so many cannot be had, SC_CREW_MAX at the most. */
S7_MUST_CHECK s7_status sc_crew_reserve(struct sc_crew *crew, unsigned n);

/* S7_E_IO, not after a reserve: there is no thread for it; it is not begun and will not be over. */
S7_MUST_CHECK s7_status sc_crew_do(struct sc_crew *crew, struct sc_chore *chore);

/* Wait for the chores that run, forget those that do not yet, end all threads. Nothing is over any more. The
 * crew can only be freed then. */
void sc_crew_dismiss(struct sc_crew *crew);

/* Dismiss and free; NULL is fine. */
void sc_crew_free(struct sc_crew *crew);

#endif
