/* blocking.h - the same door for calling threads: clock, sockets and waiting with a deadline.
 *
 * Used by the blocking client and by the thread adapter of the pool. Deadlines are absolute CLOCK_MONOTONIC
 * nanoseconds (S7_NEVER_NS: none). Calls may be made from any thread; a socket belongs to one thread at a
 * time. */
#ifndef LOOP_BLOCKING_H
#define LOOP_BLOCKING_H

#include "loop/tcp_options.h"

#include "loop/never.h"

#include <s7rig/status.h>

/* CLOCK_MONOTONIC now. */
int64_t s7_now_ns(void);

/* For how long the machine has slept since it was started, during which that clock stood still; give or take
 * the time between two looks at clocks. */
int64_t s7_slept_ns(void);

/* The same for what cannot afford it, at a fifth of the price: up to s7_rough_ns ago, which is two ticks of
 * the kernel's clock, 2 to 20 ms. */
int64_t s7_now_roughly_ns(void);
int64_t s7_rough_ns(void);

/* 64 unpredictable bits. */
uint64_t s7_random_u64(void);

/* Ask the kernel for it, in whole seconds where it knows no less. Errors are not told: a socket that is
 * dialed works without. */
void s7_tcp_set_options(int fd, const struct s7_tcp_options *options);

/* When a call stops waiting: at the deadline, or as soon as cancel_fd (-1: none) is readable, which is
 * S7_E_CANCELLED. The descriptor is polled beside the socket, at no further system call, and never read. */
struct s7_limit {
    int64_t deadline_ns;
    int cancel_fd;
};

/* Resolve host (name or numeric address), try its addresses in order, connect. On success *fd is a
 * close-on-exec, TCP_NODELAY socket, in which a receive waits for 100 ms at most (SO_RCVTIMEO). options NULL:
 * the defaults in brackets. Each address gets an equal share of the time that is left. Looking up a name
 * takes as long as the system's resolver takes, deadline or not; numeric addresses are not looked up. On
 * failure *os_errno (may be NULL, here and below) is the errno of the last attempt, 0 when there is none.
 * S7_E_RESOLVE, S7_E_REFUSED, S7_E_UNREACHABLE, S7_E_TIMEOUT, S7_E_CANCELLED, S7_E_RESET, S7_E_IO. */
S7_MUST_CHECK s7_status s7_tcp_dial_by(const char *host, uint16_t port, struct s7_limit limit,
                                       const struct s7_tcp_options *options, int *fd, int *os_errno);

/* The same in steps, for a thread that has more to do than wait: begin to dial the host's address number nth
 * (0 is the first; *n_addresses, may be NULL, says how many there are). When *fd is ready for writing, end
 * tells how it went; the caller closes it otherwise. S7_E_ARG: no such address. */
S7_MUST_CHECK s7_status s7_tcp_dial_begin(const char *host, uint16_t port, unsigned nth,
                                          const struct s7_tcp_options *options, int *fd,
                                          unsigned *n_addresses, int *os_errno);
S7_MUST_CHECK s7_status s7_tcp_dial_end(int fd, int *os_errno);

/* Send as much as the kernel takes, waiting until it takes something: *sent >= 1 on S7_OK (len >= 1).
 * S7_E_TIMEOUT, S7_E_CANCELLED (nothing was taken), S7_E_RESET (also when the peer had closed before),
 * S7_E_IO, S7_E_ARG (len 0). */
S7_MUST_CHECK s7_status s7_tcp_send_by(int fd, const uint8_t *bytes, size_t len, struct s7_limit limit,
                                       size_t *sent, int *os_errno);

/* Receive from a socket that was dialed here what is there, waiting until something is: *got >= 1 on S7_OK.
 * What is there is received even after the deadline, or cancelled. S7_E_TIMEOUT, S7_E_CANCELLED, S7_E_CLOSED
 * (the peer's end), S7_E_RESET, S7_E_IO, S7_E_ARG (cap 0). */
S7_MUST_CHECK s7_status s7_tcp_recv_by(int fd, uint8_t *buf, size_t cap, struct s7_limit limit, size_t *got,
                                       int *os_errno);

/* The same for a socket of which a poll of the caller's has said that something is there: never waits.
 * S7_E_TIMEOUT: nothing was there after all. */
S7_MUST_CHECK s7_status s7_tcp_recv_ready(int fd, uint8_t *buf, size_t cap, size_t *got, int *os_errno);

/* The same where nothing cancels. */
S7_MUST_CHECK static inline s7_status s7_tcp_dial(const char *host, uint16_t port, int64_t deadline_ns,
                                                  const struct s7_tcp_options *options, int *fd,
                                                  int *os_errno)
{
    return s7_tcp_dial_by(host, port, (struct s7_limit){deadline_ns, -1}, options, fd, os_errno);
}

S7_MUST_CHECK static inline s7_status s7_tcp_send(int fd, const uint8_t *bytes, size_t len,
                                                  int64_t deadline_ns, size_t *sent, int *os_errno)
{
    return s7_tcp_send_by(fd, bytes, len, (struct s7_limit){deadline_ns, -1}, sent, os_errno);
}

S7_MUST_CHECK static inline s7_status s7_tcp_recv(int fd, uint8_t *buf, size_t cap, int64_t deadline_ns,
                                                  size_t *got, int *os_errno)
{
    return s7_tcp_recv_by(fd, buf, cap, (struct s7_limit){deadline_ns, -1}, got, os_errno);
}

/* Both directions end now: the peer gets a FIN, and a thread that waits in send or recv returns. The
 * descriptor stays. From any thread. */
void s7_tcp_shutdown(int fd);

/* Close; fd < 0 is fine. */
void s7_tcp_close(int fd);

/* errno of connect, send or recv as a status; 0: S7_OK. */
s7_status s7_status_from_errno(int os_errno);

#endif
