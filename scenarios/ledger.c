#include "scenarios/engine_impl.h"

#include <inttypes.h>
#include <stdio.h>

/* Fewer bytes than the smallest job of any connection carries. */
#define JOB_BYTES 32

/* What the PLC held at a time: the bytes of all items of a call, one after the other. */
struct sc_sight {
    struct sc_sight *next;
    uint8_t bytes[];
};

struct sc_late {
    struct sc_late *next;
    const struct sc_plc *plc;
    size_t n_items;
    s7_item items[]; /* their bytes follow */
};

/* ---- places in memory ---- */

static bool is_bit(const s7_address *address)
{
    return address->type == S7_TYPE_BOOL;
}

static bool can_follow(const s7_item *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++)
        if (is_bit(&items[i].address) && items[i].address.count != 1)
            return false;
    return true;
}

/* Where an item lies in the PLC; NULL: nowhere. */
static const uint8_t *memory_of(const struct sc_plc *plc, const s7_address *address)
{
    const struct plant_block *block =
        plant_block_find(plc->plant, plant_plc_at(plc->plant, 0), address->area, address->db);

    if (block == NULL || sc_byte_offset(address) + s7_address_size(address) > block->len)
        return NULL;
    return block->data + sc_byte_offset(address);
}

static bool same_bit(const s7_address *address, uint8_t held, uint8_t bit)
{
    return ((held >> address->bit) & 1) == (bit & 1);
}

/* Do the PLC's bytes say what the item's do? */
static bool says(const s7_item *item, const uint8_t *held)
{
    if (is_bit(&item->address))
        return same_bit(&item->address, held[0], ((const uint8_t *)item->data)[0]);
    return memcmp(held, item->data, s7_address_size(&item->address)) == 0;
}

static bool overlap(const s7_address *a, const s7_address *b)
{
    size_t a_at = sc_byte_offset(a), b_at = sc_byte_offset(b);

    return a->area == b->area && a->db == b->db && a_at < b_at + s7_address_size(b) &&
           b_at < a_at + s7_address_size(a);
}

static bool any_overlap(const struct sc_watched *call, const s7_item *items, size_t n_items)
{
    for (size_t i = 0; i < call->n_items; i++)
        for (size_t k = 0; k < n_items; k++)
            if (overlap(&call->items[i].address, &items[k].address))
                return true;
    return false;
}

/* ---- what a read may bring ---- */

static struct sc_sight *new_sight(struct sc_watched *call)
{
    struct sc_sight *sight = malloc(sizeof *sight + call->len);

    if (sight == NULL) {
        call->plc = NULL; /* followed no further */
        return NULL;
    }
    sight->next = call->sights;
    call->sights = sight;
    return sight;
}

/* Is what the PLC holds what was seen last? False as well when nothing was seen. */
static bool as_seen(const struct sc_watched *call)
{
    const uint8_t *seen = call->sights != NULL ? call->sights->bytes : NULL;

    for (size_t i = 0; i < call->n_items && seen != NULL; i++) {
        const uint8_t *held = memory_of(call->plc, &call->items[i].address);
        size_t len = s7_address_size(&call->items[i].address);

        if (held != NULL && memcmp(held, seen, len) != 0)
            return false;
        seen += len;
    }
    return seen != NULL;
}

/* Returns the new sight; NULL: no memory. */
static struct sc_sight *see(struct sc_watched *call)
{
    struct sc_sight *sight = new_sight(call);
    uint8_t *to = sight != NULL ? sight->bytes : NULL;

    for (size_t i = 0; i < call->n_items && to != NULL; i++) {
        size_t len = s7_address_size(&call->items[i].address);
        const uint8_t *held = memory_of(call->plc, &call->items[i].address);

        memset(to, 0, len);
        if (held != NULL)
            memcpy(to, held, len);
        to += len;
    }
    return sight;
}

/* The bytes of `to` at `address` as the item would make them. */
static void write_over(uint8_t *to, const s7_address *address, const s7_item *item)
{
    size_t at = sc_byte_offset(address), item_at = sc_byte_offset(&item->address);
    const uint8_t *data = item->data;

    for (size_t i = 0; i < s7_address_size(address); i++) {
        if (at + i < item_at || at + i >= item_at + s7_address_size(&item->address))
            continue;
        uint8_t bit = (uint8_t)(1u << item->address.bit);
        if (!is_bit(&item->address))
            to[i] = data[at + i - item_at];
        else
            to[i] = (uint8_t)((data[0] & 1) != 0 ? to[i] | bit : to[i] & ~bit);
    }
}

/* A read may bring what a write that is under way brings, although nobody sees the PLC hold it. */
static void see_written(struct sc_watched *call, const s7_item *items, size_t n_items)
{
    struct sc_sight *sight = any_overlap(call, items, n_items) ? see(call) : NULL;
    uint8_t *to = sight != NULL ? sight->bytes : NULL;

    for (size_t i = 0; i < call->n_items && to != NULL; i++) {
        for (size_t k = 0; k < n_items; k++)
            if (overlap(&call->items[i].address, &items[k].address))
                write_over(to, &call->items[i].address, &items[k]);
        to += s7_address_size(&call->items[i].address);
    }
}

static void forget_sights(struct sc_watched *call)
{
    while (call->sights != NULL) {
        struct sc_sight *sight = call->sights;

        call->sights = sight->next;
        free(sight);
    }
}

/* ---- a call begins ---- */

static struct sc_plc *plc_at(const struct sc_engine *engine, const char *endpoint)
{
    for (struct sc_plc *plc = engine->plcs; plc != NULL; plc = plc->next)
        if (plc->server != NULL && strcmp(sim_server_address(plc->server, 0), endpoint) == 0)
            return plc;
    return NULL;
}

static void begin_read(struct sc_engine *engine, struct sc_watched *call)
{
    (void)see(call);
    for (const struct sc_watched *other = engine->ledger.open; other != NULL; other = other->next)
        if (other->write && other->plc == call->plc && call->plc != NULL)
            see_written(call, other->items, other->n_items);
    for (const struct sc_late *late = engine->ledger.late; late != NULL; late = late->next)
        if (late->plc == call->plc && call->plc != NULL)
            see_written(call, late->items, late->n_items);
}

static void begin_write(struct sc_engine *engine, struct sc_watched *call)
{
    for (struct sc_watched *other = engine->ledger.open; other != NULL; other = other->next) {
        if (other->plc != call->plc || !any_overlap(other, call->items, call->n_items))
            continue;
        if (other->write)
            other->contested = call->contested = true;
        else
            see_written(other, call->items, call->n_items);
    }
    for (const struct sc_late *late = engine->ledger.late; late != NULL; late = late->next)
        call->contested |= late->plc == call->plc && any_overlap(call, late->items, late->n_items);
}

void sc_ledger_begin(struct sc_engine *engine, struct sc_watched *call, const char *endpoint, bool write,
                     const s7_item *items, size_t n_items)
{
    *call = (struct sc_watched){.write = write, .items = items, .n_items = n_items};
    for (size_t i = 0; i < n_items; i++) {
        call->len += s7_address_size(&items[i].address);
        call->jobs += write ? (unsigned)(1 + s7_address_size(&items[i].address) / JOB_BYTES) : 0;
    }
    call->plc = can_follow(items, n_items) || write ? plc_at(engine, endpoint) : NULL;
    call->contested = !can_follow(items, n_items);
    engine->ledger.blind |= write && call->contested;
    if (call->plc != NULL && engine->ledger.on && !write)
        begin_read(engine, call);
    if (call->plc != NULL && engine->ledger.on && write)
        begin_write(engine, call);
    if (call->plc != NULL)
        call->plc->writes_asked += call->jobs;
    call->next = engine->ledger.open;
    call->link = &engine->ledger.open;
    if (call->next != NULL)
        call->next->link = &call->next;
    engine->ledger.open = call;
}

/* ---- a call ends ---- */

static void fail_by(struct sc_engine *engine, const char *key, struct sc_text *text)
{
    if (!engine->over)
        snprintf(engine->report->key, sizeof engine->report->key, "%s", key);
    sc_engine_end(engine, SC_FAILED, "%s: search: %s\n", engine->search_where,
                  text->at != NULL ? text->at : key);
    sc_text_free(text);
}

static void add_bytes(struct sc_text *text, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && i < 16; i++)
        sc_text_add(text, "%s%02X", i > 0 ? " " : "", bytes[i]);
    if (len > 16)
        sc_text_add(text, " ...");
}

static void add_address(struct sc_text *text, const s7_address *address)
{
    char name[S7_ADDRESS_TEXT_CAP];

    s7_address_format(address, name, sizeof name);
    sc_text_add(text, "%s", name);
}

/* Did the PLC, at one time or another, hold this byte of the item (a bit: that bit)? */
static bool was_held(const struct sc_watched *call, size_t before, const s7_item *item, size_t i)
{
    const uint8_t *data = item->data;

    for (const struct sc_sight *sight = call->sights; sight != NULL; sight = sight->next)
        if (is_bit(&item->address) ? same_bit(&item->address, sight->bytes[before], data[0])
                                   : sight->bytes[before + i] == data[i])
            return true;
    return false;
}

static void wrong_value(struct sc_engine *engine, const struct sc_watched *call, const char *what,
                        const s7_item *item, size_t before)
{
    size_t len = s7_address_size(&item->address);
    struct sc_text text = {0};

    sc_text_add(&text, "%s of ", what);
    add_address(&text, &item->address);
    sc_text_add(&text, " brought ");
    add_bytes(&text, item->data, len);
    sc_text_add(&text, ", which the PLC did not hold while it was under way; it held ");
    add_bytes(&text, call->sights->bytes + before, len);
    fail_by(engine, "a read brought a wrong value", &text);
}

static void end_read(struct sc_engine *engine, const struct sc_watched *call, const char *what)
{
    size_t before = 0;

    for (size_t i = 0; i < call->n_items && !engine->ledger.blind; i++) {
        const s7_item *item = &call->items[i];

        for (size_t k = 0; k < s7_address_size(&item->address) && item->status == S7_OK; k++)
            if (!was_held(call, before, item, k)) {
                wrong_value(engine, call, what, item, before);
                return;
            }
        before += s7_address_size(&item->address);
    }
}

/* Nobody knows whether it was done, or how much of it. */
static bool may_be_done(s7_status status)
{
    switch (status) {
    case S7_OK:
    case S7_E_OUTCOME_UNKNOWN:
    case S7_E_PROTOCOL: /* client.h: it may have happened as well */
    case S7_E_PARTIAL:
    case S7_E_PLC: /* refused by the PLC, after which it counts it */
    case S7_E_ITEM_HARDWARE:
    case S7_E_ITEM_ACCESS:
    case S7_E_ITEM_ADDRESS:
    case S7_E_ITEM_TYPE:
    case S7_E_ITEM_INCONSISTENT:
    case S7_E_ITEM_MISSING:
    case S7_E_ITEM_OTHER:
        return true;
    default:
        return false;
    }
}

static void keep_late(struct sc_engine *engine, const struct sc_watched *call)
{
    struct sc_late *late = malloc(sizeof *late + call->n_items * sizeof late->items[0] + call->len);

    if (late == NULL)
        return;
    uint8_t *bytes = (uint8_t *)(late->items + call->n_items);
    *late = (struct sc_late){.next = engine->ledger.late, .plc = call->plc, .n_items = call->n_items};
    for (size_t i = 0; i < call->n_items; i++) {
        size_t len = s7_address_size(&call->items[i].address);

        late->items[i] = call->items[i];
        late->items[i].data = memcpy(bytes, call->items[i].data, len);
        bytes += len;
    }
    engine->ledger.late = late;
}

static void end_write(struct sc_engine *engine, const struct sc_watched *call, const char *what,
                      s7_status status)
{
    struct sc_text text = {0};

    if (status != S7_OK) {
        keep_late(engine, call);
    } else if (!call->held && !call->contested) {
        sc_text_add(&text, "%s of ", what);
        add_address(&text, &call->items[0].address);
        sc_text_add(&text, "%s was acknowledged, and the PLC never held it",
                    call->n_items > 1 ? " and others" : "");
        fail_by(engine, "a write was acknowledged and not done", &text);
    }
}

void sc_ledger_end(struct sc_engine *engine, struct sc_watched *call, const char *what, s7_status status)
{
    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
    if (call->plc != NULL && call->write && call->jobs == 1 && !may_be_done(status))
        call->plc->writes_asked--;
    if (call->plc != NULL && engine->ledger.on && !engine->over) {
        if (call->write)
            end_write(engine, call, what, status);
        else if (call->sights != NULL && (status == S7_OK || status == S7_E_PARTIAL))
            end_read(engine, call, what);
    }
    forget_sights(call);
}

/* ---- looking ---- */

static void look_at_call(struct sc_watched *call)
{
    bool held = call->write && !call->held;

    if (call->plc == NULL)
        return;
    if (!call->write && call->sights != NULL && !as_seen(call))
        (void)see(call);
    for (size_t i = 0; i < call->n_items && held; i++) {
        const uint8_t *at = memory_of(call->plc, &call->items[i].address);

        held = at != NULL && says(&call->items[i], at);
    }
    call->held |= held;
}

static uint64_t writes_done(const struct sc_plc *plc)
{
    struct sim_plc_stats seen;

    sim_server_plc_stats(plc->server, 0, &seen);
    return seen.writes;
}

static void look_at_plc(struct sc_engine *engine, const struct sc_plc *plc)
{
    struct sc_text text = {0};

    if (plc->server == NULL || writes_done(plc) <= plc->writes_asked)
        return;
    sc_text_add(&text,
                "%s has done %" PRIu64 " writes, and %" PRIu64
                " were asked for or may have been done: one was done twice, or told as not done",
                plc->name, writes_done(plc), plc->writes_asked);
    fail_by(engine, "a write was done that should not have been", &text);
}

void sc_ledger_look(struct sc_engine *engine)
{
    if (!engine->ledger.on || engine->over)
        return;
    for (struct sc_watched *call = engine->ledger.open; call != NULL; call = call->next)
        look_at_call(call);
    for (const struct sc_plc *plc = engine->plcs; plc != NULL && !engine->ledger.uncounted; plc = plc->next)
        look_at_plc(engine, plc);
}

/* ---- pools and workers ---- */

/* What a pool says of itself cannot be; NULL: it can. */
static const char *pool_fault(struct sc_pool *pool)
{
    const char *fault = sc_pool_fault(pool);
    s7_pool_stats stats;
    uint64_t closed = 0;

    if (fault != NULL)
        return fault;
    sc_pool_stats(pool, &stats);
    for (int reason = 0; reason < S7_POOL_CLOSE_REASONS; reason++)
        closed += stats.closed[reason];
    if (stats.total_connections !=
        stats.available + stats.in_use + stats.checking + stats.dirty + stats.closing)
        return "total_connections is not the sum of its parts";
    if (stats.connects - closed != stats.total_connections)
        return "connects, less those that were closed, are not total_connections";
    if (stats.puts + stats.in_use > stats.gets)
        return "more leases are out or came back than were given";
    return stats.gets_timed_out + stats.gets_cancelled > stats.gets_failed
               ? "more gets timed out or were cancelled than failed"
               : NULL;
}

static void look_at_pool(struct sc_engine *engine, struct sc_pool *pool)
{
    const char *fault = pool_fault(pool);
    struct sc_text text = {0};
    char status[SC_STATUS_CAP];

    if (fault == NULL)
        return;
    sc_pool_status(pool, status);
    sc_text_add(&text, "a pool is not as a pool must be: %s\n%s", fault, status);
    fail_by(engine, fault, &text);
}

static void look_at_crew(struct sc_engine *engine, const struct sc_crew *crew)
{
    struct sc_work_stats stats;
    struct sc_text text = {0};

    sc_workers_stats(crew->workers, &stats);
    if (stats.wrong == 0)
        return;
    sc_text_add(&text, "workers of %s got a wrong value", crew->where);
    fail_by(engine, "workers got a wrong value", &text);
}

void sc_ledger_look_at_pools(struct sc_engine *engine)
{
    struct sc_pool *pool = NULL;

    if (!engine->ledger.on)
        return;
    while (!engine->over && (pool = sc_pool_after(engine->adapter, pool)) != NULL)
        look_at_pool(engine, pool);
    for (const struct sc_crew *crew = engine->crews; crew != NULL && !engine->over; crew = crew->next)
        look_at_crew(engine, crew);
}

/* ---- from when to when ---- */

void sc_ledger_start(struct sc_engine *engine)
{
    engine->ledger.on = true;
}

void sc_ledger_stop(struct sc_engine *engine)
{
    engine->ledger.on = false;
    for (struct sc_watched *call = engine->ledger.open; call != NULL; call = call->next)
        forget_sights(call);
    while (engine->ledger.late != NULL) {
        struct sc_late *late = engine->ledger.late;

        engine->ledger.late = late->next;
        free(late);
    }
}
