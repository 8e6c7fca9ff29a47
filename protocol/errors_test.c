#include "protocol/errors.h"

#include "protocol/cmocka_test.h"

#include <string.h>

/* Every thirtieth or so of the codes that clients meet; a hole in the sorted table would lose its neighbours.
 */
static void codes_from_all_over_the_table_have_their_text(void **state)
{
    static const struct {
        uint16_t error;
        const char *text;
    } cases[] = {
        {0x0000, "no error"},
        {0x0110, "block number not allowed"},
        {0x8104, "service not implemented (also: PUT/GET not permitted)"},
        {0x8500, "wrong frame, or larger than the PDU length"},
        {0xD001, "job number not allowed"},
        {0xD065, "no memory for several result elements"},
        {0xD209, "block not found"},
        {0xD241, "not allowed at this protection level, a password is needed"},
        {0xD402, "this SZL index is not available"},
        {0xDC01, "date or time not valid"},
        {0xEF02, "the second id of the job names a resource set that does not exist"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(s7_plc_error_text(cases[i].error), cases[i].text);
}

/* The search finds a row only where the table ascends, so counting what is found checks the order. */
static void no_row_is_lost_by_a_wrong_order(void **state)
{
    unsigned known = 0, items = 0;

    (void)state;
    for (uint32_t error = 0; error <= UINT16_MAX; error++)
        known += strcmp(s7_plc_error_text((uint16_t)error), "unknown error") != 0;
    for (unsigned code = 0; code <= UINT8_MAX; code++)
        items += strcmp(s7_item_code_text((uint8_t)code), "unknown return code") != 0;
    assert_int_equal(known, 216);
    assert_int_equal(items, 9);
}

static void item_codes_have_their_text(void **state)
{
    (void)state;
    assert_string_equal(s7_item_code_text(0x0A), "object does not exist");
    assert_string_equal(s7_item_code_text(0xFF), "success");
    assert_string_equal(s7_item_code_text(0x42), "unknown return code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_from_all_over_the_table_have_their_text),
        cmocka_unit_test(no_row_is_lost_by_a_wrong_order),
        cmocka_unit_test(item_codes_have_their_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
