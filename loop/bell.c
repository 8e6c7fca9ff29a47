#include "loop/bell.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static void wake(struct s7_bell *bell)
{
    (void)syscall(SYS_futex, &bell->rung, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

void s7_bell_ring(struct s7_bell *bell, unsigned what)
{
    atomic_store(&bell->rung, what);
    wake(bell);
}

void s7_bell_tap(struct s7_bell *bell, unsigned what)
{
    unsigned silent = 0;

    if (atomic_compare_exchange_strong(&bell->rung, &silent, what))
        wake(bell);
}

void s7_bell_silence(struct s7_bell *bell, unsigned what)
{
    (void)atomic_compare_exchange_strong(&bell->rung, &what, 0);
}

/* A signal, or a ring that came first, mean: look again. */
static bool goes_on(long result)
{
    return result == 0 || errno == EINTR || errno == EAGAIN;
}

unsigned s7_bell_wait(struct s7_bell *bell, int64_t until_ns)
{
    struct timespec at = {.tv_sec = (time_t)(until_ns / NS_PER_S), .tv_nsec = (long)(until_ns % NS_PER_S)};
    const struct timespec *limit = until_ns != S7_NEVER_NS ? &at : NULL;
    unsigned rung;
    long result = 0;

    while ((rung = atomic_load(&bell->rung)) == 0 && goes_on(result))
        result = syscall(SYS_futex, &bell->rung, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, limit, NULL,
                         FUTEX_BITSET_MATCH_ANY);
    return rung;
}
