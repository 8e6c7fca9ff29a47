/* bare_socket.h - a blocking socket that is an S7 connection after two exchanges, and knows nothing of S7 but
 * lengths: what clients are measured against. */
#ifndef TESTS_BENCH_BARE_SOCKET_H
#define TESTS_BENCH_BARE_SOCKET_H

#include "bench/frames.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

/* Send request[0..len), receive expected bytes to answer and do not look at them. */
static inline bool bare_exchange(int fd, const uint8_t *request, size_t len, uint8_t *answer, size_t expected)
{
    size_t got = 0;

    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        return false;
    while (got < expected) {
        ssize_t n = recv(fd, answer + got, expected - got, 0);

        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

/* endpoint "127.0.0.1:102", with eight jobs at a time. -1: no connection. */
static inline int bare_connect(const char *endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    uint8_t request[FRAME_CAP], answer[FRAME_CAP];
    char host[INET_ADDRSTRLEN];
    unsigned port;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || sscanf(endpoint, "%15[0-9.]:%u", host, &port) != 2 || port > 65535 ||
        inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return -1;
    address.sin_port = htons((uint16_t)port);
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        bare_exchange(fd, request, frame_connect(request), answer, FRAME_CONNECT_LEN) &&
        bare_exchange(fd, request, frame_setup(request, 960, 8), answer, FRAME_SETUP_DONE_LEN))
        return fd;
    return -1;
}

#endif
