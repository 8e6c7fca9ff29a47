#include "fault.h"

static void divide(int64_t *ns, uint32_t by)
{
    if (*ns > 0 && *ns != S7_NEVER_NS)
        *ns /= by;
}

/* Samples are shared: they are divided when they are drawn. */
static uint32_t scaled_shape(const struct sim_dist *dist, uint32_t by)
{
    if (dist->kind != SIM_DIST_TABLE)
        return dist->shape;
    return dist->shape > UINT32_MAX / by ? UINT32_MAX : dist->shape * by;
}

void sim_fault_scale(struct sim_fault *fault, uint32_t time_scale)
{
    int64_t *const times[] = {&fault->trigger.from_ns, &fault->trigger.to_ns,   &fault->own.for_ns,
                              &fault->own.at_ns,       &fault->own.time.low_ns, &fault->own.time.high_ns,
                              &fault->own.per_item_ns, &fault->own.per_byte_ns, &fault->own.hold_ns,
                              &fault->own.span_ns,     &fault->own.down.low_ns, &fault->own.down.high_ns};

    fault->own.time.shape = scaled_shape(&fault->own.time, time_scale);
    fault->own.down.shape = scaled_shape(&fault->own.down, time_scale);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        divide(times[i], time_scale);
    if (__builtin_mul_overflow(fault->value.rate, (int64_t)time_scale, &fault->value.rate) ||
        fault->value.rate > SIM_AMOUNT_MAX || fault->value.rate < -SIM_AMOUNT_MAX)
        fault->value.rate = fault->value.rate < 0 ? -SIM_AMOUNT_MAX : SIM_AMOUNT_MAX;
    if (fault->type == SIM_FAULT_BANDWIDTH) /* in the same time less of it passes */
        fault->own.n = fault->own.n > UINT32_MAX / time_scale ? UINT32_MAX : fault->own.n * time_scale;
}
