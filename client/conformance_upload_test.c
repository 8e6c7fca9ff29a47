/* Conformance of uploads: a block whose length is not what it says is none. */
#include "client/service.h"
#include "client/session_script.h"
#include "client/test_names.h"

#define HEAD "70 70 01 01 05 0a 00 01 00 00 00 10" /* says 16 bytes */

/* The answers to start, the piece or pieces, and end, each raw; the outcome. */
static s7_status uploaded(const char *digits, const char *const *pieces, unsigned n_pieces, size_t *len)
{
    static const char none[] = "";
    uint8_t out[64];
    char start[64], part[16];
    struct s7_service service;
    struct s7_event event;
    s7_session *session = usual_ready(1);
    const char *detail;
    uint16_t error;

    s7_service_upload(&service, 'A', 1, out, sizeof out);
    service.work.deadline_ns = S7_NEVER_NS;
    snprintf(start, sizeof start, "1d 00 01 00 00 00 00 07 %s", digits);
    for (unsigned i = 0; !service.work.ops->done(&service.work); i++) {
        bool piece = i > 0 && i <= n_pieces;

        service.work.ops->pump(&service.work, session);
        struct bytes sent = take_sent(session);
        assert_true(sent.len > 0 && i < n_pieces + 2);
        assert_int_equal(sent.at[17], i == 0 ? 0x1D : piece ? 0x1E : 0x1F);
        snprintf(part, sizeof part, "1e %s", i < n_pieces ? "01" : "00");
        struct bytes answer = pdu(S7_ROSCTR_ACK_DATA, sent_ref(&sent, 0), 0,
                                  i == 0  ? start
                                  : piece ? part
                                          : "1f",
                                  piece ? pieces[i - 1] : none);
        give(session, answer.at, answer.len);
        while (s7_session_next(session, &event))
            assert_true(service.work.ops->event(&service.work, &event));
    }
    assert_int_equal(s7_session_window(session), 1); /* the PLC was told that the upload is over */
    s7_session_free(session);
    *len = service.len;
    s7_status status = s7_service_result(&service, &error, &detail);
    assert_true(status == S7_OK || detail[0] != '\0');
    return status;
}

#define SIXTEEN "07 30 30 30 30 30 31 36"
#define FIFTEEN "07 30 30 30 30 30 31 35"
#define UNSAID  "00"

static void s7_140_a_block_has_the_length_that_it_says(void **state)
{
    static const char *const whole[] = {"00 10 00 fb " HEAD " 01 02 03 04"};
    static const char *const two[] = {"00 0c 00 fb " HEAD, "00 04 00 fb 01 02 03 04"};
    static const char *const cut[] = {"00 0f 00 fb " HEAD " 01 02 03"};
    static const char *const more[] = {"00 0c 00 fb " HEAD, "00 05 00 fb 01 02 03 04 05"};
    static const char *const other[] = {"00 03 00 fb 01 02 03"};
    static const struct {
        const char *digits;
        const char *const *pieces;
        unsigned n;
        s7_status status;
    } cases[] = {
        {SIXTEEN, whole, 1, S7_OK},       {UNSAID, whole, 1, S7_OK},
        {SIXTEEN, two, 2, S7_OK},         {UNSAID, two, 2, S7_OK},
        {SIXTEEN, cut, 1, S7_E_PROTOCOL}, {UNSAID, cut, 1, S7_E_PROTOCOL},
        {FIFTEEN, cut, 1, S7_E_PROTOCOL}, {SIXTEEN, more, 2, S7_E_PROTOCOL},
        {UNSAID, more, 2, S7_E_PROTOCOL}, {FIFTEEN, whole, 1, S7_OK},
        {UNSAID, other, 1, S7_OK},        {SIXTEEN, other, 1, S7_E_PROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len;
        s7_status status = uploaded(cases[i].digits, cases[i].pieces, cases[i].n, &len);

        if (status != cases[i].status)
            fail_msg("case %zu: %s", i, s7_errname(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_140_a_block_has_the_length_that_it_says),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_upload");
}
