/* capture.h - the TCP segments of a pcap or pcapng file (Ethernet or Linux cooked, IPv4). */
#ifndef CAPTURES_CAPTURE_H
#define CAPTURES_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow {
    uint32_t src, dst;
    uint16_t src_port, dst_port;
};

struct segment {
    struct flow flow;
    uint32_t seq;
    bool syn;
    const uint8_t *data; /* view into the file */
    size_t len;
    bool cut; /* the capture holds less than was on the wire */
};

/* Calls on_segment for each TCP segment in file order. False: the file cannot be read or is no capture; *why
 * says which. */
bool capture_read(const char *path, void (*on_segment)(void *arg, const struct segment *segment), void *arg,
                  const char **why);

#endif
