/* personality.h - what makes one CPU answer differently from another, as data.
 *
 * A personality is one row of a table: limits, who may connect, how it refuses. No code asks "is this a
 * 300?". */
#ifndef SIMULATOR_PERSONALITY_H
#define SIMULATOR_PERSONALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plant_szl;

/* How a connection request is turned away. */
enum sim_refusal {
    SIM_REFUSE_DR,  /* COTP disconnect request, then FIN */
    SIM_REFUSE_FIN, /* FIN without a word */
    SIM_REFUSE_RST  /* reset */
};

#define SIM_ANY_SLOT UINT32_MAX
#define SIM_ANY_RACK (-1)

struct sim_personality {
    const char *name;                 /* what users type: "s7-300" */
    const char *title;                /* "CPU 315-2 PN/DP" */
    uint16_t pdu_len;                 /* most that is granted */
    uint16_t amq_calling, amq_called; /* most that is granted, each field */
    int32_t connections;              /* S7 connections at once; -1: as many as there are file descriptors */
    int16_t rack;                     /* the CPU's rack, SIM_ANY_RACK: any */
    uint32_t slots;                   /* bit n: slot n is the CPU's; SIM_ANY_SLOT: any */
    bool any_tsap; /* takes called TSAPs of other kinds (routing, absent, configured connections) */
    bool serves_before_setup; /* jobs before setup communication are served at PDU 240, else refused with 8104
                               */
    uint8_t max_items;        /* items per job; more: 8500. 0: only the PDU length counts */
    bool dbread;              /* takes DBREAD items, else 0A */
    enum sim_refusal wrong_tsap, full;
    struct {
        uint32_t inputs, outputs, markers; /* bytes */
        uint32_t timers, counters;         /* how many, 2 bytes each */
    } memory;                              /* what a new plant is made with */
    struct {
        uint32_t markers, timers, counters; /* bytes; how many */
    } retentive;                            /* the first ones, which a warm start leaves alone */
    const struct plant_szl *szl;            /* its status lists, by list and index; see szl.h */
    size_t n_szl;
};

/* All of them, in the order of a list to show. */
const struct sim_personality *sim_personality_at(size_t index); /* NULL past the end */

/* By name; NULL: none of that name. */
const struct sim_personality *sim_personality_find(const char *name);

#endif
