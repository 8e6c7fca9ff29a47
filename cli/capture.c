#include "cli/capture.h"

#include "cli/file.h"
#include "protocol/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)1 << 30)

/* Source: https://www.tcpdump.org/linktypes.html */
enum link {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_LINUX_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_LINUX_SLL2 = 276
};

#define ETHER_IPV4     0x0800
#define ETHER_IPV6     0x86DD
#define ETHER_VLAN     0x8100
#define ETHER_PROVIDER 0x88A8
#define PROTOCOL_TCP   6

#define BLOCK_SECTION   0x0A0D0D0AU
#define BLOCK_INTERFACE 1
#define BLOCK_SIMPLE    3
#define BLOCK_PACKET    6
#define BLOCK_MIN       12 /* type, and the length in front and behind */

#define INTERFACES_MAX 256

struct reader {
    capture_fn *on_segment;
    void *arg;
    struct capture_sum *sum;
    size_t len;  /* of the file */
    bool little; /* byte order of the file's own numbers */
    uint16_t links[INTERFACES_MAX];
    unsigned n_links;
    char *why;
};

/* ---- from the packet down to the segment; the numbers are big-endian ---- */

static bool skip(struct s7_rd *rd, size_t len)
{
    const uint8_t *ignored;

    return s7_rd_view(rd, len, &ignored);
}

static bool take(struct s7_rd *rd, uint8_t *to, size_t len)
{
    const uint8_t *from;

    if (!s7_rd_view(rd, len, &from))
        return false;
    memcpy(to, from, len);
    return true;
}

/* How many bytes of each link's header stand before the type of what follows, and behind it. */
static bool link_header(uint16_t link, size_t *before, size_t *behind)
{
    *behind = 0;
    switch (link) {
    case LINK_ETHERNET:
        *before = 12;
        return true;
    case LINK_LINUX_SLL:
        *before = 14;
        return true;
    case LINK_LINUX_SLL2:
        *before = 0;
        *behind = 18;
        return true;
    default:
        return false;
    }
}

static bool is_bare(uint16_t link)
{
    return link == LINK_RAW || link == LINK_RAW_BSD || link == LINK_IPV4 || link == LINK_IPV6;
}

static bool is_known(uint16_t link)
{
    size_t before, behind;

    return is_bare(link) || link == LINK_NULL || link == LINK_LOOP || link_header(link, &before, &behind);
}

/* Leaves rd at the IP header; false: something else is in it. */
static bool skip_link(struct s7_rd *rd, uint16_t link)
{
    size_t before, behind;
    uint16_t type = 0;

    if (is_bare(link))
        return true;
    if (link == LINK_NULL || link == LINK_LOOP) /* the family, in the order of bytes of whoever wrote it */
        return skip(rd, 4);
    if (!link_header(link, &before, &behind) || !skip(rd, before) || !s7_rd_u16(rd, &type) ||
        !skip(rd, behind))
        return false;
    while (type == ETHER_VLAN || type == ETHER_PROVIDER)
        if (!skip(rd, 2) || !s7_rd_u16(rd, &type))
            return false;
    return type == ETHER_IPV4 || type == ETHER_IPV6;
}

static void from_ipv4(uint8_t address[16], const uint8_t v4[4])
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};

    memcpy(address, mapped, sizeof mapped);
    memcpy(address + sizeof mapped, v4, 4);
}

/* Behind the first byte of an IPv4 header; *len: of what follows it, on the wire. */
static bool take_ipv4(const struct reader *reader, struct s7_rd *rd, size_t header,
                      struct capture_segment *segment, size_t *len)
{
    uint16_t total, fragment;
    uint8_t protocol, src[4], dst[4];

    if (header < 20 || !skip(rd, 1) || !s7_rd_u16(rd, &total) || !skip(rd, 2) || !s7_rd_u16(rd, &fragment) ||
        !skip(rd, 1) || !s7_rd_u8(rd, &protocol) || !skip(rd, 2) || !take(rd, src, 4) || !take(rd, dst, 4) ||
        !skip(rd, header - 20))
        return false;
    if ((fragment & 0x3FFF) != 0) { /* offset, and more to come */
        reader->sum->fragments++;
        return false;
    }
    from_ipv4(segment->flow.src, src);
    from_ipv4(segment->flow.dst, dst);
    *len = total >= header ? total - header : 0;
    if (total == 0) /* left to the network card of the machine that captured */
        *len = rd->left;
    return protocol == PROTOCOL_TCP && *len > 0;
}

static bool take_ipv6(struct s7_rd *rd, struct capture_segment *segment, size_t *len)
{
    uint16_t payload;
    uint8_t next;

    if (!skip(rd, 3) || !s7_rd_u16(rd, &payload) || !s7_rd_u8(rd, &next) || !skip(rd, 1) ||
        !take(rd, segment->flow.src, 16) || !take(rd, segment->flow.dst, 16))
        return false;
    *len = payload == 0 ? rd->left : payload;
    return next == PROTOCOL_TCP;
}

/* *len: of header and data, on the wire. */
static bool take_ip(const struct reader *reader, struct s7_rd *rd, struct capture_segment *segment,
                    size_t *len)
{
    uint8_t version;

    if (!s7_rd_u8(rd, &version))
        return false;
    if (version >> 4 == 4)
        return take_ipv4(reader, rd, (size_t)(version & 0x0F) * 4, segment, len);
    return version >> 4 == 6 && take_ipv6(rd, segment, len);
}

/* The data is what the wire had; Ethernet's padding is none of it. */
static bool take_tcp(struct s7_rd *rd, size_t len, struct capture_segment *segment)
{
    uint8_t offset, flags;

    if (!s7_rd_u16(rd, &segment->flow.src_port) || !s7_rd_u16(rd, &segment->flow.dst_port) ||
        !s7_rd_be(rd, 4, &segment->seq) || !skip(rd, 4) || !s7_rd_u8(rd, &offset) || !s7_rd_u8(rd, &flags))
        return false;
    size_t header = (size_t)(offset >> 4) * 4;
    if (header < 20 || header > len || !skip(rd, header - 14))
        return false;
    segment->syn = (flags & 0x02) != 0;
    segment->data = rd->at;
    segment->len = len - header;
    segment->kept = rd->left < segment->len ? rd->left : segment->len;
    return true;
}

static void on_packet(struct reader *reader, uint16_t link, struct s7_rd rd)
{
    struct capture_segment segment = {.packet = ++reader->sum->packets};
    size_t len;

    if (!is_known(link)) {
        reader->sum->unknown_links++;
        reader->sum->unknown_link = link;
        return;
    }
    if (!skip_link(&rd, link) || !take_ip(reader, &rd, &segment, &len) || !take_tcp(&rd, len, &segment))
        return;
    reader->sum->segments++;
    reader->on_segment(reader->arg, &segment);
}

/* ---- the file; its numbers are in the byte order of the machine that wrote it ---- */

static bool file_u32(const struct reader *reader, struct s7_rd *rd, uint32_t *value)
{
    uint32_t v;

    if (!s7_rd_be(rd, 4, &v))
        return false;
    *value = reader->little ? __builtin_bswap32(v) : v;
    return true;
}

static enum capture_end torn(const struct reader *reader, const struct s7_rd *rd, const char *what)
{
    snprintf(reader->why, CAPTURE_WHY_CAP, "behind packet %u, at byte %zu: %s", reader->sum->packets,
             reader->len - rd->left, what);
    return CAPTURE_TORN;
}

/* Behind the magic number. */
static enum capture_end read_pcap(struct reader *reader, struct s7_rd rd)
{
    uint32_t captured, on_wire, link;

    if (!skip(&rd, 16) || !file_u32(reader, &rd, &link))
        return torn(reader, &rd, "the file's header is not whole");
    while (rd.left > 0) {
        struct s7_rd at = rd, packet = {NULL, 0};

        if (!skip(&rd, 8) || !file_u32(reader, &rd, &captured) || !file_u32(reader, &rd, &on_wire) ||
            !s7_rd_view(&rd, captured, &packet.at))
            return torn(reader, &at, "the next packet is not whole");
        packet.left = captured;
        on_packet(reader, (uint16_t)link, packet); /* above it: flags */
    }
    return CAPTURE_WHOLE;
}

static bool on_interface(struct reader *reader, struct s7_rd body)
{
    uint32_t link;

    if (!file_u32(reader, &body, &link) || reader->n_links == INTERFACES_MAX)
        return false;
    reader->links[reader->n_links++] = (uint16_t)(reader->little ? link : link >> 16);
    return true;
}

static bool on_packet_block(struct reader *reader, struct s7_rd body)
{
    uint32_t interface, captured;
    struct s7_rd packet = {NULL, 0};

    if (!file_u32(reader, &body, &interface) || interface >= reader->n_links || !skip(&body, 8) ||
        !file_u32(reader, &body, &captured) || !skip(&body, 4) || !s7_rd_view(&body, captured, &packet.at))
        return false;
    packet.left = captured;
    on_packet(reader, reader->links[interface], packet);
    return true;
}

/* How much was captured follows from the block's length; the padding does no harm, the IP header knows
 * better. */
static bool on_simple_block(struct reader *reader, struct s7_rd body)
{
    uint32_t on_wire;

    if (!file_u32(reader, &body, &on_wire) || reader->n_links == 0)
        return false;
    if (body.left > on_wire)
        body.left = on_wire;
    on_packet(reader, reader->links[0], body);
    return true;
}

/* A new section may be in the other byte order, which its own length is in already. */
static bool on_section(struct reader *reader, struct s7_rd rd)
{
    uint32_t order;

    if (!skip(&rd, 8) || !s7_rd_be(&rd, 4, &order) || (order != 0x4D3C2B1AU && order != 0x1A2B3C4DU))
        return false;
    reader->little = order == 0x4D3C2B1AU;
    reader->n_links = 0;
    return true;
}

static bool on_block(struct reader *reader, uint32_t type, struct s7_rd body)
{
    switch (type) {
    case BLOCK_INTERFACE:
        return on_interface(reader, body);
    case BLOCK_PACKET:
        return on_packet_block(reader, body);
    case BLOCK_SIMPLE:
        return on_simple_block(reader, body);
    default:
        return true;
    }
}

static bool is_section(const struct s7_rd *rd)
{
    struct s7_rd peek = *rd;
    uint32_t type;

    return s7_rd_be(&peek, 4, &type) && type == BLOCK_SECTION; /* the same in both orders */
}

static enum capture_end read_pcapng(struct reader *reader, struct s7_rd rd)
{
    while (rd.left > 0) {
        struct s7_rd at = rd, body = {NULL, 0};
        uint32_t type, len, again;

        if (is_section(&rd) && !on_section(reader, rd))
            return torn(reader, &at, "a section without its order of bytes");
        if (!file_u32(reader, &rd, &type) || !file_u32(reader, &rd, &len) || len < BLOCK_MIN ||
            !s7_rd_view(&rd, len - BLOCK_MIN, &body.at) || !file_u32(reader, &rd, &again))
            return torn(reader, &at, "the next block is not whole");
        body.left = len - BLOCK_MIN;
        if (again != len)
            return torn(reader, &at, "a block whose two lengths differ");
        if (!on_block(reader, type, body))
            return torn(reader, &at, "a block whose lengths do not add up");
    }
    return CAPTURE_WHOLE;
}

enum capture_end capture_parse(const uint8_t *bytes, size_t len, capture_fn *on_segment, void *arg,
                               struct capture_sum *sum, char why[CAPTURE_WHY_CAP])
{
    struct reader reader = {.on_segment = on_segment, .arg = arg, .sum = sum, .len = len, .why = why};
    struct s7_rd rd = {bytes, len};
    uint32_t magic = 0;

    *sum = (struct capture_sum){0};
    why[0] = '\0';
    if (is_section(&rd))
        return read_pcapng(&reader, rd);
    (void)s7_rd_be(&rd, 4, &magic);
    reader.little = magic == 0xD4C3B2A1U || magic == 0x4D3CB2A1U; /* micro- or nanoseconds */
    if (reader.little || magic == 0xA1B2C3D4U || magic == 0xA1B23C4DU)
        return read_pcap(&reader, rd);
    snprintf(why, CAPTURE_WHY_CAP, "it is neither pcap nor pcapng");
    return CAPTURE_NONE;
}

enum capture_end capture_read(const char *path, capture_fn *on_segment, void *arg, struct capture_sum *sum,
                              char why[CAPTURE_WHY_CAP])
{
    const char *cannot;
    size_t len;
    uint8_t *bytes = cli_load(path, FILE_MAX, &len, &cannot);

    *sum = (struct capture_sum){0};
    if (bytes == NULL) {
        snprintf(why, CAPTURE_WHY_CAP, "%s", cannot);
        return CAPTURE_UNREAD;
    }
    enum capture_end end = capture_parse(bytes, len, on_segment, arg, sum, why);
    free(bytes);
    return end;
}
