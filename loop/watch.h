/* watch.h - many sockets watched by one thread, for the pool's chores.
 *
 * wait belongs to one thread, wake to any; the others may be called from any thread, one at a time for each
 * socket. A socket is removed before it is closed. */
#ifndef LOOP_WATCH_H
#define LOOP_WATCH_H

#include "loop/never.h"

#include <s7rig/status.h>

typedef struct s7_watch s7_watch;

/* What a socket is watched for. LIFE: the peer's end and errors only, silent on data, costs nothing while
 * nothing happens. READ, WRITE: said once; then it is watched for nothing until it is set again. */
enum s7_watch_for { S7_WATCH_LIFE, S7_WATCH_READ, S7_WATCH_WRITE };

struct s7_watch_event {
    uint64_t cookie;
    bool ended, reset; /* FIN; RST or another error. Neither: what was watched for */
};

/* S7_E_NOMEM, S7_E_IO: no descriptor is left. */
S7_MUST_CHECK s7_status s7_watch_new(s7_watch **out, int *os_errno);
void s7_watch_free(s7_watch *watch); /* NULL is fine; sockets stay open */

/* cookie comes back with events. S7_E_NOMEM, S7_E_IO: the kernel watches no more. */
S7_MUST_CHECK s7_status s7_watch_add(s7_watch *watch, int fd, enum s7_watch_for what, uint64_t cookie);
void s7_watch_set(s7_watch *watch, int fd, enum s7_watch_for what, uint64_t cookie);
void s7_watch_remove(s7_watch *watch, int fd);

/* Wait until something happens, wake is called, or deadline_ns (CLOCK_MONOTONIC; never earlier). Returns the
 * number of events, at most cap. */
unsigned s7_watch_wait(s7_watch *watch, int64_t deadline_ns, struct s7_watch_event *events, unsigned cap);
void s7_watch_wake(s7_watch *watch);

#endif
