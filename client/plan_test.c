/* Plans that read: the right bytes, with few jobs, and nothing else. */
#include "client/plan_rig.h"
#include "client/test_names.h"

static const unsigned pdu_lens[] = {240, 480, 960, 64};

/* ---- the right bytes ---- */

/* No item begins or ends but where a tag or a piece of one does, and none holds a longer gap than allowed. */
static void expect_only_tags_and_gaps(const s7_plan *plan, uint32_t max_gap)
{
    static uint8_t wanted[FAKE_DB_LEN];

    memset(wanted, 0, sizeof wanted);
    for (size_t i = 0; i < s7_plan_count(plan); i++)
        if (s7_plan_tags(plan)[i].address.area == S7_AREA_DB)
            memset(wanted + s7_plan_tags(plan)[i].address.byte, 1, s7_plan_tags(plan)[i].len);
    for (unsigned i = 0; i < rig.plc.n_items; i++) {
        const struct s7_var_item *item = &rig.plc.items[i];
        size_t first = item->bit_addr / 8, last = first + item->count - 1, gap = 0;

        if (item->area != S7_AREA_DB)
            continue;
        if (!wanted[first] || !wanted[last])
            fail_msg("bytes %zu..%zu: begins or ends with what nobody asked for", first, last);
        for (size_t at = first; at <= last; at++) {
            gap = wanted[at] ? 0 : gap + 1;
            if (gap > max_gap)
                fail_msg("bytes %zu..%zu: reads a gap longer than %u", first, last, max_gap);
        }
    }
}

static void expect_as_planned(const s7_plan *plan)
{
    s7_plan_stats stats = stats_of(plan);
    size_t frames = (size_t)stats.jobs * S7_DT_OVERHEAD;

    assert_int_equal(rig.plc.jobs, stats.jobs);
    assert_int_equal(rig.plc.n_items, stats.items);
    assert_true(stats.jobs >= stats.bound);
    assert_true(stats.bytes_carried >= stats.bytes_asked);
    assert_true(stats.wire_request >= frames && stats.wire_answer >= frames);
}

static void random_lists_bring_each_tag_its_bytes_with_the_jobs_that_were_planned(void **state)
{
    static s7_address tags[MOST_TAGS];
    uint32_t seed = 20260101;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        size_t n = draw(&seed) % (round % 10 == 0 ? MOST_TAGS : 60) + 1;
        uint32_t span = 20U << draw(&seed) % 10;
        s7_plan_options options;

        s7_plan_options_init(&options);
        options.max_gap = (int32_t)(draw(&seed) % 4 != 0 ? draw(&seed) % 30 : 0) - 1;
        for (size_t i = 0; i < n; i++)
            tags[i] = random_tag(&seed, span);
        s7_plan *plan = new_plan(tags, n, &options);
        for (unsigned p = 0; p < 4; p++) {
            unsigned amq = draw(&seed) % 8 + 1;

            rig_up_items(pdu_lens[p], amq, round % 3 == 0 ? 20 + draw(&seed) % 236 : 20);
            rig.shuffle = true;
            rig.seed = round + 1;
            assert_int_equal(run_plan(plan, NULL), S7_OK);
            expect_tags_right(plan);
            expect_as_planned(plan);
            expect_only_tags_and_gaps(plan, options.max_gap < 0 ? UINT32_MAX : (uint32_t)options.max_gap);
            rig_down();
        }
        s7_plan_free(plan);
    }
}

/* Does one item of the PLC's record hold the whole tag? */
static bool in_one_item(const s7_item *tag)
{
    for (unsigned i = 0; i < rig.plc.n_items; i++) {
        const struct s7_var_item *item = &rig.plc.items[i];
        size_t first = item->area == S7_AREA_T ? item->bit_addr : item->bit_addr / 8;
        size_t size = tag->address.area == S7_AREA_T ? tag->address.count : tag->len;

        if (item->area == tag->address.area && first <= tag->address.byte &&
            tag->address.byte + size <= first + item->count)
            return true;
    }
    return false;
}

static void a_tag_that_fits_a_pdu_travels_in_one_whatever_overlaps_it(void **state)
{
    static s7_address tags[200];
    uint32_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 100; round++) {
        for (size_t i = 0; i < 200; i++) {
            tags[i] = (s7_address){.area = S7_AREA_DB, .db = 1, .type = S7_TYPE_BYTE};
            tags[i].byte = draw(&seed) % 3000;
            tags[i].count = (uint16_t)(draw(&seed) % (draw(&seed) % 4 == 0 ? 900 : 200) + 1);
        }
        s7_plan *plan = new_plan(tags, 200, NULL);
        rig_up(pdu_lens[round % 3], 8);
        assert_int_equal(run_plan(plan, NULL), S7_OK);
        expect_tags_right(plan);
        for (size_t i = 0; i < 200; i++)
            if (tags[i].count <= pdu_lens[round % 3] - 18 && !in_one_item(&s7_plan_tags(plan)[i]))
                fail_msg("round %u: DB1.DBB%u, %u bytes, is torn", round, tags[i].byte, tags[i].count);
        s7_plan_free(plan);
        rig_down();
    }
}

static void an_array_longer_than_a_pdu_is_cut_between_its_elements(void **state)
{
    static const char *const texts[] = {"DB1.DBD4:REAL[500]", "DB1.DBW1000:INT", "T3:TIMER[200]"};
    s7_plan *plan = new_plan_of(texts, 3, false);

    (void)state;
    rig_up(240, 2);
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    expect_tags_right(plan);
    for (unsigned i = 0; i < rig.plc.n_items; i++) {
        if (rig.plc.items[i].area == S7_AREA_DB && rig.plc.items[i].bit_addr / 8 % 4 != 0)
            fail_msg("an item begins at byte %u", rig.plc.items[i].bit_addr / 8);
    }
    assert_int_equal(rig.plc.jobs, 9 + 1 + 1); /* 2000 bytes at 220, 400 at 222, and what is left of both */
    s7_plan_free(plan);
    rig_down();
}

/* ---- how tags come together ---- */

static void expect_items(const char *const *texts, size_t n, int32_t max_gap, const char *expected)
{
    s7_address tags[64];
    s7_plan_options options;
    char text[4096], all[4096] = "";

    s7_plan_options_init(&options);
    options.max_gap = max_gap;
    for (size_t i = 0; i < n; i++)
        tags[i] = address_of(texts[i]);
    s7_plan *plan = new_plan(tags, n, &options);
    assert_true(s7_plan_explain(plan, text, sizeof text) < sizeof text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strncmp(line, "    ", 4) == 0)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%.*s ", (int)strcspn(line + 4, ":"),
                     line + 4);
    assert_string_equal(all, expected);
    s7_plan_free(plan);
}

static void tags_come_together_when_the_gap_costs_less_than_an_item(void **state)
{
    static const char *const near[] = {"DB1.DBW0", "DB1.DBW17"}, *const far[] = {"DB1.DBW0", "DB1.DBW18"};
    static const char *const bits[] = {"M0.1", "M0.7", "MB2", "M0.1"}, *const dbs[] = {"DB1.DBW0",
                                                                                       "DB2.DBW2"};
    static const char *const timers[] = {"T5", "T7", "T20"}, *const io[] = {"PIW0", "PIW4", "PIW2"};

    (void)state;
    expect_items(near, 2, S7_PLAN_GAP_AUTO, "DB1.DBB0..18 ");
    expect_items(far, 2, S7_PLAN_GAP_AUTO, "DB1.DBB0..1 DB1.DBB18..19 ");
    expect_items(near, 2, 14, "DB1.DBB0..1 DB1.DBB17..18 ");
    expect_items(near, 2, 15, "DB1.DBB0..18 ");
    expect_items(bits, 4, S7_PLAN_GAP_AUTO, "MB0..2 ");
    expect_items(bits, 4, 0, "MB0 MB2 ");
    expect_items(dbs, 2, S7_PLAN_GAP_AUTO, "DB1.DBB0..1 DB2.DBB2..3 ");
    expect_items(timers, 3, S7_PLAN_GAP_AUTO, "T5..7 T20 ");
    expect_items(io, 2, S7_PLAN_GAP_AUTO, "PIB0..1 PIB4..5 "); /* reading peripherals can do something */
    expect_items(io, 3, S7_PLAN_GAP_AUTO, "PIB0..5 ");
}

static void wide_gaps_are_read_when_a_job_has_no_items_left(void **state)
{
    s7_address tags[40];

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        tags[i] = (s7_address){.area = S7_AREA_DB, .db = 1, .byte = i * 40, .type = S7_TYPE_BYTE, .count = 1};
    s7_plan *plan = new_plan(tags, 40, NULL);
    assert_int_equal(s7_plan_fit(plan, 960), S7_OK);
    assert_int_equal(stats_of(plan).jobs, 1); /* 20 items of two tags and the 39 bytes between them */
    assert_int_equal(stats_of(plan).items, 20);
    assert_int_equal(s7_plan_fit(plan, 480), S7_OK);
    assert_int_equal(stats_of(plan).jobs, 2); /* not enough bytes for that */
    assert_int_equal(s7_plan_fit(plan, 63), S7_E_ARG);
    assert_int_equal(s7_plan_fit(plan, 961), S7_E_ARG);
    s7_plan_free(plan);
}

static void more_items_in_a_job_where_that_is_told_need_fewer_jobs(void **state)
{
    static const struct {
        unsigned max_items, jobs, items;
    } cases[] = {{20, 2, 40}, {39, 2, 40}, {40, 1, 40}, {255, 1, 40}, {20, 2, 40}};
    s7_address tags[40];

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        tags[i] =
            (s7_address){.area = S7_AREA_DB, .db = 1, .byte = i * 1000, .type = S7_TYPE_WORD, .count = 1};
    s7_plan *plan = new_plan(tags, 40, NULL);
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) { /* one plan meets many clients */
        rig_up_items(960, 2, cases[c].max_items);
        assert_int_equal(run_plan(plan, NULL), S7_OK);
        expect_tags_right(plan);
        expect_as_planned(plan);
        assert_int_equal(rig.plc.jobs, cases[c].jobs);
        assert_int_equal(rig.plc.n_items, cases[c].items);
        rig_down();
    }
    s7_plan_free(plan);
}

static void a_plan_is_made_for_as_many_items_a_job_as_its_options_say(void **state)
{
    s7_address tags[79];
    s7_plan_options options;
    s7_plan *plan = NULL;

    (void)state;
    for (unsigned i = 0; i < 79; i++)
        tags[i] =
            (s7_address){.area = S7_AREA_DB, .db = 1, .byte = i * 100, .type = S7_TYPE_WORD, .count = 1};
    s7_plan_options_init(&options);
    assert_int_equal(options.max_items, 20);
    options.pdu_len = 960;
    options.max_items = 255;
    plan = new_plan(tags, 79, &options);
    assert_int_equal(stats_of(plan).jobs, 1);
    assert_int_equal(stats_of(plan).bound, 1);
    s7_plan_free(plan);
    options.max_items = 19;
    assert_int_equal(s7_plan_new(tags, 79, &options, &plan, NULL), S7_E_ARG);
}

/* ---- the lower bound ---- */

struct place {
    uint32_t first, end;
};

/* Bytes of the shortest answer that brings these places, which are sorted and apart: with every choice of
 * gaps to read. 0: it does not fit. */
static bool fits_one_job(const struct place *places, unsigned n, unsigned pdu_len)
{
    for (unsigned cuts = 0; cuts < 1U << (n - 1); cuts++) {
        unsigned items = 1, answer = 14 + 4, len = places[0].end - places[0].first;

        for (unsigned i = 1; i < n; i++) {
            if (cuts >> (i - 1) & 1) {
                answer += len + len % 2 + 4;
                len = places[i].end - places[i].first;
                items++;
            } else {
                len = places[i].end - places[i].first + len + places[i].first - places[i - 1].end;
            }
        }
        if (answer + len <= pdu_len && 12 + 12 * items <= pdu_len)
            return true;
    }
    return false;
}

/* Fewest jobs, by trying every way of handing the places out. */
static unsigned fewest_jobs(const struct place *places, unsigned n, unsigned pdu_len)
{
    bool fits[1U << 8];
    unsigned best[1U << 8] = {0};

    for (unsigned set = 1; set < 1U << n; set++) {
        struct place some[8];
        unsigned k = 0;

        for (unsigned i = 0; i < n; i++)
            if (set >> i & 1)
                some[k++] = places[i];
        fits[set] = fits_one_job(some, k, pdu_len);
        best[set] = n;
        for (unsigned part = set; part > 0; part = (part - 1) & set)
            if (fits[part] && best[set & ~part] + 1 < best[set])
                best[set] = best[set & ~part] + 1;
    }
    return best[(1U << n) - 1];
}

static void no_plan_needs_fewer_jobs_than_the_bound_and_small_ones_need_the_fewest(void **state)
{
    uint32_t seed = 11;
    unsigned more = 0;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct place places[8];
        s7_address tags[8];
        unsigned n = draw(&seed) % 8 + 1;
        uint32_t at = 0;

        for (unsigned i = 0; i < n; i++) {
            places[i].first = at + draw(&seed) % 20 + 1;
            at = places[i].end = places[i].first + draw(&seed) % (draw(&seed) % 3 == 0 ? 40 : 8) + 1;
            tags[i] =
                (s7_address){.area = S7_AREA_DB, .db = 1, .byte = places[i].first, .type = S7_TYPE_BYTE};
            tags[i].count = (uint16_t)(places[i].end - places[i].first);
        }
        s7_plan *plan = new_plan(tags, n, NULL);
        assert_int_equal(s7_plan_fit(plan, 64), S7_OK);
        unsigned fewest = fewest_jobs(places, n, 64);
        if (stats_of(plan).bound > fewest || stats_of(plan).jobs < fewest)
            fail_msg("round %u: bound %u, jobs %u, but the fewest are %u", round, stats_of(plan).bound,
                     stats_of(plan).jobs, fewest);
        more += stats_of(plan).jobs - fewest;
        s7_plan_free(plan);
    }
    if (more > 5)
        fail_msg("%u jobs more than needed, of 300 plans", more);
}

/* ---- bad tags ---- */

static void a_bad_tag_fails_alone_and_is_asked_for_apart_from_then_on(void **state)
{
    static const char *const texts[] = {"DB1.DBW65990", "DB1.DBD65997:REAL", "DB1.DBB65999", "DB7.DBW0",
                                        "MB3"};
    s7_plan *plan = new_plan_of(texts, 5, false);
    const s7_item *tags = s7_plan_tags(plan);
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    rig_up(480, 1);
    for (unsigned call = 0; call < 3; call++) {
        assert_int_equal(run_plan(plan, &err), S7_E_PARTIAL);
        assert_int_equal(tags[1].status, S7_E_ITEM_ADDRESS);
        assert_int_equal(tags[1].code, S7_ITEM_ADDRESS);
        assert_int_equal(tags[3].status, S7_E_ITEM_MISSING);
        for (unsigned i = 0; i < 5; i++)
            assert_true(i == 1 || i == 3 || (tags[i].status == S7_OK && tag_is_right(&rig.plc, &tags[i])));
        assert_int_equal(err.item, 1);
        assert_int_equal(err.item_code, S7_ITEM_ADDRESS);
        assert_string_equal(err.asked, "read DB1.DBD65997:REAL (item 2 of 5) from the rig");
        assert_string_equal(err.came, "item refused: 0x05 address out of range");
        assert_int_equal(rig.plc.jobs, call == 0 ? 2 : 1);
        assert_int_equal(rig.plc.n_items, call == 0 ? 3 + 3 : 4);
    }
    assert_int_equal(stats_of(plan).apart, 1);
    s7_plan_free(plan);
    rig_down();
}

static void a_hole_between_tags_costs_one_call_and_is_not_read_again(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBW2", "DB1.DBW10", "DB1.DBW12", "DB1.DBW40"};
    s7_plan *plan = new_plan_of(texts, 5, false);

    (void)state;
    rig_up(480, 4);
    rig.plc.hole = 5;
    rig.plc.hole_len = 2;
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    expect_tags_right(plan);
    assert_int_equal(rig.plc.n_items, 2 + 4);
    for (unsigned call = 0; call < 2; call++) {
        assert_int_equal(run_plan(plan, NULL), S7_OK);
        expect_tags_right(plan);
        assert_int_equal(rig.plc.jobs, 1);
        assert_int_equal(rig.plc.n_items, 3); /* DBB0..3, DBB10..13, DBB40..41 */
    }
    s7_plan_free(plan);
    rig_down();
}

/* What reading the tag on its own must give. */
static s7_status alone(const s7_address *address)
{
    static uint8_t data[16384]; /* an array of 300 long STRINGs */
    s7_item item = {.address = *address, .data = data, .len = s7_address_size(address)};

    return run(false, &item, 1, NULL) == S7_OK ? S7_OK : item.status;
}

static void random_lists_with_holes_give_each_tag_the_status_that_it_has_alone(void **state)
{
    static s7_address tags[100];
    uint32_t seed = 99;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        size_t n = draw(&seed) % 100 + 1;

        for (size_t i = 0; i < n; i++) {
            tags[i] = random_tag(&seed, 600);
            if (draw(&seed) % 10 == 0)
                tags[i].byte += tags[i].area == S7_AREA_DB ? 65700 : 0;
        }
        s7_plan *plan = new_plan(tags, n, NULL);
        rig_up(pdu_lens[round % 4], 4);
        rig.plc.hole = draw(&seed) % 600;
        rig.plc.hole_len = draw(&seed) % 20;
        for (unsigned call = 0; call < 6; call++) {
            s7_status status = run_plan(plan, NULL);
            unsigned jobs = rig.plc.jobs;

            for (size_t i = 0; i < n; i++) {
                const s7_item *tag = &s7_plan_tags(plan)[i];

                if (tag->status != alone(&tags[i]) || (status == S7_OK && tag->status != S7_OK))
                    fail_msg("round %u, tag %zu: %s", round, i, s7_errname(tag->status));
                if (tag->status == S7_OK && !tag_is_right(&rig.plc, tag))
                    fail_msg("round %u, tag %zu: wrong bytes", round, i);
            }
            if (call >= 4 && jobs != stats_of(plan).jobs)
                fail_msg("round %u: still learning in call %u", round, call);
        }
        s7_plan_free(plan);
        rig_down();
    }
}

static void a_job_that_the_plc_refuses_as_a_whole_fails_the_call_and_teaches_nothing(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBW4"};
    s7_plan *plan = new_plan_of(texts, 2, false);
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    rig_up(240, 1);
    rig.plc.refuse = 0x8104;
    assert_int_equal(run_plan(plan, &err), S7_E_PLC);
    assert_int_equal(err.plc_error, 0x8104);
    assert_string_equal(err.asked, "read DB1.DBW0 (item 1 of 2) from the rig");
    assert_int_equal(s7_plan_tags(plan)[1].status, S7_E_PLC);
    rig.plc.refuse = 0;
    assert_int_equal(run_plan(plan, &err), S7_OK);
    expect_tags_right(plan);
    assert_int_equal(rig.plc.n_items, 1);
    s7_plan_free(plan);
    rig_down();
}

/* ---- arguments ---- */

static void bad_arguments_are_named(void **state)
{
    s7_address tags[2] = {address_of("DB1.DBW0"), address_of("DB1.DBW2")};
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_plan_options options;
    s7_plan *plan = NULL;

    (void)state;
    tags[1].byte = 2097152;
    assert_int_equal(s7_plan_new(tags, 2, NULL, &plan, &err), S7_E_ARG);
    assert_int_equal(err.item, 1);
    assert_string_equal(err.asked, "a plan with DB1.DBW2097152 (tag 2 of 2)");
    assert_string_equal(err.came, "the address is out of range");
    assert_int_equal(s7_plan_new(NULL, 2, NULL, &plan, &err), S7_E_ARG);
    s7_plan_options_init(&options);
    options.max_gap = -2;
    assert_int_equal(s7_plan_new(tags, 1, &options, &plan, &err), S7_E_ARG);
    s7_plan_options_init(&options);
    options.pdu_len = 10;
    assert_int_equal(s7_plan_new(tags, 1, &options, &plan, &err), S7_E_ARG);
    assert_string_equal(err.came, "pdu_len is 64..960");
    assert_int_equal(s7_plan_new(tags, 1, &(s7_plan_options){.struct_size = 3}, &plan, NULL), S7_E_ARG);
    assert_null(plan);
    s7_plan_free(NULL);
}

static void a_plan_of_nothing_reads_nothing(void **state)
{
    s7_plan *plan = new_plan(NULL, 0, NULL);

    (void)state;
    rig_up(240, 1);
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    assert_int_equal(rig.plc.jobs, 0);
    assert_int_equal(stats_of(plan).jobs, 0);
    assert_int_equal(stats_of(plan).bound, 0);
    s7_plan_free(plan);
    rig_down();
}

static void the_plan_explains_itself(void **state)
{
    static const char *const texts[] = {"DB1.DBD0:REAL", "DB1.DBX8.1", "DB1.DBX8.2", "MW10"};
    s7_plan *plan = new_plan_of(texts, 4, false);
    char text[1000], cut[20];
    size_t len = s7_plan_explain(plan, NULL, 0);

    (void)state;
    assert_int_equal(s7_plan_explain(plan, text, sizeof text), len);
    assert_string_equal(text, "read 4 tags with PDUs of 480 bytes: 1 job (lower bound 1), 2 items\n"
                              "7 bytes of tags, 4 of gaps; on the wire 43 to the PLC, 40 back\n"
                              "  job 1: 2 items, 11 bytes\n"
                              "    MB10..11: 2 bytes for 1 tag\n"
                              "    DB1.DBB0..8: 9 bytes for 3 tags, 4 of gaps\n");
    assert_int_equal(s7_plan_explain(plan, cut, sizeof cut), len);
    assert_string_equal(cut, "read 4 tags with PD");
    s7_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lists_bring_each_tag_its_bytes_with_the_jobs_that_were_planned),
        cmocka_unit_test(a_tag_that_fits_a_pdu_travels_in_one_whatever_overlaps_it),
        cmocka_unit_test(an_array_longer_than_a_pdu_is_cut_between_its_elements),
        cmocka_unit_test(tags_come_together_when_the_gap_costs_less_than_an_item),
        cmocka_unit_test(wide_gaps_are_read_when_a_job_has_no_items_left),
        cmocka_unit_test(more_items_in_a_job_where_that_is_told_need_fewer_jobs),
        cmocka_unit_test(a_plan_is_made_for_as_many_items_a_job_as_its_options_say),
        cmocka_unit_test(no_plan_needs_fewer_jobs_than_the_bound_and_small_ones_need_the_fewest),
        cmocka_unit_test(a_bad_tag_fails_alone_and_is_asked_for_apart_from_then_on),
        cmocka_unit_test(a_hole_between_tags_costs_one_call_and_is_not_read_again),
        cmocka_unit_test(random_lists_with_holes_give_each_tag_the_status_that_it_has_alone),
        cmocka_unit_test(a_job_that_the_plc_refuses_as_a_whole_fails_the_call_and_teaches_nothing),
        cmocka_unit_test(bad_arguments_are_named),
        cmocka_unit_test(a_plan_of_nothing_reads_nothing),
        cmocka_unit_test(the_plan_explains_itself),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.plan");
}
