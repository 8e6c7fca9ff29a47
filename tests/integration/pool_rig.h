/* pool_rig.h - a pool for threads at the house of a test program, which has a thread of its own. */
#ifndef TESTS_INTEGRATION_POOL_RIG_H
#define TESTS_INTEGRATION_POOL_RIG_H

#include "house_thread.h"

#include "loop/blocking.h"

#include <s7rig/pool_direct.h>

#include <poll.h>

#define PATIENCE_MS 60000 /* in vain, and the test has failed */

extern struct house_thread house;
extern s7_pool *pool;           /* NULL between tests */
extern s7_pool_options options; /* of the next pool: defaults with much patience */
extern s7_errinfo err;          /* of its start */

/* Around each test, or all of them. */
int enter(void **state);
int leave(void **state);

void open_pool(void); /* with options, and started */
s7_pool_stats stats(void);
s7_client *borrow(void);
/* In order: every connection was closed for a reason that is counted, and every one that was lent came back.
 */
void close_pool(void);
s7_pool_stats all_is_closed(void);

/* n threads, which get a pointer to their number, until they are done; meanwhile NULL: nothing. */
#define THREADS_MAX 100
void run_threads(unsigned n, void *(*worker)(void *number), void (*meanwhile)(void));

/* Until something that another thread does is done. */
#define UNTIL(condition)                                                                                     \
    do {                                                                                                     \
        int64_t until = s7_now_ns() + PATIENCE_MS * HOUSE_NS_PER_MS;                                         \
        while (!(condition)) {                                                                               \
            if (s7_now_ns() > until)                                                                         \
                fail_msg("did not happen: %s", #condition);                                                  \
            poll(NULL, 0, 1);                                                                                \
        }                                                                                                    \
    } while (0)

#endif
