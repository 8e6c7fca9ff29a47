/* Reads three tags of two PLCs four times a second on one libev loop, and goes on when a PLC comes back.
 *
 *   event_loop ENDPOINT ENDPOINT [READINGS]      until both were read so often; for ever unless given
 *
 * Endpoints have numeric addresses: 192.168.0.1, "s7://192.168.0.2?rack=0&slot=2". */
#include <s7rig/async.h>
#include <s7rig/libev.h>

#include <stdio.h>
#include <stdlib.h>

#define N_PLCS 2
#define PERIOD 0.25 /* seconds */

static const char *const texts[] = {"DB1.DBD0:REAL", "DB1.DBD10:REAL", "DB1.DBX18.0"};
#define N_TAGS (sizeof texts / sizeof texts[0])

struct plc {
    s7_conn *conn;
    s7_plan *plan; /* the three tags with as few PDUs as it takes */
    ev_timer timer;
    bool reading; /* the plan is the connection's until on_read */
    unsigned long readings;
};

static struct plc plcs[N_PLCS];
static unsigned long wanted; /* readings of each; 0: no end */

static void say(const s7_conn *conn, const s7_errinfo *err)
{
    char text[600];

    s7_errinfo_format(err, text, sizeof text);
    printf("%s: %s\n", s7_conn_where(conn), text);
    fflush(stdout);
}

static void show(const struct plc *plc)
{
    double speed = 0, level = 0;
    int64_t motor = 0;

    if (s7_plan_real(plc->plan, 0, 0, &speed) == S7_OK && s7_plan_real(plc->plan, 1, 0, &level) == S7_OK &&
        s7_plan_int(plc->plan, 2, 0, &motor) == S7_OK)
        printf("%s: speed %g m/s, tank %g %%, motor %s\n", s7_conn_where(plc->conn), speed, level,
               motor ? "on" : "off");
    fflush(stdout);
}

static void close_all(void)
{
    for (unsigned i = 0; i < N_PLCS; i++)
        s7_conn_close(plcs[i].conn);
}

/* A reading is over. Why a connection broke is told by on_state as well. */
static void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct plc *plc = arg;

    plc->reading = false;
    if (status != S7_OK) {
        say(conn, err);
        return;
    }
    show(plc);
    plc->readings++;
    if (wanted > 0 && plcs[0].readings >= wanted && plcs[1].readings >= wanted)
        close_all();
}

/* A slow PLC is asked again when it has answered; one that is not there, not at all. */
static void on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
    struct plc *plc = timer->data;

    (void)ev;
    (void)events;
    if (!plc->reading && s7_conn_state_get(plc->conn) == S7_CONN_UP)
        plc->reading = s7_conn_plan_run(plc->conn, S7_THEN(on_read, plc), plc->plan) == S7_OK;
}

/* It goes on by itself (auto_reconnect) until it is closed. */
static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    struct plc *plc = arg;

    if (up) {
        printf("%s: connected\n", s7_conn_where(conn));
        fflush(stdout);
        return;
    }
    if (why != S7_E_CANCELLED)
        say(conn, err);
    if (s7_conn_state_get(conn) == S7_CONN_CLOSED)
        ev_timer_stop(EV_DEFAULT_ & plc->timer); /* with the last one the loop ends */
}

static void on_interrupt(struct ev_loop *ev, ev_signal *signal, int events)
{
    (void)ev;
    (void)signal;
    (void)events;
    close_all();
}

static s7_status begin(struct plc *plc, s7_loop *loop, const char *endpoint, s7_errinfo *err)
{
    s7_address tags[N_TAGS];
    s7_client_options options;

    s7_client_options_init(&options);
    options.auto_reconnect = true;
    options.heartbeat_ms = 5000;
    for (size_t i = 0; i < N_TAGS; i++)
        if (s7_address_parse(texts[i], &tags[i], NULL) != S7_OK)
            return S7_E_SYNTAX;
    s7_status status = s7_plan_new(tags, N_TAGS, NULL, &plc->plan, err);
    if (status == S7_OK)
        status = s7_conn_new(loop, endpoint, &options, on_state, plc, &plc->conn, err);
    if (status == S7_OK)
        status = s7_conn_open(plc->conn, err);
    if (status != S7_OK)
        return status;
    ev_timer_init(&plc->timer, on_timer, 0., PERIOD);
    plc->timer.data = plc;
    ev_timer_start(EV_DEFAULT_ & plc->timer);
    return S7_OK;
}

int main(int argc, char **argv)
{
    s7_loop *loop = s7_libev_attach(EV_DEFAULT);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = argc > N_PLCS && loop != NULL ? S7_OK : S7_E_ARG;
    ev_signal interrupt;
    char text[600];

    if (argc > N_PLCS + 1)
        wanted = strtoul(argv[N_PLCS + 1], NULL, 10);
    for (int i = 0; status == S7_OK && i < N_PLCS; i++)
        status = begin(&plcs[i], loop, argv[i + 1], &err);
    if (status == S7_OK) {
        ev_signal_init(&interrupt, on_interrupt, SIGINT);
        ev_signal_start(EV_DEFAULT_ & interrupt);
        ev_unref(EV_DEFAULT); /* it keeps nothing running */
        ev_run(EV_DEFAULT_ 0);
    } else {
        s7_errinfo_format(&err, text, sizeof text);
        fprintf(stderr, "event_loop: %s\n", err.status != S7_OK ? text : "two endpoints, please");
    }
    for (unsigned i = 0; i < N_PLCS; i++) {
        s7_conn_free(plcs[i].conn);
        s7_plan_free(plcs[i].plan);
    }
    s7_libev_detach(loop);
    return status == S7_OK ? 0 : 1;
}
