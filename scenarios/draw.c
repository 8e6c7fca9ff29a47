/* Drawing schedules: which faults, with which words. See schedule.h for the templates. */
#include "scenarios/schedule.h"

#include "loop/random.h"
#include "plant/plant.h"
#include "simulator/fault.h"
#include "simulator/fault_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof((struct sc_planned *)0)->plc == PLANT_NAME_CAP, "names of PLCs");
_Static_assert(sizeof((struct sc_planned *)0)->args == PLANT_FAULT_ARGS_CAP, "words of faults");

#define WHO_SEARCHES UINT64_C(0x7365617263680001)
#define NS_PER_MS    1000000

/* What a client must survive without ever being wrong. Not here: faults that lie in a way that no client can
 * notice (bitflip, wrong_ref, ref_collision, pad_wrong, transport_wrong, frozen, torn_read, those of values,
 * write_ignored, write_delayed), download, behind which a block is another one, those of services that
 * scenarios do not use, and defect, which does not end by itself. A kind may have several rows. */
static const struct template
{
    const char *name, *words;
    bool whole; /* no triggers go with it */
}
templates[] = {
    {"refuse", "for={100ms..20s} drop={none|all}", false},
    {"blackhole_syn", "for={100ms..20s}", false},
    {"unreachable", "for={100ms..20s} errno={host|net}", false},
    {"slow_accept", "dist={10ms..10s}", false},
    {"accept_close", "close={fin|rst}", false},
    {"conn_limit", "max={1..8} how={rst|fin|dr|silence}", false},
    {"slot_leak", "hold={1s..30s}", false},
    {"rate_limit_connect", "n={1..4} window={1s..10s} for={1s..30s}", false},
    {"port_flap", "up={200ms..5s} down={200ms..5s} for={5s..1min}", false},
    {"rst_now", "run={yes|no}", false},
    {"rst_now", "at={when}", true},
    {"rst_after_reply", "", false},
    {"fin_now", "", false},
    {"fin_now", "at={when}", true},
    {"fin_half", "", false},
    {"cut", "bytes={1..30} then={rst|fin|hang}", false},
    {"cut", "bytes={tpkt|header|param|data} then={rst|fin|hang}", false},
    {"half_open", "for={100ms..40s}", false},
    {"half_open", "at={when} for={100ms..40s}", true},
    {"resurrect", "after={100ms..20s} dir={both|in|out}", false},
    {"zero_window", "for={100ms..20s}", false},
    {"dribble", "k={1..8} interval={1ms..200ms}", false},
    {"coalesce", "n={2..5}", false},
    {"split", "at={1..30} gap={1ms..1s}", false},
    {"bandwidth", "rate={100..10000}", false},
    {"latency", "dist={1ms..2s} dir={tx|rx|both}", false},
    {"loss_stall", "", false},
    {"keepalive_silent", "after={100ms..1min}", false},
    {"idle_kill", "idle={100ms..1min} how={rst|fin|forget}", false},
    {"tpkt_version", "", false},
    {"tpkt_len_short", "delta={1..5}", false},
    {"tpkt_len_long", "delta={1..20}", false},
    {"cotp_no_cc", "", false},
    {"cotp_dr", "", false},
    {"cc_short", "variant={short|size}", false},
    {"tpdu_small", "size={128|256|512}", false},
    {"eot_missing", "", false},
    {"cotp_er", "", false},
    {"dr_mid", "", false},
    {"setup_refuse", "", false},
    {"pdu_shrink", "size={112..480}", false},
    {"amq_low", "extra={queue|error|drop}", false},
    {"slow", "dist={1ms..10s}", false},
    {"slow", "dist={late}", false},
    {"late_after_timeout", "offset={late}", false},
    {"hang", "", false},
    {"wrong_function", "pair={read_for_write|write_for_read}", false},
    {"duplicate", "gap={1ms..1s}", false},
    {"reorder", "window={2..5}", false},
    {"unsolicited", "kind={diag|mode}", false},
    {"item_error", "", false},
    {"job_error", "", false},
    {"short_item", "delta={1..4}", false},
    {"garbage", "n={4..60}", false},
    {"ack_no_data", "", false},
    {"stop", "for={100ms..20s} writes={accept|refuse}", false},
    {"power_cycle", "boot={100ms..20s}", false},
    {"cycle_jitter", "dist={1ms..300ms}", false},
    {"db_locked", "for={100ms..10s}", false},
    {"proc_pause", "for={100ms..20s}", false},
};

#define N_TEMPLATES (sizeof templates / sizeof templates[0])

/* One fault that is being drawn. */
struct drawing {
    const struct sc_draw *draw;
    uint64_t which, nth; /* keys of its draws */
    struct sc_planned *out;
    size_t len; /* of its words */
    bool cut;   /* they do not fit */
    char *error;
    size_t cap;
};

static uint64_t bits(struct drawing *drawing)
{
    return s7_draw(drawing->draw->seed, WHO_SEARCHES, drawing->which, drawing->nth++);
}

static int64_t between(struct drawing *drawing, int64_t low, int64_t high)
{
    return s7_draw_range(bits(drawing), low, high);
}

/* Each doubling of low is as probable as the next: one of them first, then evenly in it. */
static int64_t small_rather(struct drawing *drawing, int64_t low, int64_t high)
{
    int octaves = 0;

    for (int64_t top = low > 0 ? low : 1; top <= high / 2; top *= 2)
        octaves++;
    int64_t from = (low > 0 ? low : 1) << between(drawing, 0, octaves),
            to = from <= high / 2 ? 2 * from : high;
    return from == 1 && low == 0 && between(drawing, 0, 4) == 0 ? 0 : between(drawing, from, to);
}

static void add(struct drawing *drawing, const char *text, size_t len)
{
    size_t room = sizeof drawing->out->args - 1 - drawing->len;

    drawing->cut |= len > room;
    len = len < room ? len : room;
    memcpy(drawing->out->args + drawing->len, text, len);
    drawing->len += len;
    drawing->out->args[drawing->len] = '\0';
}

static void add_number(struct drawing *drawing, int64_t n)
{
    char text[24];

    add(drawing, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)n));
}

/* Two digits say enough of a time that was drawn. */
static void add_time(struct drawing *drawing, int64_t ms)
{
    int64_t unit = 1;

    while (ms / unit >= 100)
        unit *= 10;
    ms -= ms % unit;
    add_number(drawing, ms % 1000 == 0 ? ms / 1000 : ms);
    add(drawing, ms % 1000 == 0 ? "s" : "ms", ms % 1000 == 0 ? 1 : 2);
}

static bool wrong(struct drawing *drawing, const char *hole, int len)
{
    snprintf(drawing->error, drawing->cap, "expected {1..9}, {10ms..5s}, {a|b}, {when} or {late}, got {%.*s}",
             len, hole);
    return false;
}

static void add_choice(struct drawing *drawing, const char *hole, size_t len)
{
    int64_t n = 1;

    for (size_t i = 0; i < len; i++)
        n += hole[i] == '|';
    for (int64_t skip = between(drawing, 0, n - 1); skip > 0; skip--)
        hole = strchr(hole, '|') + 1;
    add(drawing, hole, strcspn(hole, "|}"));
}

static bool whole(const char *text, int64_t *n)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    *n = value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value <= INT32_MAX;
}

static bool add_range(struct drawing *drawing, const char *hole, const char *dots, size_t len)
{
    char low[24] = "", high[24] = "";
    int64_t from, to;

    if ((size_t)(dots - hole) >= sizeof low || len - (size_t)(dots - hole) - 2 >= sizeof high)
        return wrong(drawing, hole, (int)len);
    memcpy(low, hole, (size_t)(dots - hole));
    memcpy(high, dots + 2, len - (size_t)(dots - hole) - 2);
    bool number = whole(low, &from) && whole(high, &to);
    if (!number && (!sim_value_time(low, &from) || !sim_value_time(high, &to) || from < NS_PER_MS))
        return wrong(drawing, hole, (int)len);
    if (from > to)
        return wrong(drawing, hole, (int)len);
    if (number)
        add_number(drawing, small_rather(drawing, from, to));
    else
        add_time(drawing, small_rather(drawing, from / NS_PER_MS, to / NS_PER_MS));
    return true;
}

/* What stands between braces, which end at hole[len]. */
static bool fill(struct drawing *drawing, const char *hole, size_t len)
{
    const struct sc_draw *draw = drawing->draw;
    const char *dots = strstr(hole, "..");

    if (len == 4 && strncmp(hole, "when", len) == 0)
        add_time(drawing, between(drawing, 1, draw->over_ms));
    else if (len == 4 && strncmp(hole, "late", len) == 0)
        add_time(drawing, draw->patience_ms + between(drawing, 1, 1 + draw->patience_ms / 2));
    else if (memchr(hole, '|', len) != NULL)
        add_choice(drawing, hole, len);
    else if (dots != NULL && dots < hole + len)
        return add_range(drawing, hole, dots, len);
    else
        return wrong(drawing, hole, (int)len);
    return true;
}

static bool expand(struct drawing *drawing, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words, "{");
        const char *hole = words + len + 1, *end = words[len] == '{' ? strchr(hole, '}') : NULL;

        add(drawing, words, len);
        if (words[len] == '\0')
            return true;
        if (end == NULL)
            return wrong(drawing, hole, (int)strlen(hole));
        if (!fill(drawing, hole, (size_t)(end - hole)))
            return false;
        words = end + 1;
    }
    return true;
}

/* ---- faults that are named without words ---- */

/* Which requests, and which of them. */
static const char *at_requests(struct drawing *drawing, const struct sim_fault_kind *kind)
{
    static const char *const fns[] = {"", "", " fn=read", " fn=read", " fn=write", " fn=write", " fn=setup"};
    static const char *const which[] = {" nth={1..40}",
                                        " nth={1..40}",
                                        " nth={1..40} from={when}",
                                        " every={2..20} count={1..8}",
                                        " from={when} count={1..4}",
                                        " from={when} count=1"};

    if (kind->fns == 0) {
        const char *fn = fns[between(drawing, 0, 6)];
        add(drawing, fn, strlen(fn));
    }
    return which[between(drawing, 0, 5)];
}

static const char *triggers(struct drawing *drawing, const struct sim_fault_kind *kind)
{
    switch (kind->place) {
    case SIM_AT_REQUEST:
        return at_requests(drawing, kind);
    case SIM_AT_DOOR:
    case SIM_AT_PLC:
        return " from={when}";
    default:
        return between(drawing, 0, 1) == 0 ? " from={when} count={1..5}" : " nth={1..8}";
    }
}

static const struct sim_fault_kind *find_kind(const char *name)
{
    const struct sim_fault_kind *kinds;
    size_t n = sim_fault_kinds(&kinds);

    for (size_t i = 0; i < n; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* One of the rows of that name; NULL: none has it. */
static const struct template *one_row(struct drawing *drawing, const char *name)
{
    const struct template *rows[N_TEMPLATES];
    int64_t n = 0;

    for (size_t i = 0; i < N_TEMPLATES; i++)
        if (name == NULL || strcmp(templates[i].name, name) == 0)
            rows[n++] = &templates[i];
    return n > 0 ? rows[between(drawing, 0, n - 1)] : NULL;
}

static bool draw_row(struct drawing *drawing, const struct template *row)
{
    const struct sim_fault_kind *kind = find_kind(drawing->out->name);

    if (row != NULL && !expand(drawing, row->words))
        return false;
    if (kind == NULL || (row != NULL && row->whole))
        return true;
    return expand(drawing, triggers(drawing, kind));
}

/* ---- faults ---- */

/* asked: NULL, a name, or a name and words. */
static bool draw_words(struct drawing *drawing, const char *asked)
{
    size_t name_len = asked != NULL ? strcspn(asked, " ") : 0;
    const struct template *row = asked == NULL || asked[name_len] == '\0' ? one_row(drawing, asked) : NULL;

    snprintf(drawing->out->name, sizeof drawing->out->name, "%.*s", row != NULL ? 31 : (int)name_len,
             row != NULL ? row->name : asked);
    if (asked != NULL && asked[name_len] != '\0')
        return expand(drawing, asked + name_len + 1);
    return draw_row(drawing, row);
}

/* The words of all rows begin with a blank where they follow none. */
static void trim(struct sc_planned *planned)
{
    size_t blanks = strspn(planned->args, " ");

    memmove(planned->args, planned->args + blanks, strlen(planned->args + blanks) + 1);
}

static bool draw_fault(struct drawing *drawing, const char *asked)
{
    struct plant_error said = {0};
    struct sim_fault fault;

    if (!draw_words(drawing, asked))
        return false;
    trim(drawing->out);
    if (drawing->cut) {
        snprintf(drawing->error, drawing->cap, "more than %zu characters of words",
                 sizeof drawing->out->args - 1);
        return false;
    }
    if (sim_fault_parse(drawing->out->name, drawing->out->args, &fault, &said) == S7_OK)
        return true;
    snprintf(drawing->error, drawing->cap, "%s", said.text);
    return false;
}

static bool draw_one(const struct sc_draw *draw, uint64_t which, const char *asked, struct sc_planned *out,
                     char *error, size_t cap)
{
    struct drawing drawing = {.draw = draw, .which = which, .out = out, .error = error, .cap = cap};

    *out = (struct sc_planned){0};
    snprintf(out->plc, sizeof out->plc, "%s", draw->plcs[between(&drawing, 0, (int64_t)draw->n_plcs - 1)]);
    if (asked == NULL && draw->n_faults > 0)
        asked = draw->faults[between(&drawing, 0, (int64_t)draw->n_faults - 1)];
    return draw_fault(&drawing, asked);
}

/* Each of those that were asked for: what is wrong with one is said whether this seed draws it or not. */
static bool can_draw(const struct sc_draw *draw, char *error, size_t cap)
{
    struct sc_planned unused;

    for (size_t i = 0; i < draw->n_faults; i++)
        if (!draw_one(draw, SC_SCHEDULE_MAX + 1 + i, draw->faults[i], &unused, error, cap))
            return false;
    return true;
}

bool sc_draw_schedule(const struct sc_draw *draw, struct sc_schedule *out, char *error, size_t cap)
{
    struct drawing drawing = {.draw = draw, .which = SC_SCHEDULE_MAX};

    *out = (struct sc_schedule){0};
    if (!can_draw(draw, error, cap))
        return false;
    unsigned n = (unsigned)between(&drawing, 1, draw->max);
    for (; out->n < n; out->n++)
        if (!draw_one(draw, out->n, NULL, &out->at[out->n], error, cap))
            return false;
    return true;
}
