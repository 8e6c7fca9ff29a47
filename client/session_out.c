#include "client/session_impl.h"

#include "protocol/userdata.h"

/* COTP header of a DT, LI byte included: what the TPDU size counts besides the user data. */
#define DT_HEADER_LEN 3

static size_t fragment_len(const struct s7_session *session)
{
    return session->tpdu_len - DT_HEADER_LEN;
}

static size_t wire_len(const struct s7_session *session, size_t pdu_len)
{
    size_t chunk = fragment_len(session);

    return pdu_len + (pdu_len + chunk - 1) / chunk * S7_DT_OVERHEAD;
}

size_t s7_session_job_cap(const struct s7_session *session)
{
    return wire_len(session, session->granted.pdu_len);
}

size_t s7_session_tx_room(const struct s7_session *session)
{
    return session->tx_cap - (session->tx_end - session->tx_at);
}

uint64_t s7_session_tx_position(const struct s7_session *session)
{
    return session->tx_base + session->tx_at;
}

size_t s7_session_pending(const s7_session *session, const uint8_t **bytes)
{
    *bytes = session->tx + session->tx_at;
    return session->tx_end - session->tx_at;
}

void s7_session_sent(s7_session *session, size_t len)
{
    session->tx_at += len;
    session->stats.bytes_out += len;
    if (session->tx_at == session->tx_end) {
        session->tx_base += session->tx_end;
        session->tx_at = session->tx_end = 0;
    }
}

void s7_session_tx_remove(struct s7_session *session, const struct s7_slot *removed)
{
    size_t begin = (size_t)(removed->tx_begin - session->tx_base);
    size_t end = (size_t)(removed->tx_end - session->tx_base);

    memmove(session->tx + begin, session->tx + end, session->tx_end - end);
    session->tx_end -= end - begin;
    for (unsigned i = 0; i < session->n_slots; i++) {
        struct s7_slot *slot = &session->slots[i];

        if (slot->state != S7_SLOT_OPEN || slot->tx_begin < removed->tx_end)
            continue;
        slot->tx_begin -= end - begin;
        slot->tx_end -= end - begin;
    }
}

/* A writer at the end of the queue that leaves room for the first DT header in front. */
static struct s7_wr pdu_writer(struct s7_session *session, size_t pdu_cap)
{
    if (session->tx_at > 0) {
        memmove(session->tx, session->tx + session->tx_at, session->tx_end - session->tx_at);
        session->tx_end -= session->tx_at;
        session->tx_base += session->tx_at;
        session->tx_at = 0;
    }
    return (struct s7_wr){.buf = session->tx + session->tx_end + S7_DT_OVERHEAD, .cap = pdu_cap};
}

/* Queue the PDU that was written through pdu_writer, cut to the granted TPDU size. The last fragment moves
 * first, since each moves towards the end by one header per fragment before it. */
static void pdu_queue(struct s7_session *session, size_t pdu_len)
{
    size_t chunk = fragment_len(session);
    size_t n = (pdu_len + chunk - 1) / chunk;
    uint8_t *base = session->tx + session->tx_end;

    for (size_t i = n; i-- > 0;) {
        size_t len = i == n - 1 ? pdu_len - i * chunk : chunk;
        uint8_t *header = base + i * (chunk + S7_DT_OVERHEAD);

        memmove(header + S7_DT_OVERHEAD, base + S7_DT_OVERHEAD + i * chunk, len);
        s7_dt_write(header, len, i == n - 1);
    }
    session->tx_end += pdu_len + n * S7_DT_OVERHEAD;
}

void s7_session_send_cr(struct s7_session *session)
{
    const struct s7_session_options *options = &session->options;
    uint8_t size = S7_SESSION_TPDU_CODE;
    uint8_t local[2] = {(uint8_t)(options->local_tsap >> 8), (uint8_t)options->local_tsap};
    uint8_t remote[2] = {(uint8_t)(options->remote_tsap >> 8), (uint8_t)options->remote_tsap};
    struct s7_cotp cr = {.code = S7_COTP_CR,
                         .src_ref = session->src_ref,
                         .n_params = 3,
                         .params = {{S7_COTP_PARAM_TPDU_SIZE, 1, &size},
                                    {S7_COTP_PARAM_CALLING_TSAP, 2, local},
                                    {S7_COTP_PARAM_CALLED_TSAP, 2, remote}}};
    struct s7_wr wr = {.buf = session->tx, .cap = session->tx_cap};

    s7_cotp_encode(&wr, &cr);
    session->tx_end = wr.len;
}

void s7_session_send_setup(struct s7_session *session)
{
    struct s7_setup setup = {.amq_calling = session->options.max_jobs,
                             .amq_called = session->options.max_jobs,
                             .pdu_len = session->options.pdu_len};
    struct s7_wr wr = pdu_writer(session, S7_PDU_HEADER_LEN + S7_SETUP_PARAM_LEN);

    session->setup_ref = s7_session_take_ref(session);
    s7_setup_encode(&wr, S7_ROSCTR_JOB, session->setup_ref, &setup);
    pdu_queue(session, wr.len);
}

/* ---- jobs ---- */

static struct s7_slot *free_slot(struct s7_session *session)
{
    for (unsigned i = 0; i < session->n_slots; i++)
        if (session->slots[i].state == S7_SLOT_FREE)
            return &session->slots[i];
    return session->n_slots < session->slots_cap ? &session->slots[session->n_slots++] : NULL;
}

/* Bytes that an item's answer carries; what is not known counts as bytes. */
static size_t answer_bytes(const struct s7_var_item *item)
{
    const struct s7_size_info *info = s7_size_find(item->size);

    if (item->syntax_id != S7_SYNTAX_S7ANY)
        return 0;
    return (size_t)item->count * (info != NULL ? info->element_bytes : 1);
}

static size_t read_answer_len(const struct s7_var_item *items, unsigned n_items)
{
    size_t len = S7_ACK_HEADER_LEN + 2;

    for (unsigned i = 0; i < n_items; i++) {
        size_t bytes = answer_bytes(&items[i]);

        len += 4 + bytes + (i + 1 < n_items ? bytes % 2 : 0);
    }
    return len;
}

static void job_write(struct s7_wr *wr, uint16_t ref, const struct s7_var_item *items,
                      const struct s7_data_unit *units, unsigned n_items)
{
    size_t begin = s7_pdu_begin(wr, S7_ROSCTR_JOB, ref, 0);

    s7_wr_be(wr, 1, units != NULL ? S7_FN_WRITE_VAR : S7_FN_READ_VAR);
    s7_wr_be(wr, 1, n_items);
    for (unsigned i = 0; i < n_items; i++)
        s7_item_append(wr, &items[i], i + 1 == n_items);
    s7_pdu_param_end(wr, begin);
    for (unsigned i = 0; units != NULL && i < n_items; i++)
        s7_data_append(wr, &units[i], i + 1 == n_items);
    s7_pdu_end(wr, begin);
}

unsigned s7_session_max_items(const s7_session *session)
{
    size_t pdu_len = session->granted.pdu_len;
    unsigned fit = pdu_len >= S7_SESSION_PDU_LEN_MIN ? s7_max_items(pdu_len) : 0;

    return fit < session->options.max_items ? fit : session->options.max_items;
}

/* Queue the PDU that was written, as the job of a slot that is free. */
static void open_slot(struct s7_session *session, size_t pdu_len, const struct s7_slot *job)
{
    struct s7_slot *slot = free_slot(session);
    uint64_t tx_begin = session->tx_base + session->tx_end;

    pdu_queue(session, pdu_len);
    *slot = *job;
    slot->state = S7_SLOT_OPEN;
    slot->tx_begin = tx_begin;
    slot->tx_end = session->tx_base + session->tx_end;
    session->stats.jobs++;
}

/* units NULL: a read. */
static s7_status submit(struct s7_session *session, const struct s7_var_item *items,
                        const struct s7_data_unit *units, unsigned n_items, uint64_t id, int64_t deadline_ns)
{
    uint8_t function = units != NULL ? S7_FN_WRITE_VAR : S7_FN_READ_VAR;

    if (n_items == 0 || n_items > session->options.max_items)
        return S7_E_ARG;
    if (s7_session_window(session) == 0)
        return S7_E_MISUSE;
    struct s7_wr wr = pdu_writer(session, session->granted.pdu_len);
    struct s7_slot job = {.changes = units != NULL,
                          .shape = {S7_ROSCTR_JOB, function, (uint8_t)n_items},
                          .ref = s7_session_take_ref(session),
                          .id = id,
                          .deadline_ns = deadline_ns};

    job_write(&wr, job.ref, items, units, n_items);
    if (wr.full || (units == NULL && read_answer_len(items, n_items) > session->granted.pdu_len))
        return S7_E_TOO_LARGE;
    open_slot(session, wr.len, &job);
    return S7_OK;
}

s7_status s7_session_read(s7_session *session, const struct s7_var_item *items, unsigned n_items, uint64_t id,
                          int64_t deadline_ns)
{
    return submit(session, items, NULL, n_items, id, deadline_ns);
}

s7_status s7_session_write(s7_session *session, const struct s7_var_item *items,
                           const struct s7_data_unit *units, unsigned n_items, uint64_t id,
                           int64_t deadline_ns)
{
    return submit(session, items, units, n_items, id, deadline_ns);
}

static bool shape_of(const struct s7_pdu *request, struct s7_shape *shape)
{
    struct s7_userdata userdata;

    if (request->rosctr == S7_ROSCTR_JOB && request->param_len > 0) {
        *shape = (struct s7_shape){S7_ROSCTR_JOB, request->param[0], 0};
        return !s7_function_counts_items(request->param[0]);
    }
    if (s7_userdata_decode(request, &userdata) != S7_OK)
        return false;
    *shape = (struct s7_shape){S7_ROSCTR_USERDATA, userdata.group, userdata.subfunction};
    return true;
}

s7_status s7_session_request(s7_session *session, const struct s7_pdu *request, bool changes, uint64_t id,
                             int64_t deadline_ns)
{
    struct s7_slot job = {.changes = changes, .id = id, .deadline_ns = deadline_ns};
    struct s7_pdu pdu = *request;

    if (!shape_of(request, &job.shape))
        return S7_E_ARG;
    if (s7_session_window(session) == 0)
        return S7_E_MISUSE;
    struct s7_wr wr = pdu_writer(session, session->granted.pdu_len);
    pdu.ref = job.ref = s7_session_take_ref(session);
    pdu.redundancy = pdu.error = 0;
    s7_pdu_encode(&wr, &pdu);
    if (wr.full)
        return S7_E_TOO_LARGE;
    open_slot(session, wr.len, &job);
    return S7_OK;
}

s7_status s7_session_answer(s7_session *session, const struct s7_pdu *answer)
{
    if (session->state != S7_SESSION_READY || session->peer.state != S7_SLOT_OPEN ||
        s7_session_tx_room(session) < s7_session_job_cap(session))
        return S7_E_MISUSE;
    struct s7_wr wr = pdu_writer(session, session->granted.pdu_len);

    s7_pdu_encode(&wr, answer);
    if (wr.full)
        return S7_E_TOO_LARGE;
    pdu_queue(session, wr.len);
    return S7_OK;
}
