#include "protocol/var.h"

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"

/* ---- sizes ---- */

static void data_lengths_count_bits_or_bytes(void **state)
{
    static const struct {
        uint8_t size;
        uint16_t length;
        size_t bytes;
    } cases[] = {
        {S7_DATA_NULL, 4, 0},           {S7_DATA_BIT, 1, 1},
        {S7_DATA_BYTE, 8, 1},           {S7_DATA_BYTE, 9, 2},
        {S7_DATA_BYTE, 0, 0},           {S7_DATA_INT, 16, 2},
        {S7_DATA_DINT, 32, 4},          {S7_DATA_REAL, 4, 4},
        {S7_DATA_OCTETS, 3, 3},         {0x11, 5, 5},
        {S7_DATA_BYTE, 65535, 8192},    {0x01, 5, 5},
        {S7_DATA_OCTETS, 65535, 65535},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (s7_data_bytes(cases[i].size, cases[i].length) != cases[i].bytes)
            fail_msg("size %02X, length %u: %zu bytes", cases[i].size, cases[i].length,
                     s7_data_bytes(cases[i].size, cases[i].length));
}

static void a_data_length_is_read_back_as_the_same_bytes(void **state)
{
    (void)state;
    for (unsigned size = 0; size < 256; size++)
        for (size_t bytes = 0; bytes < 1000; bytes++) {
            size_t want = size == S7_DATA_NULL ? 0 : bytes;

            if (size == S7_DATA_BIT && bytes > 1)
                break;
            if (s7_data_bytes((uint8_t)size, s7_data_length((uint8_t)size, bytes)) != want)
                fail_msg("size %02X, %zu bytes", size, bytes);
        }
}

static void known_item_sizes_say_what_a_cpu_answers(void **state)
{
    unsigned known = 0;

    (void)state;
    for (unsigned size = 0; size < 256; size++) {
        const struct s7_size_info *info = s7_size_find((uint8_t)size);

        if (info == NULL)
            continue;
        known++;
        assert_int_equal(info->item_size, size);
        assert_true(info->data_size != S7_DATA_DINT && info->data_size != S7_DATA_NULL);
    }
    assert_int_equal(known, 15);
    assert_int_equal(s7_size_find(S7_SIZE_DINT)->data_size, S7_DATA_INT);
    assert_int_equal(s7_size_find(S7_SIZE_REAL)->element_bytes, 4);
    assert_string_equal(s7_size_find(S7_SIZE_DWORD)->name, "DWORD");
    assert_null(s7_size_find(0x1E));
}

static void item_codes_have_their_status(void **state)
{
    (void)state;
    assert_int_equal(s7_item_status(0xFF), S7_OK);
    assert_int_equal(s7_item_status(0x01), S7_E_ITEM_HARDWARE);
    assert_int_equal(s7_item_status(0x03), S7_E_ITEM_ACCESS);
    assert_int_equal(s7_item_status(0x05), S7_E_ITEM_ADDRESS);
    assert_int_equal(s7_item_status(0x06), S7_E_ITEM_TYPE);
    assert_int_equal(s7_item_status(0x07), S7_E_ITEM_INCONSISTENT);
    assert_int_equal(s7_item_status(0x0A), S7_E_ITEM_MISSING);
    assert_int_equal(s7_item_status(0x00), S7_E_ITEM_OTHER);
    assert_int_equal(s7_item_status(0x85), S7_E_ITEM_OTHER);
}

/* ---- items ---- */

#define ITEMS_MAX 8

static void random_item(struct prng *prng, struct s7_var_item *item, uint8_t raw[20])
{
    if (prng_below(prng, 3) > 0) {
        *item = (struct s7_var_item){.syntax_id = S7_SYNTAX_S7ANY,
                                     .size = (uint8_t)prng_next(prng),
                                     .count = (uint16_t)prng_next(prng),
                                     .db = (uint16_t)prng_next(prng),
                                     .area = (uint8_t)prng_next(prng),
                                     .bit_addr = prng_below(prng, 1U << 24)};
        return;
    }
    size_t len = 3 + prng_below(prng, 17);
    prng_fill(prng, raw, 20);
    raw[0] = 0x12;
    raw[1] = (uint8_t)(len - 2);
    raw[2] = S7_SYNTAX_DBREAD;
    *item = (struct s7_var_item){.syntax_id = raw[2], .raw = raw, .raw_len = len};
}

static void write_request(struct s7_wr *wr, const struct s7_var_item *items, unsigned n)
{
    s7_wr_be(wr, 2, S7_FN_READ_VAR << 8 | n);
    for (unsigned i = 0; i < n; i++)
        s7_item_append(wr, &items[i], i + 1 == n);
}

static bool same_item(const struct s7_var_item *want, const struct s7_var_item *found)
{
    if (want->syntax_id != found->syntax_id)
        return false;
    if (want->syntax_id != S7_SYNTAX_S7ANY)
        return want->raw_len == found->raw_len && memcmp(want->raw, found->raw, want->raw_len) == 0;
    return want->size == found->size && want->count == found->count && want->db == found->db &&
           want->area == found->area && want->bit_addr == found->bit_addr && found->raw_len == S7_ITEM_LEN;
}

static void item_lists_are_read_back_in_order(void **state)
{
    struct prng prng = {0x1CE};

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct s7_var_item items[ITEMS_MAX], found;
        uint8_t raw[ITEMS_MAX][20], wire[256];
        struct s7_wr wr = {wire, sizeof wire, 0, false};
        struct s7_item_walk walk;
        unsigned n = prng_below(&prng, ITEMS_MAX + 1);
        bool more = true;

        for (unsigned i = 0; i < n; i++)
            random_item(&prng, &items[i], raw[i]);
        write_request(&wr, items, n);
        assert_false(wr.full);
        struct s7_pdu pdu = {.param = wire, .param_len = wr.len};
        assert_int_equal(s7_item_walk_begin(&pdu, &walk), S7_OK);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(s7_item_walk_next(&walk, &found, &more), S7_OK);
            if (!more || !same_item(&items[i], &found))
                fail_msg("round %u: item %u of %u changed on its way", round, i, n);
        }
        assert_int_equal(s7_item_walk_next(&walk, &found, &more), S7_OK);
        assert_false(more);
    }
}

/* S7_OK when the whole list can be walked. */
static s7_status walk_all(const uint8_t *param, size_t len)
{
    struct s7_pdu pdu = {.param = param, .param_len = len};
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more = true;
    s7_status status = s7_item_walk_begin(&pdu, &walk);

    while (status == S7_OK && more) {
        struct s7_item_walk before = walk;

        item.db = 77;
        status = s7_item_walk_next(&walk, &item, &more);
        if (status != S7_OK) {
            assert_memory_equal(&before, &walk, sizeof walk);
            assert_int_equal(item.db, 77);
        }
    }
    return status;
}

static void every_other_length_of_an_item_list_is_refused_and_moves_nothing(void **state)
{
    struct prng prng = {0x2CE};

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct s7_var_item items[3];
        uint8_t raw[3][20], wire[128] = {0};
        struct s7_wr wr = {wire, sizeof wire, 0, false};

        for (unsigned i = 0; i < 3; i++)
            random_item(&prng, &items[i], raw[i]);
        write_request(&wr, items, 3);
        for (size_t n = 2; n <= wr.len + 1; n++)
            if ((walk_all(wire, n) == S7_OK) != (n == wr.len))
                fail_msg("round %u: a list of %zu bytes, walked with %zu", round, wr.len, n);
    }
}

static void a_list_without_its_count_is_empty(void **state)
{
    static const uint8_t read_var[] = {S7_FN_READ_VAR, 0}, write_var[] = {S7_FN_WRITE_VAR};
    static const uint8_t setup[] = {S7_FN_SETUP, 0};

    (void)state;
    assert_int_equal(walk_all(read_var, 1), S7_OK);
    assert_int_equal(walk_all(read_var, 2), S7_OK);
    assert_int_equal(walk_all(write_var, 1), S7_OK);
    assert_int_equal(walk_all(write_var, 0), S7_E_FRAME);
    assert_int_equal(walk_all(setup, 2), S7_E_FRAME);
}

static void malformed_items_are_refused(void **state)
{
    static const uint8_t good[14] = {4, 1, 0x12, 10, 0x10, 2, 0, 4, 0, 1, 0x84, 0, 0, 0};
    uint8_t bad[14];

    (void)state;
    assert_int_equal(walk_all(good, sizeof good), S7_OK);
    memcpy(bad, good, sizeof bad);
    bad[2] = 0x13; /* no variable specification */
    assert_int_equal(walk_all(bad, sizeof bad), S7_E_FRAME);
    memcpy(bad, good, sizeof bad);
    bad[3] = 9; /* too short for S7ANY */
    assert_int_equal(walk_all(bad, sizeof bad - 1), S7_E_FRAME);
    memcpy(bad, good, sizeof bad);
    bad[3] = 0; /* no room for a syntax id */
    assert_int_equal(walk_all(bad, 4), S7_E_FRAME);
    memcpy(bad, good, sizeof bad);
    bad[1] = 2; /* one item announced too much */
    assert_int_equal(walk_all(bad, sizeof bad), S7_E_FRAME);
}

static void random_item_lists_never_crash(void **state)
{
    struct prng prng = {0x3CE};

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t wire[60];

        prng_fill(&prng, wire, sizeof wire);
        wire[0] = prng_below(&prng, 2) == 0 ? S7_FN_READ_VAR : S7_FN_WRITE_VAR;
        for (unsigned i = 2; i + 3 < sizeof wire; i += 12) {
            wire[i] = 0x12;
            wire[i + 1] = (uint8_t)(prng_below(&prng, 4) == 0 ? prng_below(&prng, 20) : 10);
            wire[i + 2] = (uint8_t)(prng_below(&prng, 4) == 0 ? 0xB0 : 0x10);
        }
        wire[1] = (uint8_t)prng_below(&prng, 6);
        (void)!walk_all(wire, prng_below(&prng, sizeof wire + 1));
    }
}

/* ---- data units ---- */

static struct s7_data_unit random_unit(struct prng *prng, bool answer, uint8_t payload[32])
{
    static const uint8_t sizes[] = {S7_DATA_BIT, S7_DATA_BYTE, S7_DATA_INT, S7_DATA_REAL, S7_DATA_OCTETS};
    struct s7_data_unit unit = {.code = answer ? S7_ITEM_OK : 0, .payload = payload};

    prng_fill(prng, payload, 32);
    if (answer && prng_below(prng, 4) == 0)
        return (struct s7_data_unit){.code = S7_ITEM_MISSING};
    unit.size = sizes[prng_below(prng, sizeof sizes)];
    unit.payload_len = unit.size == S7_DATA_BIT ? 1 : prng_below(prng, 33);
    unit.length = s7_data_length(unit.size, unit.payload_len);
    return unit;
}

#define UNITS_MAX 6

static size_t write_units(const struct s7_data_unit *units, unsigned n, uint8_t *wire, size_t cap)
{
    struct s7_wr wr = {wire, cap, 0, false};

    for (unsigned i = 0; i < n; i++)
        s7_data_append(&wr, &units[i], i + 1 == n);
    assert_false(wr.full);
    return wr.len;
}

static void data_lists_are_read_back_in_order(void **state)
{
    struct prng prng = {0xDA7A};

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct s7_data_unit units[UNITS_MAX], found;
        uint8_t payload[UNITS_MAX][32], wire[256];
        struct s7_data_walk walk;
        bool answer = prng_below(&prng, 2) == 0;
        unsigned n = 1 + prng_below(&prng, UNITS_MAX);

        for (unsigned i = 0; i < n; i++)
            units[i] = random_unit(&prng, answer, payload[i]);
        size_t len = write_units(units, n, wire, sizeof wire);
        struct s7_pdu pdu = {.data = wire, .data_len = len};
        s7_data_walk_begin(&pdu, answer, &walk);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(s7_data_walk_next(&walk, i + 1 == n, &found), S7_OK);
            assert_int_equal(found.code, units[i].code);
            assert_int_equal(found.size, units[i].size);
            assert_int_equal(found.length, units[i].length);
            assert_int_equal(found.payload_len, units[i].payload_len);
            if (found.payload_len > 0)
                assert_memory_equal(found.payload, units[i].payload, found.payload_len);
        }
        assert_int_equal(s7_data_walk_left(&walk), 0);
    }
}

static void every_prefix_of_a_data_list_is_refused_and_moves_nothing(void **state)
{
    struct prng prng = {0xDA7B};

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct s7_data_unit units[2], found = {.length = 77};
        uint8_t payload[2][32], wire[128];
        struct s7_data_walk walk;

        for (unsigned i = 0; i < 2; i++)
            units[i] = random_unit(&prng, true, payload[i]);
        size_t len = write_units(units, 2, wire, sizeof wire);
        for (size_t n = 0; n < len; n++) {
            struct s7_pdu pdu = {.data = wire, .data_len = n};
            s7_status status;

            s7_data_walk_begin(&pdu, true, &walk);
            status = s7_data_walk_next(&walk, false, &found);
            struct s7_data_walk before = walk;
            found.length = 77;
            if (status == S7_OK)
                status = s7_data_walk_next(&walk, true, &found);
            assert_int_equal(status, S7_E_FRAME);
            assert_int_equal(found.length, 77);
            assert_memory_equal(&before, &walk, sizeof walk);
        }
    }
}

static void a_failed_item_of_an_answer_has_no_payload_whatever_its_length_says(void **state)
{
    static const uint8_t data[] = {0x0A, 0, 0, 4, 0xFF, 4, 0, 16, 0x12, 0x34};
    struct s7_pdu pdu = {.data = data, .data_len = sizeof data};
    struct s7_data_walk walk;
    struct s7_data_unit unit;

    (void)state;
    s7_data_walk_begin(&pdu, true, &walk);
    assert_int_equal(s7_data_walk_next(&walk, false, &unit), S7_OK);
    assert_int_equal(unit.code, S7_ITEM_MISSING);
    assert_int_equal(unit.payload_len, 0);
    assert_null(unit.payload);
    assert_int_equal(s7_data_walk_next(&walk, true, &unit), S7_OK);
    assert_int_equal(unit.payload[1], 0x34);
}

static void a_fill_byte_after_the_last_unit_is_left_over(void **state)
{
    static const uint8_t data[] = {0, 4, 0, 8, 0xAA, 0};
    struct s7_pdu pdu = {.data = data, .data_len = sizeof data};
    struct s7_data_walk walk;
    struct s7_data_unit unit;

    (void)state;
    s7_data_walk_begin(&pdu, false, &walk);
    assert_int_equal(s7_data_walk_next(&walk, true, &unit), S7_OK);
    assert_int_equal(unit.payload_len, 1);
    assert_int_equal(s7_data_walk_left(&walk), 1);
}

static void room_for_a_payload_is_what_append_would_have_written(void **state)
{
    static const uint8_t payload[5] = {1, 2, 3, 4, 5};
    static const uint8_t sizes[] = {S7_DATA_BYTE, S7_DATA_INT, S7_DATA_REAL, S7_DATA_OCTETS};

    (void)state;
    for (size_t i = 0; i < sizeof sizes; i++)
        for (size_t len = 0; len <= sizeof payload; len++) {
            uint8_t a[16], b[16];
            struct s7_wr wa = {a, sizeof a, 0, false}, wb = {b, sizeof b, 0, false};
            struct s7_data_unit unit = {0xFF, sizes[i], s7_data_length(sizes[i], len), payload, len};

            s7_data_append(&wa, &unit, false);
            uint8_t *room = s7_data_append_room(&wb, 0xFF, sizes[i], len);
            assert_non_null(room);
            memcpy(room, payload, len);
            s7_data_fill(&wb, len);
            assert_int_equal(wa.len, wb.len);
            assert_memory_equal(a, b, wa.len);
        }
}

static void a_payload_whose_length_field_would_wrap_is_not_written(void **state)
{
    static uint8_t out[70000];
    struct s7_wr wr = {out, sizeof out, 0, false};

    (void)state;
    assert_non_null(s7_data_append_room(&wr, 0xFF, S7_DATA_BYTE, 8191));
    assert_null(s7_data_append_room(&wr, 0xFF, S7_DATA_BYTE, 8192));
    wr = (struct s7_wr){out, sizeof out, 0, false};
    assert_non_null(s7_data_append_room(&wr, 0xFF, S7_DATA_OCTETS, 65535));
    wr = (struct s7_wr){out, sizeof out, 0, false};
    assert_null(s7_data_append_room(&wr, 0xFF, S7_DATA_OCTETS, 65536));
}

static void the_arithmetic_of_the_pdu_length_is_known(void **state)
{
    (void)state;
    assert_int_equal(s7_max_items(240), 19);
    assert_int_equal(s7_max_items(480), 39);
    assert_int_equal(s7_max_items(960), 79);
    assert_int_equal(s7_max_read(240), 222);
    assert_int_equal(s7_max_write(240), 212);
}

/* ---- addresses on the wire ---- */

static struct s7_var_item item_of(const char *text)
{
    s7_address address;
    struct s7_var_item item = {0};

    if (s7_address_parse(text, &address, NULL) != S7_OK || s7_item_from_address(&address, &item) != S7_OK)
        fail_msg("%s gives no item", text);
    return item;
}

static void addresses_become_items(void **state)
{
    static const struct {
        const char *text;
        uint8_t size, area;
        uint16_t count, db;
        uint32_t bit_addr;
    } cases[] = {
        {"DB1.DBX0.3", S7_SIZE_BIT, S7_AREA_DB, 1, 1, 3},
        {"DB7.DBX2097151.7", S7_SIZE_BIT, S7_AREA_DB, 1, 7, 0xFFFFFF},
        {"M10.3:BOOL[6]", S7_SIZE_BYTE, S7_AREA_M, 2, 0, 80},
        {"DB1.DBD4:REAL", S7_SIZE_BYTE, S7_AREA_DB, 4, 1, 32},
        {"MW10:INT[3]", S7_SIZE_BYTE, S7_AREA_M, 6, 0, 80},
        {"DI2.DIW4", S7_SIZE_BYTE, S7_AREA_DI, 2, 2, 32},
        {"DB1.DBB10:STRING(20)", S7_SIZE_BYTE, S7_AREA_DB, 22, 1, 80},
        {"T5", S7_SIZE_TIMER, S7_AREA_T, 1, 0, 5},
        {"C3:COUNTER[4]", S7_SIZE_COUNTER, S7_AREA_C, 4, 0, 3},
        {"DB1.DBW2:TIMER", S7_SIZE_BYTE, S7_AREA_DB, 2, 1, 16},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_var_item item = item_of(cases[i].text);

        if (item.syntax_id != S7_SYNTAX_S7ANY || item.size != cases[i].size || item.area != cases[i].area ||
            item.count != cases[i].count || item.db != cases[i].db || item.bit_addr != cases[i].bit_addr)
            fail_msg("%s: size %02X area %02X count %u db %u bit %u", cases[i].text, item.size, item.area,
                     item.count, item.db, item.bit_addr);
    }
}

static void addresses_that_no_item_can_hold_are_refused(void **state)
{
    static const s7_address good = {S7_AREA_DB, 1, 0, 0, S7_TYPE_WORD, 0, 1};
    s7_address bad[] = {good, good, good, good, good, good};
    struct s7_var_item item = {.db = 77};

    (void)state;
    bad[0].byte = 2097152;
    bad[1].bit = 8;
    bad[2].db = 0;
    bad[3].count = 32768; /* 65536 bytes */
    bad[4].count = 0;
    bad[5].area = S7_AREA_T;
    bad[5].type = S7_TYPE_DWORD;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (s7_item_from_address(&bad[i], &item) != S7_E_ARG || item.db != 77)
            fail_msg("bad address %zu is taken", i);
    assert_int_equal(s7_item_from_address(&good, &item), S7_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_lengths_count_bits_or_bytes),
        cmocka_unit_test(a_data_length_is_read_back_as_the_same_bytes),
        cmocka_unit_test(known_item_sizes_say_what_a_cpu_answers),
        cmocka_unit_test(item_codes_have_their_status),
        cmocka_unit_test(item_lists_are_read_back_in_order),
        cmocka_unit_test(every_other_length_of_an_item_list_is_refused_and_moves_nothing),
        cmocka_unit_test(a_list_without_its_count_is_empty),
        cmocka_unit_test(malformed_items_are_refused),
        cmocka_unit_test(random_item_lists_never_crash),
        cmocka_unit_test(data_lists_are_read_back_in_order),
        cmocka_unit_test(every_prefix_of_a_data_list_is_refused_and_moves_nothing),
        cmocka_unit_test(a_failed_item_of_an_answer_has_no_payload_whatever_its_length_says),
        cmocka_unit_test(a_fill_byte_after_the_last_unit_is_left_over),
        cmocka_unit_test(room_for_a_payload_is_what_append_would_have_written),
        cmocka_unit_test(a_payload_whose_length_field_would_wrap_is_not_written),
        cmocka_unit_test(the_arithmetic_of_the_pdu_length_is_known),
        cmocka_unit_test(addresses_become_items),
        cmocka_unit_test(addresses_that_no_item_can_hold_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
