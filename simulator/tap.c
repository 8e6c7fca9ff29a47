/* Frames for who listens: collected while a turn runs, told when it stands, since what a turn that is run
 * again had answered before never left. */
#include "server_impl.h"

#include "protocol/tpkt.h"

#include <stdlib.h>

static struct sim_tap *one_more(sim_server *server)
{
    if (server->n_taps == server->cap_taps) {
        size_t cap = server->cap_taps > 0 ? 2 * server->cap_taps : 64;
        struct sim_tap *more = realloc(server->taps, cap * sizeof *more);
        if (more == NULL)
            return NULL; /* a frame less in a log */
        server->taps = more;
        server->cap_taps = cap;
    }
    return &server->taps[server->n_taps++];
}

static void add(const struct sim_conn *conn, bool from_client, const uint8_t *frame, size_t len,
                const char *fault)
{
    struct sim_tap *tap = len > 0 ? one_more(conn->server) : NULL;

    if (tap != NULL)
        *tap = (struct sim_tap){conn->station->plc.row->name, conn->ordinal, from_client, frame, len, fault};
}

/* Answers in fragments are several frames; a cut one ends early. */
static void add_frames(const struct sim_conn *conn, const uint8_t *bytes, size_t len, const char *fault)
{
    size_t frame_len;

    while (len > 0) {
        if (s7_tpkt_peek(bytes, len, S7_TPKT_MAX_LEN, &frame_len) != S7_OK)
            frame_len = len;
        add(conn, false, bytes, frame_len, fault);
        bytes += frame_len;
        len -= frame_len;
    }
}

static const char *fault_of(const struct sim_conn *conn, const struct sim_step *step)
{
    if (step->result == SIM_STEP_MUTED)
        return conn->turn.muted_by;
    return step->cr != NULL || step->pdu != NULL ? conn->turn.verdict.fault : NULL;
}

/* A request that is put back was seen when it was judged, and is not told again. */
void sim_tap_step(struct sim_conn *conn, const struct sim_step *step)
{
    const char *fault = fault_of(conn, step);
    const uint8_t *answer;
    size_t len = sim_session_answer(conn->session, &answer);

    if (step->frame == NULL)
        return;
    if (!conn->turn.tapped)
        add(conn, true, step->frame, step->frame_len, fault);
    conn->turn.tapped = step->result == SIM_STEP_BLOCKED;
    if (step->result != SIM_STEP_BLOCKED)
        add_frames(conn, answer, len, fault);
}

void sim_tap_told(struct sim_conn *conn)
{
    const uint8_t *bytes;
    size_t len = sim_session_answer(conn->session, &bytes);

    add_frames(conn, bytes, len, NULL);
}

void sim_tap_forget(sim_server *server)
{
    server->n_taps = 0;
}

void sim_tap_tell(sim_server *server)
{
    for (size_t i = 0; i < server->n_taps; i++)
        server->options.tap(&server->taps[i], server->options.tap_arg);
    server->n_taps = 0;
}
