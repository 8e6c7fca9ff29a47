/* ip_addr.h - numeric IP addresses with a port, as the loops and blocking calls share them. No name is ever
 * resolved here. */
#ifndef LOOP_IP_ADDR_H
#define LOOP_IP_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct s7_ip_addr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } addr;
    socklen_t len;
};

/* "127.0.0.1", "::1", "fe80::1%eth0". False: anything else, *out is then unchanged. */
bool s7_ip_addr_parse(const char *host, uint16_t port, struct s7_ip_addr *out);

/* "127.0.0.1:102" or "[::1]:102", cut to cap - 1 bytes; cap > 0. */
void s7_ip_addr_format(const struct s7_ip_addr *ip, char *text, size_t cap);

uint16_t s7_ip_addr_port(const struct s7_ip_addr *ip);
void s7_ip_addr_set_port(struct s7_ip_addr *ip, uint16_t port);

/* Same family, address, scope and port. */
bool s7_ip_addr_equal(const struct s7_ip_addr *a, const struct s7_ip_addr *b);

/* Would somebody listening at `bound` get what is sent to `target`: equal, or bound to every address
 * (0.0.0.0, ::) at this port. */
bool s7_ip_addr_covers(const struct s7_ip_addr *bound, const struct s7_ip_addr *target);

/* A socket connected to itself: the kernel drew the dialed port, on which nobody listens, as the local port
 * (TCP's simultaneous open). Looks like success; is a refusal. */
bool s7_ip_addr_is_own(int fd);

#endif
