/* What a subscription asks for and how pushes change its items. */
#include "client/image.h"

#include "client/session_script.h"
#include "client/test_names.h"
#include "protocol/cyclic.h"

#include <s7rig/address.h>

struct rig {
    struct s7_image *image;
    s7_address addresses[8];
    size_t n;
};

/* Texts until NULL. */
static struct rig rig_of(bool compact, const char *const *texts)
{
    struct rig rig = {.n = 0};
    s7_errinfo err = S7_ERRINFO_INIT;

    for (; texts[rig.n] != NULL; rig.n++)
        assert_int_equal(s7_address_parse(texts[rig.n], &rig.addresses[rig.n], NULL), S7_OK);
    assert_int_equal(s7_image_new(rig.addresses, rig.n, compact, &rig.image, &err), S7_OK);
    return rig;
}

static void expect_request(const struct rig *rig, const char *expected)
{
    struct bytes got = {.len = 0};
    struct s7_wr wr = {got.at, sizeof got.at, 0, false};

    s7_image_append(&wr, rig->image);
    got.len = wr.len;
    assert_false(wr.full);
    expect_bytes(&got, expected);
}

static bool take(struct rig *rig, const char *payload)
{
    struct bytes bytes = hex(payload);
    bool fits = s7_image_fits(rig->image, bytes.at, bytes.len);

    if (fits)
        s7_image_take(rig->image, bytes.at, bytes.len, false);
    return fits;
}

static void expect_item(const struct rig *rig, size_t i, bool changed, const char *value)
{
    struct bytes want = hex(value);
    const s7_item *item = &rig->image->items[i];

    assert_int_equal(item->status, S7_OK);
    assert_int_equal(rig->image->changed[i], changed);
    assert_int_equal(item->len, want.len);
    assert_memory_equal(item->data, want.at, want.len);
}

static void s7_179_unchanged_parts_keep_what_was_told_last(void **state)
{
    struct rig rig = rig_of(true, (const char *const[]){"DB81.DBB370:BYTE[5]", "DB151.DBD328", NULL});

    (void)state;
    expect_request(&rig, "12 0c b0 02 05 00 51 01 72 04 00 97 01 48");
    assert_int_equal(s7_image_answer_len(rig.image), 0x11);
    assert_int_equal(rig.image->items[0].status, S7_E_MISUSE);
    assert_true(take(&rig, "00 01 ff 09 00 0b ff 43 f6 90 35 60 ff 80 00 00 00"));
    expect_item(&rig, 0, true, "43 f6 90 35 60");
    expect_item(&rig, 1, true, "80 00 00 00");
    assert_true(take(&rig, "00 01 ff 09 00 06 fe ff 80 00 00 20"));
    expect_item(&rig, 0, false, "43 f6 90 35 60");
    expect_item(&rig, 1, true, "80 00 00 20");
    /* all parts after a pause, one of them another */
    assert_true(take(&rig, "00 01 ff 09 00 0b ff 43 f6 90 35 61 ff 80 00 00 20"));
    expect_item(&rig, 0, true, "43 f6 90 35 61");
    expect_item(&rig, 1, false, "80 00 00 20");
    s7_image_free(rig.image);
}

static void items_of_any_area_are_asked_for_one_by_one(void **state)
{
    struct rig rig = rig_of(true, (const char *const[]){"MW100", "M10.3", "DB1.DBB7", NULL});

    (void)state;
    expect_request(&rig, "12 0a 10 02 00 02 00 00 83 00 03 20 12 0a 10 01 00 01 00 00 83 00 00 53 "
                         "12 0a 10 02 00 01 00 01 84 00 00 38");
    assert_true(take(&rig, "00 03 ff 04 00 10 12 34 ff 03 00 01 01 00 ff 04 00 08 2a"));
    expect_item(&rig, 0, true, "12 34");
    expect_item(&rig, 1, true, "01");
    expect_item(&rig, 2, true, "2a");
    /* unchanged as the byte alone, and with the header of a unit without data */
    assert_true(take(&rig, "00 03 fe fe 00 00 00 ff 04 00 08 2b"));
    expect_item(&rig, 0, false, "12 34");
    expect_item(&rig, 1, false, "01");
    expect_item(&rig, 2, true, "2b");
    assert_true(take(&rig, "00 03 fe ff 03 00 01 00 00 fe"));
    expect_item(&rig, 1, true, "00");
    expect_item(&rig, 2, false, "2b");
    s7_image_free(rig.image);
}

static void a_bit_of_a_part_is_taken_out_of_its_byte(void **state)
{
    struct rig rig = rig_of(true, (const char *const[]){"DB1.DBX4.3", "DB1.DBX4.0:BOOL[12]", NULL});

    (void)state;
    expect_request(&rig, "12 0c b0 02 01 00 01 00 04 02 00 01 00 04");
    assert_true(take(&rig, "00 01 ff 09 00 05 ff f7 ff f7 0f"));
    expect_item(&rig, 0, true, "00");
    expect_item(&rig, 1, true, "f7 0f");
    assert_true(take(&rig, "00 01 ff 09 00 05 ff 08 ff 08 00"));
    expect_item(&rig, 0, true, "01");
    assert_true(take(&rig, "00 01 ff 09 00 05 ff 09 ff 09 00")); /* another bit of the byte */
    expect_item(&rig, 0, false, "01");
    expect_item(&rig, 1, true, "09 00");
    s7_image_free(rig.image);
}

static void an_item_that_fails_and_recovers_says_so(void **state)
{
    struct rig rig = rig_of(true, (const char *const[]){"DB1.DBB0", "DB9.DBB0", NULL});

    (void)state;
    assert_true(take(&rig, "00 01 ff 09 00 03 ff 2a 0a"));
    expect_item(&rig, 0, true, "2a");
    assert_int_equal(rig.image->items[1].status, S7_E_ITEM_MISSING);
    assert_int_equal(rig.image->items[1].code, 0x0A);
    assert_true(rig.image->changed[1]);
    assert_true(take(&rig, "00 01 ff 09 00 03 ff 2b 0a"));
    assert_false(rig.image->changed[1]);
    assert_true(take(&rig, "00 01 ff 09 00 03 fe ff 00"));
    expect_item(&rig, 0, false, "2b");
    expect_item(&rig, 1, true, "00");
    assert_true(take(&rig, "00 01 0a 00 00 00")); /* the whole item */
    assert_int_equal(rig.image->items[0].status, S7_E_ITEM_MISSING);
    s7_image_free(rig.image);
}

static void what_is_told_of_other_items_does_not_fit(void **state)
{
    static const char *const parts[] = {
        "",
        "00",
        "00 02 ff 09 00 03 ff 2a ff 2b", /* another number of items */
        "00 01 ff 09 00 03 ff 2a ff",    /* cut */
        "00 01 ff 09 00 09 ff 2a ff 2b", /* longer than what is left */
        "00 01 ff 09 00 01 fe",          /* a part is missing */
        "00 01 ff",
    };
    static const char *const items[] = {
        "00 01 ff 04 00 08 2a",                   /* another number */
        "00 02 ff 04 00 10 2a 2a ff 04 00 08 2b", /* too long */
        "00 02 ff 04 00 08 2a 00 ff 04 00 00",    /* empty */
        "00 02 fe",
        "00 02 ff 04 00 08 2a 00",
    };
    struct rig compact = rig_of(true, (const char *const[]){"DB1.DBB0", "DB1.DBB1", NULL});
    struct rig loose = rig_of(false, (const char *const[]){"DB1.DBB0", "DB1.DBB1", NULL});

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (take(&compact, parts[i]))
            fail_msg("taken: %s", parts[i]);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        if (take(&loose, items[i]))
            fail_msg("taken: %s", items[i]);
    s7_image_free(compact.image);
    s7_image_free(loose.image);
}

static void what_cannot_be_parts_is_asked_for_as_items(void **state)
{
    struct rig time = rig_of(false, (const char *const[]){"DB1.DBB0", NULL});
    struct rig high = rig_of(true, (const char *const[]){"DB1.DBB65536", NULL});
    struct rig longer = rig_of(true, (const char *const[]){"DB1.DBB0:BYTE[256]", NULL});
    struct rig instance = rig_of(true, (const char *const[]){"DI1.DIB0", NULL});

    (void)state;
    assert_false(time.image->parts || high.image->parts || longer.image->parts || instance.image->parts);
    s7_image_free(time.image);
    s7_image_free(high.image);
    s7_image_free(longer.image);
    s7_image_free(instance.image);
}

static void addresses_are_checked(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_image *image;
    s7_address addresses[2] = {{.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1},
                               {.area = S7_AREA_DB, .db = 0, .type = S7_TYPE_BYTE, .count = 1}};
    static s7_address many[256];

    (void)state;
    assert_int_equal(s7_image_new(addresses, 2, true, &image, &err), S7_E_ARG);
    assert_int_equal(err.item, 1);
    addresses[1] = (s7_address){.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 0};
    assert_int_equal(s7_image_new(addresses, 2, true, &image, NULL), S7_E_ARG);
    addresses[1].count = 2000;
    assert_int_equal(s7_image_new(addresses, 2, true, &image, NULL), S7_E_TOO_LARGE);
    for (size_t i = 0; i < 256; i++)
        many[i] = addresses[0];
    assert_int_equal(s7_image_new(many, 256, true, &image, NULL), S7_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_179_unchanged_parts_keep_what_was_told_last),
        cmocka_unit_test(items_of_any_area_are_asked_for_one_by_one),
        cmocka_unit_test(a_bit_of_a_part_is_taken_out_of_its_byte),
        cmocka_unit_test(an_item_that_fails_and_recovers_says_so),
        cmocka_unit_test(what_is_told_of_other_items_does_not_fit),
        cmocka_unit_test(what_cannot_be_parts_is_asked_for_as_items),
        cmocka_unit_test(addresses_are_checked),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.image");
}
