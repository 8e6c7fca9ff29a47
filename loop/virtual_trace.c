#include "loop/virtual_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FNV_OFFSET     UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME      UINT64_C(0x100000001b3)
#define LINE_BYTES_MAX 32U /* bytes of a segment that a line shows */
#define NS_PER_S       INT64_C(1000000000)

static const char *const names[] = {
    [EVENT_LISTEN] = "listen",
    [EVENT_LISTENER_CLOSE] = "listener closed",
    [EVENT_DIAL] = "dial",
    [EVENT_SYN] = "syn",
    [EVENT_SYN_LOST] = "syn lost",
    [EVENT_CONNECTED] = "connected",
    [EVENT_ACCEPTED] = "accepted",
    [EVENT_UNREACHABLE] = "unreachable",
    [EVENT_DIAL_TIMEOUT] = "dial timed out",
    [EVENT_SEGMENT] = "segment",
    [EVENT_FIN] = "fin",
    [EVENT_RST] = "rst",
    [EVENT_SHUTDOWN] = "shutdown",
    [EVENT_CLOSE] = "close",
    [EVENT_TIMERS] = "timers",
    [EVENT_SET_DIAL] = "set dial",
    [EVENT_SET_LATENCY] = "set latency",
    [EVENT_VANISH] = "vanish",
    [EVENT_RESET] = "reset",
    [EVENT_STALL] = "stall",
    [EVENT_SET_BUFFER] = "set buffer",
    [EVENT_REFUSE] = "refuse",
    [EVENT_LOSE] = "lose",
    [EVENT_SLEEP] = "sleep",
};

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    return hash;
}

/* Little-endian whatever the machine. */
static uint64_t hash_u64(uint64_t hash, uint64_t value)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return hash_bytes(hash, bytes, sizeof bytes);
}

static void print_line(struct virtual_loop *loop, enum virtual_event kind, uint64_t ordinal, uint64_t number,
                       const uint8_t *bytes, uint32_t len)
{
    char line[192], hex[2 * LINE_BYTES_MAX + 1] = "";
    uint32_t shown = len < LINE_BYTES_MAX ? len : LINE_BYTES_MAX;
    int64_t now_ns = loop->base.now_ns;

    if (kind == EVENT_SEGMENT) {
        for (uint32_t i = 0; i < shown; i++)
            snprintf(hex + 2 * (size_t)i, 3, "%02x", bytes[i]);
        snprintf(line, sizeof line, "%" PRId64 ".%09" PRId64 " #%" PRIu64 " segment %" PRIu32 " bytes %s%s",
                 now_ns / NS_PER_S, now_ns % NS_PER_S, ordinal, len, hex, shown < len ? "..." : "");
    } else {
        snprintf(line, sizeof line, "%" PRId64 ".%09" PRId64 " #%" PRIu64 " %s %" PRIu64 " %.*s",
                 now_ns / NS_PER_S, now_ns % NS_PER_S, ordinal, names[kind], number,
                 (int)(len < 64 ? len : 64), (const char *)bytes);
    }
    loop->trace_fn(line, loop->trace_arg);
}

void virtual_trace_event(struct virtual_loop *loop, enum virtual_event kind, uint64_t ordinal,
                         uint64_t number, const uint8_t *bytes, uint32_t len)
{
    uint64_t hash = hash_u64(loop->hash, (uint64_t)loop->base.now_ns);

    hash = hash_u64(hash, ++loop->n_events);
    hash = hash_u64(hash, (uint64_t)kind);
    hash = hash_u64(hash, ordinal);
    hash = hash_u64(hash, number);
    hash = hash_u64(hash, len);
    loop->hash = hash_bytes(hash, bytes, len);
    if (loop->trace_fn != NULL)
        print_line(loop, kind, ordinal, number, bytes, len);
}

void virtual_trace_address(struct virtual_loop *l, enum virtual_event kind, uint64_t ordinal, uint64_t number,
                           const struct s7_ip_addr *ip)
{
    char text[S7_PEER_TEXT_CAP];

    s7_ip_addr_format(ip, text, sizeof text);
    virtual_trace_event(l, kind, ordinal, number, (const uint8_t *)text, (uint32_t)strlen(text));
}

void virtual_trace_init(struct virtual_loop *loop)
{
    loop->hash = FNV_OFFSET;
}

uint64_t s7_virtual_trace_hash(const s7_loop *loop)
{
    return virtual_loop_of(loop)->hash;
}

uint64_t s7_virtual_event_count(const s7_loop *loop)
{
    return virtual_loop_of(loop)->n_events;
}

void s7_virtual_trace(s7_loop *loop, s7_virtual_trace_fn *fn, void *arg)
{
    virtual_loop_of(loop)->trace_fn = fn;
    virtual_loop_of(loop)->trace_arg = arg;
}
