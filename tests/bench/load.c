/* load.c - the load generator: connections in a closed loop, each with `depth` jobs in flight; every answer
 * is checked for its shape, its reference and its return code, and the first wrong one ends the run.
 *
 * Prints "rate REQUESTS_PER_SECOND requests N seconds S" for what was measured after the warm-up.
 * Exit status: 0 measured, 1 a wrong answer or a lost connection, 2 usage, 4 cannot connect. */
#include "bench/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define DEPTH_MAX       8
#define RX_CAP          (DEPTH_MAX * FRAME_CAP)
#define HANDSHAKE_S     10 /* longest wait for one answer */
#define PDU_LEN         960
#define NS_PER_S        INT64_C(1000000000)

struct conn {
    int fd;
    unsigned in_flight;
    uint16_t next_ref, due_ref; /* answers come in order */
    struct frame_place place;
    size_t rx_len;
    uint8_t rx[RX_CAP];
};

static struct load {
    const char *host;
    uint16_t port;
    bool writes;
    uint16_t len;
    unsigned connections, depth;
    uint64_t requests; /* 0: until the time is up */
    double seconds, warm_seconds;
    int epoll;
    uint64_t done;
    struct conn *conns;
} load = {.connections = 1, .depth = 1, .seconds = 1, .warm_seconds = 0.1};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ---- opening, blocking ---- */

static bool exchange(struct conn *conn, const uint8_t *request, size_t len)
{
    ssize_t whole = 0;

    conn->rx_len = 0;
    if (send(conn->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        return false;
    while ((whole = frame_len(conn->rx, conn->rx_len)) == 0) {
        ssize_t got = recv(conn->fd, conn->rx + conn->rx_len, RX_CAP - conn->rx_len, 0);
        if (got <= 0)
            return false;
        conn->rx_len += (size_t)got;
    }
    return whole == (ssize_t)conn->rx_len;
}

static bool shake_hands(struct conn *conn)
{
    uint8_t buf[FRAME_CAP];
    uint16_t pdu_len, amq;

    if (!exchange(conn, buf, frame_connect(buf)) || !frame_is_confirm(conn->rx, conn->rx_len) ||
        !exchange(conn, buf, frame_setup(buf, PDU_LEN, DEPTH_MAX)) ||
        !frame_is_setup_done(conn->rx, conn->rx_len, &pdu_len, &amq))
        return false;
    conn->rx_len = 0;
    return amq >= load.depth;
}

static bool open_conn(struct conn *conn)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load.port)};
    struct timeval patience = {.tv_sec = HANDSHAKE_S};
    int on = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return conn->fd >= 0 && inet_pton(AF_INET, load.host, &address.sin_addr) == 1 &&
           setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
           setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
           connect(conn->fd, (struct sockaddr *)&address, sizeof address) == 0 && shake_hands(conn) &&
           fcntl(conn->fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_all(void)
{
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < load.connections; i++) {
        struct conn *conn = &load.conns[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
        if (!open_conn(conn) || epoll_ctl(load.epoll, EPOLL_CTL_ADD, conn->fd, &event) != 0) {
            fprintf(stderr, "bench_load: connection %u to %s:%u: no connect, handshake or AmQ of %u: %s\n",
                    i + 1, load.host, load.port, load.depth, strerror(errno));
            return false;
        }
        /* Writers have places of their own; readers share one, as panels do. */
        conn->place = (struct frame_place){.db = 1, .byte = load.writes ? i * load.len : 0, .len = load.len};
    }
    return true;
}

/* ---- the closed loop ---- */

/* Fill up to depth; what is due at once goes out in one write. */
static bool ask(struct conn *conn)
{
    uint8_t buf[DEPTH_MAX * FRAME_CAP], data[FRAME_CAP] = {0};
    size_t len = 0;

    for (; conn->in_flight < load.depth; conn->in_flight++, conn->next_ref++) {
        data[0] = (uint8_t)(conn->next_ref >> 8);
        data[1] = (uint8_t)conn->next_ref;
        len += load.writes ? frame_write(buf + len, conn->next_ref, &conn->place, data)
                           : frame_read(buf + len, conn->next_ref, &conn->place);
    }
    return len == 0 || send(conn->fd, buf, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool is_right(const uint8_t *frame, size_t len, uint16_t ref)
{
    const uint8_t *data;
    uint8_t code;

    if (load.writes)
        return frame_is_write_done(frame, len, ref, 1, &data) && data[0] == FRAME_ITEM_OK;
    return frame_is_read_done(frame, len, ref, load.len, &code, &data) && code == FRAME_ITEM_OK;
}

static bool wrong(const struct conn *conn, const uint8_t *frame, size_t len)
{
    fprintf(stderr, "bench_load: connection %td, job %u: wrong answer:", conn - load.conns + 1,
            conn->due_ref);
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, " %02x", frame[i]);
    fprintf(stderr, "\n");
    return false;
}

static bool take(struct conn *conn)
{
    size_t at = 0;
    ssize_t got = recv(conn->fd, conn->rx + conn->rx_len, RX_CAP - conn->rx_len, 0), len;

    if (got <= 0) {
        fprintf(stderr, "bench_load: connection %td: %s\n", conn - load.conns + 1,
                got == 0 ? "closed by the server" : strerror(errno));
        return false;
    }
    conn->rx_len += (size_t)got;
    while ((len = frame_len(conn->rx + at, conn->rx_len - at)) > 0) {
        if (conn->in_flight == 0 || !is_right(conn->rx + at, (size_t)len, conn->due_ref))
            return wrong(conn, conn->rx + at, (size_t)len);
        conn->due_ref++;
        conn->in_flight--;
        load.done++;
        at += (size_t)len;
    }
    if (len < 0)
        return wrong(conn, conn->rx + at, conn->rx_len - at);
    conn->rx_len -= at;
    memmove(conn->rx, conn->rx + at, conn->rx_len);
    return true;
}

/* Until `requests` more are done (0: no matter) or it is until_ns. */
static bool turn_round(uint64_t requests, int64_t until_ns)
{
    struct epoll_event events[CONNECTIONS_MAX];
    uint64_t end = requests == 0 ? UINT64_MAX : load.done + requests;

    while (load.done < end && now_ns() < until_ns) {
        int n = epoll_wait(load.epoll, events, CONNECTIONS_MAX, HANDSHAKE_S * 1000);
        if (n == 0)
            fprintf(stderr, "bench_load: no answer for %d s\n", HANDSHAKE_S);
        if (n <= 0)
            return false;
        for (int i = 0; i < n; i++)
            if (!take(events[i].data.ptr) || !ask(events[i].data.ptr))
                return false;
    }
    return true;
}

static bool measure(void)
{
    for (unsigned i = 0; i < load.connections; i++)
        if (!ask(&load.conns[i]))
            return false;
    if (load.warm_seconds > 0 && !turn_round(0, now_ns() + (int64_t)(load.warm_seconds * 1e9)))
        return false;
    uint64_t before = load.done;
    int64_t start_ns = now_ns();
    if (!turn_round(load.requests, start_ns + (int64_t)(load.seconds * 1e9)))
        return false;
    double seconds = (double)(now_ns() - start_ns) / 1e9;
    uint64_t requests = load.done - before;
    printf("rate %.0f requests %llu seconds %.3f\n", (double)requests / seconds, (unsigned long long)requests,
           seconds);
    return requests > 0;
}

/* ---- command line ---- */

static bool option(const char *name, const char *value)
{
    if (strcmp(name, "--connections") == 0)
        load.connections = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--depth") == 0)
        load.depth = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--requests") == 0)
        load.requests = strtoull(value, NULL, 10);
    else if (strcmp(name, "--seconds") == 0)
        load.seconds = strtod(value, NULL);
    else if (strcmp(name, "--warm-seconds") == 0)
        load.warm_seconds = strtod(value, NULL);
    else
        return false;
    return true;
}

static bool parse(int argc, char **argv)
{
    char *colon = argc > 3 ? strrchr(argv[1], ':') : NULL;

    if (colon == NULL || argc % 2 != 0)
        return false;
    *colon = '\0';
    load.host = argv[1];
    load.port = (uint16_t)strtoul(colon + 1, NULL, 10);
    load.writes = strcmp(argv[2], "write") == 0;
    load.len = (uint16_t)strtoul(argv[3], NULL, 10);
    for (int i = 4; i < argc; i += 2)
        if (!option(argv[i], argv[i + 1]))
            return false;
    return (load.writes || strcmp(argv[2], "read") == 0) && load.port != 0 && load.len >= 2 &&
           load.len <= 900 && load.connections >= 1 && load.connections <= CONNECTIONS_MAX &&
           load.depth >= 1 && load.depth <= DEPTH_MAX && load.seconds > 0;
}

int main(int argc, char **argv)
{
    if (!parse(argc, argv)) {
        fprintf(
            stderr,
            "usage: bench_load ADDR:PORT read|write LEN [--connections 1..%d] [--depth 1..%d] [--seconds S]\n"
            "                  [--requests N] [--warm-seconds S]        LEN 2..900 bytes of DB1\n",
            CONNECTIONS_MAX, DEPTH_MAX);
        return 2;
    }
    load.conns = calloc(load.connections, sizeof *load.conns);
    if (load.conns == NULL || !open_all())
        return 4;
    bool good = measure();
    for (unsigned i = 0; i < load.connections; i++)
        close(load.conns[i].fd);
    close(load.epoll);
    free(load.conns);
    return good ? 0 : 1;
}
