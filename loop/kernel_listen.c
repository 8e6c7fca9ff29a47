#include "loop/kernel_impl.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64 /* so that a flood of connections starves nobody */
#define ACCEPT_PAUSE_NS  INT64_C(100000000)
#define KEEPALIVE_IDLE_S 30

void s7_kernel_resume_soon(struct s7_kernel_loop *l)
{
    for (struct s7_kernel_listener *p = l->paused; p != NULL; p = p->next_paused)
        s7_timer_set(&l->base, &p->resume, l->base.now_ns);
}

/* Not paused: nothing happens. */
static void end_pause(struct s7_kernel_loop *l, struct s7_kernel_listener *listener)
{
    struct s7_kernel_listener **link = &l->paused;

    s7_timer_stop(&listener->resume);
    while (*link != NULL && *link != listener)
        link = &(*link)->next_paused;
    if (*link != NULL)
        *link = listener->next_paused;
}

/* Nothing can be accepted, and the kernel would report the waiting connection again and again. Wait for a
 * stream of this loop to be closed, or for others to close something. */
static void pause_accepting(struct s7_kernel_loop *l, struct s7_kernel_listener *listener)
{
    (void)s7_kernel_watch(&listener->io, 0);
    listener->next_paused = l->paused;
    l->paused = listener;
    s7_timer_set(&l->base, &listener->resume, l->base.now_ns + ACCEPT_PAUSE_NS);
}

static void on_resume(s7_timer *timer, void *arg)
{
    struct s7_kernel_listener *listener = arg;
    struct s7_kernel_loop *l = s7_kernel_loop_of(listener->base.loop);

    (void)timer;
    end_pause(l, listener);
    if (s7_kernel_watch(&listener->io, S7_READY_READ) != S7_OK)
        pause_accepting(l, listener);
}

static bool lost_before_accept(int os_errno)
{
    switch (os_errno) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM: /* a firewall rule */
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
        return true;
    default:
        return false;
    }
}

/* False: no more for this turn. */
static bool accept_one(struct s7_kernel_loop *l, struct s7_kernel_listener *listener)
{
    struct s7_ip_addr peer = {.len = sizeof peer.addr};
    int fd = accept4(listener->io.watch.fd, &peer.addr.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 && lost_before_accept(errno))
        return true;
    if (fd < 0) {
        if (!s7_kernel_try_again(errno))
            pause_accepting(l, listener);
        return false;
    }
    struct s7_kernel_stream *s = s7_kernel_stream_new(&l->base, fd, &peer);
    if (s == NULL) {
        close(fd);
        pause_accepting(l, listener);
        return false;
    }
    listener->base.fn(&listener->base, &s->base, listener->base.arg);
    return listener->io.watch.fd >= 0 && !listener->base.refuses;
}

static void on_acceptable(struct s7_kernel_io *io, unsigned got)
{
    struct s7_kernel_listener *listener = (void *)((char *)io - offsetof(struct s7_kernel_listener, io));

    (void)got;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++)
        if (!accept_one(s7_kernel_loop_of(listener->base.loop), listener))
            return;
}

static void share_address(int fd, int on)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

static void close_keeping_errno(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
}

/* -1 and errno. */
static int bound_socket(const struct s7_ip_addr *local)
{
    int fd = s7_kernel_socket(local);

    if (fd < 0)
        return -1;
    share_address(fd, 1);
    if (bind(fd, &local->addr.any, local->len) == 0)
        return fd;
    close_keeping_errno(fd);
    return -1;
}

/* With a port that was asked for by number, whoever picked it: Linux takes back a port that it picked itself
 * as soon as the socket does not listen any more (s7_listener_refuse). The first socket holds the port until
 * the second, which asks for it, has it as well. */
static int bound_by_number(struct s7_ip_addr *local)
{
    int picked = bound_socket(local), fd = -1;

    if (picked < 0 || s7_ip_addr_port(local) != 0)
        return picked;
    if (getsockname(picked, &local->addr.any, &local->len) == 0)
        fd = bound_socket(local);
    close_keeping_errno(picked);
    return fd;
}

/* Accepted sockets inherit TCP_NODELAY and keep-alive from the listener: no system call each. */
static int listen_on(struct s7_ip_addr *local)
{
    int on = 1, idle_s = KEEPALIVE_IDLE_S;
    int fd = bound_by_number(local);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    if (listen(fd, SOMAXCONN) == 0)
        return fd;
    close_keeping_errno(fd);
    return -1;
}

static s7_status listen_status(int os_errno)
{
    switch (os_errno) {
    case EADDRINUSE:
        return S7_E_ADDRESS_IN_USE;
    case EADDRNOTAVAIL:
        return S7_E_ARG;
    case ENOMEM:
        return S7_E_NOMEM;
    default:
        return S7_E_IO;
    }
}

s7_status s7_kernel_listen(s7_loop *loop, const char *host, uint16_t port, s7_listener **out, int *os_errno)
{
    struct s7_ip_addr local;

    if (!s7_ip_addr_parse(host, port, &local))
        return S7_E_RESOLVE;
    struct s7_kernel_listener *listener = calloc(1, sizeof *listener + s7_kernel_loop_of(loop)->room);
    if (listener == NULL)
        return S7_E_NOMEM;
    int fd = listen_on(&local);
    if (fd < 0) {
        *os_errno = errno;
        free(listener);
        return listen_status(*os_errno);
    }
    listener->base.port = s7_ip_addr_port(&local);
    s7_timer_init(&listener->resume, on_resume, listener);
    s7_kernel_io_init(&listener->io, loop, fd, listener->room, on_acceptable);
    s7_status status = s7_kernel_watch(&listener->io, S7_READY_READ);
    if (status != S7_OK) {
        close(fd);
        free(listener);
        return status;
    }
    *out = &listener->base;
    return S7_OK;
}

void s7_kernel_listener_close(s7_listener *base)
{
    struct s7_kernel_listener *listener = (struct s7_kernel_listener *)(void *)base;

    end_pause(s7_kernel_loop_of(base->loop), listener);
    (void)s7_kernel_watch(&listener->io, 0);
    close(listener->io.watch.fd);
    listener->io.watch.fd = -1;
}

/* The same socket, listening or only bound. While it listens nobody else can have the port; while it is only
 * bound that takes SO_REUSEADDR off, or others who set it could. It is needed for listening again, since the
 * connections of before have the port as well: between these two calls only is the port open to others. */
static bool stop_listening(int fd)
{
    share_address(fd, 0);
    if (shutdown(fd, SHUT_RD) == 0)
        return true;
    share_address(fd, 1);
    return false;
}

static bool listen_again(int fd)
{
    share_address(fd, 1);
    if (listen(fd, SOMAXCONN) == 0)
        return true;
    share_address(fd, 0);
    return false;
}

static s7_status shut(struct s7_kernel_listener *listener, int *os_errno)
{
    if (!stop_listening(listener->io.watch.fd)) {
        *os_errno = errno;
        return S7_E_IO;
    }
    end_pause(s7_kernel_loop_of(listener->base.loop), listener);
    return s7_kernel_watch(&listener->io, 0);
}

static s7_status open_again(struct s7_kernel_listener *listener, int *os_errno)
{
    if (!listen_again(listener->io.watch.fd)) {
        *os_errno = errno;
        return S7_E_IO;
    }
    if (s7_kernel_watch(&listener->io, S7_READY_READ) != S7_OK)
        pause_accepting(s7_kernel_loop_of(listener->base.loop), listener);
    return S7_OK;
}

s7_status s7_kernel_listener_refuse(s7_listener *base, bool refuse, int *os_errno)
{
    struct s7_kernel_listener *listener = (struct s7_kernel_listener *)(void *)base;

    return refuse ? shut(listener, os_errno) : open_again(listener, os_errno);
}
