#include "protocol/cyclic.h"

#include "protocol/dbread.h"
#include "protocol/hex_test.h"
#include "protocol/prng_test.h"
#include "protocol/userdata.h"

static uint8_t bytes[HEX_CAP], buf[HEX_CAP];

/* A whole PDU of group 2. */
static struct s7_userdata decode(const char *text)
{
    struct s7_pdu pdu;
    struct s7_userdata userdata;
    size_t len = hex_bytes(text, bytes);

    assert_int_equal(s7_pdu_decode(bytes, len, &pdu), S7_OK);
    assert_int_equal(s7_userdata_decode(&pdu, &userdata), S7_OK);
    assert_int_equal(userdata.group, S7_GROUP_CYCLIC);
    return userdata;
}

/* ---- requests ---- */

static void s7_142_a_subscription_has_a_grid_and_items_as_a_read(void **state)
{
    uint8_t payload[64];
    struct s7_wr inner = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};
    const s7_address mw100 = {.area = S7_AREA_M, .byte = 100, .type = S7_TYPE_WORD, .count = 1};
    struct s7_cycle cycle;
    struct s7_var_item item;
    struct s7_item_walk walk;
    bool more;

    (void)state;
    assert_true(s7_cycle_from_ms(500, &cycle));
    assert_int_equal(s7_item_from_address(&mw100, &item), S7_OK);
    s7_cyclic_request_append(&inner, cycle, 1);
    s7_item_append(&inner, &item, true);
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CYCLIC, S7_CYCLIC_TIME, payload, inner.len);
    s7_userdata_encode(&wr, 0x1F00, &request);
    expect_hex(&wr, "32 07 00 00 1f 00 00 08 00 14 00 01 12 04 11 42 01 00 ff 09 00 10 00 01 00 05 "
                    "12 0a 10 02 00 02 00 00 83 00 03 20");
    assert_int_equal(s7_cyclic_request_decode(payload, inner.len, &cycle, &walk), S7_OK);
    assert_int_equal(s7_cycle_ms(cycle), 500);
    assert_int_equal(walk.left, 1);
    assert_int_equal(s7_item_walk_next(&walk, &item, &more), S7_OK);
    assert_int_equal(item.bit_addr, 800);
    assert_int_equal(s7_item_walk_next(&walk, &item, &more), S7_OK);
    assert_false(more);
}

static void s7_178_a_modification_carries_its_job_as_the_sequence(void **state)
{
    static const struct s7_db_part parts[] = {{5, 0x51, 0x172}, {4, 0x97, 0x148}};
    uint8_t payload[64];
    struct s7_wr inner = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};
    struct s7_cycle cycle;

    (void)state;
    assert_true(s7_cycle_from_ms(1000, &cycle));
    s7_cyclic_request_append(&inner, cycle, 1);
    s7_dbread_append(&inner, parts, 2);
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CYCLIC, S7_CYCLIC_MODIFY, payload, inner.len);
    request.sequence = 1;
    s7_userdata_encode(&wr, 0x5B00, &request);
    expect_hex(&wr, "32 07 00 00 5b 00 00 08 00 16 00 01 12 04 11 42 07 01 ff 09 00 12 00 01 01 01 "
                    "12 0c b0 02 05 00 51 01 72 04 00 97 01 48");
}

static void s7_181_the_end_of_a_job_names_what_made_it(void **state)
{
    uint8_t payload[2], made_by, job;
    struct s7_wr inner = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_cyclic_end_append(&inner, S7_CYCLIC_CHANGE, 1);
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CYCLIC, S7_CYCLIC_END, payload, inner.len);
    s7_userdata_encode(&wr, 0xBE00, &request);
    expect_hex(&wr, "32 07 00 00 be 00 00 08 00 06 00 01 12 04 11 42 04 00 ff 09 00 02 05 01");
    assert_int_equal(s7_cyclic_end_decode(payload, 2, &made_by, &job), S7_OK);
    assert_int_equal(made_by, S7_CYCLIC_CHANGE);
    assert_int_equal(job, 1);
    assert_int_equal(s7_cyclic_end_decode(payload, 1, &made_by, &job), S7_E_FRAME);
}

static void a_grid_is_exact_or_none(void **state)
{
    static const struct {
        uint32_t ms;
        uint8_t base, factor;
    } good[] = {{100, 0, 1},   {500, 0, 5},     {1000, 1, 1},     {5000, 1, 5},     {1100, 0, 11},
                {10000, 2, 1}, {25500, 0, 255}, {255000, 1, 255}, {2550000, 2, 255}};
    static const uint32_t bad[] = {0, 1, 99, 150, 25600, 256000, 2560000, UINT32_MAX};
    struct s7_cycle cycle;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(s7_cycle_from_ms(good[i].ms, &cycle));
        assert_int_equal(cycle.base, good[i].base);
        assert_int_equal(cycle.factor, good[i].factor);
        assert_int_equal(s7_cycle_ms(cycle), good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(s7_cycle_from_ms(bad[i], &cycle));
    assert_int_equal(s7_cycle_ms((struct s7_cycle){3, 1}), 0);
}

/* ---- values ---- */

static void s7_142_pushes_have_the_jobs_number_as_sequence_and_values_as_a_read(void **state)
{
    struct s7_data_walk walk;
    struct s7_data_unit unit;
    unsigned n;

    (void)state;
    struct s7_userdata push = decode("32 07 00 00 00 00 00 0c 00 0c 00 01 12 08 12 02 01 01 00 00 00 00 "
                                     "ff 09 00 08 00 01 ff 04 00 10 12 34");
    assert_int_equal(push.type, S7_USERDATA_PUSH);
    assert_int_equal(push.subfunction, S7_CYCLIC_TIME);
    assert_int_equal(push.sequence, 1);
    assert_int_equal(s7_cyclic_values_decode(push.payload, push.payload_len, &n, &walk), S7_OK);
    assert_int_equal(n, 1);
    assert_int_equal(s7_data_walk_next(&walk, true, &unit), S7_OK);
    assert_int_equal(unit.payload_len, 2);
    assert_memory_equal(unit.payload, "\x12\x34", 2);
    assert_int_equal(s7_data_walk_left(&walk), 0);
}

static void s7_179_an_unchanged_part_is_the_one_byte_fe(void **state)
{
    struct s7_data_walk walk;
    struct s7_data_unit unit;
    const uint8_t *value;
    uint8_t code;
    unsigned n;

    (void)state;
    struct s7_userdata push = decode("32 07 00 00 00 00 00 0c 00 10 00 01 12 08 12 02 07 01 00 00 00 00 "
                                     "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 20");
    assert_int_equal(s7_cyclic_values_decode(push.payload, push.payload_len, &n, &walk), S7_OK);
    assert_int_equal(s7_data_walk_next(&walk, true, &unit), S7_OK);
    struct s7_rd rd = {unit.payload, unit.payload_len};
    assert_true(s7_dbread_value(&rd, 5, &code, &value));
    assert_int_equal(code, S7_ITEM_UNCHANGED);
    assert_null(value);
    assert_true(s7_dbread_value(&rd, 4, &code, &value));
    assert_int_equal(code, S7_ITEM_OK);
    assert_memory_equal(value, "\x80\x00\x00\x20", 4);
    assert_int_equal(rd.left, 0);
    assert_false(s7_dbread_value(&rd, 0, &code, &value));
}

static void values_encode_to_what_a_400_sends(void **state)
{
    uint8_t payload[64], parts[32];
    struct s7_wr inner = {parts, sizeof parts, 0, false}, middle = {payload, sizeof payload, 0, false};
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_dbread_value_append(&inner, S7_ITEM_OK, (const uint8_t *)"\x43\xf6\x90\x35\x60", 5);
    s7_dbread_value_append(&inner, S7_ITEM_OK, (const uint8_t *)"\x80\x00\x00\x00", 4);
    struct s7_data_unit unit = {S7_ITEM_OK, S7_DATA_OCTETS, (uint16_t)inner.len, parts, inner.len};
    s7_cyclic_values_append(&middle, 1);
    s7_data_append(&middle, &unit, true);
    struct s7_userdata answer = {.is_long = true,
                                 .method = S7_METHOD_ANSWER,
                                 .type = S7_USERDATA_ANSWER,
                                 .group = S7_GROUP_CYCLIC,
                                 .subfunction = S7_CYCLIC_MODIFY,
                                 .sequence = 1,
                                 .has_data = true,
                                 .code = S7_ITEM_OK,
                                 .size = S7_DATA_OCTETS,
                                 .payload = payload,
                                 .payload_len = middle.len};
    s7_userdata_encode(&wr, 0x5B00, &answer);
    expect_hex(&wr, "32 07 00 00 5b 00 00 0c 00 15 00 01 12 08 12 82 07 01 00 00 00 00 ff 09 00 11 00 01 "
                    "ff 09 00 0b ff 43 f6 90 35 60 ff 80 00 00 00");
}

/* ---- DBREAD ---- */

static void s7_177_a_dbread_item_lists_its_parts(void **state)
{
    static const struct s7_db_part parts[] = {{2, 74, 108}, {4, 76, 404}, {2, 81, 60}};
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_db_part part;
    struct s7_rd rd;
    unsigned n;

    (void)state;
    s7_dbread_append(&wr, parts, 3);
    expect_hex(&wr, "12 11 b0 03 02 00 4a 00 6c 04 00 4c 01 94 02 00 51 00 3c");
    struct s7_var_item item = {.syntax_id = S7_SYNTAX_DBREAD, .raw = buf, .raw_len = wr.len};
    assert_int_equal(s7_dbread_decode(&item, &n, &rd), S7_OK);
    assert_int_equal(n, 3);
    for (unsigned i = 0; i < n; i++) {
        assert_true(s7_dbread_part(&rd, &part));
        assert_int_equal(part.len, parts[i].len);
        assert_int_equal(part.db, parts[i].db);
        assert_int_equal(part.start, parts[i].start);
    }
    assert_false(s7_dbread_part(&rd, &part));
}

static void a_dbread_item_that_does_not_add_up_is_refused(void **state)
{
    static const char *const bad[] = {"12 06 b0 02 02 00 4a 00 6c", "12 07 b0 00 02 00 4a 00 6c",
                                      "12 07 10 01 02 00 4a 00 6c", "12 01 b0", "12 00"};
    static const struct s7_db_part parts[S7_DBREAD_PARTS_MAX + 1];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_rd rd;
    unsigned n;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct s7_var_item item = {.raw = bytes, .raw_len = hex_bytes(bad[i], bytes)};

        assert_int_equal(s7_dbread_decode(&item, &n, &rd), S7_E_FRAME);
    }
    s7_dbread_append(&wr, parts, S7_DBREAD_PARTS_MAX);
    assert_int_equal(wr.len, S7_DBREAD_ITEM_LEN_MAX);
    s7_dbread_append(&wr, parts, S7_DBREAD_PARTS_MAX + 1);
    assert_true(wr.full);
}

/* ---- bad input ---- */

static void heads_that_are_cut_are_refused(void **state)
{
    static const uint8_t request[] = {0, 1, 0, 5}, values[] = {0, 1};
    struct s7_cycle cycle;
    struct s7_item_walk items;
    struct s7_data_walk units;
    unsigned n;

    (void)state;
    for (size_t len = 0; len < sizeof request; len++)
        assert_int_equal(s7_cyclic_request_decode(request, len, &cycle, &items), S7_E_FRAME);
    for (size_t len = 0; len < sizeof values; len++)
        assert_int_equal(s7_cyclic_values_decode(values, len, &n, &units), S7_E_FRAME);
}

/* Whatever the bytes, views stay inside them. */
static void parts_of_any_bytes_stay_inside(void **state)
{
    struct prng prng = {4711};
    const uint8_t *value;
    uint8_t code;

    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        size_t len = prng_below(&prng, 64);
        struct s7_rd rd = {bytes, len};

        prng_fill(&prng, bytes, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = prng_below(&prng, 3) == 0 ? S7_ITEM_OK : bytes[i];
        for (uint8_t size = (uint8_t)prng_below(&prng, 20); s7_dbread_value(&rd, size, &code, &value);)
            if (value != NULL)
                assert_true(value >= bytes && value + size <= bytes + len);
        assert_true(rd.at + rd.left == bytes + len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_142_a_subscription_has_a_grid_and_items_as_a_read),
        cmocka_unit_test(s7_178_a_modification_carries_its_job_as_the_sequence),
        cmocka_unit_test(s7_181_the_end_of_a_job_names_what_made_it),
        cmocka_unit_test(a_grid_is_exact_or_none),
        cmocka_unit_test(s7_142_pushes_have_the_jobs_number_as_sequence_and_values_as_a_read),
        cmocka_unit_test(s7_179_an_unchanged_part_is_the_one_byte_fe),
        cmocka_unit_test(values_encode_to_what_a_400_sends),
        cmocka_unit_test(s7_177_a_dbread_item_lists_its_parts),
        cmocka_unit_test(a_dbread_item_that_does_not_add_up_is_refused),
        cmocka_unit_test(heads_that_are_cut_are_refused),
        cmocka_unit_test(parts_of_any_bytes_stay_inside),
    };

    return cmocka_run_group_tests_name("protocol.cyclic", tests, NULL, NULL);
}
