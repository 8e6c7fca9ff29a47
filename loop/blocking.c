#include "loop/blocking.h"

#include "loop/ip_addr.h"
#include "loop/random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S         INT64_C(1000000000)
#define NS_PER_MS        INT64_C(1000000)
#define MS_PER_S         1000U
#define RECV_WAIT_MS     100 /* how long a receive waits by itself */
#define KEEPALIVE_PROBES 3
#define KEEPALIVE_MAX_S  32767U /* the kernel's limit */

static const struct s7_tcp_options defaults = {
    .user_timeout_ms = 5000, .keepalive_idle_ms = 10000, .keepalive_interval_ms = 3000};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t s7_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* Who was interrupted between the looks looks again. */
int64_t s7_slept_ns(void)
{
    int64_t before_ns = 0, awake_and_asleep_ns = 0;

    for (unsigned i = 0; i < 10; i++) {
        before_ns = clock_ns(CLOCK_MONOTONIC);
        awake_and_asleep_ns = clock_ns(CLOCK_BOOTTIME);
        if (clock_ns(CLOCK_MONOTONIC) - before_ns < NS_PER_MS)
            break;
    }
    return awake_and_asleep_ns - before_ns;
}

uint64_t s7_random_u64(void)
{
    uint64_t bits;
    ssize_t n;

    do
        n = getrandom(&bits, sizeof bits, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof bits) /* a sandbox forbids the call: hard to guess will do, nothing secret is
                                      made of it */
        bits = s7_draw((uint64_t)s7_now_ns(), (uint64_t)getpid(), (uint64_t)(uintptr_t)&bits, 0);
    return bits;
}

s7_status s7_status_from_errno(int os_errno)
{
    switch (os_errno) {
    case 0:
        return S7_OK;
    case ECONNREFUSED:
        return S7_E_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return S7_E_UNREACHABLE;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE: /* the peer had closed before it reset */
        return S7_E_RESET;
    case ETIMEDOUT:
        return S7_E_TIMEOUT;
    case ENOMEM:
        return S7_E_NOMEM;
    default:
        return S7_E_IO;
    }
}

static s7_status fail(int error, int *os_errno)
{
    if (os_errno != NULL)
        *os_errno = error;
    return s7_status_from_errno(error);
}

/* S7_E_TIMEOUT, S7_E_CANCELLED, S7_E_CLOSED: nothing that the operating system has a number for. */
static s7_status fail_without_errno(s7_status status, int *os_errno)
{
    if (os_errno != NULL)
        *os_errno = 0;
    return status;
}

/* What poll is told: rounded up, so that it does not return before the deadline only to be asked again for 0
 * ms. */
static int wait_ms(int64_t deadline_ns)
{
    int64_t now_ns = s7_now_ns();

    if (deadline_ns == S7_NEVER_NS)
        return -1;
    if (deadline_ns <= now_ns)
        return 0;
    int64_t left_ns = deadline_ns - now_ns;
    int64_t ms = left_ns / NS_PER_MS + (left_ns % NS_PER_MS != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* errno, or 0 when fd is ready (for an error as well: the next call on it tells). ETIMEDOUT at the deadline,
 * and then fd was looked at once after it. ECANCELED, ready or not, unless there is something to receive: an
 * answer that is here says more than that nobody waits for it. */
static int wait_for(int fd, short events, struct s7_limit limit)
{
    for (;;) {
        struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = limit.cancel_fd, .events = POLLIN}};
        int ms = wait_ms(limit.deadline_ns);
        int n = poll(p, limit.cancel_fd >= 0 ? 2 : 1, ms);

        if (n > 0)
            return p[1].revents != 0 && (p[0].revents & POLLIN) == 0 ? ECANCELED : 0;
        if (n < 0 && errno != EINTR)
            return errno;
        if (n == 0 && ms == 0)
            return ETIMEDOUT;
    }
}

/* ---- dial ---- */

static int whole_seconds(uint32_t ms)
{
    uint32_t s = ms / MS_PER_S + (ms % MS_PER_S != 0);

    return (int)(s < KEEPALIVE_MAX_S ? s : KEEPALIVE_MAX_S);
}

void s7_tcp_set_options(int fd, const struct s7_tcp_options *options)
{
    int on = 1, probes = KEEPALIVE_PROBES;
    int idle_s = whole_seconds(options->keepalive_idle_ms);
    int interval_s = whole_seconds(options->keepalive_interval_ms);
    unsigned user_timeout_ms = options->user_timeout_ms < INT_MAX ? options->user_timeout_ms : INT_MAX;

    if (user_timeout_ms != 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
    if (idle_s == 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    if (interval_s != 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
}

/* errno or 0, of a socket that is ready for writing. */
static int connect_outcome(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error == 0 && s7_ip_addr_is_own(fd) ? ECONNREFUSED : error;
}

/* A connected socket's receives wait by themselves from now on, for a while. Where that cannot be had they do
 * not wait, and are waited for with poll. */
static void let_receives_wait(int fd)
{
    struct timeval patience = {.tv_usec = RECV_WAIT_MS * 1000};
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0)
        (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/* errno or 0: *out is connected, or on its way. */
static int begin_connect(const struct addrinfo *to, const struct s7_tcp_options *options, int *out)
{
    int on = 1;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    s7_tcp_set_options(fd, options);
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS && errno != EINTR) {
        int error = errno;

        close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

static int connect_one(const struct addrinfo *to, struct s7_limit limit, const struct s7_tcp_options *options,
                       int *out)
{
    int fd;
    int error = begin_connect(to, options, &fd);

    if (error != 0)
        return error;
    error = wait_for(fd, POLLOUT, limit);
    if (error == 0)
        error = connect_outcome(fd);
    if (error != 0) {
        close(fd);
        return error;
    }
    let_receives_wait(fd);
    *out = fd;
    return 0;
}

/* An equal share of what is left for each address: one that does not answer must not use up the time of the
 * next. */
static int64_t share_of(int64_t deadline_ns, const struct addrinfo *addresses)
{
    int64_t now_ns = s7_now_ns(), n = 0;

    if (deadline_ns == S7_NEVER_NS || deadline_ns <= now_ns)
        return deadline_ns;
    for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
        n++;
    return now_ns + (deadline_ns - now_ns) / n;
}

static s7_status resolve(const char *host, uint16_t port, struct addrinfo **out, int *os_errno)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char service[8];

    snprintf(service, sizeof service, "%u", (unsigned)port);
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV; /* no file is read and no server is asked for these */
    int rc = getaddrinfo(host, service, &hints, out);
    if (rc == EAI_NONAME) {
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
        rc = getaddrinfo(host, service, &hints, out);
    }
    if (rc == 0)
        return S7_OK;
    if (rc == EAI_SYSTEM)
        return fail(errno, os_errno);
    return fail_without_errno(rc == EAI_MEMORY ? S7_E_NOMEM : S7_E_RESOLVE, os_errno);
}

s7_status s7_tcp_dial_by(const char *host, uint16_t port, struct s7_limit limit,
                         const struct s7_tcp_options *options, int *fd, int *os_errno)
{
    struct addrinfo *addresses;
    int error = ETIMEDOUT;
    s7_status status = resolve(host, port, &addresses, os_errno);

    if (status != S7_OK)
        return status;
    for (const struct addrinfo *a = addresses; a != NULL && error != 0 && error != ECANCELED;
         a = a->ai_next) {
        struct s7_limit share = {share_of(limit.deadline_ns, a), limit.cancel_fd};

        error = connect_one(a, share, options != NULL ? options : &defaults, fd);
    }
    freeaddrinfo(addresses);
    if (error == ECANCELED)
        return fail_without_errno(S7_E_CANCELLED, os_errno);
    return error == 0 ? S7_OK : fail(error, os_errno);
}

s7_status s7_tcp_dial_begin(const char *host, uint16_t port, unsigned nth,
                            const struct s7_tcp_options *options, int *fd, unsigned *n_addresses,
                            int *os_errno)
{
    struct addrinfo *addresses;
    const struct addrinfo *at = NULL;
    unsigned n = 0;
    s7_status status = resolve(host, port, &addresses, os_errno);

    if (status != S7_OK)
        return status;
    for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
        if (n++ == nth)
            at = a;
    int error = at != NULL ? begin_connect(at, options != NULL ? options : &defaults, fd) : 0;
    freeaddrinfo(addresses);
    if (n_addresses != NULL)
        *n_addresses = n;
    if (at == NULL)
        return fail_without_errno(S7_E_ARG, os_errno);
    return error == 0 ? S7_OK : fail(error, os_errno);
}

s7_status s7_tcp_dial_end(int fd, int *os_errno)
{
    int error = connect_outcome(fd);

    if (error != 0)
        return fail(error, os_errno);
    let_receives_wait(fd);
    return S7_OK;
}

/* ---- send, receive, close ---- */

static bool try_again(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Until a call need not block. */
static s7_status wait_or_fail(int fd, short events, struct s7_limit limit, int *os_errno)
{
    int error = wait_for(fd, events, limit);

    if (error == 0)
        return S7_OK;
    if (error == ECANCELED)
        return fail_without_errno(S7_E_CANCELLED, os_errno);
    return error == ETIMEDOUT ? fail_without_errno(S7_E_TIMEOUT, os_errno) : fail(error, os_errno);
}

s7_status s7_tcp_send_by(int fd, const uint8_t *bytes, size_t len, struct s7_limit limit, size_t *sent,
                         int *os_errno)
{
    if (len == 0)
        return fail_without_errno(S7_E_ARG, os_errno);
    for (;;) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            *sent = (size_t)n;
            return S7_OK;
        }
        if (n < 0 && !try_again(errno))
            return fail(errno, os_errno);
        s7_status status = wait_or_fail(fd, POLLOUT, limit, os_errno);
        if (status != S7_OK)
            return status;
    }
}

/* Waiting in the receive is one system call less than waiting before it, but the kernel can be told only when
 * to give up by and large, and nothing of what cancels. */
static bool may_wait_inside(struct s7_limit limit)
{
    return limit.cancel_fd < 0 && limit.deadline_ns > s7_now_ns() + RECV_WAIT_MS * NS_PER_MS;
}

/* Waits first, one way or the other: whoever asks has just sent, and a PLC takes its milliseconds, so that
 * trying first would be a system call for nothing. */
s7_status s7_tcp_recv_by(int fd, uint8_t *buf, size_t cap, struct s7_limit limit, size_t *got, int *os_errno)
{
    if (cap == 0)
        return fail_without_errno(S7_E_ARG, os_errno);
    for (bool inside = may_wait_inside(limit);; inside = false) {
        s7_status status = inside ? S7_OK : wait_or_fail(fd, POLLIN, limit, os_errno);
        if (status != S7_OK)
            return status;
        ssize_t n = recv(fd, buf, cap, inside ? 0 : MSG_DONTWAIT);

        if (n > 0) {
            *got = (size_t)n;
            return S7_OK;
        }
        if (n == 0)
            return fail_without_errno(S7_E_CLOSED, os_errno);
        if (!try_again(errno))
            return fail(errno, os_errno);
    }
}

s7_status s7_tcp_recv_ready(int fd, uint8_t *buf, size_t cap, size_t *got, int *os_errno)
{
    if (cap == 0)
        return fail_without_errno(S7_E_ARG, os_errno);
    ssize_t n = recv(fd, buf, cap, MSG_DONTWAIT);
    if (n > 0) {
        *got = (size_t)n;
        return S7_OK;
    }
    if (n == 0)
        return fail_without_errno(S7_E_CLOSED, os_errno);
    return try_again(errno) ? fail_without_errno(S7_E_TIMEOUT, os_errno) : fail(errno, os_errno);
}

void s7_tcp_shutdown(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}

void s7_tcp_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
