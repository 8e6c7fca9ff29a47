#include "client/test_names.h"
#include "client/transfer_rig.h"

/* ---- cutting and packing ---- */

static void s7_086_large_areas_are_cut_into_the_fewest_jobs(void **state)
{
    static const unsigned lens[] = {240, 480, 960};
    static uint8_t got[4096];

    (void)state;
    for (unsigned p = 0; p < 3; p++) {
        for (size_t len = 1; len <= 4096; len = len < 1000 ? len + 1 : len + 97) {
            size_t most_read = lens[p] - 18, most_write = lens[p] - 28;
            s7_item item = bytes_item(S7_AREA_DB, 3, (uint16_t)len, got);

            rig_up(lens[p], 8);
            assert_int_equal(run(false, &item, 1, NULL), S7_OK);
            assert_memory_equal(got, rig.plc.db1 + 3, len);
            assert_int_equal(rig.plc.jobs, (len + most_read - 1) / most_read);
            rig.plc.jobs = 0;
            for (size_t i = 0; i < len; i++)
                got[i] ^= 0xFF;
            assert_int_equal(run(true, &item, 1, NULL), S7_OK);
            assert_memory_equal(got, rig.plc.db1 + 3, len);
            assert_int_equal(rig.plc.db1[2], db_byte(2));
            assert_int_equal(rig.plc.db1[3 + len], db_byte(3 + len));
            assert_int_equal(rig.plc.jobs, (len + most_write - 1) / most_write);
            expect_items_good(&item, 1);
            rig_down();
        }
    }
}

static void s7_067_and_069_the_largest_single_items_fill_the_pdu_exactly(void **state)
{
    static const unsigned lens[] = {240, 480, 960};
    static uint8_t got[960];

    (void)state;
    for (unsigned p = 0; p < 3; p++) {
        s7_item item = bytes_item(S7_AREA_DB, 0, (uint16_t)(lens[p] - 18), got);

        rig_up(lens[p], 1);
        assert_int_equal(run(false, &item, 1, NULL), S7_OK);
        assert_int_equal(rig.plc.jobs, 1);
        assert_int_equal(rig.plc.longest_answer, lens[p]);
        item = bytes_item(S7_AREA_DB, 0, (uint16_t)(lens[p] - 28), got);
        assert_int_equal(run(true, &item, 1, NULL), S7_OK);
        assert_int_equal(rig.plc.jobs, 2);
        assert_int_equal(rig.plc.longest_request, lens[p]);
        rig_down();
    }
}

static void s7_070_small_items_are_packed_by_both_budgets_and_at_most_20(void **state)
{
    static const struct {
        unsigned pdu_len, n_items, item_len;
    } cases[] = {{240, 100, 1}, {960, 100, 1}, {240, 19, 2}, {240, 20, 2},
                 {480, 20, 20}, {960, 20, 40}, {240, 9, 64}};
    static uint8_t data[100 * 64];
    s7_item items[100];

    (void)state;
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        unsigned len = cases[c].item_len, even = len + len % 2, per_write = 0, per_read = 0;

        /* the arithmetic of the sheet, counted by hand here */
        while (per_read < 20 && 12 + 12 * (per_read + 1) <= cases[c].pdu_len &&
               14 + per_read * (4 + even) + 4 + len <= cases[c].pdu_len)
            per_read++;
        while (per_write < 20 &&
               12 + 12 * (per_write + 1) + per_write * (4 + even) + 4 + len <= cases[c].pdu_len)
            per_write++;
        rig_up(cases[c].pdu_len, 8);
        for (unsigned i = 0; i < cases[c].n_items; i++)
            items[i] = bytes_item(S7_AREA_DB, i * 64, (uint16_t)len, data + (size_t)i * 64);
        assert_int_equal(run(false, items, cases[c].n_items, NULL), S7_OK);
        assert_int_equal(rig.plc.jobs, (cases[c].n_items + per_read - 1) / per_read);
        rig.plc.jobs = 0;
        assert_int_equal(run(true, items, cases[c].n_items, NULL), S7_OK);
        assert_int_equal(rig.plc.jobs, (cases[c].n_items + per_write - 1) / per_write);
        rig_down();
    }
}

/* Jobs that lists of 200 items of len bytes need, by the arithmetic of the PDU alone. */
static unsigned jobs_by_hand(unsigned pdu_len, unsigned len, unsigned max_items, bool write)
{
    unsigned n = 0, even = len + len % 2;

    while (n < max_items && 12 + 12 * (n + 1) + (write ? n * (4 + even) + 4 + len : 0) <= pdu_len &&
           (write || 14 + n * (4 + even) + 4 + len <= pdu_len))
        n++;
    return (200 + n - 1) / n;
}

static void more_than_20_items_go_into_a_job_where_that_is_told(void **state)
{
    static const unsigned lens[] = {240, 480, 960}, max_items[] = {20, 21, 39, 40, 255};
    static uint8_t data[200 * 8];
    s7_item items[200];

    (void)state;
    for (unsigned c = 0; c < 3 * 5 * 2; c++) {
        unsigned pdu_len = lens[c % 3], most = max_items[c / 3 % 5], len = c < 15 ? 1 : 8;

        rig_up_items(pdu_len, 3, most);
        for (unsigned i = 0; i < 200; i++)
            items[i] = bytes_item(S7_AREA_DB, i * 16, (uint16_t)len, data + (size_t)i * 8);
        assert_int_equal(run(false, items, 200, NULL), S7_OK);
        expect_items_good(items, 200);
        assert_int_equal(rig.plc.jobs, jobs_by_hand(pdu_len, len, most, false));
        for (unsigned i = 0; i < 200; i++) {
            assert_memory_equal(items[i].data, rig.plc.db1 + i * 16, len);
            data[(size_t)i * 8] ^= 0x55;
        }
        rig.plc.jobs = 0;
        assert_int_equal(run(true, items, 200, NULL), S7_OK);
        assert_int_equal(rig.plc.jobs, jobs_by_hand(pdu_len, len, most, true));
        for (unsigned i = 0; i < 200; i++)
            assert_memory_equal(items[i].data, rig.plc.db1 + i * 16, len);
        rig_down();
    }
}

static void elements_are_never_torn_between_jobs(void **state)
{
    static const struct {
        const char *text;
        size_t element;
    } cases[] = {{"DB1.DBD4:REAL[500]", 4},        {"DB1.DBW3:INT[700]", 2}, {"DB1.DBD0:DINT[300]", 4},
                 {"DB1.DBB1:LREAL[200]", 8},       {"T3:TIMER[200]", 2},     {"DB1.DBB0:STRING(20)[40]", 22},
                 {"DB1.DBB10:STRING(254)[3]", 256}};
    static uint8_t data[8192];
    static const unsigned lens[] = {240, 480, 960};

    (void)state;
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (unsigned p = 0; p < 6; p++) {
            bool write = p >= 3;
            unsigned pdu_len = lens[p % 3];
            s7_item items[2] = {bytes_item(S7_AREA_DB, 60000, 7, data + 8000),
                                typed_item(cases[c].text, data)};
            size_t most = write ? pdu_len - 28 : pdu_len - 18;

            rig_up(pdu_len, 4);
            assert_int_equal(run(write, items, 2, NULL), S7_OK);
            expect_items_good(items, 2);
            for (unsigned i = 1; i < rig.plc.n_items && cases[c].element <= most; i++) {
                const struct s7_var_item *part = &rig.plc.items[i];
                size_t scale = part->size == S7_SIZE_TIMER ? 2 : 1;
                size_t from = part->size == S7_SIZE_TIMER ? (part->bit_addr - 3) * 2
                                                          : part->bit_addr / 8 - items[1].address.byte;

                if (from % cases[c].element != 0 || part->count * scale % cases[c].element != 0)
                    fail_msg("%s at PDU %u: a part of %u from %zu tears an element", cases[c].text, pdu_len,
                             part->count, from);
            }
            const uint8_t *place =
                items[1].address.area == S7_AREA_T ? rig.plc.timers + 6 : rig.plc.db1 + items[1].address.byte;
            assert_memory_equal(data, place, items[1].len);
            rig_down();
        }
    }
}

static void an_item_that_fits_a_job_is_not_cut(void **state)
{
    static uint8_t data[512];
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 100, data), bytes_item(S7_AREA_DB, 200, 200, data + 100),
                        bytes_item(S7_AREA_DB, 500, 10, data + 300)};

    (void)state;
    rig_up(240, 8);
    assert_int_equal(run(false, items, 3, NULL), S7_OK);
    assert_int_equal(rig.plc.n_items, 3);
    assert_int_equal(rig.plc.jobs, 2);
    rig_down();
}

/* ---- the right bytes in the PLC ---- */

static s7_item random_item(uint32_t *seed, uint8_t *data, size_t cap)
{
    static const s7_type types[] = {S7_TYPE_BOOL, S7_TYPE_BYTE,  S7_TYPE_INT,
                                    S7_TYPE_REAL, S7_TYPE_LREAL, S7_TYPE_STRING};
    s7_item item = {.data = data, .address = {.area = S7_AREA_DB, .db = 1, .count = 1}};
    s7_address *address = &item.address;

    for (;;) {
        *address = (s7_address){.area = S7_AREA_DB, .db = 1, .count = 1};
        address->type = types[draw(seed) % 6];
        address->byte = draw(seed) % 3000;
        address->string_cap = address->type == S7_TYPE_STRING ? (uint16_t)(draw(seed) % 254 + 1) : 0;
        address->bit = address->type == S7_TYPE_BOOL ? draw(seed) % 8 : 0;
        if (draw(seed) % 3 == 0)
            address->count = (uint16_t)(draw(seed) % (draw(seed) % 4 == 0 ? 400 : 30) + 1);
        if (draw(seed) % 8 == 0) {
            address->area = S7_AREA_T;
            address->db = 0;
            address->type = S7_TYPE_TIMER;
            address->string_cap = 0;
            address->bit = 0;
            address->byte = draw(seed) % 100;
            address->count = (uint16_t)(draw(seed) % 150 + 1);
        }
        item.len = s7_address_size(address);
        if (item.len <= cap)
            return item;
    }
}

static uint8_t *model_place(struct fake_plc *model, const s7_address *address)
{
    return address->area == S7_AREA_T ? model->timers + (size_t)address->byte * 2
                                      : model->db1 + address->byte;
}

/* What reading an item must give. */
static void expect_read(struct fake_plc *model, const s7_item *item)
{
    const s7_address *address = &item->address;
    const uint8_t *place = model_place(model, address), *data = item->data;

    if (address->type == S7_TYPE_BOOL && address->count == 1)
        assert_int_equal(data[0], place[0] >> address->bit & 1);
    else
        assert_memory_equal(data, place, item->len);
}

/* What writing an item must do, element for element. */
static void model_write(struct fake_plc *model, const s7_item *item)
{
    const s7_address *address = &item->address;
    uint8_t *place = model_place(model, address);
    const uint8_t *data = item->data;

    if (address->type != S7_TYPE_BOOL) {
        memcpy(place, data, item->len);
        return;
    }
    for (size_t i = 0; i < address->count; i++) {
        size_t at = address->bit + i;
        unsigned value = address->count == 1 ? data[0] != 0 : (data[at / 8] & 1U << at % 8) != 0;

        place[at / 8] = (uint8_t)((place[at / 8] & ~(1U << at % 8)) | value << at % 8);
    }
}

static void random_lists_read_and_write_the_right_bytes_in_any_order_of_answers(void **state)
{
    static const unsigned lens[] = {240, 480, 960, 64};
    static struct fake_plc model;
    static uint8_t data[64 * 4096];
    static s7_item items[64];
    uint32_t seed = 20260101;

    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        size_t n = draw(&seed) % 40 + 1;
        bool write = round % 2 != 0;

        rig_up(lens[round / 2 % 4], draw(&seed) % 8 + 1);
        rig.shuffle = true;
        rig.seed = round + 1;
        model = rig.plc;
        for (size_t i = 0; i < sizeof data; i += 7)
            data[i] = (uint8_t)draw(&seed);
        for (size_t i = 0; i < n; i++)
            items[i] = random_item(&seed, data + i * 4096, 4096);
        assert_int_equal(run(write, items, n, NULL), S7_OK);
        expect_items_good(items, n);
        for (size_t i = 0; i < n; i++) {
            if (write)
                model_write(&model, &items[i]);
            else
                expect_read(&model, &items[i]);
        }
        assert_memory_equal(model.db1, rig.plc.db1, sizeof model.db1);
        assert_memory_equal(model.timers, rig.plc.timers, sizeof model.timers);
        rig_down();
    }
}

static void bool_arrays_never_write_their_neighbours(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 8; bit++) {
        for (unsigned count = 1; count <= 40; count++) {
            uint8_t data[8], before[8];
            s7_item item = {.address = {.area = S7_AREA_M,
                                        .byte = 10,
                                        .bit = (uint8_t)bit,
                                        .type = S7_TYPE_BOOL,
                                        .count = (uint16_t)count},
                            .data = data};

            rig_up(240, 2);
            item.len = s7_address_size(&item.address);
            memcpy(before, rig.plc.m + 10, sizeof before);
            for (unsigned i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)~before[i];
            if (count == 1)
                data[0] = !(before[0] >> bit & 1);
            assert_int_equal(run(true, &item, 1, NULL), S7_OK);
            for (unsigned i = 0; i < 64; i++) {
                bool changed = ((rig.plc.m[10 + i / 8] ^ before[i / 8]) >> i % 8 & 1) != 0;
                bool meant = i >= bit && i < bit + count;

                if (changed != meant)
                    fail_msg("M10.%u, %u bits: bit %u is %schanged", bit, count, i, changed ? "" : "not ");
            }
            if (bit == 0 && count % 8 == 0)
                assert_int_equal(rig.plc.n_items, 1); /* whole bytes travel as bytes */
            rig_down();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_086_large_areas_are_cut_into_the_fewest_jobs),
        cmocka_unit_test(s7_067_and_069_the_largest_single_items_fill_the_pdu_exactly),
        cmocka_unit_test(s7_070_small_items_are_packed_by_both_budgets_and_at_most_20),
        cmocka_unit_test(more_than_20_items_go_into_a_job_where_that_is_told),
        cmocka_unit_test(elements_are_never_torn_between_jobs),
        cmocka_unit_test(an_item_that_fits_a_job_is_not_cut),
        cmocka_unit_test(random_lists_read_and_write_the_right_bytes_in_any_order_of_answers),
        cmocka_unit_test(bool_arrays_never_write_their_neighbours),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.transfer_plan");
}
