/* Plans that write: exactly the tags' bits, in the order of the list where they overlap, and never twice. */
#include "client/plan_rig.h"
#include "client/test_names.h"

static const unsigned pdu_lens[] = {240, 480, 960, 64};

/* ---- the right bytes ---- */

/* What writing a tag must do, element for element. */
static void model_write(struct fake_plc *model, const s7_item *tag)
{
    const s7_address *address = &tag->address;
    uint8_t *place = plc_place(model, address);
    const uint8_t *data = tag->data;

    if (address->type != S7_TYPE_BOOL) {
        memcpy(place, data, tag->len);
        return;
    }
    for (size_t i = 0; i < address->count; i++) {
        size_t at = address->bit + i;
        unsigned value = address->count == 1 ? data[0] != 0 : (data[at / 8] & 1U << at % 8) != 0;

        place[at / 8] = (uint8_t)((place[at / 8] & ~(1U << at % 8)) | value << at % 8);
    }
}

static void give_random_values(s7_plan *plan, uint32_t *seed)
{
    uint8_t bytes[10000];

    for (size_t i = 0; i < s7_plan_count(plan); i++) {
        size_t len = s7_plan_tags(plan)[i].len;

        assert_true(len <= sizeof bytes);
        for (size_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)draw(seed);
        assert_int_equal(s7_plan_set_bytes(plan, i, bytes, len), S7_OK);
    }
}

static void random_lists_write_their_bits_as_if_one_after_the_other(void **state)
{
    static s7_address tags[MOST_TAGS];
    static struct fake_plc model;
    uint32_t seed = 20260102;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        size_t n = draw(&seed) % (round % 10 == 0 ? 300 : 40) + 1;
        uint32_t span = 20U << draw(&seed) % 10;
        s7_plan_options options;

        s7_plan_options_init(&options);
        options.write = true;
        for (size_t i = 0; i < n; i++)
            tags[i] = random_tag(&seed, span);
        s7_plan *plan = new_plan(tags, n, &options);
        give_random_values(plan, &seed);
        rig_up(pdu_lens[round % 4], draw(&seed) % 8 + 1);
        rig.shuffle = true;
        model = rig.plc;
        assert_int_equal(run_plan(plan, NULL), S7_OK);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(s7_plan_tags(plan)[i].status, S7_OK);
            model_write(&model, &s7_plan_tags(plan)[i]);
        }
        assert_memory_equal(model.db1, rig.plc.db1, sizeof model.db1);
        assert_memory_equal(model.m, rig.plc.m, sizeof model.m);
        assert_memory_equal(model.timers, rig.plc.timers, sizeof model.timers);
        assert_int_equal(rig.plc.jobs, stats_of(plan).jobs);
        assert_true(stats_of(plan).jobs >= stats_of(plan).bound);
        s7_plan_free(plan);
        rig_down();
    }
}

static void only_touching_tags_are_written_together_and_bits_alone(void **state)
{
    static const char *const texts[] = {"DB1.DBW0",   "DB1.DBW2",   "DB1.DBW5",
                                        "DB1.DBX4.1", "DB1.DBX4.2", "DB1.DBB7"};
    s7_plan *plan = new_plan_of(texts, 6, true);

    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(s7_plan_set_int(plan, i, 0, 1), S7_OK);
    rig_up(240, 1);
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    assert_int_equal(rig.plc.jobs, 1);
    assert_int_equal(rig.plc.n_items, 4); /* DBB0..3, DBB5..7, two bits */
    s7_plan_free(plan);
    rig_down();
}

static void tags_that_overlap_wait_for_the_acknowledgement_of_those_before_them(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBB1", "DB1.DBX1.0", "DB1.DBW100", "DB1.DBX0.0"};
    s7_plan *plan = new_plan_of(texts, 5, true);
    static const int64_t values[] = {0x1234, 0x77, 0, 5, 1};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(s7_plan_set_int(plan, i, 0, values[i]), S7_OK);
    rig_up(240, 8);
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    assert_int_equal(rig.plc.db1[0], 0x13);
    assert_int_equal(rig.plc.db1[1], 0x76);
    assert_int_equal(rig.plc.jobs, 3);
    s7_plan_free(plan);
    rig_down();
}

/* ---- outcomes ---- */

static void a_refused_write_is_not_tried_again_and_stands_alone_from_then_on(void **state)
{
    static const char *const texts[] = {"DB1.DBW65996", "DB1.DBD65998", "DB1.DBW10"};
    s7_plan *plan = new_plan_of(texts, 3, true);
    const s7_item *tags = s7_plan_tags(plan);
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(s7_plan_set_int(plan, i, 0, 0x0102), S7_OK);
    rig_up(240, 8);
    assert_int_equal(run_plan(plan, &err), S7_E_PARTIAL);
    assert_int_equal(rig.plc.jobs, 1);
    assert_int_equal(tags[0].status, S7_E_ITEM_ADDRESS); /* written together with the bad one */
    assert_int_equal(tags[1].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(tags[2].status, S7_OK);
    assert_int_equal(err.item, 0);
    assert_int_equal(run_plan(plan, &err), S7_E_PARTIAL);
    assert_int_equal(rig.plc.jobs, 1);
    assert_int_equal(tags[0].status, S7_OK);
    assert_int_equal(tags[1].status, S7_E_ITEM_ADDRESS);
    assert_string_equal(err.asked, "write DB1.DBD65998 (item 2 of 3) to the rig");
    s7_plan_free(plan);
    rig_down();
}

/* The rounds by hand: the first one's answer is lost. */
static void after_an_unknown_outcome_nothing_more_leaves(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBW0", "DB1.DBW100"};
    s7_plan *plan = new_plan_of(texts, 3, true);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item *items;
    size_t n;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(s7_plan_set_int(plan, i, 0, 7), S7_OK);
    s7_plan_begin(plan, 240, 0);
    assert_true(s7_plan_round(plan, &items, &n));
    assert_int_equal(n, 2);
    items[0].status = items[1].status = S7_E_OUTCOME_UNKNOWN;
    s7_plan_took(plan, S7_E_OUTCOME_UNKNOWN, &(s7_errinfo){.status = S7_E_OUTCOME_UNKNOWN, .came = "lost"});
    assert_false(s7_plan_round(plan, &items, &n));
    assert_int_equal(s7_plan_end(plan, "the rig", &err), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(err.item, 0);
    assert_string_equal(err.came, "lost");
    assert_int_equal(s7_plan_tags(plan)[0].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(s7_plan_tags(plan)[1].status, S7_E_CANCELLED);
    assert_int_equal(s7_plan_tags(plan)[2].status, S7_E_OUTCOME_UNKNOWN);
    s7_plan_free(plan);
}

/* ---- values ---- */

static void values_are_set_by_type_or_refused(void **state)
{
    static const char *const texts[] = {"DB1.DBX0.5",          "DB1.DBW2:INT",     "DB1.DBD4:REAL",
                                        "DB1.DBB10:STRING(5)", "DB1.DBW20:INT[3]", "DB1.DBB30:ULINT",
                                        "DB1.DBB40:SINT"};
    s7_plan *plan = new_plan_of(texts, 7, true);
    char text[40];
    int64_t whole;
    double real;

    (void)state;
    assert_int_equal(s7_plan_int(plan, 1, 0, &whole), S7_E_MISUSE); /* no value yet */
    assert_int_equal(s7_plan_set_int(plan, 0, 0, 2), S7_E_CONVERT);
    assert_int_equal(s7_plan_set_int(plan, 0, 0, 1), S7_OK);
    assert_int_equal(s7_plan_set_int(plan, 1, 0, 32768), S7_E_CONVERT);
    assert_int_equal(s7_plan_set_int(plan, 1, 0, -32768), S7_OK);
    assert_int_equal(s7_plan_set_real(plan, 1, 0, 1.5), S7_E_CONVERT);
    assert_int_equal(s7_plan_int(plan, 1, 0, &whole), S7_OK);
    assert_int_equal(whole, -32768);
    assert_int_equal(s7_plan_set_real(plan, 2, 0, 1.25), S7_OK);
    assert_int_equal(s7_plan_real(plan, 2, 0, &real), S7_OK);
    assert_true(real == 1.25);
    assert_int_equal(s7_plan_int(plan, 2, 0, &whole), S7_E_CONVERT);
    assert_int_equal(s7_plan_set_text(plan, 3, "too long"), S7_E_CONVERT);
    assert_int_equal(s7_plan_set_text(plan, 3, "pump"), S7_OK);
    assert_int_equal(s7_plan_text(plan, 3, text, sizeof text), S7_OK);
    assert_string_equal(text, "pump");
    assert_int_equal(s7_plan_text(plan, 3, text, 3), S7_E_TOO_LARGE);
    assert_string_equal(text, "pu");
    assert_int_equal(s7_plan_set_int(plan, 4, 1, 5), S7_E_MISUSE); /* one element of none */
    assert_int_equal(s7_plan_set_text(plan, 4, "[1,-2,3]"), S7_OK);
    assert_int_equal(s7_plan_set_int(plan, 4, 1, 5), S7_OK);
    assert_int_equal(s7_plan_set_text(plan, 4, "[7,8,x]"), S7_E_CONVERT);
    assert_int_equal(s7_plan_text(plan, 4, text, sizeof text), S7_OK);
    assert_string_equal(text, "[1,5,3]"); /* as it was */
    assert_int_equal(s7_plan_set_int(plan, 4, 3, 5), S7_E_ARG);
    assert_int_equal(s7_plan_set_int(plan, 7, 0, 5), S7_E_ARG);
    assert_int_equal(s7_plan_set_text(plan, 5, "18446744073709551615"), S7_OK);
    assert_int_equal(s7_plan_int(plan, 5, 0, &whole), S7_E_CONVERT);
    assert_string_equal(s7_plan_fault(plan, true), "a tag was never given a value");
    assert_int_equal(s7_plan_set_real(plan, 6, 0, -128), S7_OK);
    assert_null(s7_plan_fault(plan, true));
    assert_int_equal(s7_plan_set_bytes(plan, 6, "ab", 2), S7_E_ARG);
    rig_up(240, 8);
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    assert_memory_equal(rig.plc.db1 + 20, "\0\1\0\5\0\3", 6);
    assert_memory_equal(rig.plc.db1 + 10, "\5\4pump", 6);
    s7_plan_free(plan);
    rig_down();
}

static void a_plan_that_reads_takes_no_values_and_gives_none_before_it_was_read(void **state)
{
    static const char *const texts[] = {"DB1.DBW2:INT", "DB1.DBX0.5"};
    s7_plan *plan = new_plan_of(texts, 2, false);
    int64_t whole;
    double real;

    (void)state;
    assert_int_equal(s7_plan_set_int(plan, 0, 0, 1), S7_E_ARG);
    assert_int_equal(s7_plan_set_text(plan, 0, "1"), S7_E_ARG);
    assert_int_equal(s7_plan_int(plan, 0, 0, &whole), S7_E_MISUSE);
    assert_int_equal(s7_plan_int(NULL, 0, 0, &whole), S7_E_ARG);
    rig_up(240, 8);
    rig.plc.db1[0] = 0x20;
    rig.plc.db1[2] = 0xFF;
    rig.plc.db1[3] = 0xFE;
    assert_int_equal(run_plan(plan, NULL), S7_OK);
    assert_int_equal(s7_plan_int(plan, 0, 0, &whole), S7_OK);
    assert_int_equal(whole, -2);
    assert_int_equal(s7_plan_real(plan, 1, 0, &real), S7_OK);
    assert_true(real == 1);
    s7_plan_free(plan);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lists_write_their_bits_as_if_one_after_the_other),
        cmocka_unit_test(only_touching_tags_are_written_together_and_bits_alone),
        cmocka_unit_test(tags_that_overlap_wait_for_the_acknowledgement_of_those_before_them),
        cmocka_unit_test(a_refused_write_is_not_tried_again_and_stands_alone_from_then_on),
        cmocka_unit_test(after_an_unknown_outcome_nothing_more_leaves),
        cmocka_unit_test(values_are_set_by_type_or_refused),
        cmocka_unit_test(a_plan_that_reads_takes_no_values_and_gives_none_before_it_was_read),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.plan_write");
}
