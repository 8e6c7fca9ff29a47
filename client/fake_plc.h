/* fake_plc.h - for tests: a PLC as a function from frame to frame, working on byte arrays. Executes in order
 * of arrival; when and in which order its answers travel is the test's business. */
#ifndef CLIENT_FAKE_PLC_H
#define CLIENT_FAKE_PLC_H

#include "client/fake_push.h"
#include "client/fake_services.h"
#include "client/session_script.h"

#include <s7rig/address.h>
#include <s7rig/client.h>

#define FAKE_DB_LEN    66000
#define FAKE_M_LEN     256
#define FAKE_T_LEN     512 /* 256 timers */
#define FAKE_MAX_ITEMS 4096

struct fake_plc {
    uint8_t db1[FAKE_DB_LEN], m[FAKE_M_LEN], timers[FAKE_T_LEN];
    unsigned pdu_len, amq; /* limits of the grant */
    /* how it answers */
    bool other_unit;       /* counts 04 in bytes and 09 in bits */
    bool lying_errors;     /* a failed item says length 4 and has none */
    bool trailing_fill;    /* fills the last item too */
    uint16_t refuse;       /* header error for every job, 0: none */
    size_t hole, hole_len; /* bytes of DB 1 that do not exist */
    struct fake_services services;
    struct fake_push push;
    /* what it saw */
    unsigned jobs;
    size_t longest_request, longest_answer;
    unsigned most_items;
    unsigned n_items;
    struct s7_var_item items[FAKE_MAX_ITEMS];
};

/* What byte i of DB 1 is at the start. */
static inline uint8_t db_byte(size_t i)
{
    return (uint8_t)(i * 31 + i / 256);
}

static inline void fake_plc_init(struct fake_plc *plc, unsigned pdu_len, unsigned amq)
{
    static uint8_t db1[FAKE_DB_LEN]; /* made once: tests begin anew some ten thousand times */

    for (size_t i = db1[1] == 0 ? 0 : sizeof db1; i < sizeof db1; i++)
        db1[i] = db_byte(i);
    memset(plc, 0, offsetof(struct fake_plc, items));
    plc->pdu_len = pdu_len;
    plc->amq = amq;
    fake_services_init(&plc->services);
    memcpy(plc->db1, db1, sizeof db1);
    for (size_t i = 0; i < sizeof plc->m; i++)
        plc->m[i] = (uint8_t)(i * 17 + 3);
    for (size_t i = 0; i < sizeof plc->timers; i++)
        plc->timers[i] = (uint8_t)(i * 5 + 1);
}

/* The bytes that an item names, or NULL and the return code. bit: BIT items only. */
static inline uint8_t *fake_place(struct fake_plc *plc, const struct s7_var_item *item, size_t *len,
                                  unsigned *bit, uint8_t *code)
{
    uint8_t *base = NULL;
    size_t area_len = 0, at = item->bit_addr / 8;

    if (item->area == S7_AREA_DB && item->db == 1) {
        base = plc->db1;
        area_len = sizeof plc->db1;
    } else if (item->area == S7_AREA_M) {
        base = plc->m;
        area_len = sizeof plc->m;
    } else if (item->area == S7_AREA_T && item->size == S7_SIZE_TIMER) {
        base = plc->timers;
        area_len = sizeof plc->timers;
        at = (size_t)item->bit_addr * 2;
    }
    *len = item->size == S7_SIZE_TIMER ? (size_t)item->count * 2 : item->count;
    *bit = item->size == S7_SIZE_BIT ? item->bit_addr % 8 : 0;
    *code = base == NULL ? S7_ITEM_MISSING : S7_ITEM_ADDRESS;
    if (base == NULL || at > area_len || *len > area_len - at ||
        (item->size == S7_SIZE_BIT && item->count != 1))
        return NULL;
    if (base == plc->db1 && at < plc->hole + plc->hole_len && plc->hole < at + *len)
        return NULL;
    *code = S7_ITEM_OK;
    return base + at;
}

static inline void fake_read(struct fake_plc *plc, const struct s7_var_item *item, struct s7_wr *wr,
                             bool last)
{
    size_t len;
    unsigned bit;
    uint8_t code;
    uint8_t *at = fake_place(plc, item, &len, &bit, &code);
    uint8_t size = item->size == S7_SIZE_BIT     ? S7_DATA_BIT
                   : item->size == S7_SIZE_TIMER ? S7_DATA_OCTETS
                                                 : S7_DATA_BYTE;
    uint8_t bit_value = at != NULL && (at[0] & 1U << bit) != 0;
    struct s7_data_unit unit = {.code = code, .size = size, .payload = at, .payload_len = len};

    if (at == NULL)
        unit = (struct s7_data_unit){.code = code, .length = plc->lying_errors ? 4 : 0};
    else
        unit.length = s7_data_length(size, len);
    if (at != NULL && item->size == S7_SIZE_BIT)
        unit.payload = &bit_value;
    if (at != NULL && plc->other_unit)
        unit.length = size == S7_DATA_OCTETS ? (uint16_t)(len * 8) : (uint16_t)len;
    s7_data_append(wr, &unit, last && !plc->trailing_fill);
}

static inline uint8_t fake_write(struct fake_plc *plc, const struct s7_var_item *item,
                                 const struct s7_data_unit *unit)
{
    size_t len;
    unsigned bit;
    uint8_t code;
    uint8_t *at = fake_place(plc, item, &len, &bit, &code);

    if (at == NULL)
        return code;
    if (unit->payload_len != len)
        return S7_ITEM_INCONSISTENT;
    if (item->size == S7_SIZE_BIT)
        *at = (uint8_t)((*at & ~(1U << bit)) | (unit->payload[0] & 1U) << bit);
    else
        memcpy(at, unit->payload, len);
    return S7_ITEM_OK;
}

static inline void fake_job(struct fake_plc *plc, const struct s7_pdu *job, struct s7_wr *wr)
{
    struct s7_item_walk items;
    struct s7_data_walk units;
    struct s7_var_item item;
    struct s7_data_unit unit;
    bool more, write = job->param[0] == S7_FN_WRITE_VAR;
    size_t begin = s7_pdu_begin(wr, S7_ROSCTR_ACK_DATA, job->ref, 0);
    unsigned n = job->param[1];

    s7_wr_be(wr, 1, job->param[0]);
    s7_wr_be(wr, 1, n);
    s7_pdu_param_end(wr, begin);
    assert_int_equal(s7_item_walk_begin(job, &items), S7_OK);
    s7_data_walk_begin(job, false, &units);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(s7_item_walk_next(&items, &item, &more), S7_OK);
        assert_true(more);
        if (plc->n_items < FAKE_MAX_ITEMS)
            plc->items[plc->n_items++] = item;
        if (write) {
            assert_int_equal(s7_data_walk_next(&units, i + 1 == n, &unit), S7_OK);
            s7_wr_be(wr, 1, fake_write(plc, &item, &unit));
        } else {
            fake_read(plc, &item, wr, i + 1 == n);
        }
    }
    s7_pdu_end(wr, begin);
    assert_int_equal(s7_data_walk_left(&units), 0);
    plc->jobs++;
    if (n > plc->most_items)
        plc->most_items = n;
}

static inline void fake_setup(struct fake_plc *plc, const struct s7_pdu *job, struct s7_wr *wr)
{
    struct s7_setup asked, granted;

    assert_int_equal(s7_setup_decode(job, &asked), S7_OK);
    granted.amq_calling = (uint16_t)(asked.amq_calling < plc->amq ? asked.amq_calling : plc->amq);
    granted.amq_called = (uint16_t)(asked.amq_called < plc->amq ? asked.amq_called : plc->amq);
    granted.pdu_len = (uint16_t)(asked.pdu_len < plc->pdu_len ? asked.pdu_len : plc->pdu_len);
    s7_setup_encode(wr, S7_ROSCTR_ACK_DATA, job->ref, &granted);
}

/* What changes the mode is told behind its answer. */
static inline void fake_other_service(struct fake_plc *plc, const struct s7_pdu *job, struct s7_wr *wr)
{
    uint8_t before = plc->services.mode;

    fake_service(&plc->services, plc->pdu_len, job, wr);
    if (plc->services.mode != before)
        fake_tell_mode(&plc->push, plc->services.mode == 8);
}

/* Answer one whole frame; out->len 0: no answer. Lengths are checked here: S7-033 and S7-034. */
static inline void fake_plc_answer(struct fake_plc *plc, const uint8_t *frame, size_t frame_len,
                                   struct bytes *out)
{
    struct s7_cotp tpdu;
    struct s7_pdu job;
    uint8_t buf[4096];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    out->len = 0;
    assert_int_equal(s7_cotp_decode(frame, frame_len, &tpdu), S7_OK);
    if (tpdu.code == S7_COTP_CR) {
        *out = hex("03 00 00 0b 06 d0 00 00 00 03 00");
        out->at[6] = (uint8_t)(tpdu.src_ref >> 8);
        out->at[7] = (uint8_t)tpdu.src_ref;
        return;
    }
    assert_int_equal(tpdu.code, S7_COTP_DT);
    assert_true(tpdu.eot);
    assert_int_equal(s7_pdu_decode(tpdu.data, tpdu.data_len, &job), S7_OK);
    if (job.rosctr == S7_ROSCTR_ACK_DATA) {
        assert_true(tpdu.data_len <= plc->pdu_len);
        fake_answered(&plc->services.store, &job, out);
        return;
    }
    assert_true(job.rosctr == S7_ROSCTR_JOB || job.rosctr == S7_ROSCTR_USERDATA);
    bool is_var =
        job.rosctr == S7_ROSCTR_JOB && (job.param[0] == S7_FN_READ_VAR || job.param[0] == S7_FN_WRITE_VAR);
    if (tpdu.data_len > plc->longest_request)
        plc->longest_request = tpdu.data_len;
    if (job.rosctr == S7_ROSCTR_JOB && job.param[0] == S7_FN_SETUP)
        fake_setup(plc, &job, &wr);
    else if (plc->refuse != 0)
        s7_refusal_encode(&wr, job.ref, plc->refuse);
    else if (is_var)
        fake_job(plc, &job, &wr);
    else if (!fake_push_answer(&plc->push, plc, &job, &wr))
        fake_other_service(plc, &job, &wr);
    assert_false(wr.full);
    if (wr.len > plc->longest_answer)
        plc->longest_answer = wr.len;
    *out = dt(buf, wr.len, true);
    if (job.rosctr == S7_ROSCTR_JOB && job.param[0] == S7_FN_DOWNLOAD_START &&
        plc->services.store.coming != NULL) {
        struct bytes first = fake_peer_job(&plc->services.store, S7_FN_DOWNLOAD, 0);

        append(out, &first);
    }
}

/* What a PLC does with one frame of a connection. FIN and RST: it executes the job, and closes. SILENT and
 * HOLD: it keeps its answer, for ever or until the test asks for it. */
enum act { ANSWER, SILENT, FIN, RST, DR, GARBAGE, REFUSE, HOLD };

/* Execute a frame; out is what the act sends, or would send if it did not close or keep it. */
static inline void fake_plc_act(struct fake_plc *plc, enum act act, const uint8_t *frame, size_t frame_len,
                                struct bytes *out)
{
    fake_plc_answer(plc, frame, frame_len, out);
    if (act == DR)
        *out = hex("03 00 00 0b 06 80 00 01 00 00 02");
    else if (act == GARBAGE)
        *out = hex("48 54 54 50 2f 31 2e 31");
    else if (act == REFUSE)
        *out = pdu(S7_ROSCTR_ACK, (uint16_t)(frame[11] << 8 | frame[12]), 0x8104, "", "");
}

/* Length of the first whole frame, 0: none. */
static inline size_t first_frame(const uint8_t *at, size_t len)
{
    size_t frame_len = len >= 4 ? (size_t)at[2] << 8 | at[3] : 0;

    return frame_len <= len ? frame_len : 0;
}

/* ---- items to ask it for ---- */

/* DB 1, or an area without number. */
static inline s7_item bytes_item(s7_area area, uint32_t byte, uint16_t count, void *data)
{
    return (s7_item){.address = {.area = area,
                                 .db = area == S7_AREA_DB,
                                 .byte = byte,
                                 .type = S7_TYPE_BYTE,
                                 .count = count},
                     .data = data,
                     .len = count};
}

static inline s7_item typed_item(const char *text, void *data)
{
    s7_item item = {.data = data};
    s7_address_error error = {.at = 0};

    if (s7_address_parse(text, &item.address, &error) != S7_OK)
        fail_msg("%s does not parse: %s", text, error.text);
    item.len = s7_address_size(&item.address);
    return item;
}

#endif
