/* trace SEED - a busy hour of virtual time: eight clients read and write a served plant over a network that
 * delays and splits. Prints the trace hash: the same seed gives the same line with every compiler and
 * optimisation. */
#include "client/conn.h"
#include "loop/loop_virtual.h"
#include "loop/random.h"
#include "plant/plant.h"
#include "simulator/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLIENTS  8
#define CALLS    60
#define ITEMS    5
#define ITEM_LEN 700
#define HOUR_NS  (INT64_C(3600) * 1000 * 1000 * 1000)
#define DB_LEN   4000

struct client {
    s7_loop *loop;
    s7_conn *conn;
    s7_timer pause;
    uint64_t seed, number;
    unsigned calls, good;
    s7_item items[ITEMS];
    uint8_t bytes[ITEMS][ITEM_LEN];
};

static uint64_t draw(struct client *client, uint64_t which)
{
    return s7_draw(client->seed, client->number, which, client->calls);
}

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct client *client = arg;

    (void)conn;
    (void)err;
    client->good += status == S7_OK;
    if (client->calls < CALLS)
        s7_timer_set(client->loop, &client->pause,
                     s7_loop_now_ns(client->loop) + s7_draw_range(draw(client, 100), 0, HOUR_NS / CALLS / 2));
    else
        s7_conn_close(conn);
}

static void call(s7_timer *timer, void *arg)
{
    struct client *client = arg;
    s7_errinfo err = S7_ERRINFO_INIT;
    size_t n = (size_t)s7_draw_range(draw(client, 0), 1, ITEMS);

    (void)timer;
    client->calls++;
    for (size_t i = 0; i < n; i++) {
        uint16_t len = (uint16_t)s7_draw_range(draw(client, 1 + 2 * i), 1, ITEM_LEN);
        uint32_t byte =
            (uint32_t)s7_draw_range(draw(client, 2 + 2 * i), 0, DB_LEN + 1 - len); /* 1: past the end */
        client->items[i] = (s7_item){
            .address = {.area = S7_AREA_DB, .db = 1, .byte = byte, .type = S7_TYPE_BYTE, .count = len},
            .data = client->bytes[i],
            .len = len};
    }
    if (s7_conn_submit(client->conn, draw(client, 50) % 2, client->items, n, 0, on_done, client, &err) !=
        S7_OK)
        fprintf(stderr, "submit: %s\n", err.came);
}

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    struct client *client = arg;

    (void)conn;
    if (up)
        s7_timer_set(client->loop, &client->pause, s7_loop_now_ns(client->loop));
    else if (why != S7_E_CANCELLED)
        fprintf(stderr, "connection: %s\n", err != NULL ? err->came : s7_strerror(why));
}

static int run(s7_loop *loop, sim_server *server, uint64_t seed)
{
    static struct client clients[CLIENTS];
    s7_errinfo err = S7_ERRINFO_INIT;
    unsigned good = 0;

    for (uint64_t i = 0; i < CLIENTS; i++) {
        struct client *client = &clients[i];
        client->loop = loop;
        client->seed = seed;
        client->number = i;
        s7_timer_init(&client->pause, call, client);
        if (s7_conn_new(loop, sim_server_address(server, 0), NULL, on_state, client, &client->conn, &err) !=
                S7_OK ||
            s7_conn_open(client->conn, &err) != S7_OK)
            return 1;
    }
    s7_virtual_run_until(loop, HOUR_NS);
    for (int i = 0; i < CLIENTS; i++) {
        good += clients[i].good;
        s7_timer_stop(&clients[i].pause);
        s7_conn_free(clients[i].conn);
    }
    printf("seed %" PRIu64 ": %u of %u calls good, %" PRIu64 " events, hash %016" PRIx64 "\n", seed, good,
           CLIENTS * CALLS, s7_virtual_event_count(loop), s7_virtual_trace_hash(loop));
    return good == 0;
}

static int serve(const char *path, uint64_t seed)
{
    const struct plant_new_block block = {S7_AREA_DB, 1, DB_LEN};
    const struct plant_new_plc plc = {.name = "plc", .cpu = "generic", .blocks = &block, .n_blocks = 1};
    struct s7_virtual_options options;
    struct plant_error error = {.text = ""};
    s7_loop *loop = NULL;
    plant *p = NULL;
    sim_server *server = NULL;
    int status = 1;

    s7_virtual_options_init(&options);
    options.seed = seed;
    options.split = true;
    if (plant_create(path, &plc, 1, &error) != S7_OK || plant_open(path, NULL, &p, &error) != S7_OK ||
        s7_loop_virtual_new(&options, &loop) != S7_OK ||
        sim_server_new(loop, p, NULL, &server, &error) != S7_OK)
        fprintf(stderr, "trace: %s\n", error.text);
    else
        status = run(loop, server, seed);
    sim_server_free(server);
    plant_close(p);
    s7_loop_free(loop);
    unlink(path);
    return status;
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/s7rig-trace-XXXXXX", path[64];

    if (mkdtemp(folder) == NULL)
        return 4;
    snprintf(path, sizeof path, "%s/plant", folder);
    int status = serve(path, argc > 1 ? strtoull(argv[1], NULL, 10) : 1);
    rmdir(folder);
    return status;
}
