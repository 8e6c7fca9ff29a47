/* Every TCP stream of port 102 in the captures: cut into TPKT frames, which must be whole, and whose TPDUs
 * and S7 headers must decode. The streams come as the network cut them, with retransmissions, merged frames
 * and split ones. */
#include "cli/capture.h"
#include "protocol/cotp.h"
#include "protocol/pdu.h"
#include "protocol/szl.h"
#include "protocol/tpkt.h"
#include "protocol/userdata.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIP    77
#define S7_PORT 102

/* What the captures hold today; a change that loses frames is noticed. */
#define FRAMES_FLOOR    3012
#define EMPTY_DTS_FLOOR 326
#define LISTS_FLOOR     34 /* status lists, of them in several units: */
#define CHAINS_FLOOR    3

#define STREAMS_MAX 64

struct stream {
    struct capture_flow flow;
    uint32_t next_seq;
    bool started;
    bool given_up; /* bytes are missing in the middle of a frame, nothing can be said any more */
    uint8_t bytes[S7_TPKT_MAX_LEN];
    size_t len;         /* not yet a whole frame */
    uint8_t list[8192]; /* the units of a status list so far */
    size_t list_len;
    unsigned units;
};

static struct walk {
    const char *path;
    struct stream streams[STREAMS_MAX];
    unsigned n_streams;
    unsigned frames, empty_dts, plus, stale, gaps, given_up, wrong;
    unsigned lists, chains; /* of real CPUs */
} walk;

static void complain(const struct stream *stream, const char *what)
{
    printf("%s, ports %u to %u: %s\n", walk.path, stream->flow.src_port, stream->flow.dst_port, what);
    walk.wrong++;
}

/* Snap7's server refuses a list or info of blocks (userdata group 3) that it does not have in a frame as long
 * as a good answer's: 78 bytes of an earlier answer follow the PDU. Not excused in captures of real CPUs. */
static bool is_stale_block_info(const struct s7_cotp *tpdu)
{
    static const uint8_t group_3_answer[] = {0x00, 0x01, 0x12, 0x08, 0x12, 0x83};
    static const uint8_t not_found[] = {0xD2, 0x09};
    size_t pdu_len = S7_PDU_HEADER_LEN + 12 + 4;
    struct s7_pdu pdu;

    return strstr(walk.path, "/peers/") != NULL && tpdu->data_len == pdu_len + 78 &&
           s7_pdu_decode(tpdu->data, pdu_len, &pdu) == S7_OK && pdu.param_len == 12 &&
           memcmp(pdu.param, group_3_answer, sizeof group_3_answer) == 0 &&
           memcmp(pdu.param + 10, not_found, sizeof not_found) == 0;
}

/* ---- status lists ---- */

/* All its records are there, and nothing else; extract F has none. */
static bool is_whole(const struct s7_szl *szl)
{
    size_t n = s7_szl_count(szl);
    bool head_only = (szl->id >> 8 & 0xF) == 0xF;

    return n == (head_only ? 0 : szl->n_records) && n * szl->record_len == szl->records.left;
}

static void on_list(struct stream *stream)
{
    struct s7_szl szl;

    walk.lists++;
    walk.chains += stream->units > 1;
    if (s7_szl_decode(stream->list, stream->list_len, &szl) != S7_OK || !is_whole(&szl))
        complain(stream, "a status list, put together, does not decode");
}

static void on_userdata(struct stream *stream, const struct s7_pdu *pdu)
{
    struct s7_userdata unit;

    if (s7_userdata_decode(pdu, &unit) != S7_OK || unit.type != S7_USERDATA_ANSWER ||
        unit.group != S7_GROUP_CPU || unit.subfunction != S7_CPU_READ_SZL || unit.error != 0 ||
        strstr(walk.path, "/real/") == NULL)
        return;
    if (unit.payload_len > sizeof stream->list - stream->list_len) {
        complain(stream, "a status list without end");
        return;
    }
    memcpy(stream->list + stream->list_len, unit.payload, unit.payload_len);
    stream->list_len += unit.payload_len;
    stream->units++;
    if (unit.last_unit != 0)
        return;
    on_list(stream);
    stream->list_len = stream->units = 0;
}

/* ---- frames ---- */

static void on_frame(struct stream *stream, size_t frame_len)
{
    struct s7_cotp tpdu;
    struct s7_pdu pdu;

    walk.frames++;
    if (s7_cotp_decode(stream->bytes, frame_len, &tpdu) != S7_OK) {
        complain(stream, "a TPDU does not decode");
        return;
    }
    if (tpdu.code != S7_COTP_DT)
        return;
    if (tpdu.data_len == 0)
        walk.empty_dts++;
    else if (tpdu.data[0] == S7_PROTOCOL_ID_PLUS)
        walk.plus++;
    else if (is_stale_block_info(&tpdu))
        walk.stale++;
    else if (s7_pdu_decode(tpdu.data, tpdu.data_len, &pdu) != S7_OK)
        complain(stream, "an S7 header does not decode");
    else
        on_userdata(stream, &pdu);
}

static void take_frames(struct stream *stream)
{
    size_t frame_len;
    s7_status status;

    while ((status = s7_tpkt_peek(stream->bytes, stream->len, sizeof stream->bytes, &frame_len)) == S7_OK) {
        on_frame(stream, frame_len);
        stream->len -= frame_len;
        memmove(stream->bytes, stream->bytes + frame_len, stream->len);
    }
    if (status == S7_E_FRAME) {
        complain(stream, "no TPKT where a frame should begin");
        stream->given_up = true;
    }
}

/* ---- streams ---- */

static struct stream *find_stream(const struct capture_flow *flow)
{
    for (unsigned i = 0; i < walk.n_streams; i++)
        if (memcmp(&walk.streams[i].flow, flow, sizeof *flow) == 0)
            return &walk.streams[i];
    if (walk.n_streams == STREAMS_MAX) {
        printf("%s: more than %d streams\n", walk.path, STREAMS_MAX);
        exit(1);
    }
    struct stream *stream = &walk.streams[walk.n_streams++];
    stream->flow = *flow;
    stream->started = stream->given_up = false;
    stream->len = 0;
    return stream;
}

/* A stream must not end within a frame, unless bytes of it were lost. */
static void end_stream(struct stream *stream)
{
    if (stream->len > 0 && !stream->given_up)
        complain(stream, "the stream ends in the middle of a frame");
    walk.given_up += stream->given_up;
}

static void begin_stream(struct stream *stream, uint32_t seq)
{
    stream->next_seq = seq;
    stream->started = true;
    stream->given_up = false;
    stream->len = stream->list_len = stream->units = 0;
}

/* The authors of some captures took single packets out. Between two frames that does no harm. */
static void bridge_gap(struct stream *stream, uint32_t seq)
{
    walk.gaps++;
    stream->next_seq = seq;
    stream->given_up = stream->given_up || stream->len > 0;
}

static void append(struct stream *stream, const uint8_t *data, size_t len)
{
    size_t room = sizeof stream->bytes - stream->len;

    if (len > room) {
        complain(stream, "more bytes than a frame can have");
        stream->given_up = true;
        return;
    }
    memcpy(stream->bytes + stream->len, data, len);
    stream->len += len;
    take_frames(stream);
}

static void on_segment(void *arg, const struct capture_segment *segment)
{
    (void)arg;
    if (segment->flow.src_port != S7_PORT && segment->flow.dst_port != S7_PORT)
        return;
    struct stream *stream = find_stream(&segment->flow);
    if (segment->syn) {
        end_stream(stream);
        begin_stream(stream, segment->seq + 1);
        return;
    }
    if (!stream->started) /* an ACK without data counts, too: a keep-alive byte lies in front of it */
        begin_stream(stream, segment->seq);
    if (segment->len == 0)
        return;

    uint32_t seen = stream->next_seq - segment->seq; /* bytes at the front that came before */
    if (seen > UINT32_MAX / 2) {
        bridge_gap(stream, segment->seq);
        seen = 0;
    }
    if (seen >= segment->len)
        return;
    stream->next_seq = segment->seq + (uint32_t)segment->len;
    stream->given_up = stream->given_up || segment->kept < segment->len;
    if (!stream->given_up)
        append(stream, segment->data + seen, segment->len - seen);
}

/* ---- files ---- */

static void walk_file(const char *path)
{
    struct capture_sum sum;
    char why[CAPTURE_WHY_CAP];

    walk.path = path;
    walk.n_streams = 0;
    if (capture_read(path, on_segment, NULL, &sum, why) != CAPTURE_WHOLE) {
        printf("%s: %s\n", path, why);
        walk.wrong++;
    }
    for (unsigned i = 0; i < walk.n_streams; i++)
        end_stream(&walk.streams[i]);
}

static size_t walk_files(const char *folder, const char *pattern)
{
    char path[4096];
    glob_t found;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/%s", folder, pattern);
    if (glob(path, 0, NULL, &found) != 0)
        return 0;
    for (; n < found.gl_pathc; n++)
        walk_file(found.gl_pathv[n]);
    globfree(&found);
    return n;
}

int main(void)
{
    const char *folder = getenv("S7RIG_CAPTURES");

    if (folder == NULL || folder[0] == '\0') {
        printf("skipped: S7RIG_CAPTURES is not set to the folder with real/ and peers/\n");
        return SKIP;
    }
    size_t files = walk_files(folder, "real/*.pcap*") + walk_files(folder, "peers/*.pcap*");
    if (files == 0) {
        printf("skipped: no pcap file in real/ and peers/ of %s\n", folder);
        return SKIP;
    }
    printf("%zu files, %u frames: %u empty DTs, %u S7comm-plus, %u with stale bytes of Snap7's server\n",
           files, walk.frames, walk.empty_dts, walk.plus, walk.stale);
    printf("%u status lists of real CPUs, %u of them in several units\n", walk.lists, walk.chains);
    printf("%u gaps, %u streams given up\n", walk.gaps, walk.given_up);
    if (walk.frames < FRAMES_FLOOR || walk.empty_dts < EMPTY_DTS_FLOOR) {
        printf("expected at least %d frames and %d empty DTs\n", FRAMES_FLOOR, EMPTY_DTS_FLOOR);
        return 1;
    }
    if (walk.lists < LISTS_FLOOR || walk.chains < CHAINS_FLOOR) {
        printf("expected at least %d lists, %d in several units\n", LISTS_FLOOR, CHAINS_FLOOR);
        return 1;
    }
    return walk.wrong > 0;
}
