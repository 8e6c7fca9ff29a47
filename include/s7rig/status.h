/* status.h - how every call of s7rig says what happened.
 *
 * A call returns s7_status: 0 is success, everything else is negative and stable (codes are only ever
 * appended). Where more is known, an s7_errinfo is filled by value: what was asked, what came, what to try.
 * It holds no pointers, so it can be kept and copied. Nothing here has state; all functions are safe from any
 * thread. */
#ifndef S7RIG_STATUS_H
#define S7RIG_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks results that must not be dropped. */
#if defined(__GNUC__)
#define S7_MUST_CHECK __attribute__((warn_unused_result))
#else
#define S7_MUST_CHECK
#endif

typedef enum s7_status {
    S7_OK = 0,
    /* the caller's mistake, or this process */
    S7_E_ARG = -1,         /* an argument is out of its documented range */
    S7_E_MISUSE = -2,      /* a call in a state that forbids it */
    S7_E_NOMEM = -3,       /* out of memory; nothing was changed */
    S7_E_UNSUPPORTED = -4, /* understood, but not supported by this version or this peer */
    S7_E_FORKED = -5,      /* the object belongs to the parent of this process */
    S7_E_GUARDED = -6,     /* a write that the client's own options forbid; nothing was sent */
    /* time */
    S7_E_TIMEOUT = -100,   /* the deadline passed */
    S7_E_CANCELLED = -101, /* the caller withdrew the job */
    /* transport */
    S7_E_RESOLVE = -200,        /* the host name has no address */
    S7_E_REFUSED = -201,        /* TCP connect refused: nothing listens there */
    S7_E_UNREACHABLE = -202,    /* no route to the host */
    S7_E_CLOSED = -203,         /* the peer closed (FIN) */
    S7_E_RESET = -204,          /* the peer reset (RST) */
    S7_E_IO = -205,             /* another error of the operating system; see os_errno */
    S7_E_NOT_CONNECTED = -206,  /* no S7 connection is up */
    S7_E_ADDRESS_IN_USE = -207, /* listen: another program has this address and port */
    /* TPKT and COTP */
    S7_E_COTP_REFUSED = -300, /* the connection request was answered by a disconnect request, FIN or RST */
    S7_E_FRAME = -301,     /* bytes that are no TPKT/COTP/S7 frame; the stream cannot be used any further */
    S7_E_TRUNCATED = -302, /* a frame's beginning: more bytes are needed (not an error of the peer) */
    /* S7 */
    S7_E_NEGOTIATION =
        -400, /* setup communication was refused, or granted values outside the protocol's limits */
    S7_E_PROTOCOL = -401, /* a well-formed answer that does not fit what was asked */
    S7_E_PLC = -402,      /* the PLC refused the job as a whole; see plc_error */
    /* one item of a job; each matches one return code on the wire */
    S7_E_ITEM_HARDWARE = -500,     /* 01 hardware fault */
    S7_E_ITEM_ACCESS = -501,       /* 03 access not allowed */
    S7_E_ITEM_ADDRESS = -502,      /* 05 address out of range */
    S7_E_ITEM_TYPE = -503,         /* 06 data type not supported */
    S7_E_ITEM_INCONSISTENT = -504, /* 07 data type or length inconsistent */
    S7_E_ITEM_MISSING = -505,      /* 0A object does not exist */
    S7_E_ITEM_OTHER = -506,        /* any other return code */
    S7_E_PARTIAL = -507,           /* some items of a list failed; each item carries its own status */
    /* data and text */
    S7_E_TOO_LARGE = -600, /* does not fit the buffer, the PDU or the type */
    S7_E_CONVERT = -601,   /* the value does not fit the data type */
    S7_E_SYNTAX = -602,    /* text that does not parse */
    /* writes */
    S7_E_OUTCOME_UNKNOWN =
        -700, /* the write left, its answer did not come: it may or may not have happened */
    /* the pool */
    S7_E_POOL_CLOSED = -800,     /* the pool was closed */
    S7_E_POOL_EXHAUSTED = -801,  /* all connections of the pool were in use until the deadline */
    S7_E_POOL_QUEUE_FULL = -802, /* as many callers as may wait for a connection are waiting */
    S7_E_POOL_PAUSED = -803,     /* the pool was paused and not resumed until the deadline */
    S7_E_PLC_DOWN = -804,        /* the pool has no connection and cannot make one; err has the last cause */
    S7_E_BUDGET = -805,          /* other pools of the group hold all connections that it allows */
    S7_E_STALE_LEASE = -806,     /* a call on a client that was given back to its pool */
    S7_E_FOREIGN = -807,         /* the client does not belong to this pool */
    /* the plant file */
    S7_E_PLANT_MISSING = -900, /* no such file */
    S7_E_PLANT_SCHEMA = -901,  /* not a plant file, damaged, or of a newer s7rig */
    S7_E_PLANT_BUSY = -902,    /* another program holds the file's write lock */
    S7_E_PLANT_IO = -903,      /* SQLite could not read or write; see the message */
    S7_E_PLANT_REPLACED = -904 /* the file on disk is no longer the one that was opened */
} s7_status;

/* "S7_E_REFUSED"; a static string, never NULL ("S7_E_?" for a number that is no status). */
const char *s7_errname(s7_status status);

/* A short sentence without a full stop, "connection refused"; a static string, never NULL. */
const char *s7_strerror(s7_status status);

/* Sizes of the texts in s7_errinfo, terminating zero included. Longer texts are cut at the end. */
#define S7_ASKED_CAP 128
#define S7_CAME_CAP  192
#define S7_HINT_CAP  256

/* The classic cases behind a failure, as far as it can be told from outside: what hint advises. A status says
 * what happened, this why it probably did. */
typedef enum s7_cause {
    S7_CAUSE_UNKNOWN = 0,
    S7_CAUSE_PUTGET,    /* an S7-1200 or S7-1500 does not permit PUT/GET access */
    S7_CAUSE_NO_DB,     /* the DB does not exist, is not loaded, or is optimized */
    S7_CAUSE_RACK_SLOT, /* no CPU there, or (when the PLC does not say) no connection left */
    S7_CAUSE_PLC_FULL,  /* the PLC has no connection left, or is starting up */
    S7_CAUSE_PROTECTION /* protection level: a password is needed, or was wrong */
} s7_cause;

/* What is known of a failure. Callers set struct_size (or use S7_ERRINFO_INIT); the rest is written by the
 * call, on failure only; nothing is while struct_size is 0, here or in the context that points here. */
typedef struct s7_errinfo {
    uint32_t struct_size; /* sizeof(s7_errinfo): fields may be added at the end */
    s7_status status;     /* the status that the call returned */
    uint16_t plc_error;   /* S7 error class and code as one number, 0x8104; 0: none (header bytes 10, 11) */
    uint8_t item_code;    /* return code of the first bad item, 0: none */
    int32_t item;         /* index of the first bad item of a list, -1: none */
    int32_t os_errno;     /* errno of the operating system, 0: none */
    char asked[S7_ASKED_CAP]; /* "read DB1.DBW0 from 192.168.0.1:102" */
    char came[S7_CAME_CAP];   /* "item refused: 0x0A object does not exist" */
    char hint[S7_HINT_CAP];   /* what to try; may be empty */
    s7_cause cause;           /* the classic case that it probably is */
} s7_errinfo;

#define S7_ERRINFO_INIT                                                                                      \
    {                                                                                                        \
        sizeof(s7_errinfo), S7_OK, 0, 0, -1, 0, "", "", "", S7_CAUSE_UNKNOWN                                 \
    }

/* One line of at most cap - 1 bytes: "asked: came; try: hint", or that nothing more is known when no call has
 * written to info. Returns its full length, as snprintf does; buf may be NULL when cap is 0. */
size_t s7_errinfo_format(const s7_errinfo *info, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
