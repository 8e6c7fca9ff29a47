#include "client/plan_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

s7_status s7_plan_stats_get(const s7_plan *plan, s7_plan_stats *stats)
{
    if (plan == NULL || stats == NULL || stats->struct_size < sizeof stats->struct_size)
        return S7_E_ARG;
    uint32_t size = stats->struct_size;
    memcpy(stats, &plan->stats, size < sizeof *stats ? size : sizeof *stats);
    stats->struct_size = size;
    return S7_OK;
}

/* ---- text that may be too long ---- */

struct out {
    char *buf;
    size_t cap, len; /* len: of the whole text */
};

static void __attribute__((format(printf, 2, 3))) say(struct out *out, const char *format, ...)
{
    size_t left = out->len < out->cap ? out->cap - out->len : 0;
    va_list args;

    va_start(args, format);
    int n = vsnprintf(left > 0 ? out->buf + out->len : NULL, left, format, args);
    va_end(args);
    out->len += n > 0 ? (size_t)n : 0;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- sums ---- */

static void say_sums(struct out *out, const struct s7_plan *plan)
{
    const s7_plan_stats *stats = &plan->stats;
    uint64_t gaps = stats->bytes_carried - stats->bytes_asked;

    say(out, "%s %u tag%s with PDUs of %u bytes: %u job%s (lower bound %u), %u item%s\n",
        plan->write ? "write" : "read", stats->tags, plural(stats->tags), stats->pdu_len, stats->jobs,
        plural(stats->jobs), stats->bound, stats->items, plural(stats->items));
    say(out, "%" PRIu64 " bytes of tags", stats->bytes_asked);
    if (!plan->write)
        say(out, ", %" PRIu64 " of gaps", gaps);
    say(out, "; on the wire %" PRIu64 " to the PLC, %" PRIu64 " back\n", stats->wire_request,
        stats->wire_answer);
    if (stats->apart > 0)
        say(out, "%u tag%s kept apart since the PLC refused something\n", stats->apart,
            stats->apart == 1 ? " is" : "s are");
}

/* ---- jobs ---- */

/* "DB1.DBB0..99", "T3..7", or the tag itself. */
static void say_place(struct out *out, const s7_address *address)
{
    char text[S7_ADDRESS_TEXT_CAP];
    s7_address first = *address;

    if (address->type == S7_TYPE_BYTE || s7_item_by_number(address))
        first.count = 1;
    s7_address_format(&first, text, sizeof text);
    say(out, "%s", text);
    if (address->count > first.count)
        say(out, "..%u", (unsigned)(address->byte + address->count - 1));
}

static void say_span(struct out *out, const struct s7_plan *plan, size_t i)
{
    const struct s7_plan_span *span = &plan->spans[i];
    const struct s7_plan_atom *atoms = &plan->atoms[span->first_atom];
    uint32_t asked = 0, n_needs = 0;

    for (uint32_t k = 0; k < span->n_atoms; k++) {
        asked += atoms[k].len;
        n_needs += atoms[k].n_needs;
    }
    say(out, "    ");
    say_place(out, &plan->items[i].address);
    say(out, ": %u byte%s for %u tag%s", span->len, plural(span->len), n_needs, plural(n_needs));
    if (asked < span->len)
        say(out, ", %u of gaps", span->len - asked);
    say(out, "\n");
}

size_t s7_plan_explain(const s7_plan *plan, char *buf, size_t cap)
{
    struct out out = {buf, cap, 0};

    if (cap > 0)
        buf[0] = '\0';
    if (plan == NULL)
        return 0;
    say_sums(&out, plan);
    for (size_t i = 0, end; i < plan->n_spans; i = end) {
        uint32_t bytes = 0;

        for (end = i; end < plan->n_spans && plan->spans[end].job == plan->spans[i].job; end++)
            bytes += plan->spans[end].len;
        say(&out, "  job %u: %zu item%s, %u bytes\n", plan->spans[i].job + 1, end - i, plural(end - i),
            bytes);
        for (size_t k = i; k < end; k++)
            say_span(&out, plan, k);
    }
    return out.len;
}
