/* pool_thread_rig.h - for tests of the pool for threads: a pool of one connection to the fake PLC on a thread
 * (plc_thread.h), one pool at a time. */
#ifndef CLIENT_POOL_THREAD_RIG_H
#define CLIENT_POOL_THREAD_RIG_H

#include "client/plc_thread.h"
#include "loop/blocking.h"

#include <s7rig/pool.h>

#include <poll.h>

extern s7_pool *pool;
extern s7_errinfo err; /* what the last call with `patient` came to */
extern s7_ctx patient; /* a context that waits as long as a test may, and tells; set by open_with */

/* A pool of one connection. Callers wait as long as a test may, and so does what is not said here. */
s7_pool_options options_for(uint32_t request_ms);

void open_with(const s7_pool_options *options); /* and start it; the server is there already */
void open_pool(unsigned amq, enum act act, unsigned act_frame, uint32_t request_ms); /* and the server */
int leave(void **state); /* cmocka teardown: no pool and no server any more */

s7_pool_stats stats(void);
s7_client *borrow(void); /* with `patient`; must succeed */

/* Until something that another thread does is done. */
#define UNTIL(condition)                                                                                     \
    do {                                                                                                     \
        int64_t until = s7_now_ns() + PATIENCE_MS * INT64_C(1000000);                                        \
        while (!(condition)) {                                                                               \
            if (s7_now_ns() > until)                                                                         \
                fail_msg("did not happen: %s", #condition);                                                  \
            poll(NULL, 0, 1);                                                                                \
        }                                                                                                    \
    } while (0)

#endif
