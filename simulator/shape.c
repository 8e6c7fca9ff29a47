#include "shape.h"

#include "loop/random.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- adding ---- */

static struct sim_gate *add_gate(struct sim_gates *gates, uint64_t from, uint64_t upto, int64_t at_ns)
{
    struct sim_gate *gate = &gates->gates[gates->n > 0 ? gates->n - 1 : 0];

    if (gates->n < SIM_GATES) {
        gate = &gates->gates[gates->n++];
        *gate = (struct sim_gate){.open = from};
    }
    gate->upto = upto;
    gate->at_ns = later(gate->at_ns, at_ns);
    return gate;
}

static void let_go_of_held(struct sim_gates *gates, int64_t now_ns)
{
    for (size_t i = 0; i < gates->n; i++)
        if (gates->gates[i].held) {
            gates->gates[i].held = false;
            gates->gates[i].at_ns = now_ns;
        }
    gates->n_held = 0;
}

void sim_shape_add(struct sim_shape *shape, const struct sim_leaving *how, size_t pending, size_t len,
                   int64_t now_ns)
{
    struct sim_gates *gates = &shape->now;
    uint64_t upto = shape->sent + pending, from = upto - len;
    int64_t at_ns = later(how->from_ns, now_ns);
    struct sim_gate *gate;

    if (how->first > 0 && how->first < len) {
        add_gate(gates, from, from + how->first, at_ns);
        from += how->first;
        at_ns += sim_dist_draw(&how->gap, how->bits);
    }
    gate = add_gate(gates, from, upto, at_ns);
    gate->piece = how->piece;
    gate->gap = how->gap;
    gate->bits = how->bits;
    gate->held = how->hold > 0;
    if (gate->held && ++gates->n_held >= how->hold)
        let_go_of_held(gates, now_ns);
}

/* ---- sending ---- */

/* A piece that needs no time would be one with the next. */
static int64_t next_gap(struct sim_gate *gate)
{
    return later(sim_dist_draw(&gate->gap, s7_draw(gate->bits, 0, 0, gate->n_pieces++)), 1);
}

static void advance(struct sim_gate *gate, int64_t now_ns)
{
    while (gate->open < gate->upto && gate->at_ns <= now_ns) {
        uint64_t left = gate->upto - gate->open;
        gate->open += gate->piece > 0 && gate->piece < left ? gate->piece : left;
        if (gate->open < gate->upto)
            gate->at_ns += next_gap(gate);
    }
}

static void forget(struct sim_gates *gates, size_t n)
{
    for (size_t i = n; i < gates->n; i++)
        gates->gates[i - n] = gates->gates[i];
    gates->n -= n;
}

size_t sim_shape_may_send(struct sim_shape *shape, size_t pending, int64_t now_ns, int64_t *next_ns)
{
    struct sim_gates *gates = &shape->now;
    size_t passed = 0;

    *next_ns = S7_NEVER_NS;
    for (; passed < gates->n; passed++) {
        struct sim_gate *gate = &gates->gates[passed];
        advance(gate, now_ns);
        if (gate->open < gate->upto) {
            size_t open = (size_t)(gate->open - shape->sent);
            *next_ns = gate->at_ns;
            pending = open < pending ? open : pending;
            break;
        }
        gates->n_held -= gate->held; /* its time came before the others did */
    }
    forget(gates, passed);
    return pending;
}

void sim_shape_sent(struct sim_shape *shape, size_t len)
{
    shape->sent += len;
}

/* ---- groups ---- */

bool sim_shape_has_group(const struct sim_shape *shape, int64_t now_ns)
{
    const struct sim_group *group = &shape->now.group;

    return group->wanted > group->n && now_ns < group->until_ns;
}

void sim_shape_begin_group(struct sim_shape *shape, unsigned wanted, int64_t until_ns)
{
    shape->now.group =
        (struct sim_group){.wanted = wanted < SIM_GROUP ? wanted : SIM_GROUP, .until_ns = until_ns};
}

void sim_shape_join(struct sim_shape *shape, size_t pending, size_t len, struct sim_leaving *how)
{
    struct sim_group *group = &shape->now.group;

    if (group->n == 0)
        group->from = shape->sent + pending - len;
    group->len[group->n++] = len;
    how->hold = group->wanted;
    how->from_ns = group->until_ns;
}

static void reverse_bytes(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        uint8_t byte = bytes[i];
        bytes[i] = bytes[len - 1 - i];
        bytes[len - 1 - i] = byte;
    }
}

/* All bytes the other way round, and then those of each answer back. */
static void reverse(struct sim_group *group, uint8_t *bytes)
{
    size_t all = 0, at = 0;

    for (unsigned i = 0; i < group->n; i++)
        all += group->len[i];
    reverse_bytes(bytes, all);
    for (unsigned i = group->n; i-- > 0; at += group->len[i])
        reverse_bytes(bytes + at, group->len[i]);
}

void sim_shape_turn_round(struct sim_shape *shape, uint8_t *unsent, int64_t now_ns)
{
    struct sim_group *group = &shape->now.group;

    if (group->wanted == 0 || sim_shape_has_group(shape, now_ns))
        return;
    if (group->n > 1)
        reverse(group, unsent + (group->from - shape->sent));
    group->wanted = 0;
}
