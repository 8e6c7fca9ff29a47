/* flood_test.c - bad peers: garbage, truncated and half frames, frame floods that never read their answers.
 * Good connections' reads stay right, the server stays up, and its memory stays bounded.
 *
 * Pseudo-random with a fixed seed: usage: flood [ROUNDS [SEED]] */
#include "durability/check.h"
#include "durability/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BAD_PEERS     64
#define ROUNDS        200 /* in each, every bad peer does one thing and a good client reads and writes */
#define FLOOD_LEN     8192
#define RECONNECT_OUT 4 /* one of so many bad peers starts afresh in a round */

/* Generous: what so many connections may occupy, with the sanitizer's quarantine where there is one. */
#if defined(__SANITIZE_ADDRESS__)
#define GROWTH_MAX_KB (512L * 1024)
#else
#define GROWTH_MAX_KB (48L * 1024)
#endif

enum misdeed { GARBAGE, TPKT_GARBAGE, HALF_FRAME, CUT_REQUEST, FLIPPED, READ_FLOOD, WRITE_FLOOD, MISDEEDS };

static struct {
    unsigned rounds;
    uint64_t random;
    struct rig rig;
    int good;
    int bad[BAD_PEERS]; /* -1: not connected */
    uint8_t expected[200];
    unsigned long sent_kb, closed;
} flood = {.rounds = ROUNDS, .random = 7};

static const struct frame_place good_place = {RIG_FAR_DB, 0, 200}, bad_place = {2, 0, 64},
                                wide_place = {2, 0, 900};

static uint32_t draw(uint32_t below) /* splitmix64 */
{
    uint64_t z = flood.random += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ z >> 31) % below);
}

/* ---- bad peers ---- */

static void bad_dial(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    if (draw(3) == 0) { /* not even a connection request; most misdeeds need one */
        *fd = rig_dial(&flood.rig);
    } else {
        *fd = rig_connect(&flood.rig);
    }
    assert_int_equal(fcntl(*fd, F_SETFL, O_NONBLOCK), 0);
}

static size_t random_bytes(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)draw(256);
    return len;
}

/* A frame that is sound, as raw material. */
static size_t sound_frame(uint8_t *buf)
{
    uint8_t data[64] = {0xEE};

    switch (draw(4)) {
    case 0:
        return frame_connect(buf);
    case 1:
        return frame_setup(buf, (uint16_t)draw(65536), (uint16_t)draw(65536));
    case 2:
        return frame_read(buf, (uint16_t)draw(65536), &bad_place);
    default:
        return frame_write(buf, (uint16_t)draw(65536), &bad_place, data);
    }
}

static size_t fill_with(uint8_t *buf, size_t cap, bool writes)
{
    uint8_t data[64] = {0xEE};
    size_t len = 0;

    while (cap - len >= FRAME_CAP)
        len += writes ? frame_write(buf + len, (uint16_t)len, &bad_place, data)
                      : frame_read(buf + len, (uint16_t)len, &wide_place);
    return len;
}

static size_t tpkt_garbage(uint8_t *buf)
{
    size_t len = 7 + draw(600);

    random_bytes(buf, len);
    buf[0] = 3;
    buf[2] = (uint8_t)(len >> 8);
    buf[3] = (uint8_t)len;
    if (draw(2) == 0) {
        buf[4] = 2;
        buf[5] = 0xF0;
        buf[6] = draw(2) == 0 ? 0x80 : 0; /* endless fragments, too */
        buf[7] = 0x32;
    }
    return len;
}

static size_t commit(enum misdeed misdeed, uint8_t *buf)
{
    size_t len;

    switch (misdeed) {
    case GARBAGE:
        return random_bytes(buf, 1 + draw(2000));
    case TPKT_GARBAGE:
        return tpkt_garbage(buf);
    case HALF_FRAME:
        return 1 + draw((uint32_t)sound_frame(buf) - 1);
    case CUT_REQUEST: /* a whole frame by its TPKT length, but its inside was cut */
        len = 7 + draw((uint32_t)sound_frame(buf) - 7);
        buf[2] = (uint8_t)(len >> 8);
        buf[3] = (uint8_t)len;
        return len;
    case FLIPPED:
        len = sound_frame(buf);
        for (uint32_t i = 0, n = 1 + draw(4); i < n; i++)
            buf[4 + draw((uint32_t)len - 4)] ^= (uint8_t)(1U << draw(8));
        return len;
    case READ_FLOOD:
    case WRITE_FLOOD:
    default:
        return fill_with(buf, FLOOD_LEN, misdeed == WRITE_FLOOD);
    }
}

/* Bad peers never read: what the server cannot send must not make it hoard. */
static void misbehave(int *fd)
{
    uint8_t buf[FLOOD_LEN];
    size_t len = commit((enum misdeed)draw(MISDEEDS), buf);

    if (*fd < 0 || draw(RECONNECT_OUT) == 0)
        bad_dial(fd);
    ssize_t sent = send(*fd, buf, len, MSG_NOSIGNAL);
    if (sent > 0) {
        flood.sent_kb += (unsigned long)sent / 1024;
    } else if (errno != EAGAIN) {
        close(*fd);
        *fd = -1;
        flood.closed++;
    }
}

/* ---- a good client ---- */

static void good_client_is_served(unsigned round)
{
    uint8_t data[200];

    if (round % 8 == 0) {
        random_bytes(flood.expected, sizeof flood.expected);
        assert_int_equal(rig_write(flood.good, &good_place, flood.expected), FRAME_ITEM_OK);
    }
    assert_int_equal(rig_read(flood.good, &good_place, data), FRAME_ITEM_OK);
    assert_memory_equal(data, flood.expected, sizeof data);
}

static void a_newcomer_is_served(void)
{
    int fd = rig_connect(&flood.rig);
    uint8_t data[200];

    assert_int_equal(rig_read(fd, &good_place, data), FRAME_ITEM_OK);
    assert_memory_equal(data, flood.expected, sizeof data);
    close(fd);
}

static void good_connections_are_served_while_others_misbehave(void **state)
{
    long before_kb, growth_kb;

    (void)state;
    before_kb = rig_rss_kb(&flood.rig);
    for (unsigned round = 0; round < flood.rounds; round++) {
        for (size_t i = 0; i < BAD_PEERS; i++)
            misbehave(&flood.bad[i]);
        good_client_is_served(round);
        if (round % 16 == 0)
            a_newcomer_is_served();
    }
    growth_kb = rig_rss_kb(&flood.rig) - before_kb;
    print_message("flood: %lu KiB of bad input from %d peers at a time, closed on %lu times, the server grew "
                  "by %ld KiB\n",
                  flood.sent_kb, BAD_PEERS, flood.closed, growth_kb);
    if (growth_kb > GROWTH_MAX_KB)
        fail_msg("the server grew by %ld KiB, more than %ld", growth_kb, GROWTH_MAX_KB);
}

/* One peer asks for megabytes and reads none of the answers: the server stops reading from it. */
static void a_peer_that_never_reads_is_not_read_either(void **state)
{
    uint8_t buf[FLOOD_LEN];
    size_t len = fill_with(buf, sizeof buf, false), total = 0;
    struct pollfd writable = {.fd = rig_connect(&flood.rig), .events = POLLOUT};
    long before_kb = rig_rss_kb(&flood.rig);

    (void)state;
    assert_int_equal(fcntl(writable.fd, F_SETFL, O_NONBLOCK), 0);
    /* Until the kernel's buffers are full on both sides; 100 ms of no progress is no proof, so the total
     * bounds it too. */
    while (total < (size_t)256 << 20 && poll(&writable, 1, 100) == 1) {
        ssize_t sent = send(writable.fd, buf, len, MSG_NOSIGNAL);
        assert_true(sent > 0 || errno == EAGAIN);
        total += sent > 0 ? (size_t)sent : 0;
        good_client_is_served(1);
    }
    if (total >= (size_t)256 << 20)
        fail_msg("the server took 256 MiB of requests from a peer that reads no answer");
    good_client_is_served(1);
    assert_in_range(rig_rss_kb(&flood.rig) - before_kb + GROWTH_MAX_KB, 0, 2 * GROWTH_MAX_KB);
    close(writable.fd);
    good_client_is_served(1);
}

static int serve(void **state)
{
    (void)state;
    rig_new(&flood.rig);
    rig_serve(&flood.rig, NULL);
    flood.good = rig_connect(&flood.rig);
    for (size_t i = 0; i < BAD_PEERS; i++)
        flood.bad[i] = -1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    good_client_is_served(0);
    for (size_t i = 0; i < BAD_PEERS; i++)
        if (flood.bad[i] >= 0)
            close(flood.bad[i]);
    a_newcomer_is_served();
    close(flood.good);
    rig_stop(&flood.rig);
    rig_free(&flood.rig);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_connections_are_served_while_others_misbehave),
        cmocka_unit_test(a_peer_that_never_reads_is_not_read_either),
    };

    if (argc > 1)
        flood.rounds = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        flood.random = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, serve, end);
}
