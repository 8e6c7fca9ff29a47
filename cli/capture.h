/* capture.h - the TCP segments of a pcap or pcapng file: Ethernet (with VLAN tags), Linux cooked, raw IP and
 * loopback; IPv4 and IPv6.
 *
 * Every byte of the file is hostile: lengths are compared with what is left. */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv4 addresses as ::ffff:a.b.c.d. No padding: flows may be compared as bytes. */
struct capture_flow {
    uint8_t src[16], dst[16];
    uint16_t src_port, dst_port;
};

struct capture_segment {
    struct capture_flow flow;
    uint32_t packet; /* its number in the file, from 1, as Wireshark counts */
    uint32_t seq;
    bool syn;
    const uint8_t *data; /* view into the file */
    size_t len;          /* on the wire */
    size_t kept;         /* in the file, <= len: tools may cut packets */
};

typedef void capture_fn(void *arg, const struct capture_segment *segment);

/* What was in the file. */
struct capture_sum {
    uint32_t packets, segments;
    uint32_t unknown_links; /* packets of interfaces that are none of the above, */
    uint16_t unknown_link;  /* the last one's link type, as the file has it */
    uint32_t fragments;     /* of IP: they are passed over */
};

enum capture_end {
    CAPTURE_WHOLE,
    CAPTURE_TORN,  /* it ends within a packet, as when the tool was killed, or goes on with what is none */
    CAPTURE_NONE,  /* it is no capture at all */
    CAPTURE_UNREAD /* it cannot be read; only from capture_read */
};

#define CAPTURE_WHY_CAP 128

/* Calls on_segment for each TCP segment in the order of the file; of a torn one, for all that came before.
 * why: for people, "" if it is whole. */
enum capture_end capture_parse(const uint8_t *bytes, size_t len, capture_fn *on_segment, void *arg,
                               struct capture_sum *sum, char why[CAPTURE_WHY_CAP]);
enum capture_end capture_read(const char *path, capture_fn *on_segment, void *arg, struct capture_sum *sum,
                              char why[CAPTURE_WHY_CAP]);

#endif
