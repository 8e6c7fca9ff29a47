/* The real client session against the real server session, over kernel TCP and in virtual time: one body of
 * tests, two loops. */
#include "house.h"

#include "loop/loop_ev.h"
#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct house house;

static int open_ev(void **state)
{
    s7_loop *loop;

    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open(&house, loop, NULL);
    *state = &house;
    return 0;
}

static int open_virtual(void **state)
{
    struct s7_virtual_options options;
    s7_loop *loop;

    s7_virtual_options_init(&options);
    options.split = true;
    assert_int_equal(s7_loop_virtual_new(&options, &loop), S7_OK);
    house_open(&house, loop, NULL);
    *state = &house;
    return 0;
}

static int close_house(void **state)
{
    house_close(*state);
    return 0;
}

static void what_was_written_is_read_back_in_chunks(void **state)
{
    struct guest guest;
    uint8_t sent[4000], got[4000];

    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7 + i / 256);
    guest_open(&guest, *state, NULL);
    assert_int_equal(guest.last, S7_OK);
    assert_int_equal(guest_write(&guest, 2, 0, sent, sizeof sent), S7_OK);
    assert_int_equal(guest_read(&guest, 2, 0, got, sizeof got), S7_OK);
    assert_memory_equal(sent, got, sizeof sent);
    guest_close(&guest);
}

static void a_bad_item_spares_the_others(void **state)
{
    struct guest guest;
    uint8_t a[3] = {1, 2, 3}, b[2], c[2], again[3];

    guest_open(&guest, *state, NULL);
    assert_int_equal(guest_write(&guest, 1, 10, a, sizeof a), S7_OK);
    s7_item items[] = {house_item(1, 10, again, 3), house_item(99, 0, b, 2), house_item(1, 255, c, 2),
                       house_item(1, 11, b, 2)};
    guest_begin(&guest, false, items, 4, 0);
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_MISSING);
    assert_int_equal(items[2].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(items[3].status, S7_OK);
    assert_memory_equal(again, a, 3);
    assert_memory_equal(b, a + 1, 2);
    assert_int_equal(guest.err.item, 1);
    guest_close(&guest);
}

static void connections_see_each_others_writes(void **state)
{
    struct guest left, right;

    guest_open(&left, *state, NULL);
    guest_open(&right, *state, NULL);
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t got = 0;
        assert_int_equal(guest_write(i % 2 ? &left : &right, 1, 4, &i, sizeof i), S7_OK);
        assert_int_equal(guest_read(i % 2 ? &right : &left, 1, 4, &got, sizeof got), S7_OK);
        assert_int_equal(got, i);
    }
    guest_close(&left);
    guest_close(&right);
}

/* However many frames came in a turn, a connection is written to once. */
static void frames_of_one_turn_are_answered_in_one_write(void **state)
{
    struct house *h = *state;
    struct guest guest;
    struct sim_server_stats before, after;
    uint8_t bytes[4000];

    guest_open(&guest, h, NULL);
    sim_server_stats_get(h->server, &before);
    for (int i = 0; i < 20; i++)
        assert_int_equal(guest_read(&guest, 2, 0, bytes, sizeof bytes), S7_OK);
    sim_server_stats_get(h->server, &after);
    assert_true(after.frames - before.frames == 20 * 5); /* 4000 bytes at 942 a job */
    assert_true(after.writes - before.writes <= after.turns - before.turns);
    guest_close(&guest);
}

static void nobody_there_is_refused(void **state)
{
    struct house *h = *state;
    struct guest guest;

    strcpy(h->endpoint, "127.0.0.1:1");
    guest_open(&guest, h, NULL);
    assert_int_equal(guest.last, S7_E_REFUSED);
    assert_non_null(strstr(guest.err.asked, "127.0.0.1:1"));
    guest_close(&guest);
}

#define EV(test)      cmocka_unit_test_setup_teardown(test, open_ev, close_house)
#define VIRTUAL(test) cmocka_unit_test_setup_teardown(test, open_virtual, close_house)
#define BOTH(test)    EV(test), VIRTUAL(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(what_was_written_is_read_back_in_chunks),
        BOTH(a_bad_item_spares_the_others),
        BOTH(connections_see_each_others_writes),
        BOTH(frames_of_one_turn_are_answered_in_one_write),
        BOTH(nobody_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
