/* fault_params.h - what each fault takes, and what all do. Some faults share a list. */
#ifndef SIMULATOR_FAULT_PARAMS_H
#define SIMULATOR_FAULT_PARAMS_H

#include "simulator/fault.h"

extern const struct sim_fault_param sim_params_common[], sim_params_refuse[], sim_params_conn_limit[],
    sim_params_slot_leak[], sim_params_rst_now[], sim_params_fin_now[], sim_params_cut[],
    sim_params_half_open[], sim_params_slow[], sim_params_hang[], sim_params_none[],
    sim_params_blackhole_syn[], sim_params_unreachable[], sim_params_slow_accept[], sim_params_accept_close[],
    sim_params_rate_limit_connect[], sim_params_port_flap[], sim_params_resurrect[], sim_params_zero_window[],
    sim_params_dribble[], sim_params_coalesce[], sim_params_split[], sim_params_bandwidth[],
    sim_params_latency[], sim_params_loss_stall[], sim_params_keepalive_silent[], sim_params_idle_kill[],
    sim_params_late_after_timeout[], sim_params_cycle_jitter[], sim_params_tpkt_version[],
    sim_params_tpkt_len[], sim_params_cotp_dr[], sim_params_cc_short[], sim_params_tpdu_small[],
    sim_params_cotp_er[], sim_params_refusal[], sim_params_pdu_shrink[], sim_params_amq_low[],
    sim_params_wrong_ref[], sim_params_wrong_function[], sim_params_ref_collision[], sim_params_duplicate[],
    sim_params_reorder[], sim_params_unsolicited[], sim_params_item_error[], sim_params_short_item[],
    sim_params_pad_wrong[], sim_params_bitflip[], sim_params_garbage[], sim_params_szl[],
    sim_params_optimized_db[], sim_params_stop[], sim_params_power_cycle[], sim_params_download[],
    sim_params_torn_read[], sim_params_write_delayed[], sim_params_frozen[], sim_params_stuck_bit[],
    sim_params_spike[], sim_params_drift[], sim_params_noise[], sim_params_defect[], sim_params_clock_skew[],
    sim_params_password[], sim_params_lasts[];

#endif
