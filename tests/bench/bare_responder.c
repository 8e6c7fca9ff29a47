/* bare_responder.c - the yardstick: a libev TCP server that answers canned frames and does nothing else.
 *
 * It counts frames by their TPKT length, copies the PDU reference into the canned answer (clients match
 * answers by it) and answers everything of one readiness in one write. No PLC, no file, no checks, no timers:
 * whatever s7rig needs beyond this is the price of being a simulator.
 *
 * usage: bench_responder read LEN | write     prints "listening bare 127.0.0.1:PORT", ends with SIGTERM. */
#include "bench/frames.h"

#include <arpa/inet.h>
#include <ev.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RX_CAP      16384
#define ANSWERS_CAP (RX_CAP / FRAME_READ_LEN + 1)

static uint8_t answer[FRAME_CAP];
static size_t answer_len;

struct conn {
    ev_io io;
    unsigned frames; /* the first two are the connection request and the setup */
    size_t rx_len;
    uint8_t rx[RX_CAP];
    uint8_t tx[ANSWERS_CAP * 64];
};

static const uint8_t setup_done[FRAME_SETUP_DONE_LEN] = {
    3, 0, 0, 27, 2, 0xF0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0xF0, 0, 0, 8, 0, 8, 0x03, 0xC0};

static size_t put_answer(struct conn *conn, const uint8_t *frame, uint8_t *to)
{
    if (conn->frames == 0) {
        memcpy(to, frame, FRAME_CONNECT_LEN);
        to[5] = 0xD0;
        return FRAME_CONNECT_LEN;
    }
    if (conn->frames == 1) {
        memcpy(to, setup_done, sizeof setup_done);
        memcpy(to + 11, frame + 11, 2);
        return sizeof setup_done;
    }
    memcpy(to, answer, answer_len);
    memcpy(to + 11, frame + 11, 2);
    return answer_len;
}

static void drop(struct ev_loop *loop, struct conn *conn)
{
    ev_io_stop(loop, &conn->io);
    close(conn->io.fd);
    free(conn);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct conn *conn = io->data;
    ssize_t got = recv(io->fd, conn->rx + conn->rx_len, RX_CAP - conn->rx_len, 0), len = 0;
    size_t at = 0, out = 0;

    (void)events;
    if (got <= 0) {
        drop(loop, conn);
        return;
    }
    conn->rx_len += (size_t)got;
    while (out + FRAME_CAP < sizeof conn->tx && (len = frame_len(conn->rx + at, conn->rx_len - at)) > 0) {
        out += put_answer(conn, conn->rx + at, conn->tx + out);
        conn->frames++;
        at += (size_t)len;
    }
    conn->rx_len -= at;
    memmove(conn->rx, conn->rx + at, conn->rx_len);
    if (len < 0 || (out > 0 && send(io->fd, conn->tx, out, MSG_NOSIGNAL) != (ssize_t)out))
        drop(loop, conn);
}

static void on_acceptable(struct ev_loop *loop, ev_io *io, int events)
{
    struct conn *conn = calloc(1, sizeof *conn);
    int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0 || conn == NULL) {
        free(conn);
        return;
    }
    ev_io_init(&conn->io, on_readable, fd, EV_READ);
    conn->io.data = conn;
    ev_io_start(loop, &conn->io);
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)signal;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

/* Accepted sockets inherit TCP_NODELAY from the listener. */
static int listen_anywhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

static bool can_answer(int argc, char **argv)
{
    static const uint8_t head[] = {3, 0, 0, 0, 2, 0xF0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0};
    size_t len = argc == 3 && strcmp(argv[1], "read") == 0 ? strtoul(argv[2], NULL, 10) : 0;
    bool writes = argc == 2 && strcmp(argv[1], "write") == 0;

    if ((!writes && (len == 0 || len > 900)))
        return false;
    size_t data_len = writes ? 1 : 4 + len;
    memcpy(answer, head, sizeof head);
    answer_len = 21 + data_len;
    answer[2] = (uint8_t)(answer_len >> 8);
    answer[3] = (uint8_t)answer_len;
    answer[15] = (uint8_t)(data_len >> 8);
    answer[16] = (uint8_t)data_len;
    answer[19] = writes ? 5 : 4;
    answer[20] = 1;
    answer[21] = FRAME_ITEM_OK;
    answer[22] = 4;
    answer[23] = (uint8_t)(len * 8 >> 8);
    answer[24] = (uint8_t)(len * 8);
    return true;
}

int main(int argc, char **argv)
{
    struct ev_loop *loop = ev_default_loop(0);
    uint16_t port;
    ev_io listener;
    ev_signal end;

    if (!can_answer(argc, argv)) {
        fprintf(stderr, "usage: bench_responder read LEN | write    (LEN 1..900)\n");
        return 2;
    }
    int fd = listen_anywhere(&port);
    if (fd < 0) {
        perror("bench_responder: cannot listen");
        return 4;
    }
    ev_io_init(&listener, on_acceptable, fd, EV_READ);
    ev_io_start(loop, &listener);
    ev_signal_init(&end, on_signal, SIGTERM);
    ev_signal_start(loop, &end);
    printf("listening bare 127.0.0.1:%u\n", port);
    fflush(stdout);
    ev_run(loop, 0);
    close(fd);
    return 0;
}
