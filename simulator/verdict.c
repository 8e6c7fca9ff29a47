#include "verdict.h"

#include "loop/random.h"
#include "protocol/var.h"

#include <string.h>

#define BURST_DRAWS  1 /* tells them from those of p */
#define DELAY_MAX_NS (INT64_C(24) * 3600 * 1000000000)

/* ---- does it fit ---- */

static bool within(uint32_t n, const struct sim_span *span)
{
    return n >= span->low && n <= span->high;
}

static bool fits_peer(const struct sim_fault_match *match, const char *peer)
{
    size_t len = strlen(match->peer);

    if (match->peer_port)
        return strcmp(peer, match->peer) == 0;
    return len == 0 || (strncmp(peer, match->peer, len) == 0 && peer[len] == ':');
}

bool sim_armed_fits_conn(const struct sim_armed *armed, const char *peer, unsigned conn, enum sim_role role)
{
    const struct sim_fault_match *match = &armed->fault.match;

    return within(conn, &match->conn) && (match->role == SIM_ROLE_OTHER || match->role == role) &&
           fits_peer(match, peer);
}

/* The bytes of its area that an item names, as a CPU counts them; the number of an unknown size is taken as
 * bytes. */
static struct sim_span bytes_of(const struct s7_var_item *item, size_t *len)
{
    const struct s7_size_info *size = s7_size_find(item->size);
    bool numbered = item->area == S7_AREA_T || item->area == S7_AREA_C;
    uint32_t from = numbered ? item->bit_addr * 2 : item->bit_addr / 8;

    *len = (size_t)item->count * (size != NULL ? size->element_bytes : 1U);
    return (struct sim_span){from, from + (uint32_t)*len - (*len > 0 ? 1U : 0U)};
}

static bool fits_item(const struct sim_fault_match *match, const struct s7_var_item *item)
{
    bool in_db = item->area == S7_AREA_DB || item->area == S7_AREA_DI;
    size_t len;
    struct sim_span bytes = bytes_of(item, &len);

    if (item->syntax_id != S7_SYNTAX_S7ANY || (match->area != 0 && item->area != match->area) ||
        (match->db >= 0 && (!in_db || item->db != match->db)))
        return false;
    return bytes.low <= match->range.high && bytes.high >= match->range.low;
}

/* What a request holds, counted as far as it is whole. */
struct contents {
    uint32_t items;
    uint64_t bytes;
    bool fits; /* the match found its item */
};

static void look_at_items(const struct s7_pdu *pdu, const struct sim_fault_match *match, struct contents *out)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more;
    size_t len;

    *out = (struct contents){0};
    if (s7_item_walk_begin(pdu, &walk) != S7_OK)
        return;
    while (s7_item_walk_next(&walk, &item, &more) == S7_OK && more) {
        out->items++;
        if ((match->item == 0 || match->item == out->items) && fits_item(match, &item))
            out->fits = true;
        if (item.syntax_id == S7_SYNTAX_S7ANY) {
            bytes_of(&item, &len);
            out->bytes += len;
        }
    }
}

static bool holds_payload(const struct sim_fault_match *match, const struct s7_pdu *pdu)
{
    return memmem(pdu->param, pdu->param_len, match->payload, match->payload_len) != NULL ||
           memmem(pdu->data, pdu->data_len, match->payload, match->payload_len) != NULL;
}

static bool fits_contents(const struct sim_fault_match *match, const struct sim_asked *asked)
{
    bool any_number = match->items.low == 0 && match->items.high == UINT32_MAX;
    struct contents contents;

    if (match->ref >= 0 && (asked->pdu == NULL || asked->pdu->ref != match->ref))
        return false;
    if (match->rosctr != 0 && (asked->pdu == NULL || asked->pdu->rosctr != match->rosctr))
        return false;
    if (match->payload_len > 0 && (asked->pdu == NULL || !holds_payload(match, asked->pdu)))
        return false;
    if (!match->by_item && any_number)
        return true;
    if ((asked->fn & (SIM_FN_READ | SIM_FN_WRITE)) == 0)
        return false;
    look_at_items(asked->pdu, match, &contents);
    return within(contents.items, &match->items) && (!match->by_item || contents.fits);
}

/* The connection's first match only: its bit remembers that. */
static bool fits_once(const struct sim_armed *armed, uint64_t *once)
{
    bool first = (*once & armed->once) == 0;

    *once |= armed->once;
    return first;
}

static bool is_over(const struct sim_armed *armed, int64_t now_ns)
{
    const struct sim_fault_trigger *trigger = &armed->fault.trigger;

    if (armed->now.until_ns != S7_NEVER_NS)
        return now_ns >= armed->now.until_ns;
    return (trigger->to_ns != S7_NEVER_NS && now_ns - armed->armed_ns >= trigger->to_ns) ||
           (trigger->nth > 0 && armed->now.matched >= trigger->nth) ||
           (trigger->count > 0 && armed->now.fired >= trigger->count);
}

bool sim_armed_is_live(const struct sim_armed *armed, int64_t now_ns)
{
    return !armed->gone && armed->stage != SIM_ARMED_OVER && !is_over(armed, now_ns);
}

static bool fits(const struct sim_armed *armed, const struct sim_asked *asked, uint64_t *once)
{
    const struct sim_fault *fault = &armed->fault;

    if (fault->type == SIM_FAULT_REFUSE || (fault->type == SIM_FAULT_CONN_LIMIT && asked->again))
        return false;
    return fault->own.at_ns < 0 && (fault->match.fns & (unsigned)asked->fn) != 0 &&
           sim_armed_is_live(armed, asked->now_ns) &&
           asked->now_ns - armed->armed_ns >= fault->trigger.from_ns &&
           sim_armed_fits_conn(armed, asked->peer, asked->conn, asked->role) &&
           fits_contents(&fault->match, asked) && fits_once(armed, once);
}

/* ---- does it fire ---- */

static uint64_t draw(const struct sim_armed *armed, uint64_t seed, unsigned conn)
{
    return s7_draw(seed, armed->id, conn, armed->now.matched);
}

static bool counts_say_so(const struct sim_armed *armed)
{
    const struct sim_fault_trigger *trigger = &armed->fault.trigger;
    uint64_t n = armed->now.matched;

    if (trigger->nth > 0)
        return n == trigger->nth;
    return n > trigger->after && (trigger->every == 0 || (n - trigger->after) % trigger->every == 0);
}

/* Two states, as Gilbert has them: each match may begin or end a burst, and fires inside one. */
static bool bursts(struct sim_armed *armed, uint64_t seed, unsigned conn)
{
    const struct sim_fault_trigger *trigger = &armed->fault.trigger;
    uint64_t bits = s7_draw(draw(armed, seed, conn), BURST_DRAWS, conn, armed->now.matched);

    if (bits >> 32 < (armed->now.in_burst ? trigger->p_leave : trigger->p_enter))
        armed->now.in_burst = !armed->now.in_burst;
    return armed->now.in_burst;
}

static bool is_triggered(struct sim_armed *armed, uint64_t seed, unsigned conn, int64_t now_ns)
{
    if (armed->now.until_ns != S7_NEVER_NS) /* begun, and not over */
        return true;
    if (armed->fault.trigger.bursts && !bursts(armed, seed, conn))
        return false;
    if (!counts_say_so(armed) || draw(armed, seed, conn) >> 32 >= armed->fault.trigger.p)
        return false;
    if (armed->fault.type == SIM_FAULT_HANG && armed->fault.own.for_ns != S7_NEVER_NS)
        armed->now.until_ns = now_ns + armed->fault.own.for_ns;
    return true;
}

bool sim_armed_trigger(struct sim_armed *armed, uint64_t seed, unsigned conn, int64_t now_ns)
{
    armed->now.matched++;
    if (!is_triggered(armed, seed, conn, now_ns))
        return false;
    armed->now.fired++;
    return true;
}

/* What keeps a fault from acting although its match counts. */
static bool has_nothing_to_do(const struct sim_armed *armed, const struct sim_asked *asked)
{
    const struct sim_fault_own *own = &armed->fault.own;
    unsigned in = 0;

    if (armed->fault.type == SIM_FAULT_HALF_OPEN)
        return asked->cable_out;
    if (armed->fault.type != SIM_FAULT_CONN_LIMIT)
        return false;
    for (unsigned role = 0; role < SIM_ROLES; role++)
        if (!own->per_role || role == (unsigned)asked->role)
            in += asked->admitted[role];
    return in < own->max;
}

/* ---- what then ---- */

static int64_t add_up(int64_t a, int64_t b)
{
    return a > DELAY_MAX_NS - b ? DELAY_MAX_NS : a + b;
}

static int64_t times(int64_t each_ns, uint64_t n)
{
    return n > 0 && each_ns > DELAY_MAX_NS / (int64_t)n ? DELAY_MAX_NS : each_ns * (int64_t)n;
}

/* The time is drawn from a number of its own: the same bits said already whether it fires. */
static int64_t think_time(const struct sim_armed *armed, uint64_t seed, const struct sim_asked *asked)
{
    const struct sim_fault_own *own = &armed->fault.own;
    uint64_t bits = s7_draw(draw(armed, seed, asked->conn), armed->id, asked->conn, armed->now.matched);
    int64_t ns = sim_dist_draw(&own->time, bits);
    struct contents contents;

    if (asked->pdu == NULL || (own->per_item_ns == 0 && own->per_byte_ns == 0))
        return ns;
    look_at_items(asked->pdu, &armed->fault.match, &contents);
    ns = add_up(ns, times(own->per_item_ns, contents.items));
    return add_up(ns, times(own->per_byte_ns, contents.bytes));
}

static void rule(const struct sim_armed *armed, uint64_t seed, const struct sim_asked *asked,
                 struct sim_verdict *out)
{
    static const enum sim_deed deeds[] = {
        [SIM_FAULT_CONN_LIMIT] = SIM_DEED_TURN_AWAY, [SIM_FAULT_RST_NOW] = SIM_DEED_RESET,
        [SIM_FAULT_FIN_NOW] = SIM_DEED_FINISH,       [SIM_FAULT_CUT] = SIM_DEED_CUT,
        [SIM_FAULT_HALF_OPEN] = SIM_DEED_VANISH,     [SIM_FAULT_HANG] = SIM_DEED_SWALLOW,
    };

    out->fault = armed->fault.kind->name;
    if (armed->fault.type == SIM_FAULT_SLOW) {
        out->delay_ns = add_up(out->delay_ns, think_time(armed, seed, asked));
        return;
    }
    out->deed = deeds[armed->fault.type];
    out->id = armed->id;
    out->own = armed->fault.own;
}

void sim_judge(struct sim_armed *list, uint64_t seed, const struct sim_asked *asked, uint64_t *once,
               struct sim_verdict *out)
{
    *out = (struct sim_verdict){.deed = SIM_DEED_SERVE};
    for (struct sim_armed *armed = list; armed != NULL; armed = armed->next) {
        if (!fits(armed, asked, once))
            continue;
        if (out->deed != SIM_DEED_SERVE || has_nothing_to_do(armed, asked))
            armed->now.matched++;
        else if (sim_armed_trigger(armed, seed, asked->conn, asked->now_ns))
            rule(armed, seed, asked, out);
    }
}

/* ---- the list ---- */

static bool goes_before(const struct sim_armed *a, const struct sim_armed *b)
{
    if (a->fault.trigger.prio != b->fault.trigger.prio)
        return a->fault.trigger.prio < b->fault.trigger.prio;
    return a->id < b->id;
}

void sim_armed_insert(struct sim_armed **list, struct sim_armed *armed)
{
    while (*list != NULL && goes_before(*list, armed))
        list = &(*list)->next;
    armed->next = *list;
    *list = armed;
}
