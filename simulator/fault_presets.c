/* What parameters are that are not given. */
#include "fault_field.h"

#include "loop/loop.h"
#include "protocol/cotp.h"
#include "protocol/errors.h"
#include "protocol/var.h"

#define NS_PER_MS INT64_C(1000000)

void sim_fault_own_presets(struct sim_fault *fault)
{
    struct sim_fault_own *own = &fault->own;

    switch (fault->type) {
    case SIM_FAULT_FIN_NOW:
    case SIM_FAULT_ACCEPT_CLOSE:
        own->ending = SIM_END_FIN;
        break;
    case SIM_FAULT_UNREACHABLE:
        own->host = true;
        break;
    case SIM_FAULT_SPLIT:
        own->time = (struct sim_dist){.low_ns = NS_PER_MS, .high_ns = NS_PER_MS};
        break;
    case SIM_FAULT_DRIBBLE:
        own->n = 1;
        own->time = (struct sim_dist){.low_ns = 10 * NS_PER_MS, .high_ns = 10 * NS_PER_MS};
        break;
    case SIM_FAULT_COALESCE:
        own->n = UINT16_MAX;
        own->span_ns = 200 * NS_PER_MS;
        break;
    case SIM_FAULT_LATENCY:
    case SIM_FAULT_LOSS_STALL:
        own->directions = S7_VANISH_OUT;
        break;
    case SIM_FAULT_BANDWIDTH:
        own->bytes = 1500;
        break;
    case SIM_FAULT_KEEPALIVE_SILENT:
        own->ending = SIM_END_SILENCE;
        break;
    case SIM_FAULT_COTP_DR:
    case SIM_FAULT_COTP_ER:
        own->ending = SIM_END_DR;
        own->n = 1;
        break;
    case SIM_FAULT_DR_MID:
        own->n = S7_COTP_REASON_NORMAL;
        break;
    case SIM_FAULT_TPKT_LEN_SHORT:
    case SIM_FAULT_TPKT_LEN_LONG:
    case SIM_FAULT_SHORT_ITEM:
    case SIM_FAULT_AMQ_LOW:
    case SIM_FAULT_BITFLIP:
        own->n = 1;
        break;
    case SIM_FAULT_TPDU_SMALL:
        own->n = 7;
        break;
    case SIM_FAULT_CC_SHORT:
        own->n = 9;
        break;
    case SIM_FAULT_POWER_CYCLE:
        own->time = (struct sim_dist){.low_ns = 10000 * NS_PER_MS, .high_ns = 10000 * NS_PER_MS};
        own->retain = true;
        break;
    case SIM_FAULT_DOWNLOAD:
        own->time = (struct sim_dist){.low_ns = 5000 * NS_PER_MS, .high_ns = 5000 * NS_PER_MS};
        break;
    case SIM_FAULT_TORN_READ:
        own->n = 32;
        own->time = (struct sim_dist){.low_ns = 10 * NS_PER_MS, .high_ns = 10 * NS_PER_MS};
        break;
    case SIM_FAULT_STUCK_BIT:
        fault->value.high = true;
        break;
    case SIM_FAULT_GARBAGE:
        own->n = 40;
        break;
    case SIM_FAULT_PDU_SHRINK:
        own->n = S7_PDU_LEN_MIN;
        break;
    case SIM_FAULT_REF_COLLISION:
        own->n = SIM_ANY_REF;
        break;
    case SIM_FAULT_REORDER:
        own->n = 2;
        own->span_ns = 20 * NS_PER_MS;
        break;
    case SIM_FAULT_SETUP_REFUSE:
    case SIM_FAULT_JOB_ERROR:
        own->error = S7_ERR_NOT_IMPLEMENTED;
        break;
    case SIM_FAULT_ITEM_ERROR:
        own->error = S7_ITEM_MISSING;
        break;
    default:
        break;
    }
}
