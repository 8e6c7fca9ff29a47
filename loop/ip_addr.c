#include "loop/ip_addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static bool parse_v4(const char *host, uint16_t port, struct s7_ip_addr *out)
{
    struct s7_ip_addr e = {.len = sizeof e.addr.v4};

    e.addr.v4.sin_family = AF_INET;
    e.addr.v4.sin_port = htons(port);
    if (inet_pton(AF_INET, host, &e.addr.v4.sin_addr) != 1)
        return false;
    *out = e;
    return true;
}

static bool parse_v6(const char *host, uint16_t port, struct s7_ip_addr *out)
{
    struct s7_ip_addr e = {.len = sizeof e.addr.v6};
    char text[INET6_ADDRSTRLEN];
    const char *scope = strchr(host, '%');
    size_t len = scope != NULL ? (size_t)(scope - host) : strlen(host);

    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    e.addr.v6.sin6_family = AF_INET6;
    e.addr.v6.sin6_port = htons(port);
    if (inet_pton(AF_INET6, text, &e.addr.v6.sin6_addr) != 1)
        return false;
    if (scope != NULL && (e.addr.v6.sin6_scope_id = if_nametoindex(scope + 1)) == 0)
        return false;
    *out = e;
    return true;
}

bool s7_ip_addr_parse(const char *host, uint16_t port, struct s7_ip_addr *out)
{
    return parse_v4(host, port, out) || parse_v6(host, port, out);
}

static void format_v6(const struct sockaddr_in6 *v6, char *text, size_t cap)
{
    char host[INET6_ADDRSTRLEN] = "?", scope[IF_NAMESIZE] = "";

    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    if (v6->sin6_scope_id != 0 && if_indextoname(v6->sin6_scope_id, scope) == NULL)
        scope[0] = '\0';
    snprintf(text, cap, "[%s%s%s]:%u", host, scope[0] != '\0' ? "%" : "", scope,
             (unsigned)ntohs(v6->sin6_port));
}

void s7_ip_addr_format(const struct s7_ip_addr *ip, char *text, size_t cap)
{
    char host[INET_ADDRSTRLEN] = "?";

    if (ip->addr.any.sa_family == AF_INET6) {
        format_v6(&ip->addr.v6, text, cap);
        return;
    }
    inet_ntop(AF_INET, &ip->addr.v4.sin_addr, host, sizeof host);
    snprintf(text, cap, "%s:%u", host, (unsigned)s7_ip_addr_port(ip));
}

uint16_t s7_ip_addr_port(const struct s7_ip_addr *ip)
{
    return ntohs(ip->addr.any.sa_family == AF_INET6 ? ip->addr.v6.sin6_port : ip->addr.v4.sin_port);
}

void s7_ip_addr_set_port(struct s7_ip_addr *ip, uint16_t port)
{
    if (ip->addr.any.sa_family == AF_INET6)
        ip->addr.v6.sin6_port = htons(port);
    else
        ip->addr.v4.sin_port = htons(port);
}

bool s7_ip_addr_equal(const struct s7_ip_addr *a, const struct s7_ip_addr *b)
{
    if (a->addr.any.sa_family != b->addr.any.sa_family || s7_ip_addr_port(a) != s7_ip_addr_port(b))
        return false;
    if (a->addr.any.sa_family == AF_INET)
        return a->addr.v4.sin_addr.s_addr == b->addr.v4.sin_addr.s_addr;
    return a->addr.v6.sin6_scope_id == b->addr.v6.sin6_scope_id &&
           memcmp(&a->addr.v6.sin6_addr, &b->addr.v6.sin6_addr, sizeof a->addr.v6.sin6_addr) == 0;
}

static bool is_wildcard(const struct s7_ip_addr *e)
{
    return e->addr.any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&e->addr.v6.sin6_addr)
                                             : e->addr.v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

bool s7_ip_addr_covers(const struct s7_ip_addr *bound, const struct s7_ip_addr *target)
{
    if (s7_ip_addr_equal(bound, target))
        return true;
    return is_wildcard(bound) && bound->addr.any.sa_family == target->addr.any.sa_family &&
           s7_ip_addr_port(bound) == s7_ip_addr_port(target);
}

bool s7_ip_addr_is_own(int fd)
{
    struct s7_ip_addr local = {.len = sizeof local.addr}, remote = {.len = sizeof remote.addr};

    return getsockname(fd, &local.addr.any, &local.len) == 0 &&
           getpeername(fd, &remote.addr.any, &remote.len) == 0 && s7_ip_addr_equal(&local, &remote);
}
