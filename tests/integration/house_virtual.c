#include "house_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct house house;
sqlite3 *foreign;

void open_house_of(const char *cpu)
{
    s7_loop *loop;

    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&house, loop, cpu);
    assert_int_equal(sqlite3_open(house.path, &foreign), SQLITE_OK);
}

int open_house(void **state)
{
    (void)state;
    open_house_of("generic");
    return 0;
}

int close_house(void **state)
{
    (void)state;
    sqlite3_close(foreign);
    house_close(&house);
    return 0;
}

void serve_again(struct sim_server_options *options)
{
    struct plant_error error;

    sim_server_free(house.server);
    options->listen = "127.0.0.1:0";
    if (sim_server_new(house.loop, house.plant, options, &house.server, &error) != S7_OK)
        fail_msg("%s", error.text);
    snprintf(house.endpoint, sizeof house.endpoint, "%s", sim_server_address(house.server, 0));
}

int64_t now_ns(void)
{
    return s7_loop_now_ns(house.loop);
}

int64_t now_ms(void)
{
    return now_ns() / HOUSE_NS_PER_MS;
}

void run_for_ms(int64_t ms)
{
    int64_t until_ns = now_ns() + ms * HOUSE_NS_PER_MS;

    while (now_ns() < until_ns)
        s7_virtual_run_until(house.loop, until_ns); /* comes back early when a guest was answered */
}

void sql(const char *format, ...)
{
    char text[1024], *message = NULL;
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_in_range(len, 0, sizeof text - 1);
    if (sqlite3_exec(foreign, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
}

static sqlite3_stmt *prepared(const char *text)
{
    sqlite3_stmt *q;

    if (sqlite3_prepare_v2(foreign, text, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(foreign));
    return q;
}

const char *selected(const char *text)
{
    static char value[4096];
    size_t len = 0;
    sqlite3_stmt *q = prepared(text);

    value[0] = '\0';
    while (sqlite3_step(q) == SQLITE_ROW && len < sizeof value) {
        const char *column = (const char *)sqlite3_column_text(q, 0);
        len += (size_t)snprintf(value + len, sizeof value - len, "%s%s", len > 0 ? "; " : "",
                                column != NULL ? column : "NULL");
    }
    sqlite3_finalize(q);
    return value;
}

int64_t select_int(const char *text)
{
    sqlite3_stmt *q = prepared(text);

    if (sqlite3_step(q) != SQLITE_ROW)
        fail_msg("%s: no row", text);
    int64_t value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return value;
}

void arm(uint64_t id, const char *name, const char *args)
{
    struct plant_error error;

    if (sim_server_fault_arm(house.server, 0, id, name, args, &error) != S7_OK)
        fail_msg("%s", error.text);
}

struct sim_fault_state state_of(uint64_t id)
{
    struct sim_fault_state state;

    if (!sim_server_fault_state(house.server, id, &state))
        fail_msg("no fault %u", (unsigned)id);
    return state;
}

struct sim_plc_stats plc_stats(void)
{
    struct sim_plc_stats stats;

    sim_server_plc_stats(house.server, 0, &stats);
    return stats;
}
