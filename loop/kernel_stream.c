#include "loop/blocking.h"
#include "loop/kernel_impl.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS   1000000
#define DISCARD_LEN ((size_t)1 << 30)

_Static_assert((int)S7_LOOP_READ == (int)S7_READY_READ && (int)S7_LOOP_WRITE == (int)S7_READY_WRITE,
               "what a watch wants is what a stream wants");

static struct s7_kernel_stream *stream_of(s7_stream *stream)
{
    return (struct s7_kernel_stream *)(void *)stream;
}

int64_t s7_kernel_wall_ms(const s7_loop *loop)
{
    struct timespec t;

    (void)loop;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

int64_t s7_kernel_slept_ns(const s7_loop *loop)
{
    (void)loop;
    return s7_slept_ns();
}

uint64_t s7_kernel_random(s7_loop *loop)
{
    (void)loop;
    return s7_random_u64();
}

/* ---- watching ---- */

void s7_kernel_io_init(struct s7_kernel_io *io, s7_loop *loop, int fd, void *room,
                       void (*ready)(struct s7_kernel_io *, unsigned got))
{
    *io = (struct s7_kernel_io){.watch = {.fd = fd}, .loop = loop, .ready = ready};
    if (s7_kernel_loop_of(loop)->room > 0)
        io->watch.room = room;
}

s7_status s7_kernel_watch(struct s7_kernel_io *io, unsigned want)
{
    struct s7_kernel_loop *l = s7_kernel_loop_of(io->loop);

    if (want == io->watch.want)
        return S7_OK;
    io->watch.want = want;
    s7_status status = l->watch(l, &io->watch);
    if (want == 0 || status == S7_OK)
        return S7_OK;
    io->watch.want = 0;
    return status == S7_E_NOMEM ? S7_E_NOMEM : S7_E_IO;
}

static unsigned wanted(const struct s7_kernel_stream *s)
{
    return s->muted == NULL ? s->base.want : s->base.want & ~(unsigned)S7_READY_WRITE;
}

/* What the stream is to be called for, watched or not. */
static unsigned events_of(const struct s7_kernel_stream *s)
{
    if (s->base.fn == NULL || s->state == S7_KERNEL_FAILED)
        return 0;
    return s->state == S7_KERNEL_DIALING ? (unsigned)S7_READY_WRITE : wanted(s);
}

/* Bring the watch in line. A stream that the loop does not watch is called each turn, like one that has an
 * error to be read. */
void s7_kernel_want_changed(s7_stream *stream)
{
    struct s7_kernel_stream *s = stream_of(stream);
    unsigned events = events_of(s);

    if (!s->unwatched) {
        s7_status status = s7_kernel_watch(&s->io, events);
        if (status == S7_OK)
            return;
        s7_loop_impl_fail(stream, status, 0);
        s->unwatched = true;
    }
    s7_timer_set(stream->loop, &s->unwatched_turn, events != 0 ? stream->loop->now_ns : S7_NEVER_NS);
}

/* ---- what is ready ---- */

static void dial_ended(struct s7_kernel_stream *s, bool well)
{
    s7_stream *stream = &s->base;

    s->state = well ? S7_KERNEL_UP : S7_KERNEL_FAILED;
    s7_kernel_want_changed(stream);
    stream->fn(stream, well ? S7_READY_CONNECTED : S7_READY_FAILED, stream->arg);
}

static void look_at_dial(struct s7_kernel_stream *s)
{
    s7_stream *stream = &s->base;
    struct pollfd socket = {.fd = s->io.watch.fd, .events = POLLOUT};
    int error = stream->os_errno;
    socklen_t len = sizeof error;

    if (poll(&socket, 1, 0) == 0)
        return; /* said too early */
    if (error == 0 && getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error == 0 && s7_ip_addr_is_own(socket.fd))
        error = ECONNREFUSED;
    if (error != 0)
        s7_loop_impl_fail(stream, s7_status_from_errno(error), error);
    dial_ended(s, error == 0);
}

static void on_ready(struct s7_kernel_io *io, unsigned got)
{
    struct s7_kernel_stream *s =
        (void *)((char *)io - offsetof(struct s7_kernel_stream, io)); /* never without a function */

    if (s->state == S7_KERNEL_DIALING)
        look_at_dial(s);
    else
        s->base.fn(&s->base, got, s->base.arg);
}

static void on_unwatched_turn(s7_timer *timer, void *arg)
{
    struct s7_kernel_stream *s = arg;

    if (s->state == S7_KERNEL_DIALING) {
        dial_ended(s, false);
        return;
    }
    s7_timer_set(s->base.loop, timer, s->base.loop->now_ns);
    s->base.fn(&s->base, wanted(s), s->base.arg);
}

/* ---- life ---- */

struct s7_kernel_stream *s7_kernel_stream_new(s7_loop *loop, int fd, const struct s7_ip_addr *peer)
{
    struct s7_kernel_stream *s = calloc(1, sizeof *s + s7_kernel_loop_of(loop)->room);

    if (s == NULL)
        return NULL;
    s7_loop_impl_stream_init(loop, &s->base);
    s7_ip_addr_format(peer, s->base.peer, sizeof s->base.peer);
    s->state = S7_KERNEL_UP;
    s7_kernel_io_init(&s->io, loop, fd, s->room, on_ready);
    s7_timer_init(&s->unwatched_turn, on_unwatched_turn, s);
    return s;
}

int s7_kernel_socket(const struct s7_ip_addr *ip)
{
    int on = 1;
    int fd = socket(ip->addr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

s7_status s7_kernel_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream **out)
{
    struct s7_ip_addr peer;

    if (!s7_ip_addr_parse(host, port, &peer))
        return S7_E_RESOLVE;
    int fd = s7_kernel_socket(&peer);
    if (fd < 0)
        return errno == ENOMEM ? S7_E_NOMEM : S7_E_IO;
    struct s7_kernel_stream *s = s7_kernel_stream_new(loop, fd, &peer);
    if (s == NULL) {
        close(fd);
        return S7_E_NOMEM;
    }
    s->state = S7_KERNEL_DIALING;
    /* A socket whose connect failed at once polls as hung up, so every outcome comes through on_ready. */
    if (connect(fd, &peer.addr.any, peer.len) != 0 && errno != EINPROGRESS && errno != EINTR)
        s->base.os_errno = errno;
    *out = &s->base;
    return S7_OK;
}

void s7_kernel_set_options(s7_stream *stream, const struct s7_tcp_options *options)
{
    int fd = stream_of(stream)->io.watch.fd, off = 0;

    s7_tcp_set_options(fd, options);
    if (options->keepalive_idle_ms == 0) /* an accepted one has its listener's */
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off);
}

void s7_kernel_shutdown(s7_stream *stream)
{
    struct s7_kernel_stream *s = stream_of(stream);

    if (s->state == S7_KERNEL_UP && s->muted == NULL)
        (void)shutdown(s->io.watch.fd, SHUT_WR);
}

void s7_kernel_close(s7_stream *stream, enum s7_close_how how)
{
    struct s7_kernel_stream *s = stream_of(stream);
    struct s7_kernel_loop *l = s7_kernel_loop_of(stream->loop);
    int fd = s->io.watch.fd;

    s7_timer_stop(&s->unwatched_turn);
    (void)s7_kernel_watch(&s->io, 0);
    if (s->muted != NULL) {
        s7_kernel_keep_muted(l, s);
        return;
    }
    if (how == S7_CLOSE_RST) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    } else if (s->state == S7_KERNEL_UP) {
        /* Unread bytes would turn the FIN into a RST, which destroys what was written but not yet delivered.
         */
        (void)recv(fd, NULL, DISCARD_LEN, MSG_TRUNC | MSG_DONTWAIT);
    }
    close(fd);
    s7_kernel_resume_soon(l);
}

/* ---- bytes ---- */

/* Bytes that came before an error are still read; an error that a write met first is not taken for the peer's
 * end. */
ssize_t s7_kernel_read(s7_stream *stream, uint8_t *buf, size_t cap)
{
    ssize_t n = recv(stream_of(stream)->io.watch.fd, buf, cap, 0);

    if (n > 0)
        return n;
    if (stream->error != S7_OK)
        return -1;
    if (n == 0)
        return 0;
    if (s7_kernel_try_again(errno))
        return S7_AGAIN;
    s7_loop_impl_fail(stream, s7_status_from_errno(errno), errno);
    return -1;
}

ssize_t s7_kernel_write(s7_stream *stream, const uint8_t *bytes, size_t len)
{
    struct s7_kernel_stream *s = stream_of(stream);

    if (s->muted != NULL)
        return S7_AGAIN;
    ssize_t n = send(s->io.watch.fd, bytes, len, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    if (s7_kernel_try_again(errno))
        return S7_AGAIN;
    s7_loop_impl_fail(stream, s7_status_from_errno(errno), errno);
    return -1;
}
