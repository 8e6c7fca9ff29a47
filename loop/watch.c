#include "loop/watch.h"

#include "loop/blocking.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NS_PER_MS  INT64_C(1000000)
#define MAX_EVENTS 64
#define WAKE       UINT64_MAX /* cookie of the eventfd */

struct s7_watch {
    int epoll_fd, wake_fd;
};

static uint32_t events_of(enum s7_watch_for what)
{
    switch (what) {
    case S7_WATCH_READ:
        return EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    case S7_WATCH_WRITE:
        return EPOLLOUT | EPOLLONESHOT;
    default:
        return EPOLLRDHUP | EPOLLET; /* asked for nothing else, data does not even wake the thread */
    }
}

static int control(s7_watch *watch, int op, int fd, uint32_t events, uint64_t cookie)
{
    struct epoll_event event = {.events = events, .data.u64 = cookie};

    return epoll_ctl(watch->epoll_fd, op, fd, &event) == 0 ? 0 : errno;
}

s7_status s7_watch_new(s7_watch **out, int *os_errno)
{
    s7_watch *watch = malloc(sizeof *watch);

    if (watch == NULL)
        return S7_E_NOMEM;
    watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch->epoll_fd < 0 || watch->wake_fd < 0 ||
        control(watch, EPOLL_CTL_ADD, watch->wake_fd, EPOLLIN, WAKE) != 0) {
        if (os_errno != NULL)
            *os_errno = errno;
        s7_watch_free(watch);
        return S7_E_IO;
    }
    *out = watch;
    return S7_OK;
}

void s7_watch_free(s7_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->epoll_fd >= 0)
        close(watch->epoll_fd);
    if (watch->wake_fd >= 0)
        close(watch->wake_fd);
    free(watch);
}

s7_status s7_watch_add(s7_watch *watch, int fd, enum s7_watch_for what, uint64_t cookie)
{
    int error = control(watch, EPOLL_CTL_ADD, fd, events_of(what), cookie);

    if (error == 0)
        return S7_OK;
    return error == ENOMEM ? S7_E_NOMEM : S7_E_IO;
}

void s7_watch_set(s7_watch *watch, int fd, enum s7_watch_for what, uint64_t cookie)
{
    (void)control(watch, EPOLL_CTL_MOD, fd, events_of(what), cookie);
}

void s7_watch_remove(s7_watch *watch, int fd)
{
    (void)control(watch, EPOLL_CTL_DEL, fd, 0,
                  0); /* closing alone would not do while a forked child has it */
}

/* Rounded up: never before the deadline. */
static int wait_ms(int64_t deadline_ns)
{
    int64_t now_ns = s7_now_ns();

    if (deadline_ns == S7_NEVER_NS)
        return -1;
    if (deadline_ns <= now_ns)
        return 0;
    int64_t ms = (deadline_ns - now_ns - 1) / NS_PER_MS + 1;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void swallow_wake(s7_watch *watch)
{
    uint64_t count;

    (void)!read(watch->wake_fd, &count, sizeof count);
}

unsigned s7_watch_wait(s7_watch *watch, int64_t deadline_ns, struct s7_watch_event *events, unsigned cap)
{
    struct epoll_event got[MAX_EVENTS];
    unsigned n = 0;
    int n_got =
        epoll_wait(watch->epoll_fd, got, (int)(cap < MAX_EVENTS ? cap : MAX_EVENTS), wait_ms(deadline_ns));

    for (int i = 0; i < n_got; i++) {
        if (got[i].data.u64 == WAKE) {
            swallow_wake(watch);
            continue;
        }
        events[n++] = (struct s7_watch_event){.cookie = got[i].data.u64,
                                              .ended = (got[i].events & EPOLLRDHUP) != 0,
                                              .reset = (got[i].events & (EPOLLERR | EPOLLHUP)) != 0};
    }
    return n;
}

void s7_watch_wake(s7_watch *watch)
{
    uint64_t one = 1;

    (void)!write(watch->wake_fd, &one, sizeof one);
}
