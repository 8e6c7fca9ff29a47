#include "protocol/control.h"

#include "protocol/cmocka_test.h"
#include "protocol/password.h"

#include <stdio.h>

static size_t hex(const char *text, uint8_t *out)
{
    size_t len = 0;
    unsigned value;

    for (int used; sscanf(text, " %2x%n", &value, &used) == 1; text += used)
        out[len++] = (uint8_t)value;
    return len;
}

static const struct {
    enum s7_control control;
    const char *param;
} controls[] = {
    {S7_CONTROL_STOP, "29 00 00 00 00 00 09 50 5f 50 52 4f 47 52 41 4d"},
    {S7_CONTROL_WARM, "28 00 00 00 00 00 00 fd 00 00 09 50 5f 50 52 4f 47 52 41 4d"},
    {S7_CONTROL_COLD, "28 00 00 00 00 00 00 fd 00 02 43 20 09 50 5f 50 52 4f 47 52 41 4d"},
    {S7_CONTROL_COMPRESS, "28 00 00 00 00 00 00 fd 00 00 05 5f 47 41 52 42"},
    {S7_CONTROL_RAM_TO_ROM, "28 00 00 00 00 00 00 fd 00 02 45 50 05 5f 4d 4f 44 55"},
};

static void s7_133_services_are_told_by_their_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        uint8_t want[64], got[64];
        size_t len = hex(controls[i].param, want);
        struct s7_wr wr = {got, sizeof got, 0, false};
        struct s7_pdu pdu = {.param = want, .param_len = len};
        enum s7_control control;

        s7_control_append(&wr, controls[i].control);
        assert_int_equal(wr.len, len);
        assert_memory_equal(got, want, len);
        assert_int_equal(s7_control_decode(&pdu, &control), S7_OK);
        assert_int_equal(control, controls[i].control);
        want[len - 1]++;
        assert_int_equal(s7_control_decode(&pdu, &control), S7_OK);
        assert_int_equal(control, S7_CONTROL_OTHER);
    }
}

static void every_prefix_of_a_service_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        uint8_t param[64];
        size_t len = hex(controls[i].param, param);

        for (size_t n = 0; n < len; n++) {
            struct s7_pdu pdu = {.param = param, .param_len = n};
            enum s7_control control;

            if (s7_control_decode(&pdu, &control) != S7_E_FRAME)
                fail_msg("%zu bytes of service %zu are taken", n, i);
        }
    }
}

static void s7_094_a_password_is_scrambled_and_back(void **state)
{
    static const uint8_t secret[] = {0x26, 0x30, 0x10, 0x17, 0x20, 0x36, 0x55, 0x43};
    static const uint8_t toor[] = {0x21, 0x3A, 0x1B, 0x1D, 0x6E, 0x68, 0x1B, 0x1D};
    uint8_t out[S7_PASSWORD_LEN];
    char back[S7_PASSWORD_LEN];

    (void)state;
    assert_true(s7_password_scramble("secret", 6, out));
    assert_memory_equal(out, secret, sizeof secret);
    s7_password_unscramble(out, back);
    assert_memory_equal(back, "secret  ", 8);
    assert_true(s7_password_scramble("toor", 4, out));
    assert_memory_equal(out, toor, sizeof toor);
    assert_true(s7_password_scramble("12345678", 8, out));
    s7_password_unscramble(out, back);
    assert_memory_equal(back, "12345678", 8);
    assert_false(s7_password_scramble("123456789", 9, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_133_services_are_told_by_their_names),
        cmocka_unit_test(every_prefix_of_a_service_is_refused),
        cmocka_unit_test(s7_094_a_password_is_scrambled_and_back),
    };

    return cmocka_run_group_tests_name("protocol.control", tests, NULL, NULL);
}
