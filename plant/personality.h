/* personality.h - what makes one CPU answer differently from another: a row of the table `personality`.
 *
 * No code asks "is this a 300?". Whoever wants another CPU copies a row, and the rows of personality_szl that
 * belong to it, and changes them; those that every plant file has are text: plant/personalities. */
#ifndef PLANT_PERSONALITY_H
#define PLANT_PERSONALITY_H

#include <stdbool.h>
#include <stdint.h>

/* How a connection request is turned away. */
enum plant_refusal {
    PLANT_REFUSE_DR,     /* COTP disconnect request, then FIN */
    PLANT_REFUSE_FIN,    /* FIN without a word */
    PLANT_REFUSE_RST,    /* reset */
    PLANT_REFUSE_SILENCE /* nothing: the TCP connection stays, and is deaf */
};

/* The classes of connections, by the type byte of the called TSAP: 01, 02, anything else. */
enum plant_class { PLANT_PG, PLANT_OP, PLANT_BASIC, PLANT_CLASSES };

/* Services that a CPU may lack: bits, and words of personality.lacks. */
enum plant_lack {
    PLANT_LACKS_SZL = 1 << 0,
    PLANT_LACKS_BLOCKS = 1 << 1, /* lists of blocks, and what a block is */
    PLANT_LACKS_UPLOAD = 1 << 2,
    PLANT_LACKS_DOWNLOAD = 1 << 3, /* and linking what was downloaded */
    PLANT_LACKS_DELETE = 1 << 4,
    PLANT_LACKS_START_STOP = 1 << 5,
    PLANT_LACKS_COMPRESS = 1 << 6,
    PLANT_LACKS_COPY = 1 << 7, /* RAM to ROM */
    PLANT_LACKS_RESET = 1 << 8,
    PLANT_LACKS_PASSWORD = 1 << 9,
    PLANT_LACKS_CLOCK_READ = 1 << 10,
    PLANT_LACKS_CLOCK_SET = 1 << 11,
    PLANT_LACKS_MESSAGES = 1 << 12, /* mode, diagnosis and alarms by themselves */
    PLANT_LACKS_CYCLIC = 1 << 13,
    PLANT_LACKS_TEST = 1 << 14,   /* variable tables and other functions for programmers */
    PLANT_LACKS_DBREAD = 1 << 15, /* the item B0: 0A */
    PLANT_LACKS_WCHAR = 1 << 16   /* the transport size 13: none that is known */
};

enum plant_jitter { PLANT_UNIFORM, PLANT_EXPONENTIAL };

#define PLANT_TITLE_CAP      129
#define PLANT_ORDER_CODE_CAP 21
#define PLANT_FIRMWARE_CAP   16
#define PLANT_TSAPS_MAX      32
#define PLANT_ANY_SLOT       UINT32_MAX

/* Numbers are within the limits of their columns, whatever the file has. */
struct plant_personality {
    char name[65];                   /* what users type: "s7-300" */
    char title[PLANT_TITLE_CAP];     /* "S7-300, CPU 315-2 PN/DP" */
    int32_t pdu_len;                 /* most that is granted, 240..960 */
    int32_t amq_calling, amq_called; /* most that is granted, each field */
    int32_t connections;             /* S7 connections at once; -1: as many as there are file descriptors */
    int32_t reserved[PLANT_CLASSES]; /* of them for one class only */
    int32_t rack;                    /* the CPU's rack, -1: any */
    uint32_t slots;                  /* bit n: slot n is the CPU's; PLANT_ANY_SLOT: any */
    uint16_t tsaps[PLANT_TSAPS_MAX]; /* called TSAPs that are taken beside rack and slot */
    uint32_t n_tsaps;
    bool any_tsap; /* takes called TSAPs of other kinds (routing, absent, configured connections) */
    bool serves_before_setup; /* jobs before setup communication are served at PDU 240, else refused with 8104
                               */
    int32_t max_items;        /* items per job; more: 8500. -1: only the PDU length counts */
    enum plant_refusal wrong_tsap, full;
    struct {
        int32_t inputs, outputs, markers; /* bytes */
        int32_t timers, counters;         /* how many, 2 bytes each */
        int32_t db1;                      /* bytes of memory that is reached as DB 1 */
    } memory;                             /* what a new plant is made with; -1: it has none */
    struct {
        int32_t markers, timers, counters; /* bytes; how many */
    } retentive;                           /* the first ones, which a warm start leaves alone */
    int32_t absent_code;                   /* of an item whose area or DB is not there, */
    int32_t optimized_code;                /* or whose DB is optimized */
    int32_t no_szl_error;                  /* the error word for a status list that is not there */
    uint32_t lacks;                        /* enum plant_lack: refused with 8104 */
    bool put_get;                          /* reads and writes are permitted */
    bool counters_binary;                  /* counters are read and written as numbers, not BCD */
    char order_code[PLANT_ORDER_CODE_CAP]; /* put into its status lists; "": they have their own */
    char firmware[PLANT_FIRMWARE_CAP];     /* "V3.2.6", as well */
    int32_t keepalive_s;                   /* TCP keep-alive after so long without a sign of life; 0: off */
    struct {
        int32_t base_us, per_item_us, szl_us; /* of a job; of each item that it reads or writes; of a status
                                                 list beside the job */
        int32_t jitter_us;                    /* most, or on average */
        enum plant_jitter jitter;
    } service; /* how long an answer takes, for PLCs that want it */
};

#endif
