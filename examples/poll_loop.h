/* poll_loop.h - s7rig on an event loop of one's own, whole: how an adapter is written. This one is over
 * poll(); adapters for other loops (GLib, libuv, ...) are the same three hooks. Put your own descriptors
 * beside these.
 *
 *   struct poll_loop loop;
 *   poll_loop_open(&loop);            ... make connections on loop.s7 ...
 *   while (running)
 *       poll_loop_once(&loop);
 *   ... free the connections ...      poll_loop_close(&loop); */
#ifndef POLL_LOOP_H
#define POLL_LOOP_H

#include <s7rig/loop.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define POLL_LOOP_MAX 1024 /* descriptors, and one to be woken by */

struct poll_loop {
    s7_loop *s7;
    int64_t alarm_ns; /* CLOCK_MONOTONIC; INT64_MAX: none */
    nfds_t n;
    struct pollfd fds[POLL_LOOP_MAX];
    s7_loop_watch *watches[POLL_LOOP_MAX]; /* of each of fds but the first; NULL: the place is free */
};

static inline int64_t poll_loop_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- the hooks ---- */

/* 0: none is left. */
static inline nfds_t poll_loop_free_place(const struct poll_loop *loop)
{
    nfds_t place = 1;

    while (place < loop->n && loop->watches[place] != NULL)
        place++;
    return place < POLL_LOOP_MAX ? place : 0;
}

/* The room of a watch holds its place among the descriptors, 0 while it has none. A place that is given up
 * and taken again in the midst of poll_loop_once has no events of its predecessor. */
static inline s7_status poll_loop_watch(void *user, s7_loop_watch *watch)
{
    struct poll_loop *loop = user;
    nfds_t *place = watch->room;

    if (watch->want == 0) {
        loop->fds[*place] = (struct pollfd){.fd = -1};
        loop->watches[*place] = NULL;
        *place = 0;
        return S7_OK;
    }
    if (*place == 0) {
        *place = poll_loop_free_place(loop);
        if (*place == 0)
            return S7_E_NOMEM;
        if (*place == loop->n)
            loop->n++;
        loop->fds[*place] = (struct pollfd){.fd = watch->fd};
        loop->watches[*place] = watch;
    }
    loop->fds[*place].events =
        (short)((watch->want & S7_LOOP_READ ? POLLIN : 0) | (watch->want & S7_LOOP_WRITE ? POLLOUT : 0));
    return S7_OK;
}

static inline void poll_loop_alarm(void *user, int64_t after_ns)
{
    struct poll_loop *loop = user;

    loop->alarm_ns = after_ns == S7_LOOP_NEVER ? INT64_MAX : poll_loop_now_ns() + after_ns;
}

static inline void poll_loop_wake(void *user)
{
    struct poll_loop *loop = user;
    uint64_t one = 1;

    (void)!write(loop->fds[0].fd, &one, sizeof one); /* fails only when it is woken already */
}

static inline s7_loop_hooks poll_loop_hooks(struct poll_loop *loop)
{
    return (s7_loop_hooks){
        .struct_size = sizeof(s7_loop_hooks),
        .room = sizeof(nfds_t),
        .user = loop,
        .watch = poll_loop_watch,
        .alarm = poll_loop_alarm,
        .wake = poll_loop_wake,
    };
}

/* ---- the loop ---- */

/* S7_E_IO: no descriptor is left. S7_E_NOMEM. */
static inline s7_status poll_loop_open(struct poll_loop *loop)
{
    s7_loop_hooks hooks = poll_loop_hooks(loop);
    int woken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (woken < 0)
        return S7_E_IO;
    *loop = (struct poll_loop){.alarm_ns = INT64_MAX, .n = 1, .fds = {{.fd = woken, .events = POLLIN}}};
    s7_status status = s7_loop_new(&hooks, &loop->s7);
    if (status != S7_OK)
        close(woken);
    return status;
}

/* Rounded up, so that it is over when the wait is. */
static inline int poll_loop_wait_ms(const struct poll_loop *loop)
{
    if (loop->alarm_ns == INT64_MAX)
        return -1;
    int64_t left_ns = loop->alarm_ns - poll_loop_now_ns();
    return left_ns <= 0 ? 0 : (int)((left_ns + 999999) / 1000000); /* a day at most: fits */
}

/* Whatever is not asked for (POLLERR, POLLHUP) counts as both. */
static inline unsigned poll_loop_got(short revents)
{
    if (revents & ~(POLLIN | POLLOUT))
        return S7_LOOP_READ | S7_LOOP_WRITE;
    return (revents & POLLIN ? S7_LOOP_READ : 0U) | (revents & POLLOUT ? S7_LOOP_WRITE : 0U);
}

/* Wait for something to happen, and do it. Each call into s7rig may change what is watched. */
static inline void poll_loop_once(struct poll_loop *loop)
{
    uint64_t n_wakes = 0;

    if (poll(loop->fds, loop->n, poll_loop_wait_ms(loop)) < 0)
        return; /* a signal */
    for (nfds_t i = 1; i < loop->n; i++)
        if (loop->watches[i] != NULL && loop->fds[i].revents != 0)
            s7_loop_ready(loop->s7, loop->watches[i], poll_loop_got(loop->fds[i].revents));
    if (loop->fds[0].revents != 0)
        (void)!read(loop->fds[0].fd, &n_wakes, sizeof n_wakes);
    if (n_wakes == 0 && poll_loop_now_ns() < loop->alarm_ns)
        return;
    loop->alarm_ns = INT64_MAX; /* it is for one call */
    s7_loop_due(loop->s7);
}

/* Not from inside poll_loop_once. */
static inline void poll_loop_close(struct poll_loop *loop)
{
    s7_loop_free(loop->s7);
    close(loop->fds[0].fd);
}

#endif
