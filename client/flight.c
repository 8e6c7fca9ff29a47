#include "client/flight.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_LEN     4 /* TPKT: version, reserved, length */
#define TPKT_VERSION 3
#define LEAST_FRAME  7

struct slot {
    uint64_t number; /* of the frame, from 1 on: 0 for an empty slot */
    int64_t time_ns;
    uint32_t connection;
    bool sent;
    size_t len, kept;
    uint8_t bytes[S7_FLIGHT_KEPT];
};

/* One direction of the connection: where its next byte belongs. */
struct way {
    uint64_t number; /* of the frame that is not whole yet, 0: a new one begins */
    unsigned slot;   /* where it is kept */
    uint8_t head[HEAD_LEN];
    size_t head_len, left; /* left: behind the head */
};

struct s7_flight {
    unsigned n;
    uint32_t connection;
    uint64_t frames; /* so far */
    struct way ways[2];
    struct slot slots[];
};

s7_status s7_flight_new(unsigned n_frames, struct s7_flight **out)
{
    *out = NULL;
    if (n_frames == 0)
        return S7_OK;
    *out = calloc(1, sizeof **out + n_frames * sizeof(struct slot));
    if (*out == NULL)
        return S7_E_NOMEM;
    (*out)->n = n_frames;
    return S7_OK;
}

void s7_flight_free(struct s7_flight *flight)
{
    free(flight);
}

bool s7_flight_is_on(const struct s7_flight *flight)
{
    return flight != NULL;
}

void s7_flight_connection(struct s7_flight *flight)
{
    if (flight == NULL)
        return;
    flight->connection++;
    memset(flight->ways, 0, sizeof flight->ways);
}

static void open_frame(struct s7_flight *flight, struct way *way, bool sent, int64_t now_ns)
{
    uint64_t number = ++flight->frames;

    *way = (struct way){.number = number, .slot = (unsigned)(number % flight->n)};
    struct slot *slot = &flight->slots[way->slot];
    slot->number = number;
    slot->time_ns = now_ns;
    slot->connection = flight->connection;
    slot->sent = sent;
    slot->len = slot->kept = 0;
}

/* The ring may have gone round since the frame began: then nobody keeps it. */
static void keep(struct s7_flight *flight, const struct way *way, const uint8_t *bytes, size_t len)
{
    struct slot *slot = &flight->slots[way->slot];

    if (slot->number != way->number)
        return;
    size_t room = sizeof slot->bytes - slot->kept, n = len < room ? len : room;
    memcpy(slot->bytes + slot->kept, bytes, n);
    slot->kept += n;
    slot->len += len;
}

/* Bytes of the head; then it says how many follow. What is no TPKT takes all that came with it. */
static size_t take_head(struct way *way, const uint8_t *bytes, size_t len)
{
    size_t n = HEAD_LEN - way->head_len < len ? HEAD_LEN - way->head_len : len;

    memcpy(way->head + way->head_len, bytes, n);
    way->head_len += n;
    size_t frame_len = (size_t)way->head[2] << 8 | way->head[3];
    if (way->head[0] != TPKT_VERSION || (way->head_len == HEAD_LEN && frame_len < LEAST_FRAME)) {
        way->head_len = HEAD_LEN;
        way->left = 0;
        return len;
    }
    if (way->head_len == HEAD_LEN)
        way->left = frame_len - HEAD_LEN;
    return n;
}

void s7_flight_bytes(struct s7_flight *flight, bool sent, const uint8_t *bytes, size_t len, int64_t now_ns)
{
    if (flight == NULL)
        return;
    struct way *way = &flight->ways[sent];
    while (len > 0) {
        size_t n;

        if (way->number == 0)
            open_frame(flight, way, sent, now_ns);
        if (way->head_len < HEAD_LEN) {
            n = take_head(way, bytes, len);
        } else {
            n = way->left < len ? way->left : len;
            way->left -= n;
        }
        keep(flight, way, bytes, n);
        bytes += n;
        len -= n;
        if (way->head_len == HEAD_LEN && way->left == 0)
            way->number = 0;
    }
}

void s7_flight_each(const struct s7_flight *flight, int64_t to_realtime_ns, s7_flight_fn *fn, void *arg)
{
    if (flight == NULL)
        return;
    uint64_t first = flight->frames > flight->n ? flight->frames - flight->n + 1 : 1;
    for (uint64_t number = first; number <= flight->frames; number++) {
        const struct slot *slot = &flight->slots[number % flight->n];
        char text[S7_FLIGHT_TEXT_CAP];
        s7_flight_frame frame = {.time_ns = slot->time_ns + to_realtime_ns,
                                 .sent = slot->sent,
                                 .connection = slot->connection,
                                 .len = slot->len,
                                 .kept = slot->kept,
                                 .bytes = slot->bytes,
                                 .text = text};

        s7_flight_text(slot->bytes, slot->kept, slot->len, text);
        fn(&frame, arg);
    }
}
