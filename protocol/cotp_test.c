#include "protocol/cotp.h"

#include "protocol/tpkt.h"

#include "protocol/cmocka_test.h"
#include "protocol/prng_test.h"

static const uint8_t codes[] = {S7_COTP_CR, S7_COTP_CC, S7_COTP_DR, S7_COTP_DC, S7_COTP_DT, S7_COTP_ER};

struct random_tpdu {
    struct s7_cotp tpdu;
    uint8_t values[S7_COTP_MAX_PARAMS][12];
    uint8_t data[64];
};

static void random_fill(struct prng *prng, struct random_tpdu *r)
{
    struct s7_cotp *t = &r->tpdu;

    *t = (struct s7_cotp){.code = codes[prng_below(prng, sizeof codes)]};
    bool refs = t->code != S7_COTP_DT;
    bool params = refs && t->code != S7_COTP_DC;
    prng_fill(prng, r->data, sizeof r->data);
    t->data = r->data;
    t->data_len = prng_below(prng, sizeof r->data + 1);
    if (refs)
        t->dst_ref = (uint16_t)prng_next(prng);
    if (refs && t->code != S7_COTP_ER)
        t->src_ref = (uint16_t)prng_next(prng);
    if (t->code == S7_COTP_CR || t->code == S7_COTP_CC)
        t->class_option = (uint8_t)prng_next(prng);
    if (t->code == S7_COTP_DR || t->code == S7_COTP_ER)
        t->reason = (uint8_t)prng_next(prng);
    if (t->code == S7_COTP_DT) {
        t->eot = prng_below(prng, 2) == 1;
        t->tpdu_nr = (uint8_t)prng_below(prng, 128);
    }
    t->n_params = params ? prng_below(prng, S7_COTP_MAX_PARAMS + 1) : 0;
    for (unsigned i = 0; i < t->n_params; i++) {
        prng_fill(prng, r->values[i], sizeof r->values[i]);
        t->params[i] =
            (struct s7_cotp_param){(uint8_t)prng_next(prng), (uint8_t)prng_below(prng, 13), r->values[i]};
    }
}

static bool same(const struct s7_cotp *a, const struct s7_cotp *b)
{
    if (a->code != b->code || a->dst_ref != b->dst_ref || a->src_ref != b->src_ref ||
        a->class_option != b->class_option || a->reason != b->reason || a->eot != b->eot ||
        a->tpdu_nr != b->tpdu_nr || a->data_len != b->data_len || a->n_params != b->n_params)
        return false;
    if (memcmp(a->data, b->data, a->data_len) != 0)
        return false;
    for (unsigned i = 0; i < a->n_params; i++)
        if (a->params[i].code != b->params[i].code || a->params[i].len != b->params[i].len ||
            memcmp(a->params[i].value, b->params[i].value, a->params[i].len) != 0)
            return false;
    return true;
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    struct prng prng = {0xC07B};

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct random_tpdu r;
        struct s7_cotp found;
        uint8_t frame[512];
        struct s7_wr wr = {frame, sizeof frame, 0, false};
        size_t frame_len = 0;

        random_fill(&prng, &r);
        s7_cotp_encode(&wr, &r.tpdu);
        assert_false(wr.full);
        assert_int_equal(s7_tpkt_peek(frame, wr.len, sizeof frame, &frame_len), S7_OK);
        assert_int_equal(frame_len, wr.len);
        assert_int_equal(s7_cotp_decode(frame, wr.len, &found), S7_OK);
        if (!same(&r.tpdu, &found))
            fail_msg("round %u: TPDU %02X changed on its way", round, r.tpdu.code);
    }
}

static void every_prefix_is_truncated_and_never_fits_a_smaller_buffer(void **state)
{
    struct prng prng = {0xBEEF};

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct random_tpdu r;
        uint8_t frame[512], small[512];
        struct s7_wr wr = {frame, sizeof frame, 0, false};

        random_fill(&prng, &r);
        s7_cotp_encode(&wr, &r.tpdu);
        for (size_t n = 0; n < wr.len; n++) {
            struct s7_wr short_wr = {small, n, 0, false};
            size_t frame_len;

            assert_int_equal(s7_tpkt_peek(frame, n, sizeof frame, &frame_len), S7_E_TRUNCATED);
            s7_cotp_encode(&short_wr, &r.tpdu);
            if (!short_wr.full)
                fail_msg("round %u: %zu bytes fit in %zu", round, wr.len, n);
        }
    }
}

static void a_header_that_is_cut_is_refused_and_moves_nothing(void **state)
{
    static const uint8_t cr[] = {3,    0, 0,    22,   17, 0xE0, 0, 0,    0, 1, 0,
                                 0xC0, 1, 0x0A, 0xC1, 2,  1,    0, 0xC2, 2, 1, 2};

    (void)state;
    for (size_t n = 0; n < sizeof cr; n++) {
        struct s7_cotp found = {.code = 0x11};

        assert_int_equal(s7_cotp_decode(cr, n, &found), S7_E_FRAME);
        assert_int_equal(found.code, 0x11);
    }
    struct s7_cotp found;
    assert_int_equal(s7_cotp_decode(cr, sizeof cr, &found), S7_OK);
    assert_int_equal(found.n_params, 3);
    assert_int_equal(s7_cotp_find(&found, S7_COTP_PARAM_CALLED_TSAP)->value[1], 2);
    assert_int_equal(s7_cotp_find(&found, S7_COTP_PARAM_TPDU_SIZE)->value[0], 0x0A);
    assert_null(s7_cotp_find(&found, 0xC3));
}

/* Whatever decodes and has a known code encodes to the same bytes, but for the reserved TPKT byte, the TPKT
 * length of a frame that was handed over cut, and the credit. */
static void random_bytes_never_crash_and_round_trip_when_taken(void **state)
{
    struct prng prng = {0xF00D};
    unsigned taken = 0;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t frame[40], again[64];
        size_t len = prng_below(&prng, sizeof frame + 1);
        struct s7_cotp found;
        struct s7_wr wr = {again, sizeof again, 0, false};

        prng_fill(&prng, frame, sizeof frame);
        s7_tpkt_write(frame, len);
        frame[4] = (uint8_t)prng_below(&prng, 20);
        frame[5] = codes[prng_below(&prng, sizeof codes)];
        if (s7_cotp_decode(frame, len, &found) != S7_OK)
            continue;
        taken++;
        if (found.code == S7_COTP_DC && frame[4] > 5)
            continue;
        s7_cotp_encode(&wr, &found);
        assert_false(wr.full);
        assert_int_equal(wr.len, len);
        assert_memory_equal(again, frame, len);
    }
    assert_true(taken > 1000);
}

static void a_wrong_length_indicator_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes; i++)
        for (unsigned li = 0; li < 256; li++) {
            uint8_t frame[4 + 1 + 255] = {0};
            struct s7_cotp found;

            s7_tpkt_write(frame, sizeof frame);
            frame[4] = (uint8_t)li;
            frame[5] = codes[i];
            s7_status status = s7_cotp_decode(frame, sizeof frame, &found);
            unsigned fixed = codes[i] == S7_COTP_DT   ? 2
                             : codes[i] == S7_COTP_DC ? 5
                             : codes[i] == S7_COTP_ER ? 4
                                                      : 6;
            bool exact = codes[i] == S7_COTP_DT;

            if ((li < fixed || li == 255 || (exact && li != fixed)) && status != S7_E_FRAME)
                fail_msg("TPDU %02X with LI %u: %s", codes[i], li, s7_errname(status));
            if (li == fixed && status != S7_OK)
                fail_msg("TPDU %02X with its LI %u: %s", codes[i], li, s7_errname(status));
        }
}

static void more_than_16_parameters_are_refused(void **state)
{
    uint8_t frame[11 + 2 * 17] = {0};
    struct s7_cotp found;

    (void)state;
    for (unsigned n = 16; n <= 17; n++) {
        s7_tpkt_write(frame, 11 + 2 * n);
        frame[4] = (uint8_t)(6 + 2 * n);
        frame[5] = S7_COTP_CR;
        assert_int_equal(s7_cotp_decode(frame, 11 + 2 * n, &found), n == 16 ? S7_OK : S7_E_FRAME);
    }
}

static void an_unknown_code_is_taken_without_its_content(void **state)
{
    uint8_t frame[7] = {3, 0, 0, 7, 2, 0x63, 0x80}; /* AK with credit 3 */
    struct s7_cotp found;
    struct s7_wr wr = {frame, sizeof frame, 0, false};

    (void)state;
    assert_int_equal(s7_cotp_decode(frame, sizeof frame, &found), S7_OK);
    assert_int_equal(found.code, 0x60);
    s7_cotp_encode(&wr, &found);
    assert_true(wr.full);
}

static void what_exceeds_li_or_tpkt_is_not_encoded(void **state)
{
    static uint8_t bytes[70000], out[70000];
    struct s7_cotp cr = {.code = S7_COTP_CR, .n_params = 1, .params = {{0xE0, 246, bytes}}};
    struct s7_cotp dt = {.code = S7_COTP_DT, .data = bytes, .data_len = 65535 - 7};
    struct s7_wr wr = {out, sizeof out, 0, false};

    (void)state;
    s7_cotp_encode(&wr, &cr); /* LI 254 */
    s7_cotp_encode(&wr, &dt);
    assert_false(wr.full);
    cr.params[0].len = 247;
    s7_cotp_encode(&wr, &cr);
    assert_true(wr.full);
    wr = (struct s7_wr){out, sizeof out, 0, false};
    dt.data_len++;
    s7_cotp_encode(&wr, &dt);
    assert_true(wr.full);
}

static void the_short_dt_writer_agrees_with_the_encoder(void **state)
{
    static const uint8_t data[9] = {0};

    (void)state;
    for (unsigned eot = 0; eot < 2; eot++) {
        uint8_t header[S7_DT_OVERHEAD], frame[32];
        struct s7_wr wr = {frame, sizeof frame, 0, false};

        s7_dt_write(header, sizeof data, eot == 1);
        s7_cotp_encode(&wr,
                       &(struct s7_cotp){.code = S7_COTP_DT, .eot = eot == 1, .data = data, .data_len = 9});
        assert_memory_equal(header, frame, sizeof header);
    }
}

static void size_codes_stand_for_powers_of_two(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        size_t want = code >= 7 && code <= 13 ? (size_t)1 << code : 0;

        assert_int_equal(s7_cotp_tpdu_bytes((uint8_t)code), want);
    }
}

static void every_reason_has_a_text(void **state)
{
    (void)state;
    for (unsigned reason = 0; reason < 256; reason++)
        assert_true(s7_cotp_reason_text((uint8_t)reason)[0] != '\0');
    assert_string_equal(s7_cotp_reason_text(S7_COTP_REASON_CONGESTION),
                        "no connection resource at this TSAP");
    assert_string_equal(s7_cotp_reason_text(0x42), "unknown reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes_to_the_same),
        cmocka_unit_test(every_prefix_is_truncated_and_never_fits_a_smaller_buffer),
        cmocka_unit_test(a_header_that_is_cut_is_refused_and_moves_nothing),
        cmocka_unit_test(random_bytes_never_crash_and_round_trip_when_taken),
        cmocka_unit_test(a_wrong_length_indicator_is_refused),
        cmocka_unit_test(more_than_16_parameters_are_refused),
        cmocka_unit_test(an_unknown_code_is_taken_without_its_content),
        cmocka_unit_test(what_exceeds_li_or_tpkt_is_not_encoded),
        cmocka_unit_test(the_short_dt_writer_agrees_with_the_encoder),
        cmocka_unit_test(size_codes_stand_for_powers_of_two),
        cmocka_unit_test(every_reason_has_a_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
