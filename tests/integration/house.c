#include "house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void house_open(struct house *house, s7_loop *loop, const char *cpu)
{
    house_open_at(house, loop, cpu, "127.0.0.1:0", PLANT_COMMIT);
}

void house_open_at(struct house *house, s7_loop *loop, const char *cpu, const char *listen,
                   enum plant_durability durability)
{
    const struct plant_new_block blocks[] = {
        {S7_AREA_DB, 1, 256}, {S7_AREA_DB, 2, 4000}, {S7_AREA_M, 0, 256}};
    const struct plant_new_plc plc = {.name = "plc1",
                                      .cpu = cpu != NULL ? cpu : "generic",
                                      .blocks = blocks,
                                      .n_blocks = sizeof blocks / sizeof blocks[0]};
    const char *tmp = getenv("TMPDIR");
    struct sim_server_options options;
    struct plant_options keeping;
    struct plant_error error;

    memset(house, 0, sizeof *house);
    house->loop = loop;
    snprintf(house->folder, sizeof house->folder, "%s/s7rig-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(house->folder));
    snprintf(house->path, sizeof house->path, "%s/plant", house->folder);
    plant_options_init(&keeping);
    keeping.durability = durability;
    sim_server_options_init(&options);
    options.listen = listen;
    if (plant_create(house->path, &plc, 1, &error) != S7_OK ||
        plant_open(house->path, &keeping, &house->plant, &error) != S7_OK ||
        sim_server_new(loop, house->plant, &options, &house->server, &error) != S7_OK)
        fail_msg("%s", error.text);
    snprintf(house->endpoint, sizeof house->endpoint, "%s", sim_server_address(house->server, 0));
}

static void remove_log(const struct house *house)
{
    static const char *const ends[] = {"-wal", "-shm"};
    char path[sizeof house->path + 8];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s%s", house->path, ends[i]);
        unlink(path);
    }
}

void house_close(struct house *house)
{
    sim_server_free(house->server);
    plant_close(house->plant);
    s7_loop_free(house->loop);
    unlink(house->path);
    if (house->abandoned)
        remove_log(house);
    if (rmdir(house->folder) != 0)
        fail_msg("%s is not empty: the plant left files behind", house->folder);
}

/* ---- guests ---- */

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    struct guest *guest = arg;

    (void)conn;
    guest->up = up;
    guest->last = why;
    if (err != NULL)
        guest->err = *err;
    s7_loop_stop(guest->house->loop);
}

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct guest *guest = arg;

    (void)conn;
    guest->waiting = false;
    guest->last = status;
    if (err != NULL)
        guest->err = *err;
    s7_loop_stop(guest->house->loop);
}

void guest_open(struct guest *guest, struct house *house, const s7_client_options *options)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    *guest = (struct guest){.house = house, .last = S7_E_TIMEOUT};
    if (s7_conn_new(house->loop, house->endpoint, options, on_state, guest, &guest->conn, &err) != S7_OK ||
        s7_conn_open(guest->conn, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    assert_int_equal(s7_loop_run(house->loop), S7_OK);
}

void guest_close(struct guest *guest)
{
    s7_conn_free(guest->conn);
    guest->conn = NULL;
}

s7_item house_item(uint16_t db, uint32_t byte, const void *data, size_t len)
{
    return (s7_item){
        .address = {.area = S7_AREA_DB, .db = db, .byte = byte, .type = S7_TYPE_BYTE, .count = (uint16_t)len},
        .data = (void *)(uintptr_t)data,
        .len = len};
}

void guest_begin(struct guest *guest, bool write, s7_item *items, size_t n_items, uint32_t timeout_ms)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    guest->waiting = true;
    if (s7_conn_submit(guest->conn, write, items, n_items, timeout_ms, on_done, guest, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

s7_status guest_finish(struct guest *guest)
{
    while (guest->waiting)
        assert_int_equal(s7_loop_run(guest->house->loop), S7_OK);
    return guest->last;
}

s7_status guest_read(struct guest *guest, uint16_t db, uint32_t byte, void *dst, size_t len)
{
    s7_item item = house_item(db, byte, dst, len);

    guest_begin(guest, false, &item, 1, 0);
    return guest_finish(guest);
}

s7_status guest_read_within(struct guest *guest, uint32_t timeout_ms)
{
    uint8_t got[4] = {0};
    s7_item item = house_item(1, 0, got, sizeof got);

    guest_begin(guest, false, &item, 1, timeout_ms);
    return guest_finish(guest);
}

s7_status guest_write(struct guest *guest, uint16_t db, uint32_t byte, const void *src, size_t len)
{
    s7_item item = house_item(db, byte, src, len);

    guest_begin(guest, true, &item, 1, 0);
    return guest_finish(guest);
}
