#include "cli/line.h"

#include "client/report.h"
#include "loop/blocking.h"
#include "protocol/cotp.h"
#include "protocol/tpkt.h"

#include <stdio.h>
#include <stdlib.h>

#define TPDU_SIZE_CODE  0x0A /* 1024 bytes: any PDU in one piece */
#define DT_HEADER_LEN   3    /* what the TPDU size counts besides user data */
#define NS_PER_MS       INT64_C(1000000)
#define PDU_CAP         (S7_PDU_LEN_MAX + 64)
#define FRAMES_CAP      (PDU_CAP + S7_DT_OVERHEAD * 16) /* in pieces of the least TPDU size, 128 */
#define SETUP_REFERENCE 0

struct cli_line {
    int fd;
    struct s7_setup granted;
    size_t chunk;  /* most user data of one DT */
    size_t len;    /* received, not cut yet */
    size_t joined; /* of the PDU of which fragments have come */
    size_t frame;  /* to be dropped from bytes at the next call */
    uint8_t bytes[2 * S7_TPKT_MAX_LEN];
    uint8_t pdu[S7_TPKT_MAX_LEN];
};

/* ---- bytes ---- */

static s7_status send_all(struct cli_line *line, const uint8_t *bytes, size_t len, int64_t deadline_ns)
{
    while (len > 0) {
        size_t sent;
        s7_status status = s7_tcp_send(line->fd, bytes, len, deadline_ns, &sent, NULL);

        if (status != S7_OK)
            return status;
        bytes += sent;
        len -= sent;
    }
    return S7_OK;
}

static void drop_frame(struct cli_line *line)
{
    line->len -= line->frame;
    memmove(line->bytes, line->bytes + line->frame, line->len);
    line->frame = 0;
}

/* The next TPDU; its views live until the next call. */
static s7_status receive_tpdu(struct cli_line *line, struct s7_cotp *tpdu, int64_t deadline_ns)
{
    size_t frame_len, got;
    s7_status status;

    drop_frame(line);
    while ((status = s7_tpkt_peek(line->bytes, line->len, S7_TPKT_MAX_LEN, &frame_len)) == S7_E_TRUNCATED) {
        status = s7_tcp_recv(line->fd, line->bytes + line->len, sizeof line->bytes - line->len, deadline_ns,
                             &got, NULL);
        if (status != S7_OK)
            return status;
        line->len += got;
    }
    if (status == S7_OK)
        status = s7_cotp_decode(line->bytes, frame_len, tpdu);
    if (status == S7_OK)
        line->frame = frame_len;
    return status;
}

/* ---- PDUs ---- */

s7_status cli_line_receive(struct cli_line *line, struct s7_pdu *pdu, int64_t deadline_ns)
{
    struct s7_cotp tpdu;

    for (;;) {
        s7_status status = receive_tpdu(line, &tpdu, deadline_ns);

        if (status != S7_OK)
            return status;
        if (tpdu.code == S7_COTP_DR)
            return S7_E_CLOSED;
        if (tpdu.code != S7_COTP_DT)
            continue;
        if (tpdu.data_len > sizeof line->pdu - line->joined)
            return S7_E_FRAME;
        if (tpdu.data_len > 0)
            memcpy(line->pdu + line->joined, tpdu.data, tpdu.data_len);
        line->joined += tpdu.data_len;
        if (!tpdu.eot || line->joined == 0) /* an empty DT is a sign of life */
            continue;
        size_t len = line->joined;
        line->joined = 0;
        return s7_pdu_decode(line->pdu, len, pdu);
    }
}

s7_status cli_line_send(struct cli_line *line, const struct s7_pdu *pdu, int64_t deadline_ns)
{
    uint8_t bytes[PDU_CAP], frames[FRAMES_CAP], header[S7_DT_OVERHEAD];
    struct s7_wr wr = {.buf = bytes, .cap = line->granted.pdu_len};
    struct s7_wr out = {.buf = frames, .cap = sizeof frames};

    s7_pdu_encode(&wr, pdu);
    if (wr.full)
        return S7_E_TOO_LARGE;
    for (size_t at = 0; at < wr.len;) {
        size_t len = wr.len - at < line->chunk ? wr.len - at : line->chunk;

        s7_dt_write(header, len, at + len == wr.len);
        s7_wr_bytes(&out, header, sizeof header);
        s7_wr_bytes(&out, bytes + at, len);
        at += len;
    }
    return out.full ? S7_E_TOO_LARGE : send_all(line, frames, out.len, deadline_ns);
}

/* ---- the handshake ---- */

static uint16_t remote_tsap(const s7_client_options *options)
{
    if (options->remote_tsap != 0)
        return options->remote_tsap;
    return (uint16_t)(options->conn_type << 8 | options->rack << 5 | options->slot);
}

static s7_status send_cr(struct cli_line *line, const s7_client_options *options, int64_t deadline_ns)
{
    uint16_t to = remote_tsap(options);
    uint8_t size = TPDU_SIZE_CODE;
    uint8_t local[2] = {(uint8_t)(options->local_tsap >> 8), (uint8_t)options->local_tsap};
    uint8_t remote[2] = {(uint8_t)(to >> 8), (uint8_t)to};
    struct s7_cotp cr = {.code = S7_COTP_CR,
                         .src_ref = 1,
                         .n_params = 3,
                         .params = {{S7_COTP_PARAM_TPDU_SIZE, 1, &size},
                                    {S7_COTP_PARAM_CALLING_TSAP, 2, local},
                                    {S7_COTP_PARAM_CALLED_TSAP, 2, remote}}};
    uint8_t bytes[64];
    struct s7_wr wr = {.buf = bytes, .cap = sizeof bytes};

    s7_cotp_encode(&wr, &cr);
    return send_all(line, bytes, wr.len, deadline_ns);
}

static s7_status receive_cc(struct cli_line *line, int64_t deadline_ns, char detail[S7_CAME_CAP])
{
    struct s7_cotp tpdu;
    s7_status status = receive_tpdu(line, &tpdu, deadline_ns);

    if (status == S7_E_CLOSED || status == S7_E_RESET)
        return S7_E_COTP_REFUSED;
    if (status == S7_OK && tpdu.code == S7_COTP_DR) {
        snprintf(detail, S7_CAME_CAP, "connection refused with reason %02X: %s", tpdu.reason,
                 s7_cotp_reason_text(tpdu.reason));
        return S7_E_COTP_REFUSED;
    }
    if (status != S7_OK || tpdu.code != S7_COTP_CC)
        return status != S7_OK ? status : S7_E_FRAME;
    const struct s7_cotp_param *size = s7_cotp_find(&tpdu, S7_COTP_PARAM_TPDU_SIZE);
    size_t bytes = size != NULL && size->len == 1 ? s7_cotp_tpdu_bytes(size->value[0]) : 0;
    if (bytes > DT_HEADER_LEN)
        line->chunk = bytes - DT_HEADER_LEN;
    return S7_OK;
}

static bool is_granted(const struct s7_setup *granted, const s7_client_options *options)
{
    return granted->pdu_len >= S7_SESSION_PDU_LEN_MIN && granted->pdu_len <= options->pdu_len;
}

static s7_status set_up(struct cli_line *line, const s7_client_options *options, int64_t deadline_ns,
                        char detail[S7_CAME_CAP])
{
    struct s7_setup asked = {options->max_jobs, options->max_jobs, options->pdu_len};
    uint8_t bytes[S7_PDU_HEADER_LEN + S7_SETUP_PARAM_LEN];
    struct s7_wr wr = {.buf = bytes, .cap = sizeof bytes};
    struct s7_pdu pdu;

    s7_setup_encode(&wr, S7_ROSCTR_JOB, SETUP_REFERENCE, &asked);
    line->granted.pdu_len = S7_PDU_LEN_MIN; /* until more is granted */
    s7_status status = s7_pdu_decode(bytes, wr.len, &pdu);
    if (status == S7_OK)
        status = cli_line_send(line, &pdu, deadline_ns);
    if (status == S7_OK)
        status = cli_line_receive(line, &pdu, deadline_ns);
    if (status != S7_OK)
        return status;
    if (pdu.error != 0 || s7_setup_decode(&pdu, &line->granted) != S7_OK) {
        snprintf(detail, S7_CAME_CAP, "setup communication was refused with error %04X", pdu.error);
        return S7_E_NEGOTIATION;
    }
    if (!is_granted(&line->granted, options)) {
        snprintf(detail, S7_CAME_CAP, "the peer granted a PDU length of %u, expected %u..%u",
                 line->granted.pdu_len, S7_SESSION_PDU_LEN_MIN, options->pdu_len);
        return S7_E_NEGOTIATION;
    }
    if (line->granted.amq_calling == 0)
        line->granted.amq_calling = 1;
    return S7_OK;
}

static s7_status dial(struct cli_line *line, const struct s7_settings *settings, s7_errinfo *err,
                      char detail[S7_CAME_CAP])
{
    const s7_client_options *options = &settings->options;
    int64_t connect_ns = s7_now_ns() + options->connect_ms * NS_PER_MS;
    s7_status status = s7_tcp_dial(settings->endpoint.host, settings->endpoint.port, connect_ns, NULL,
                                   &line->fd, &err->os_errno);

    if (status != S7_OK) {
        line->fd = -1;
        return status;
    }
    int64_t deadline_ns = s7_now_ns() + options->handshake_ms * NS_PER_MS;
    status = send_cr(line, options, deadline_ns);
    if (status == S7_OK)
        status = receive_cc(line, deadline_ns, detail);
    return status == S7_OK ? set_up(line, options, deadline_ns, detail) : status;
}

/* ---- life ---- */

s7_status cli_line_open(const struct s7_settings *settings, struct cli_line **out, s7_errinfo *err)
{
    struct cli_line *line = calloc(1, sizeof *line);
    char detail[S7_CAME_CAP] = "";

    s7_settings_asked(settings, err);
    if (line == NULL) {
        s7_report_came(err, S7_E_NOMEM, detail);
        return S7_E_NOMEM;
    }
    line->fd = -1;
    line->chunk = s7_cotp_tpdu_bytes(TPDU_SIZE_CODE) - DT_HEADER_LEN;
    s7_status status = dial(line, settings, err, detail);
    if (status == S7_OK) {
        *out = line;
        return S7_OK;
    }
    s7_report_came(err, status, detail);
    cli_line_close(line);
    return status;
}

void cli_line_close(struct cli_line *line)
{
    if (line == NULL)
        return;
    s7_tcp_close(line->fd);
    free(line);
}

const struct s7_setup *cli_line_granted(const struct cli_line *line)
{
    return &line->granted;
}
