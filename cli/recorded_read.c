/* Segments become two streams of bytes, these TPKT frames, these PDUs.
 *
 * A capture may begin in the middle of a connection and lack packets: a stream that is out of step begins
 * anew with the next segment, since most begin with a frame. Bytes that were on the wire and not kept stand
 * as zeros in their place. */
#include "cli/recorded.h"

#include "protocol/cotp.h"
#include "protocol/tpkt.h"
#include "protocol/userdata.h"

#include <stdlib.h>

#define S7_PORT         102
#define CONNECTIONS_MAX 4096
#define NOTHING_MISSING SIZE_MAX

/* Bytes that wait for more of them. */
struct pile {
    uint8_t *bytes;
    size_t len, cap;
    size_t missing_from, missing_to; /* not kept */
};

struct stream {
    bool started;
    uint32_t next_seq;
    struct pile frame; /* not yet whole */
    struct pile pdu;   /* fragments of it */
};

/* A connection while the file is read. */
struct open {
    struct recorded_connection made;
    size_t pdus_cap;
    bool ended;        /* another one of the same ports has begun */
    bool knows_client; /* which of the two is it: streams[0] is that of made.flow */
    unsigned client;
    struct stream streams[2];
};

struct reader {
    struct open *open;
    size_t n, cap, last; /* the one that was found last */
    bool no_memory;
};

/* ---- piles ---- */

static void pile_empty(struct pile *pile)
{
    pile->len = 0;
    pile->missing_from = NOTHING_MISSING;
    pile->missing_to = 0;
}

static bool pile_room(struct pile *pile, size_t more)
{
    size_t wanted = pile->len + more;

    if (wanted <= pile->cap)
        return true;
    wanted = wanted < 512 ? 512 : wanted * 2;
    uint8_t *bytes = realloc(pile->bytes, wanted);
    if (bytes == NULL)
        return false;
    pile->bytes = bytes;
    pile->cap = wanted;
    return true;
}

/* len bytes, of which kept are there. */
static bool pile_add(struct pile *pile, const uint8_t *bytes, size_t kept, size_t len)
{
    if (!pile_room(pile, len))
        return false;
    if (kept > 0)
        memcpy(pile->bytes + pile->len, bytes, kept);
    if (kept < len) {
        memset(pile->bytes + pile->len + kept, 0, len - kept);
        if (pile->missing_from == NOTHING_MISSING)
            pile->missing_from = pile->len + kept;
        pile->missing_to = pile->len + len;
    }
    pile->len += len;
    return true;
}

/* How many of the first len bytes are there without a hole. */
static size_t pile_kept(const struct pile *pile, size_t len)
{
    return pile->missing_from < len ? pile->missing_from : len;
}

static void pile_drop(struct pile *pile, size_t len)
{
    memmove(pile->bytes, pile->bytes + len, pile->len - len);
    pile->len -= len;
    if (pile->missing_from == NOTHING_MISSING)
        return;
    pile->missing_from = pile->missing_from > len ? pile->missing_from - len : 0;
    pile->missing_to = pile->missing_to > len ? pile->missing_to - len : 0;
    if (pile->missing_to == 0)
        pile->missing_from = NOTHING_MISSING;
}

/* ---- PDUs ---- */

/* Who sends jobs and userdata requests is the client, whoever answers is not; pushes say it, too. */
static void learn_client(struct open *open, unsigned side, const uint8_t *pdu, size_t len)
{
    bool userdata = len > S7_PDU_HEADER_LEN + 5 && pdu[1] == S7_ROSCTR_USERDATA;
    bool asks =
        pdu[1] == S7_ROSCTR_JOB || (userdata && pdu[S7_PDU_HEADER_LEN + 5] >> 4 == S7_USERDATA_REQUEST);

    if (open->knows_client)
        return;
    open->knows_client = true;
    open->client = asks ? side : !side;
}

static void learn_setup(struct open *open, const struct recorded_pdu *pdu)
{
    struct s7_pdu decoded;

    if (!open->made.knows_setup && s7_pdu_decode(pdu->bytes, pdu->len, &decoded) == S7_OK &&
        decoded.rosctr == S7_ROSCTR_JOB && s7_setup_decode(&decoded, &open->made.setup) == S7_OK)
        open->made.knows_setup = true;
}

static bool keep_pdu(struct open *open, unsigned side, uint32_t packet)
{
    struct pile *pile = &open->streams[side].pdu;

    if (open->made.n_pdus == open->pdus_cap) {
        size_t cap = open->pdus_cap == 0 ? 64 : open->pdus_cap * 2;
        struct recorded_pdu *pdus = realloc(open->made.pdus, cap * sizeof *pdus);

        if (pdus == NULL)
            return false;
        open->made.pdus = pdus;
        open->pdus_cap = cap;
    }
    struct recorded_pdu *pdu = &open->made.pdus[open->made.n_pdus];
    *pdu = (struct recorded_pdu){.packet = packet,
                                 .asked = side == 0, /* until it is known who the client is */
                                 .bytes = malloc(pile->len),
                                 .len = pile->len,
                                 .kept = pile_kept(pile, pile->len)};
    if (pdu->bytes == NULL)
        return false;
    memcpy(pdu->bytes, pile->bytes, pile->len);
    open->made.n_pdus++;
    learn_setup(open, pdu);
    return true;
}

/* The pile of fragments is whole. */
static bool on_pdu(struct open *open, unsigned side, uint32_t packet)
{
    const struct pile *pile = &open->streams[side].pdu;
    struct s7_pdu decoded;

    if (pile->len > 0 && pile->bytes[0] == S7_PROTOCOL_ID_PLUS)
        open->made.plus++;
    if (pile_kept(pile, pile->len) < S7_PDU_HEADER_LEN ||
        s7_pdu_decode(pile->bytes, pile->len, &decoded) != S7_OK)
        return true;
    learn_client(open, side, pile->bytes, pile->len);
    return keep_pdu(open, side, packet);
}

/* ---- frames ---- */

static void learn_tsaps(struct open *open, unsigned side, const struct s7_cotp *cr)
{
    const struct s7_cotp_param *calling = s7_cotp_find(cr, S7_COTP_PARAM_CALLING_TSAP);
    const struct s7_cotp_param *called = s7_cotp_find(cr, S7_COTP_PARAM_CALLED_TSAP);

    open->knows_client = true;
    open->client = side;
    if (calling == NULL || called == NULL || calling->len != 2 || called->len != 2)
        return;
    open->made.knows_tsaps = true;
    open->made.local_tsap = (uint16_t)(calling->value[0] << 8 | calling->value[1]);
    open->made.remote_tsap = (uint16_t)(called->value[0] << 8 | called->value[1]);
}

static bool on_frame(struct open *open, unsigned side, size_t frame_len, uint32_t packet)
{
    struct stream *stream = &open->streams[side];
    struct s7_cotp tpdu;

    if (s7_cotp_decode(stream->frame.bytes, frame_len, &tpdu) != S7_OK)
        return true;
    if (tpdu.code == S7_COTP_CR)
        learn_tsaps(open, side, &tpdu);
    if (tpdu.code != S7_COTP_DT)
        return true;
    size_t header = frame_len - tpdu.data_len, kept = pile_kept(&stream->frame, frame_len);
    if (stream->pdu.len + tpdu.data_len > S7_TPKT_MAX_LEN)
        pile_empty(&stream->pdu);
    if (!pile_add(&stream->pdu, tpdu.data, kept > header ? kept - header : 0, tpdu.data_len))
        return false;
    if (!tpdu.eot)
        return true;
    bool good = on_pdu(open, side, packet);
    pile_empty(&stream->pdu);
    return good;
}

static bool take_frames(struct open *open, unsigned side, uint32_t packet)
{
    struct pile *pile = &open->streams[side].frame;
    size_t frame_len;
    s7_status status;

    while ((status = s7_tpkt_peek(pile->bytes, pile->len, S7_TPKT_MAX_LEN, &frame_len)) == S7_OK) {
        if (!on_frame(open, side, frame_len, packet))
            return false;
        pile_drop(pile, frame_len);
    }
    if (status == S7_E_FRAME) {
        open->made.gaps++;
        pile_empty(pile);
        pile_empty(&open->streams[side].pdu);
    }
    return true;
}

/* ---- segments ---- */

static bool is_same(const struct capture_flow *a, const struct capture_flow *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct capture_flow turned(const struct capture_flow *flow)
{
    struct capture_flow back = {.src_port = flow->dst_port, .dst_port = flow->src_port};

    memcpy(back.src, flow->dst, sizeof back.src);
    memcpy(back.dst, flow->src, sizeof back.dst);
    return back;
}

/* *side: 0 along the connection's flow, 1 against it. */
static bool belongs(const struct open *open, const struct capture_flow *flow, unsigned *side)
{
    struct capture_flow back = turned(flow);

    *side = is_same(&open->made.flow, &back);
    return !open->ended && (*side == 1 || is_same(&open->made.flow, flow));
}

static struct open *find(struct reader *reader, const struct capture_flow *flow, unsigned *side)
{
    if (reader->last < reader->n && belongs(&reader->open[reader->last], flow, side))
        return &reader->open[reader->last];
    for (size_t i = reader->n; i-- > 0;)
        if (belongs(&reader->open[i], flow, side)) {
            reader->last = i;
            return &reader->open[i];
        }
    return NULL;
}

/* Other TCP connections of the capture are none of ours. */
static bool may_be_s7(const struct capture_segment *segment)
{
    size_t frame_len;

    if (segment->flow.src_port == S7_PORT || segment->flow.dst_port == S7_PORT)
        return true;
    return segment->kept > 0 &&
           s7_tpkt_peek(segment->data, segment->kept, S7_TPKT_MAX_LEN, &frame_len) != S7_E_FRAME;
}

static struct open *add(struct reader *reader, const struct capture_flow *flow)
{
    if (reader->n == CONNECTIONS_MAX)
        return NULL;
    if (reader->n == reader->cap) {
        size_t cap = reader->cap == 0 ? 8 : reader->cap * 2;
        struct open *more = realloc(reader->open, cap * sizeof *more);

        if (more == NULL) {
            reader->no_memory = true;
            return NULL;
        }
        reader->open = more;
        reader->cap = cap;
    }
    struct open *open = &reader->open[reader->n];
    *open = (struct open){.made.flow = *flow};
    for (unsigned i = 0; i < 2; i++) {
        pile_empty(&open->streams[i].frame);
        pile_empty(&open->streams[i].pdu);
    }
    if ((flow->src_port == S7_PORT) != (flow->dst_port == S7_PORT)) {
        open->knows_client = true;
        open->client = flow->src_port == S7_PORT;
    }
    reader->last = reader->n++;
    return open;
}

static void begin(struct stream *stream, uint32_t seq)
{
    stream->started = true;
    stream->next_seq = seq;
    pile_empty(&stream->frame);
    pile_empty(&stream->pdu);
}

/* What of the segment is new; bytes that never came are a gap. */
static bool take_data(struct open *open, unsigned side, const struct capture_segment *segment)
{
    struct stream *stream = &open->streams[side];
    uint32_t seen = stream->next_seq - segment->seq; /* bytes at the front that came before */

    if (seen > UINT32_MAX / 2) {
        open->made.gaps++;
        begin(stream, segment->seq);
        seen = 0;
    }
    if (seen >= segment->len)
        return true;
    stream->next_seq = segment->seq + (uint32_t)segment->len;
    size_t kept = segment->kept > seen ? segment->kept - seen : 0;
    return pile_add(&stream->frame, kept > 0 ? segment->data + seen : NULL, kept, segment->len - seen) &&
           take_frames(open, side, segment->packet);
}

static void on_segment(void *arg, const struct capture_segment *segment)
{
    struct reader *reader = arg;
    unsigned side = 0;
    struct open *open = find(reader, &segment->flow, &side);

    if (reader->no_memory)
        return;
    if (open != NULL && segment->syn && open->streams[side].started) { /* the same ports once more */
        open->ended = true;
        open = NULL;
    }
    if (open == NULL && (segment->syn || segment->len > 0) && may_be_s7(segment)) {
        open = add(reader, &segment->flow);
        side = 0;
    }
    if (open == NULL)
        return;
    struct stream *stream = &open->streams[side];
    if (!stream->started) /* an ACK without data counts, too: a keep-alive byte lies in front of it */
        begin(stream, segment->seq + segment->syn);
    if (segment->len > 0 && !take_data(open, side, segment))
        reader->no_memory = true;
}

/* ---- the end of the file ---- */

static void settle_sides(struct open *open)
{
    if (open->client == 0)
        return;
    open->made.flow = turned(&open->made.flow);
    for (size_t i = 0; i < open->made.n_pdus; i++)
        open->made.pdus[i].asked = !open->made.pdus[i].asked;
}

/* Those with PDUs move to *out. */
static bool finish(struct reader *reader, struct recorded *out)
{
    out->connections = calloc(reader->n + 1, sizeof *out->connections);
    for (size_t i = 0; i < reader->n; i++) {
        struct open *open = &reader->open[i];

        for (unsigned side = 0; side < 2; side++) {
            free(open->streams[side].frame.bytes);
            free(open->streams[side].pdu.bytes);
        }
        settle_sides(open);
        if (out->connections != NULL && open->made.n_pdus > 0)
            out->connections[out->n++] = open->made;
        else
            recorded_connection_free(&open->made);
    }
    free(reader->open);
    return out->connections != NULL && !reader->no_memory;
}

bool recorded_read(const char *path, struct recorded *out)
{
    struct reader reader = {.n = 0};

    *out = (struct recorded){.n = 0};
    out->end = capture_read(path, on_segment, &reader, &out->sum, out->why);
    return finish(&reader, out);
}

bool recorded_parse(const uint8_t *bytes, size_t len, struct recorded *out)
{
    struct reader reader = {.n = 0};

    *out = (struct recorded){.n = 0};
    out->end = capture_parse(bytes, len, on_segment, &reader, &out->sum, out->why);
    return finish(&reader, out);
}
