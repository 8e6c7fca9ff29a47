#include "client/transfer.h"

#include "client/fake_plc.h"
#include "client/test_names.h"
#include "loop/never.h"

/* ---- a transfer against the fake PLC ---- */

struct rig {
    struct fake_plc plc;
    s7_session *session;
    struct s7_transfer transfer;
    struct bytes answers[S7_SESSION_MAX_JOBS]; /* executed, not delivered yet */
    unsigned n_answers, most_open;
    bool shuffle;
    uint32_t seed;
};

static struct rig rig; /* too large for a stack */

static void rig_up(unsigned pdu_len, unsigned amq)
{
    struct s7_session_options options = usual_options();

    fake_plc_init(&rig.plc, pdu_len, amq);
    rig.session = ready_session(&options, amq, amq, pdu_len);
    rig.n_answers = rig.most_open = 0;
    rig.shuffle = false;
    rig.seed = 1;
}

static void rig_down(void)
{
    s7_session_free(rig.session);
    rig.session = NULL;
}

static void plc_takes(const struct bytes *sent)
{
    for (size_t at = 0; at < sent->len;) {
        size_t len = first_frame(sent->at + at, sent->len - at);

        assert_true(len > 0 && rig.n_answers < S7_SESSION_MAX_JOBS);
        fake_plc_answer(&rig.plc, sent->at + at, len, &rig.answers[rig.n_answers++]);
        at += len;
    }
    if (rig.n_answers > rig.most_open)
        rig.most_open = rig.n_answers;
}

static void deliver(unsigned which)
{
    struct bytes *answer = &rig.answers[which];
    struct s7_event event;
    uint8_t *room;

    assert_true(s7_session_room(rig.session, &room) >= answer->len);
    memcpy(room, answer->at, answer->len);
    s7_session_received(rig.session, answer->len, 0);
    while (s7_session_next(rig.session, &event))
        assert_true(s7_transfer_event(&rig.transfer, &event));
    rig.n_answers--;
    memmove(answer, answer + 1, (rig.n_answers - which) * sizeof *answer);
}

/* The whole way; status of begin or of the result. */
static s7_status run(bool write, s7_item *items, size_t n_items, s7_errinfo *err)
{
    s7_status status = s7_transfer_begin(&rig.transfer, write, items, n_items, S7_NEVER_NS, err);

    if (status != S7_OK)
        return status;
    for (;;) {
        s7_transfer_pump(&rig.transfer, rig.session);
        struct bytes sent = take_sent(rig.session);
        plc_takes(&sent);
        if (s7_transfer_done(&rig.transfer))
            break;
        assert_true(rig.n_answers > 0);
        deliver(rig.shuffle ? draw(&rig.seed) % rig.n_answers : 0);
    }
    assert_true(rig.most_open <= rig.plc.amq);               /* S7-035 */
    assert_true(rig.plc.longest_request <= rig.plc.pdu_len); /* S7-033 */
    assert_true(rig.plc.longest_answer <= rig.plc.pdu_len);
    assert_true(rig.plc.most_items <= S7_ITEMS_PER_JOB);
    return s7_transfer_result(&rig.transfer, err);
}

static s7_item bytes_item(s7_area area, uint32_t byte, uint16_t count, void *data)
{
    return (s7_item){.address = {.area = area,
                                 .db = area == S7_AREA_DB,
                                 .byte = byte,
                                 .type = S7_TYPE_BYTE,
                                 .count = count},
                     .data = data,
                     .len = count};
}

static s7_item typed_item(const char *text, void *data)
{
    s7_item item = {.data = data};
    s7_address_error error = {.at = 0};

    if (s7_address_parse(text, &item.address, &error) != S7_OK)
        fail_msg("%s does not parse: %s", text, error.text);
    item.len = s7_address_size(&item.address);
    return item;
}

static void expect_items_good(const s7_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].status != S7_OK || items[i].code != S7_ITEM_OK)
            fail_msg("item %zu: %s, code %02X", i, s7_errname(items[i].status), items[i].code);
}

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
            assert_int_equal(rig.plc.db1[2], (uint8_t)(2 * 31));
            assert_int_equal(rig.plc.db1[3 + len], (uint8_t)((3 + len) * 31 + (3 + len) / 256));
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

/* ---- random lists ---- */

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

/* ---- answers as they may come ---- */

static void s7_052_053_and_054_lengths_in_the_other_unit_are_understood(void **state)
{
    uint8_t data[4][32];

    (void)state;
    for (unsigned len = 1; len <= 32; len++) {
        s7_item items[4] = {bytes_item(S7_AREA_DB, 5, (uint16_t)len, data[0]),
                            typed_item("T3:TIMER[9]", data[1]), typed_item("M10.3", data[2]),
                            bytes_item(S7_AREA_M, 50, 1, data[3])};

        rig_up(240, 1);
        rig.plc.other_unit = true;
        assert_int_equal(run(false, items, 4, NULL), S7_OK);
        assert_memory_equal(data[0], rig.plc.db1 + 5, len);
        assert_memory_equal(data[1], rig.plc.timers + 6, 18);
        assert_int_equal(data[2][0], rig.plc.m[10] >> 3 & 1);
        assert_int_equal(data[3][0], rig.plc.m[50]);
        rig_down();
    }
}

static void s7_056_a_fill_byte_after_the_last_item_is_tolerated(void **state)
{
    uint8_t data[3];
    s7_item item = bytes_item(S7_AREA_DB, 5, 3, data);

    (void)state;
    rig_up(240, 1);
    rig.plc.trailing_fill = true;
    assert_int_equal(run(false, &item, 1, NULL), S7_OK);
    assert_memory_equal(data, rig.plc.db1 + 5, 3);
    rig_down();
}

static void s7_058_a_failed_item_has_no_payload_whatever_its_length_says(void **state)
{
    uint8_t data[3][4];

    (void)state;
    for (unsigned lying = 0; lying < 2; lying++) {
        for (unsigned bad = 0; bad < 3; bad++) {
            s7_errinfo err = S7_ERRINFO_INIT;
            s7_item items[3];

            rig_up(240, 1);
            rig.plc.lying_errors = lying != 0;
            for (unsigned i = 0; i < 3; i++)
                items[i] = bytes_item(S7_AREA_DB, 10 * i, 3, data[i]);
            items[bad].address.byte = FAKE_DB_LEN - 2;
            assert_int_equal(run(false, items, 3, &err), S7_E_PARTIAL);
            for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(items[i].status, i == bad ? S7_E_ITEM_ADDRESS : S7_OK);
                assert_int_equal(items[i].code, i == bad ? 0x05 : 0xFF);
                if (i != bad)
                    assert_memory_equal(data[i], rig.plc.db1 + 10 * i, 3);
            }
            assert_int_equal(err.item, (int)bad);
            assert_int_equal(err.item_code, 0x05);
            assert_int_equal(err.status, S7_E_PARTIAL);
            assert_string_equal(err.came, "item refused: 0x05 address out of range");
            assert_true(err.hint[0] != '\0');
            rig_down();
        }
    }
}

static void s7_077_writes_report_each_item(void **state)
{
    uint8_t data[4] = {1, 2, 3, 4};
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 4, data), bytes_item(S7_AREA_DB, 0, 4, data),
                        bytes_item(S7_AREA_M, 0, 4, data)};

    (void)state;
    rig_up(240, 1);
    items[1].address.db = 2;
    assert_int_equal(run(true, items, 3, &err), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_MISSING);
    assert_int_equal(items[2].status, S7_OK);
    assert_memory_equal(rig.plc.m, data, 4);
    assert_int_equal(err.item, 1);
    rig_down();
}

static void a_cut_item_fails_by_its_failing_part(void **state)
{
    static uint8_t data[1000];
    s7_item items[2] = {bytes_item(S7_AREA_DB, FAKE_DB_LEN - 500, 1000, data),
                        bytes_item(S7_AREA_DB, 0, 4, data)};

    (void)state;
    rig_up(240, 3);
    assert_int_equal(run(false, items, 2, NULL), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(items[1].status, S7_OK);
    rig_down();
}

static void a_header_error_fails_the_call_and_the_rest_is_not_sent(void **state)
{
    static uint8_t data[1000];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 1000, data), bytes_item(S7_AREA_DB, 0, 4, data)};

    (void)state;
    rig_up(240, 1);
    rig.plc.refuse = 0x8104;
    assert_int_equal(run(false, items, 2, &err), S7_E_PLC);
    assert_int_equal(rig.plc.jobs, 0);
    assert_int_equal(s7_session_stats(rig.session)->jobs, 1);
    assert_int_equal(items[0].status, S7_E_PLC);
    assert_int_equal(items[1].status, S7_E_PLC);
    assert_int_equal(err.plc_error, 0x8104);
    assert_non_null(strstr(err.hint, "PUT/GET"));
    rig_down();
}

/* Give the transfer one hand-made answer to its first job. */
static void answer_with(const char *param, const char *data)
{
    struct s7_event event;
    uint8_t *room;
    struct bytes sent = take_sent(rig.session);
    struct bytes answer = pdu(S7_ROSCTR_ACK_DATA, sent_ref(&sent, 0), 0, param, data);

    s7_session_room(rig.session, &room);
    memcpy(room, answer.at, answer.len);
    s7_session_received(rig.session, answer.len, 0);
    while (s7_session_next(rig.session, &event))
        assert_true(s7_transfer_event(&rig.transfer, &event));
}

static void answers_that_do_not_fit_the_items_are_protocol_errors(void **state)
{
    static const struct {
        const char *data;
        s7_status call, first, second;
    } cases[] = {
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03 04", S7_OK, S7_OK, S7_OK},
        {"ff 05 00 10 01 02 ff 07 00 04 01 02 03 04", S7_OK, S7_OK, S7_OK},
        {"ff 04 00 18 01 02 03 00 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 04 00 08 01 00 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 11 00 02 01 02 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 00 00 00 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"ff 04 00 10 01 02 ff 04", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"ff 04 00 10 01 02", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03 04 00", S7_OK, S7_OK, S7_OK},
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03 04 00 00", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"05 04 ff ff ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_ITEM_ADDRESS, S7_OK},
        {"85 00 00 00 03 00 00 00", S7_E_PARTIAL, S7_E_ITEM_OTHER, S7_E_ITEM_ACCESS},
    };
    uint8_t data[8];

    (void)state;
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 2, data), bytes_item(S7_AREA_DB, 0, 4, data + 2)};

        rig_up(240, 1);
        assert_int_equal(s7_transfer_begin(&rig.transfer, false, items, 2, S7_NEVER_NS, NULL), S7_OK);
        s7_transfer_pump(&rig.transfer, rig.session);
        answer_with("04 02", cases[c].data);
        assert_true(s7_transfer_done(&rig.transfer));
        s7_status call = s7_transfer_result(&rig.transfer, NULL);
        if (call != cases[c].call || items[0].status != cases[c].first || items[1].status != cases[c].second)
            fail_msg("case %u: %s, %s, %s", c, s7_errname(call), s7_errname(items[0].status),
                     s7_errname(items[1].status));
        rig_down();
    }
}

static void s7_087_write_answers_with_other_counts_are_protocol_errors(void **state)
{
    static const char *const answers[] = {"ff", "ff ff ff", ""};
    uint8_t data[8] = {0};

    (void)state;
    for (unsigned c = 0; c < 3; c++) {
        s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 2, data), bytes_item(S7_AREA_DB, 0, 4, data + 2)};
        s7_errinfo err = S7_ERRINFO_INIT;

        rig_up(240, 1);
        assert_int_equal(s7_transfer_begin(&rig.transfer, true, items, 2, S7_NEVER_NS, NULL), S7_OK);
        s7_transfer_pump(&rig.transfer, rig.session);
        answer_with("05 02", answers[c]);
        assert_int_equal(s7_transfer_result(&rig.transfer, &err), S7_E_PROTOCOL);
        assert_int_equal(items[0].status, S7_E_PROTOCOL);
        assert_true(err.came[0] != '\0');
        rig_down();
    }
}

/* Mutated answers: never a crash, never a byte outside the item. */
static void random_answers_never_write_past_the_items(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 8000; round++) {
        uint8_t data[64];
        s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 3, data + 4), bytes_item(S7_AREA_DB, 0, 8, data + 20),
                            typed_item("M1.0", data + 40)};

        rig_up(240, 1);
        memset(data, 0xEE, sizeof data);
        assert_int_equal(s7_transfer_begin(&rig.transfer, false, items, 3, S7_NEVER_NS, NULL), S7_OK);
        s7_transfer_pump(&rig.transfer, rig.session);
        struct bytes sent = take_sent(rig.session);
        fake_plc_answer(&rig.plc, sent.at, sent.len, &rig.answers[0]);
        rig.n_answers = 1;
        for (unsigned i = draw(&seed) % 5; i > 0; i--)
            rig.answers[0].at[21 + draw(&seed) % (rig.answers[0].len - 21)] = (uint8_t)draw(&seed);
        deliver(0);
        if (s7_transfer_done(&rig.transfer) && s7_transfer_result(&rig.transfer, NULL) == S7_OK)
            expect_items_good(items, 3);
        for (unsigned i = 0; i < sizeof data; i++)
            if (!(i >= 4 && i < 7) && !(i >= 20 && i < 28) && i != 40 && data[i] != 0xEE)
                fail_msg("round %u: byte %u was written", round, i);
        rig_down();
    }
}

/* ---- giving up ---- */

static void drain_into_transfer(void)
{
    struct s7_event event;

    while (s7_session_next(rig.session, &event))
        s7_transfer_event(&rig.transfer, &event);
}

static void a_withdrawn_read_says_why_and_owes_its_answers(void **state)
{
    static uint8_t data[1000];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 1000, data), bytes_item(S7_AREA_DB, 0, 4, data)};

    (void)state;
    rig_up(240, 2);
    assert_int_equal(s7_transfer_begin(&rig.transfer, false, items, 2, S7_NEVER_NS, NULL), S7_OK);
    s7_transfer_pump(&rig.transfer, rig.session);
    take_sent(rig.session);
    s7_transfer_cancel(&rig.transfer, rig.session, S7_E_TIMEOUT, "the test gave up");
    assert_false(s7_transfer_done(&rig.transfer));
    drain_into_transfer();
    assert_true(s7_transfer_done(&rig.transfer));
    assert_int_equal(s7_transfer_result(&rig.transfer, &err), S7_E_TIMEOUT);
    assert_string_equal(err.came, "the test gave up");
    assert_int_equal(items[0].status, S7_E_TIMEOUT);
    assert_int_equal(items[1].status, S7_E_TIMEOUT);
    assert_int_equal(s7_session_owed(rig.session), 2);
    rig_down();
}

static void s7_154_writes_that_left_are_unknown_and_those_that_did_not_are_not(void **state)
{
    static uint8_t data[600];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 200, data), bytes_item(S7_AREA_DB, 200, 200, data),
                        bytes_item(S7_AREA_DB, 400, 200, data)};
    const uint8_t *bytes;

    (void)state;
    rig_up(240, 2);
    assert_int_equal(s7_transfer_begin(&rig.transfer, true, items, 3, 100 * MS, NULL), S7_OK);
    s7_transfer_pump(&rig.transfer, rig.session);
    assert_true(s7_session_pending(rig.session, &bytes) > 236);
    s7_session_sent(rig.session, 100); /* a part of the first job, nothing of the second */
    s7_session_tick(rig.session, 100 * MS);
    drain_into_transfer();
    assert_true(s7_transfer_done(&rig.transfer));
    assert_int_equal(s7_transfer_result(&rig.transfer, &err), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[0].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[1].status, S7_E_TIMEOUT);
    assert_int_equal(items[2].status, S7_E_CANCELLED);
    assert_int_equal(err.item, 0);
    rig_down();
}

static void one_unknown_write_makes_the_call_unknown_whatever_failed_before(void **state)
{
    static uint8_t data[600];
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 200, data), bytes_item(S7_AREA_DB, 200, 200, data),
                        bytes_item(S7_AREA_DB, 400, 200, data)};

    (void)state;
    rig_up(240, 2);
    assert_int_equal(s7_transfer_begin(&rig.transfer, true, items, 3, 100 * MS, NULL), S7_OK);
    s7_transfer_pump(&rig.transfer, rig.session);
    struct bytes sent = take_sent(rig.session);
    plc_takes(&sent);
    deliver(0); /* the third job takes the first one's slot, and is not sent: its event comes before the
                   second one's */
    s7_transfer_pump(&rig.transfer, rig.session);
    s7_session_tick(rig.session, 100 * MS);
    drain_into_transfer();
    assert_int_equal(s7_transfer_result(&rig.transfer, NULL), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[2].status, S7_E_TIMEOUT);
    rig_down();
}

/* ---- checks before sending ---- */

static void s7_167_addresses_outside_the_wire_are_refused_before_sending(void **state)
{
    uint8_t data[8];

    (void)state;
    for (unsigned c = 0; c < 10; c++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 4, data), bytes_item(S7_AREA_DB, 0, 4, data)};
        s7_item *bad = &items[1];

        switch (c) {
        case 0:
            bad->data = NULL;
            break;
        case 1:
            bad->len = 3;
            break;
        case 2:
            bad->address.count = 0;
            break;
        case 3:
            bad->address.byte = 2097149; /* its last byte would be 2097152 */
            break;
        case 4:
            bad->address.byte = UINT32_MAX;
            break;
        case 5:
            bad->address.db = 0;
            break;
        case 6:
            bad->address.bit = 1;
            break;
        case 7:
            *bad = typed_item("M10.7", data);
            bad->address.bit = 8;
            break;
        case 8:
            *bad = typed_item("DB1.DBB10:STRING(6)", data);
            bad->address.string_cap = 255;
            bad->len = 257;
            break;
        default:
            bad->address.area = S7_AREA_T; /* timers have 2 bytes, not 1 */
            break;
        }
        rig_up(240, 1);
        assert_int_equal(run(false, items, 2, &err), S7_E_ARG);
        assert_int_equal(items[0].status, S7_E_CANCELLED);
        assert_int_equal(items[1].status, S7_E_ARG);
        assert_int_equal(err.item, 1);
        assert_true(err.came[0] != '\0');
        assert_int_equal(rig.plc.jobs, 0);
        rig_down();
    }
}

static void s7_081_the_last_byte_of_the_address_space_can_be_asked_for(void **state)
{
    uint8_t data[4];
    s7_item item = bytes_item(S7_AREA_DB, 2097151, 1, data);

    (void)state;
    rig_up(240, 1);
    assert_int_equal(run(false, &item, 1, NULL), S7_E_PARTIAL);
    assert_int_equal(item.status, S7_E_ITEM_ADDRESS);
    assert_int_equal(rig.plc.items[0].bit_addr, 2097151 * 8);
    rig_down();
}

static void an_empty_list_is_done_at_once(void **state)
{
    (void)state;
    rig_up(240, 1);
    assert_int_equal(run(false, NULL, 0, NULL), S7_OK);
    assert_int_equal(s7_session_stats(rig.session)->jobs, 0);
    rig_down();
}

static void two_transfers_share_a_session(void **state)
{
    static struct s7_transfer second;
    uint8_t a[4], b[4];
    s7_item first_item = bytes_item(S7_AREA_DB, 0, 4, a), second_item = bytes_item(S7_AREA_DB, 100, 4, b);
    struct s7_event event;

    (void)state;
    rig_up(240, 2);
    assert_int_equal(s7_transfer_begin(&rig.transfer, false, &first_item, 1, S7_NEVER_NS, NULL), S7_OK);
    assert_int_equal(s7_transfer_begin(&second, false, &second_item, 1, S7_NEVER_NS, NULL), S7_OK);
    s7_transfer_pump(&rig.transfer, rig.session);
    s7_transfer_pump(&second, rig.session);
    struct bytes sent = take_sent(rig.session);
    plc_takes(&sent);
    assert_int_equal(rig.n_answers, 2);
    for (unsigned i = 2; i-- > 0;) { /* the second answer first */
        uint8_t *room;

        s7_session_room(rig.session, &room);
        memcpy(room, rig.answers[i].at, rig.answers[i].len);
        s7_session_received(rig.session, rig.answers[i].len, 0);
        while (s7_session_next(rig.session, &event))
            assert_int_equal(s7_transfer_event(&rig.transfer, &event) + s7_transfer_event(&second, &event),
                             1);
    }
    assert_int_equal(s7_transfer_result(&rig.transfer, NULL), S7_OK);
    assert_int_equal(s7_transfer_result(&second, NULL), S7_OK);
    assert_memory_equal(a, rig.plc.db1, 4);
    assert_memory_equal(b, rig.plc.db1 + 100, 4);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_086_large_areas_are_cut_into_the_fewest_jobs),
        cmocka_unit_test(s7_067_and_069_the_largest_single_items_fill_the_pdu_exactly),
        cmocka_unit_test(s7_070_small_items_are_packed_by_both_budgets_and_at_most_20),
        cmocka_unit_test(elements_are_never_torn_between_jobs),
        cmocka_unit_test(an_item_that_fits_a_job_is_not_cut),
        cmocka_unit_test(random_lists_read_and_write_the_right_bytes_in_any_order_of_answers),
        cmocka_unit_test(bool_arrays_never_write_their_neighbours),
        cmocka_unit_test(s7_052_053_and_054_lengths_in_the_other_unit_are_understood),
        cmocka_unit_test(s7_056_a_fill_byte_after_the_last_item_is_tolerated),
        cmocka_unit_test(s7_058_a_failed_item_has_no_payload_whatever_its_length_says),
        cmocka_unit_test(s7_077_writes_report_each_item),
        cmocka_unit_test(a_cut_item_fails_by_its_failing_part),
        cmocka_unit_test(a_header_error_fails_the_call_and_the_rest_is_not_sent),
        cmocka_unit_test(answers_that_do_not_fit_the_items_are_protocol_errors),
        cmocka_unit_test(s7_087_write_answers_with_other_counts_are_protocol_errors),
        cmocka_unit_test(random_answers_never_write_past_the_items),
        cmocka_unit_test(a_withdrawn_read_says_why_and_owes_its_answers),
        cmocka_unit_test(s7_154_writes_that_left_are_unknown_and_those_that_did_not_are_not),
        cmocka_unit_test(one_unknown_write_makes_the_call_unknown_whatever_failed_before),
        cmocka_unit_test(s7_167_addresses_outside_the_wire_are_refused_before_sending),
        cmocka_unit_test(s7_081_the_last_byte_of_the_address_space_can_be_asked_for),
        cmocka_unit_test(an_empty_list_is_done_at_once),
        cmocka_unit_test(two_transfers_share_a_session),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.transfer");
}
