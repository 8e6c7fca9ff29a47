#include "client/flight.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_LEN     4 /* TPKT: version, reserved, length */
#define TPKT_VERSION 3
#define LEAST_FRAME  7

#define SLOT_KEPT S7_FLIGHT_SLOT_KEPT /* a job that reads one item has 31 */
#define TAIL_MAX  (S7_FLIGHT_KEPT - SLOT_KEPT)

/* What is longer has the rest of what is kept in a ring of bytes, where that of later frames takes its place:
 * a tail lies at positions tail_at .. tail_at + tail_cap of all that was ever put there. */
struct slot {
    int64_t time_ns;
    uint32_t connection, len;
    uint32_t tail_at;
    uint16_t kept;
    uint8_t tail_cap;
    bool sent;
    uint8_t bytes[SLOT_KEPT];
};
_Static_assert(sizeof(struct slot) == S7_FLIGHT_SLOT_LEN, "as promised");

/* One direction of the connection: where its next byte belongs. */
struct way {
    uint64_t number; /* of the frame that is not whole yet, 0: a new one begins */
    uint8_t head[HEAD_LEN];
    size_t head_len, left; /* left: behind the head */
};

struct s7_flight {
    unsigned n;
    uint32_t connection;
    uint64_t frames; /* so far */
    struct way ways[2];
    uint8_t *tails;
    uint32_t tails_cap;
    uint32_t tails_end, wrap; /* the position behind the last one; positions are below wrap, a multiple of
                                 tails_cap, which the tails of all slots together never reach */
    struct slot slots[];
};

s7_status s7_flight_new(unsigned n_frames, uint32_t n_bytes, struct s7_flight **out)
{
    *out = NULL;
    if (n_frames == 0)
        return S7_OK;
    struct s7_flight *flight = calloc(1, sizeof *flight + n_frames * sizeof(struct slot) + n_bytes);
    if (flight == NULL)
        return S7_E_NOMEM;
    flight->n = n_frames;
    flight->tails = (uint8_t *)&flight->slots[n_frames];
    flight->tails_cap = n_bytes;
    if (n_bytes > 0)
        flight->wrap = (n_frames * TAIL_MAX / n_bytes + 2) * n_bytes;
    *out = flight;
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

/* For the next frame, which begins now. */
static struct slot *next_slot(struct s7_flight *flight, bool sent, int64_t now_ns)
{
    struct slot *slot = &flight->slots[++flight->frames % flight->n];

    slot->time_ns = now_ns;
    slot->connection = flight->connection;
    slot->sent = sent;
    slot->len = slot->kept = slot->tail_cap = 0;
    return slot;
}

static void open_frame(struct s7_flight *flight, struct way *way, bool sent, int64_t now_ns)
{
    (void)next_slot(flight, sent, now_ns);
    *way = (struct way){.number = flight->frames};
}

/* The ring may have gone round since the frame began: then nobody keeps it. */
static struct slot *slot_of(struct s7_flight *flight, const struct way *way)
{
    return flight->frames - way->number < flight->n ? &flight->slots[way->number % flight->n] : NULL;
}

/* ---- tails ---- */

static bool has_tail(const struct s7_flight *flight, const struct slot *slot)
{
    uint32_t end = flight->tails_end + (flight->tails_end < slot->tail_at ? flight->wrap : 0);

    return slot->tail_cap > 0 && end - slot->tail_at <= flight->tails_cap;
}

/* The frame will have so many bytes. */
static void reserve_tail(struct s7_flight *flight, struct slot *slot, size_t frame_len)
{
    size_t keep = frame_len < S7_FLIGHT_KEPT ? frame_len : S7_FLIGHT_KEPT;

    if (keep <= SLOT_KEPT || keep - SLOT_KEPT > flight->tails_cap)
        return;
    slot->tail_cap = (uint8_t)(keep - SLOT_KEPT);
    slot->tail_at = flight->tails_end;
    flight->tails_end += slot->tail_cap;
    if (flight->tails_end >= flight->wrap)
        flight->tails_end -= flight->wrap;
}

/* Between a position and memory, n <= tails_cap. */
static void tail_write(struct s7_flight *flight, uint32_t at, const uint8_t *bytes, size_t n)
{
    size_t from = at % flight->tails_cap, till_end = flight->tails_cap - from,
           first = n < till_end ? n : till_end;

    memcpy(flight->tails + from, bytes, first);
    memcpy(flight->tails, bytes + first, n - first);
}

static void tail_read(const struct s7_flight *flight, uint32_t at, uint8_t *bytes, size_t n)
{
    size_t from = at % flight->tails_cap, till_end = flight->tails_cap - from,
           first = n < till_end ? n : till_end;

    memcpy(bytes, flight->tails + from, first);
    memcpy(bytes + first, flight->tails, n - first);
}

/* ---- bytes ---- */

static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

static void keep(struct s7_flight *flight, struct slot *slot, const uint8_t *bytes, size_t len)
{
    slot->len += (uint32_t)len;
    if (slot->kept < SLOT_KEPT) {
        size_t n = at_most(len, SLOT_KEPT - (size_t)slot->kept);

        memcpy(slot->bytes + slot->kept, bytes, n);
        slot->kept = (uint16_t)(slot->kept + n);
        bytes += n;
        len -= n;
    }
    if (len == 0 || !has_tail(flight, slot))
        return;
    size_t done = slot->kept - (size_t)SLOT_KEPT, n = at_most(len, slot->tail_cap - done);
    tail_write(flight, slot->tail_at + (uint32_t)done, bytes, n);
    slot->kept = (uint16_t)(slot->kept + n);
}

/* Bytes of the head; then it says how many follow. What is no TPKT takes all that came with it. */
static size_t take_head(struct way *way, const uint8_t *bytes, size_t len)
{
    size_t n = at_most(len, HEAD_LEN - way->head_len);

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

/* Bytes of a frame that comes in parts, or is none; how many. */
static size_t take_part(struct s7_flight *flight, struct way *way, const uint8_t *bytes, size_t len)
{
    struct slot *slot = slot_of(flight, way);
    size_t n;

    if (way->head_len < HEAD_LEN) {
        n = take_head(way, bytes, len);
        if (way->head_len == HEAD_LEN && slot != NULL)
            reserve_tail(flight, slot, slot->len + n + way->left);
    } else {
        n = at_most(way->left, len);
        way->left -= n;
    }
    if (slot != NULL)
        keep(flight, slot, bytes, n);
    if (way->head_len == HEAD_LEN && way->left == 0)
        way->number = 0;
    return n;
}

/* The length of the frame that is there as a whole, or 0. */
static size_t whole_frame(const uint8_t *bytes, size_t len)
{
    if (len < LEAST_FRAME || bytes[0] != TPKT_VERSION)
        return 0;
    size_t frame_len = (size_t)bytes[2] << 8 | bytes[3];
    return frame_len >= LEAST_FRAME && frame_len <= len ? frame_len : 0;
}

/* Nearly all come as a whole. */
void s7_flight_bytes(struct s7_flight *flight, bool sent, const uint8_t *bytes, size_t len, int64_t now_ns)
{
    if (flight == NULL)
        return;
    struct way *way = &flight->ways[sent];
    while (len > 0) {
        size_t n = way->number == 0 ? whole_frame(bytes, len) : 0;

        if (n > 0) {
            struct slot *slot = next_slot(flight, sent, now_ns);

            reserve_tail(flight, slot, n);
            keep(flight, slot, bytes, n);
        } else {
            if (way->number == 0)
                open_frame(flight, way, sent, now_ns);
            n = take_part(flight, way, bytes, len);
        }
        bytes += n;
        len -= n;
    }
}

/* Put together; how much of it is left. */
static size_t kept_of(const struct s7_flight *flight, const struct slot *slot, uint8_t bytes[S7_FLIGHT_KEPT])
{
    size_t in_slot = at_most(slot->kept, SLOT_KEPT);

    memcpy(bytes, slot->bytes, in_slot);
    if (slot->kept <= SLOT_KEPT || !has_tail(flight, slot))
        return in_slot;
    tail_read(flight, slot->tail_at, bytes + SLOT_KEPT, slot->kept - (size_t)SLOT_KEPT);
    return slot->kept;
}

void s7_flight_each(const struct s7_flight *flight, int64_t to_realtime_ns, s7_flight_fn *fn, void *arg)
{
    if (flight == NULL)
        return;
    uint64_t first = flight->frames > flight->n ? flight->frames - flight->n + 1 : 1;
    for (uint64_t number = first; number <= flight->frames; number++) {
        const struct slot *slot = &flight->slots[number % flight->n];
        uint8_t bytes[S7_FLIGHT_KEPT];
        char text[S7_FLIGHT_TEXT_CAP];
        s7_flight_frame frame = {.time_ns = slot->time_ns + to_realtime_ns,
                                 .sent = slot->sent,
                                 .connection = slot->connection,
                                 .len = slot->len,
                                 .kept = kept_of(flight, slot, bytes),
                                 .bytes = bytes,
                                 .text = text};

        s7_flight_text(bytes, frame.kept, slot->len, text);
        fn(&frame, arg);
    }
}
