/* plan_rig.h - for tests: plans of tags run against the fake PLC of the transfer's rig. */
#ifndef CLIENT_PLAN_RIG_H
#define CLIENT_PLAN_RIG_H

#include "client/plan_impl.h"
#include "client/transfer_rig.h"

#define MOST_TAGS 600

static inline s7_address address_of(const char *text)
{
    uint8_t some;

    return typed_item(text, &some).address;
}

static inline s7_plan *new_plan(const s7_address *tags, size_t n, const s7_plan_options *options)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_plan *plan = NULL;

    if (s7_plan_new(tags, n, options, &plan, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    return plan;
}

static inline s7_plan *new_plan_of(const char *const *texts, size_t n, bool write)
{
    s7_address tags[64];
    s7_plan_options options;

    assert_true(n <= 64);
    s7_plan_options_init(&options);
    options.write = write;
    for (size_t i = 0; i < n; i++)
        tags[i] = address_of(texts[i]);
    return new_plan(tags, n, &options);
}

/* One call, by the rounds of which s7_plan_read and s7_plan_write are made. */
static inline s7_status run_plan(s7_plan *plan, s7_errinfo *err)
{
    s7_item *items;
    size_t n;

    rig.plc.jobs = 0;
    rig.plc.n_items = 0;
    s7_plan_begin(plan, rig.plc.pdu_len, rig.max_items);
    while (s7_plan_round(plan, &items, &n)) {
        s7_errinfo why = S7_ERRINFO_INIT;
        s7_status status = run(plan->write, items, n, &why);

        s7_plan_took(plan, status, &why);
    }
    return s7_plan_end(plan, "the rig", err);
}

static inline s7_plan_stats stats_of(const s7_plan *plan)
{
    s7_plan_stats stats = {.struct_size = sizeof stats};

    assert_int_equal(s7_plan_stats_get(plan, &stats), S7_OK);
    return stats;
}

/* Where the fake PLC has the bytes of an address. */
static inline uint8_t *plc_place(struct fake_plc *plc, const s7_address *address)
{
    switch (address->area) {
    case S7_AREA_DB:
        return plc->db1 + address->byte;
    case S7_AREA_T:
        return plc->timers + (size_t)address->byte * 2;
    default:
        return plc->m + address->byte;
    }
}

/* Does a tag hold what the PLC has there? */
static inline bool tag_is_right(struct fake_plc *plc, const s7_item *tag)
{
    const uint8_t *place = plc_place(plc, &tag->address), *data = tag->data;

    if (tag->address.type == S7_TYPE_BOOL && tag->address.count == 1)
        return data[0] == (place[0] >> tag->address.bit & 1);
    return memcmp(place, data, tag->len) == 0;
}

static inline void expect_tags_right(const s7_plan *plan)
{
    const s7_item *tags = s7_plan_tags(plan);
    char text[S7_ADDRESS_TEXT_CAP];

    for (size_t i = 0; i < s7_plan_count(plan); i++) {
        s7_address_format(&tags[i].address, text, sizeof text);
        if (tags[i].status != S7_OK || tags[i].code != S7_ITEM_OK)
            fail_msg("tag %zu, %s: %s, code %02X", i, text, s7_errname(tags[i].status), tags[i].code);
        if (!tag_is_right(&rig.plc, &tags[i]))
            fail_msg("tag %zu, %s: wrong bytes", i, text);
    }
}

/* A tag in DB 1, M or T of the fake PLC, in the first span bytes of DB 1; now and then a long one. */
static inline s7_address random_tag(uint32_t *seed, uint32_t span)
{
    static const s7_type types[] = {S7_TYPE_BOOL, S7_TYPE_BYTE,  S7_TYPE_INT,
                                    S7_TYPE_REAL, S7_TYPE_LREAL, S7_TYPE_STRING};
    s7_address tag = {.area = S7_AREA_DB, .db = 1, .count = 1, .type = types[draw(seed) % 6]};

    tag.byte = draw(seed) % span;
    tag.string_cap = tag.type == S7_TYPE_STRING ? (uint16_t)(draw(seed) % 30 + 1) : 0;
    tag.bit = tag.type == S7_TYPE_BOOL ? draw(seed) % 8 : 0;
    if (draw(seed) % 8 == 0)
        tag.count = (uint16_t)(draw(seed) % (draw(seed) % 8 == 0 ? 300 : 20) + 1);
    switch (draw(seed) % 8) {
    case 0:
        return (s7_address){.area = S7_AREA_T,
                            .type = S7_TYPE_TIMER,
                            .byte = draw(seed) % 200,
                            .count = (uint16_t)(draw(seed) % 40 == 0 ? 50 : 1)};
    case 1:
        return (s7_address){.area = S7_AREA_M, .type = S7_TYPE_WORD, .byte = draw(seed) % 250, .count = 1};
    default:
        return tag;
    }
}

#endif
