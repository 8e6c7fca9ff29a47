#include "allocations.h"

#include <stdatomic.h>
#include <stddef.h>

static atomic_ulong so_far;

unsigned long allocations_so_far(void)
{
    return atomic_load(&so_far);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED /* has an allocator of its own, which tells who asks to be told */

/* gcc has the function and no header for it. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *at, size_t size),
                                              void (*on_free)(const volatile void *at));

static void on_malloc(const volatile void *at, size_t size)
{
    (void)at;
    (void)size;
    atomic_fetch_add(&so_far, 1);
}

static void on_free(const volatile void *at)
{
    (void)at;
}

__attribute__((constructor)) static void listen_to_allocator(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

/* glibc takes the program's own where there is one, and keeps its allocator reachable under these names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);
void *aligned_alloc(size_t alignment, size_t size);

void *malloc(size_t size)
{
    atomic_fetch_add(&so_far, 1);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add(&so_far, 1);
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    atomic_fetch_add(&so_far, 1);
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    atomic_fetch_add(&so_far, 1);
    return __libc_memalign(alignment, size);
}

#endif
