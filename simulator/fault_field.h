/* fault_field.h - how each parameter is read: its value into its place in the fault. fault_field.c has those
 * that all faults take, the files fault_own_*.c the others, each those of some levels; fault_presets.c says
 * what they are when they are not given. */
#ifndef SIMULATOR_FAULT_FIELD_H
#define SIMULATOR_FAULT_FIELD_H

#include "simulator/fault.h"

/* matchers */
sim_take_fn sim_take_peer, sim_take_conn, sim_take_role, sim_take_kinds, sim_take_rosctr, sim_take_area,
    sim_take_db, sim_take_range, sim_take_item, sim_take_items, sim_take_ref, sim_take_payload,
    sim_take_stream;
/* triggers */
sim_take_fn sim_take_nth, sim_take_after, sim_take_every, sim_take_count, sim_take_p, sim_take_burst,
    sim_take_from, sim_take_scope, sim_take_to, sim_take_for, sim_take_once, sim_take_prio, sim_take_optional;
/* own */
sim_take_fn sim_take_drop, sim_take_run, sim_take_at, sim_take_bytes, sim_take_then, sim_take_how,
    sim_take_dist, sim_take_per_item, sim_take_per_byte, sim_take_dir, sim_take_max, sim_take_hold,
    sim_take_per, sim_take_for_after, sim_take_span, sim_take_errno, sim_take_close, sim_take_idle_how,
    sim_take_n, sim_take_down, sim_take_rcvbuf, sim_take_rate, sim_take_gap, sim_take_stream_dir,
    sim_take_own_p, sim_take_sum, sim_take_gemodel, sim_take_byte, sim_take_delta, sim_take_reason,
    sim_take_cc, sim_take_tpdu_size, sim_take_class, sim_take_code, sim_take_item_code, sim_take_pdu_size,
    sim_take_amq, sim_take_extra, sim_take_which, sim_take_start, sim_take_pair, sim_take_pad, sim_take_where,
    sim_take_kind, sim_take_ids, sim_take_bits, sim_take_window_n, sim_take_size, sim_take_shift,
    sim_take_data;
sim_take_fn sim_take_writes, sim_take_retain, sim_take_clock, sim_take_level, sim_take_offset, sim_take_ppm,
    sim_take_trigger;
sim_take_fn sim_take_value, sim_take_amp, sim_take_drift_rate, sim_take_bit, sim_take_state, sim_take_way,
    sim_take_noise;

/* What its own parameters are when they are not given, where that is not 0. */
void sim_fault_own_presets(struct sim_fault *fault);

#endif
