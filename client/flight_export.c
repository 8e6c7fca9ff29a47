/* What the recorder kept, for its user: frame by frame, or as a file for Wireshark. */
#include "client/client_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t to_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
}

s7_status s7_client_flight_each(const s7_client *client, s7_flight_fn *fn, void *arg)
{
    s7_client *self = (s7_client *)(uintptr_t)client; /* only the flag changes */
    struct s7_direct *direct;

    if (client == NULL || fn == NULL)
        return S7_E_ARG;
    s7_status status = s7_client_enter(self, &direct);
    if (status != S7_OK)
        return status;
    s7_flight_each(direct->flight, to_realtime_ns(), fn, arg);
    s7_client_leave(self, direct);
    return S7_OK;
}

/* ---- pcapng ---- */

#define IP_LEN       20
#define TCP_LEN      20
#define HEADERS      (IP_LEN + TCP_LEN)
#define EPB_LEN      28 /* of an enhanced packet block before the packet */
#define LINKTYPE_RAW 101
#define S7_PORT      102
#define FIRST_PORT   49152

struct file {
    int fd;
    s7_status status;
    uint8_t plc[4], us[4];
    uint32_t connection;
    uint32_t seq[2]; /* of what was sent, and came, on this connection */
};

static void put(struct file *file, const uint8_t *bytes, size_t len)
{
    while (len > 0 && file->status == S7_OK) {
        ssize_t n = write(file->fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            file->status = S7_E_IO;
            return;
        }
        bytes += n;
        len -= (size_t)n;
    }
}

/* Blocks are in the order of bytes of the machine that wrote them; here always little-endian. */
static uint8_t *put_le(uint8_t *at, unsigned n, uint64_t value)
{
    for (unsigned i = 0; i < n; i++)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

static uint8_t *put_be(uint8_t *at, unsigned n, uint64_t value)
{
    for (unsigned i = n; i-- > 0;)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

static void file_begin(struct file *file)
{
    uint8_t block[28 + 32], *at = block;

    at = put_le(at, 4, 0x0A0D0D0A); /* section header */
    at = put_le(at, 4, 28);
    at = put_le(at, 4, 0x1A2B3C4D);
    at = put_le(at, 4, 1);          /* version 1.0 */
    at = put_le(at, 8, UINT64_MAX); /* length is not said */
    at = put_le(at, 4, 28);
    at = put_le(at, 4, 1); /* interface */
    at = put_le(at, 4, 32);
    at = put_le(at, 4, LINKTYPE_RAW);
    at = put_le(at, 4, 0);
    at = put_le(at, 4, 1 << 16 | 9); /* if_tsresol, one byte: nanoseconds */
    at = put_le(at, 4, 9);
    at = put_le(at, 4, 0); /* end of options */
    at = put_le(at, 4, 32);
    put(file, block, (size_t)(at - block));
}

static uint16_t ip_checksum(const uint8_t *header)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < IP_LEN; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    sum = (sum >> 16) + (sum & 0xFFFF);
    sum += sum >> 16;
    return (uint16_t)~sum;
}

/* The TCP checksum stays 0: part of the payload may be missing. */
static uint8_t *put_headers(const struct file *file, const s7_flight_frame *frame, uint8_t *at)
{
    uint8_t *ip = at;
    uint16_t our_port = (uint16_t)(FIRST_PORT + frame->connection % 16384);
    const uint8_t *from = frame->sent ? file->us : file->plc, *to = frame->sent ? file->plc : file->us;

    at = put_be(at, 2, 0x4500);
    at = put_be(at, 2, HEADERS + frame->len);
    at = put_be(at, 4, 0x00004000); /* do not fragment */
    at = put_be(at, 4, 0x40060000); /* TTL 64, TCP */
    memcpy(at, from, 4);
    memcpy(at + 4, to, 4);
    at += 8;
    put_be(ip + 10, 2, ip_checksum(ip));
    at = put_be(at, 2, frame->sent ? our_port : S7_PORT);
    at = put_be(at, 2, frame->sent ? S7_PORT : our_port);
    at = put_be(at, 4, file->seq[frame->sent]);
    at = put_be(at, 4, file->seq[!frame->sent]);
    at = put_be(at, 4, 0x50182000); /* PSH, ACK */
    return put_be(at, 4, 0);
}

static void file_frame(const s7_flight_frame *frame, void *arg)
{
    struct file *file = arg;
    uint8_t block[EPB_LEN + HEADERS + S7_FLIGHT_KEPT + 8] = {0}, *at = block;
    size_t captured = HEADERS + frame->kept, padded = (captured + 3) & ~(size_t)3;
    size_t block_len = EPB_LEN + padded + 4;

    if (frame->connection != file->connection) {
        file->connection = frame->connection;
        file->seq[0] = file->seq[1] = 1;
    }
    at = put_le(at, 4, 6); /* enhanced packet */
    at = put_le(at, 4, block_len);
    at = put_le(at, 4, 0);
    at = put_le(at, 4, (uint64_t)frame->time_ns >> 32);
    at = put_le(at, 4, (uint32_t)frame->time_ns);
    at = put_le(at, 4, captured);
    at = put_le(at, 4, HEADERS + frame->len);
    at = put_headers(file, frame, at);
    memcpy(at, frame->bytes, frame->kept);
    put_le(block + block_len - 4, 4, block_len);
    put(file, block, block_len);
    file->seq[frame->sent] += (uint32_t)frame->len;
}

s7_status s7_flight_pcapng(const struct s7_flight *flight, int64_t add_ns, const char *host, int fd)
{
    struct file file = {.fd = fd, .status = S7_OK, .plc = {192, 0, 2, 2}, .us = {192, 0, 2, 1}};

    (void)inet_pton(AF_INET, host, file.plc);
    file_begin(&file);
    s7_flight_each(flight, add_ns, file_frame, &file);
    return file.status;
}

s7_status s7_client_flight_pcapng(const s7_client *client, int fd)
{
    s7_client *self = (s7_client *)(uintptr_t)client;
    struct s7_direct *direct;

    if (client == NULL || fd < 0)
        return S7_E_ARG;
    s7_status status = s7_client_enter(self, &direct);
    if (status != S7_OK)
        return status;
    status = s7_flight_pcapng(direct->flight, to_realtime_ns(), direct->settings->endpoint.host, fd);
    s7_client_leave(self, direct);
    return status;
}
