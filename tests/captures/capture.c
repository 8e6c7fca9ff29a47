#include "capture.h"

#include "protocol/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define LINK_ETHERNET  1
#define LINK_LINUX_SLL 113

#define BLOCK_SECTION   0x0A0D0D0AU
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET    6

#define INTERFACES_MAX 8

struct reader {
    void (*on_segment)(void *arg, const struct segment *segment);
    void *arg;
    bool little; /* byte order of the file's own numbers */
    uint16_t links[INTERFACES_MAX];
    unsigned n_links;
};

/* ---- from the packet down to the segment; the numbers are big-endian ---- */

static bool skip(struct s7_rd *rd, size_t len)
{
    const uint8_t *ignored;

    return s7_rd_view(rd, len, &ignored);
}

/* Leaves rd at the IP header; false: not IPv4. */
static bool skip_link(struct s7_rd *rd, uint16_t link)
{
    uint16_t type = 0;

    if (link != LINK_ETHERNET && link != LINK_LINUX_SLL)
        return false;
    if (!skip(rd, link == LINK_ETHERNET ? 12 : 14) || !s7_rd_u16(rd, &type))
        return false;
    if (type == 0x8100 && (!skip(rd, 2) || !s7_rd_u16(rd, &type))) /* VLAN */
        return false;
    return type == 0x0800;
}

/* Cuts rd to the IP payload, which drops Ethernet's padding. */
static bool skip_ip(struct s7_rd *rd, struct segment *segment)
{
    uint8_t version, protocol;
    uint16_t total;

    if (!s7_rd_u8(rd, &version) || version >> 4 != 4 || !skip(rd, 1) || !s7_rd_u16(rd, &total) ||
        !skip(rd, 5))
        return false;
    if (!s7_rd_u8(rd, &protocol) || protocol != 6 || !skip(rd, 2))
        return false;
    if (!s7_rd_be(rd, 4, &segment->flow.src) || !s7_rd_be(rd, 4, &segment->flow.dst))
        return false;
    size_t header = (size_t)(version & 0x0F) * 4;
    if (header < 20 || total < header || !skip(rd, header - 20))
        return false;
    if (rd->left > total - header)
        rd->left = total - header;
    segment->cut = rd->left < total - header;
    return true;
}

static bool skip_tcp(struct s7_rd *rd, struct segment *segment)
{
    uint8_t offset, flags;

    if (!s7_rd_u16(rd, &segment->flow.src_port) || !s7_rd_u16(rd, &segment->flow.dst_port) ||
        !s7_rd_be(rd, 4, &segment->seq) || !skip(rd, 4) || !s7_rd_u8(rd, &offset) || !s7_rd_u8(rd, &flags))
        return false;
    size_t header = (size_t)(offset >> 4) * 4;
    segment->syn = (flags & 0x02) != 0;
    return header >= 20 && skip(rd, header - 14);
}

static void on_packet(const struct reader *reader, uint16_t link, struct s7_rd rd)
{
    struct segment segment = {.seq = 0};

    if (!skip_link(&rd, link) || !skip_ip(&rd, &segment) || !skip_tcp(&rd, &segment))
        return;
    segment.data = rd.at;
    segment.len = rd.left;
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

static bool read_pcap(struct reader *reader, struct s7_rd rd)
{
    uint32_t captured, on_wire, link;
    struct s7_rd packet = {NULL, 0};

    if (!skip(&rd, 20) || !file_u32(reader, &rd, &link))
        return false;
    while (rd.left > 0) {
        if (!skip(&rd, 8) || !file_u32(reader, &rd, &captured) || !file_u32(reader, &rd, &on_wire) ||
            !s7_rd_view(&rd, captured, &packet.at))
            return false;
        packet.left = captured;
        on_packet(reader, (uint16_t)link, packet);
    }
    return true;
}

static bool on_block(struct reader *reader, uint32_t type, struct s7_rd body)
{
    uint32_t interface, link, captured;
    struct s7_rd packet = {NULL, 0};

    if (type == BLOCK_INTERFACE) {
        if (!file_u32(reader, &body, &link) || reader->n_links == INTERFACES_MAX)
            return false;
        reader->links[reader->n_links++] = (uint16_t)(reader->little ? link : link >> 16);
    } else if (type == BLOCK_PACKET) {
        if (!file_u32(reader, &body, &interface) || interface >= reader->n_links || !skip(&body, 8) ||
            !file_u32(reader, &body, &captured) || !skip(&body, 4) ||
            !s7_rd_view(&body, captured, &packet.at))
            return false;
        packet.left = captured;
        on_packet(reader, reader->links[interface], packet);
    }
    return true;
}

static bool read_pcapng(struct reader *reader, struct s7_rd rd)
{
    while (rd.left > 0) {
        uint32_t type, len;
        struct s7_rd body = {NULL, 0};

        if (!file_u32(reader, &rd, &type) || !file_u32(reader, &rd, &len) || len < 12 ||
            !s7_rd_view(&rd, len - 12, &body.at) || !skip(&rd, 4))
            return false;
        body.left = len - 12;
        if (type == BLOCK_SECTION)
            reader->n_links = 0;
        else if (!on_block(reader, type, body))
            return false;
    }
    return true;
}

static bool read_bytes(struct reader *reader, struct s7_rd rd)
{
    struct s7_rd peek = rd;
    uint32_t magic, length, order;

    if (!s7_rd_be(&peek, 4, &magic))
        return false;
    if (magic == BLOCK_SECTION) {
        if (!s7_rd_be(&peek, 4, &length) || !s7_rd_be(&peek, 4, &order))
            return false;
        reader->little = order == 0x4D3C2B1AU;
        return read_pcapng(reader, rd);
    }
    reader->little = magic == 0xD4C3B2A1U || magic == 0x4D3CB2A1U; /* micro- or nanoseconds */
    if (!reader->little && magic != 0xA1B2C3D4U && magic != 0xA1B23C4DU)
        return false;
    return read_pcap(reader, rd);
}

static uint8_t *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;

    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    rewind(file);
    if (size > 0)
        bytes = malloc((size_t)size);
    if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *len = bytes != NULL ? (size_t)size : 0;
    return bytes;
}

bool capture_read(const char *path, void (*on_segment)(void *arg, const struct segment *segment), void *arg,
                  const char **why)
{
    struct reader reader = {.on_segment = on_segment, .arg = arg};
    size_t len;
    uint8_t *bytes = load(path, &len);

    if (bytes == NULL) {
        *why = "cannot be read";
        return false;
    }
    bool good = read_bytes(&reader, (struct s7_rd){bytes, len});
    free(bytes);
    *why = good ? "" : "is not a whole pcap or pcapng file";
    return good;
}
