#include "fault_match.h"

#include "loop/random.h"
#include "protocol/cotp.h"

#define NS_PER_S     INT64_C(1000000000)
#define RTO_NS       (NS_PER_S / 5) /* Linux: TCP_RTO_MIN */
#define RTO_TIMES    6
#define CYCLES_MAX   100000
#define BURST_DRAWS  1 /* tells them from those of p */
#define DELAY_MAX_NS (INT64_C(24) * 3600 * 1000000000)

/* ---- does it fire ---- */

/* These matches and firings were all. */
static bool is_spent(const struct sim_fault_trigger *trigger, uint64_t matched, uint64_t fired)
{
    return (trigger->nth > 0 && matched >= trigger->nth) || (trigger->count > 0 && fired >= trigger->count);
}

static bool is_over(const struct sim_armed *armed, int64_t now_ns)
{
    const struct sim_fault_trigger *trigger = &armed->fault.trigger;

    if (armed->now.until_ns != S7_NEVER_NS)
        return now_ns >= armed->now.until_ns;
    return (trigger->to_ns != S7_NEVER_NS && now_ns - armed->armed_ns >= trigger->to_ns) ||
           (trigger->scope == SIM_SCOPE_PLC && is_spent(trigger, armed->now.matched, armed->now.fired));
}

bool sim_armed_is_live(const struct sim_armed *armed, int64_t now_ns)
{
    return !armed->gone && armed->stage != SIM_ARMED_OVER && !is_over(armed, now_ns);
}

static uint64_t draw(const struct sim_armed *armed, uint64_t seed, unsigned conn)
{
    return s7_draw(seed, armed->id, conn, armed->now.matched);
}

static bool counts_say_so(const struct sim_fault_trigger *trigger, uint64_t n, uint64_t fired)
{
    if (trigger->nth > 0)
        return n == trigger->nth;
    return n > trigger->after && (trigger->every == 0 || (n - trigger->after) % trigger->every == 0) &&
           (trigger->count == 0 || fired < trigger->count);
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

/* n: of the match, among those that are counted with it; fired: of those before. */
static bool is_triggered(struct sim_armed *armed, uint64_t seed, unsigned conn, int64_t now_ns, uint64_t n,
                         uint64_t fired)
{
    if (armed->now.until_ns != S7_NEVER_NS || armed->now.defect) /* begun, and not over */
        return true;
    if (armed->fault.trigger.bursts && !bursts(armed, seed, conn))
        return false;
    if (!counts_say_so(&armed->fault.trigger, n, fired) ||
        draw(armed, seed, conn) >> 32 >= armed->fault.trigger.p)
        return false;
    if (armed->fault.type == SIM_FAULT_HANG && armed->fault.own.for_ns != S7_NEVER_NS)
        armed->now.until_ns = now_ns + armed->fault.own.for_ns;
    armed->now.defect = armed->fault.type == SIM_FAULT_DEFECT;
    return true;
}

/* A match of all that are counted with this key. Without memory it is none. */
static bool count_match(struct sim_armed *armed, uint64_t seed, uint64_t key, unsigned conn, int64_t now_ns,
                        bool may_fire)
{
    bool apart = armed->fault.trigger.scope != SIM_SCOPE_PLC;
    struct sim_scope_count count = {key, armed->now.matched, armed->now.fired};

    if (apart)
        count = sim_scope_get(&armed->scope, key);
    armed->now.matched++;
    count.matched++;
    bool fires = may_fire && is_triggered(armed, seed, conn, now_ns, count.matched, count.fired);
    count.fired += fires;
    fires = (!apart || sim_scope_set(&armed->scope, &count)) && fires;
    armed->now.fired += fires;
    return fires;
}

bool sim_armed_trigger(struct sim_armed *armed, uint64_t seed, unsigned conn, int64_t now_ns)
{
    return count_match(armed, seed, conn, conn, now_ns, true);
}

void sim_armed_pass(struct sim_armed *armed, unsigned conn)
{
    (void)count_match(armed, 0, conn, conn, 0, false);
}

void sim_armed_mark(struct sim_armed *armed)
{
    armed->mark = armed->now;
    sim_scope_mark(&armed->scope);
}

void sim_armed_rewind(struct sim_armed *armed)
{
    armed->now = armed->mark;
    sim_scope_rewind(&armed->scope);
}

/* Is every item that fits copied at once? */
static bool reads_whole(const struct sim_armed *armed, const struct s7_pdu *pdu)
{
    struct sim_contents contents;

    sim_match_contents(pdu, &armed->fault.match, &contents);
    return contents.longest <= armed->fault.own.n;
}

/* What keeps a fault from acting although its match counts. */
static bool has_nothing_to_do(const struct sim_armed *armed, const struct sim_asked *asked,
                              const struct sim_verdict *out)
{
    const struct sim_fault_own *own = &armed->fault.own;
    unsigned in = 0;

    if (armed->fault.type == SIM_FAULT_HALF_OPEN || armed->fault.type == SIM_FAULT_RESURRECT)
        return asked->cable_out;
    if (sim_fault_is_of_value(&armed->fault))
        return out->overlays.n == SIM_OVERLAYS_MAX;
    if (armed->fault.type == SIM_FAULT_TORN_READ)
        return reads_whole(armed, asked->pdu);
    if (armed->fault.type == SIM_FAULT_REF_COLLISION)
        return asked->pdu == NULL ||
               (own->n != SIM_ANY_REF && (uint16_t)(asked->pdu->ref - own->n) > INT16_MAX);
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

/* What it does is drawn from a number of its own: the same bits said already whether it fires. */
static uint64_t own_draw(const struct sim_armed *armed, uint64_t seed, unsigned conn)
{
    return s7_draw(draw(armed, seed, conn), armed->id, conn, armed->now.matched);
}

static int64_t think_time(const struct sim_armed *armed, uint64_t seed, const struct sim_asked *asked)
{
    const struct sim_fault_own *own = &armed->fault.own;
    uint64_t bits = own_draw(armed, seed, asked->conn);
    int64_t ns = sim_dist_draw(&own->time, bits);
    struct sim_contents contents;

    if (asked->pdu == NULL || (own->per_item_ns == 0 && own->per_byte_ns == 0))
        return ns;
    sim_match_contents(asked->pdu, &armed->fault.match, &contents);
    ns = add_up(ns, times(own->per_item_ns, contents.items));
    return add_up(ns, times(own->per_byte_ns, contents.bytes));
}

/* ---- when the answer leaves, and how ---- */

/* A retransmission may be lost as well, as long as Linux would try. */
static int64_t stall(const struct sim_armed *armed, uint64_t bits)
{
    int64_t rto_ns = RTO_NS, all_ns = rto_ns;

    for (unsigned i = 1; armed->fault.trigger.p < SIM_P_ONE && i < RTO_TIMES; i++) {
        if (s7_draw(bits, i, 0, 0) >> 32 >= armed->fault.trigger.p)
            break;
        rto_ns *= 2;
        all_ns += rto_ns;
    }
    return all_ns;
}

static void lose_segment(const struct sim_armed *armed, uint64_t bits, struct sim_verdict *out)
{
    int64_t *which = armed->fault.own.directions & S7_VANISH_IN ? &out->delay_ns : &out->late_ns;

    *which = add_up(*which, stall(armed, bits));
}

/* The end of the cycle that runs; each has a length of its own. */
static int64_t cycle_end(struct sim_armed *armed, uint64_t seed, int64_t now_ns)
{
    struct sim_fault_counts *now = &armed->now;

    if (now->n_cycles == 0)
        now->cycle_ns = armed->armed_ns;
    for (unsigned i = 0; now->cycle_ns <= now_ns; i++) {
        int64_t ns = sim_dist_draw(&armed->fault.own.time, s7_draw(seed, armed->id, 0, now->n_cycles++));
        if (i == CYCLES_MAX) /* nobody asked for long: the cycles between are not looked at */
            now->cycle_ns = now_ns;
        now->cycle_ns += ns > 0 ? ns : 1;
    }
    return now->cycle_ns;
}

/* len bytes through a bucket of own.bytes that fills at own.n per second: when the last of them is through.
 */
static int64_t pass(const struct sim_fault_own *own, size_t len, int64_t now_ns, int64_t *full_ns)
{
    int64_t byte_ns = NS_PER_S / own->n, burst_ns = times(byte_ns, own->bytes);

    if (*full_ns < now_ns)
        *full_ns = now_ns;
    *full_ns += times(byte_ns, len);
    return *full_ns - now_ns > burst_ns ? *full_ns - burst_ns : now_ns;
}

/* In pieces of a burst, so that the last of them leaves when the last byte is through. */
void sim_armed_pour(struct sim_armed *armed, size_t len, int64_t now_ns, struct sim_leaving *leaving)
{
    const struct sim_fault_own *own = &armed->fault.own;
    uint32_t piece = own->bytes < len ? own->bytes : (uint32_t)len;

    if (piece == 0)
        return;
    int64_t gap_ns = times(NS_PER_S / own->n, piece);
    int64_t from_ns = pass(own, len, now_ns, &armed->now.tx_free_ns) - times(gap_ns, (len - 1) / piece);
    if (leaving->from_ns < from_ns)
        leaving->from_ns = from_ns;
    if (leaving->piece > 0)
        return;
    leaving->piece = piece;
    leaving->gap = (struct sim_dist){.low_ns = gap_ns, .high_ns = gap_ns};
}

static void delay_telegrams(const struct sim_armed *armed, uint64_t bits, const struct sim_asked *asked,
                            struct sim_verdict *out)
{
    const struct sim_fault_own *own = &armed->fault.own;

    if (own->directions & S7_VANISH_OUT)
        out->late_ns = add_up(out->late_ns, sim_dist_draw(&own->time, bits));
    if (own->directions & S7_VANISH_IN) {
        int64_t due_ns = asked->came_ns + sim_dist_draw(&own->time, s7_draw(bits, 1, 0, 0));
        out->delay_ns = add_up(out->delay_ns, due_ns > asked->now_ns ? due_ns - asked->now_ns : 0);
    }
}

static size_t telegram_len(const struct s7_pdu *pdu)
{
    return pdu == NULL ? 0 : S7_DT_OVERHEAD + S7_PDU_HEADER_LEN + pdu->param_len + pdu->data_len;
}

static void pass_bucket(struct sim_armed *armed, const struct sim_asked *asked, struct sim_verdict *out)
{
    const struct sim_fault_own *own = &armed->fault.own;

    if (own->directions & S7_VANISH_IN) {
        int64_t in_ns = pass(own, telegram_len(asked->pdu), asked->now_ns, &armed->now.rx_free_ns);
        out->delay_ns = add_up(out->delay_ns, in_ns - asked->now_ns);
    }
    if (own->directions & S7_VANISH_OUT)
        out->bucket = armed->id;
}

/* What a fault adds to how an answer leaves, in pieces or together. */
static void shape(const struct sim_armed *armed, uint64_t bits, int64_t now_ns, struct sim_verdict *out)
{
    const struct sim_fault_own *own = &armed->fault.own;
    struct sim_leaving *leaving = &out->leaving;

    if (armed->fault.type == SIM_FAULT_COALESCE || armed->fault.type == SIM_FAULT_REORDER) {
        out->reorders = armed->fault.type == SIM_FAULT_REORDER;
        leaving->hold = own->n;
        leaving->from_ns = now_ns + own->span_ns;
        return;
    }
    leaving->gap = own->time;
    leaving->bits = bits;
    if (armed->fault.type == SIM_FAULT_DRIBBLE)
        leaving->piece = own->n;
    out->splits = armed->fault.type == SIM_FAULT_SPLIT;
    out->split_at = own->cut_at;
    out->split_n = own->cut_n;
}

static void lay_over(const struct sim_armed *armed, uint64_t bits, int64_t now_ns, struct sim_verdict *out)
{
    int64_t age_ns = now_ns - armed->armed_ns - armed->fault.trigger.from_ns;

    sim_overlay_make(&armed->fault, bits, age_ns, &out->overlays.of[out->overlays.n++]);
}

/* True: the request goes on to the next fault, it is only later, or its answer leaves otherwise. */
static bool goes_on(struct sim_armed *armed, uint64_t seed, const struct sim_asked *asked,
                    struct sim_verdict *out)
{
    uint64_t bits = own_draw(armed, seed, asked->conn);

    switch (armed->fault.type) {
    case SIM_FAULT_SLOW:
        out->delay_ns = add_up(out->delay_ns, think_time(armed, seed, asked));
        return true;
    case SIM_FAULT_LATE_AFTER_TIMEOUT:
        out->delay_ns = add_up(out->delay_ns, armed->fault.own.span_ns);
        return true;
    case SIM_FAULT_LATENCY:
        delay_telegrams(armed, bits, asked, out);
        return true;
    case SIM_FAULT_LOSS_STALL:
        lose_segment(armed, bits, out);
        return true;
    case SIM_FAULT_CYCLE_JITTER:
        out->leaving.from_ns = cycle_end(armed, seed, asked->now_ns);
        return true;
    case SIM_FAULT_BANDWIDTH:
        pass_bucket(armed, asked, out);
        return true;
    case SIM_FAULT_STUCK_BIT:
    case SIM_FAULT_SPIKE:
    case SIM_FAULT_DRIFT:
    case SIM_FAULT_NOISE:
        lay_over(armed, bits, asked->now_ns, out);
        return true;
    case SIM_FAULT_DRIBBLE:
    case SIM_FAULT_SPLIT:
    case SIM_FAULT_COALESCE:
    case SIM_FAULT_REORDER:
        shape(armed, bits, asked->now_ns, out);
        return true;
    default:
        return false;
    }
}

static void rule(struct sim_armed *armed, uint64_t seed, const struct sim_asked *asked,
                 struct sim_verdict *out)
{
    static const enum sim_deed deeds[SIM_FAULT_TYPES] = {
        [SIM_FAULT_CONN_LIMIT] = SIM_DEED_TURN_AWAY,
        [SIM_FAULT_RST_NOW] = SIM_DEED_RESET,
        [SIM_FAULT_FIN_NOW] = SIM_DEED_FINISH,
        [SIM_FAULT_RST_AFTER_REPLY] = SIM_DEED_FINISH,
        [SIM_FAULT_CUT] = SIM_DEED_CUT,
        [SIM_FAULT_HALF_OPEN] = SIM_DEED_VANISH,
        [SIM_FAULT_RESURRECT] = SIM_DEED_VANISH,
        [SIM_FAULT_HANG] = SIM_DEED_SWALLOW,
        [SIM_FAULT_FIN_HALF] = SIM_DEED_HALF_CLOSE,
        [SIM_FAULT_ZERO_WINDOW] = SIM_DEED_DEAFEN,
        [SIM_FAULT_COTP_NO_CC] = SIM_DEED_SWALLOW,
        [SIM_FAULT_DEFECT] = SIM_DEED_SWALLOW,
        [SIM_FAULT_COTP_DR] = SIM_DEED_TURN_AWAY,
    };
    enum sim_deed deed = deeds[armed->fault.type];

    out->fault = armed->fault.kind->name;
    if (goes_on(armed, seed, asked, out))
        return;
    out->deed = deed == SIM_DEED_SERVE ? SIM_DEED_SPOIL : deed;
    out->id = armed->id;
    out->type = armed->fault.type;
    out->own = armed->fault.own;
    out->bits = own_draw(armed, seed, asked->conn);
    if (out->deed == SIM_DEED_SPOIL)
        sim_match_items(asked->pdu, &armed->fault.match, out->items);
    if (out->type == SIM_FAULT_TORN_READ)
        out->delay_ns = add_up(out->delay_ns, sim_dist_draw(&out->own.time, out->bits));
    if (out->type == SIM_FAULT_DUPLICATE)
        out->leaving.gap = out->own.time;
}

void sim_judge(struct sim_armed *list, uint64_t seed, const struct sim_asked *asked, uint64_t *once,
               struct sim_verdict *out)
{
    *out = (struct sim_verdict){.deed = SIM_DEED_SERVE};
    for (struct sim_armed *armed = list; armed != NULL; armed = armed->next) {
        if (!sim_match_fits(armed, asked, once))
            continue;
        bool may_fire = out->deed == SIM_DEED_SERVE && !has_nothing_to_do(armed, asked, out);
        if (count_match(armed, seed, sim_match_key(armed, asked), asked->conn, asked->now_ns, may_fire))
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
