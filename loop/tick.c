/* The kernel's coarse clock, which is read from memory. */
#include "loop/blocking.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

typedef int read_clock_fn(clockid_t clock, struct timespec *out);

static read_clock_fn find_clock;
static _Atomic(read_clock_fn *) read_clock = find_clock;

/* libc's function costs as much as the answer: the kernel's own is asked where there is one. */
static int find_clock(clockid_t clock, struct timespec *out)
{
    void *kernel = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *symbol = kernel != NULL ? dlsym(kernel, "__vdso_clock_gettime") : NULL;
    read_clock_fn *fn = clock_gettime;

    if (symbol != NULL)
        memcpy(&fn, &symbol, sizeof fn);
    atomic_store_explicit(&read_clock, fn, memory_order_relaxed);
    return fn(clock, out);
}

int64_t s7_now_roughly_ns(void)
{
    struct timespec t;

    atomic_load_explicit(&read_clock, memory_order_relaxed)(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* It ticks in steps of its own, the last of which may have been up to another one ago when the timer came. */
int64_t s7_rough_ns(void)
{
    struct timespec t;

    return clock_getres(CLOCK_MONOTONIC_COARSE, &t) == 0 ? 2 * ((int64_t)t.tv_sec * NS_PER_S + t.tv_nsec) : 0;
}
