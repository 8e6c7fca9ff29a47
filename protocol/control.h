/* control.h - jobs that change what a CPU does: PLC stop (29) and program invocation services (28).
 *
 *   28 | 00 x 6 | FD | argument length:2 | argument | name length | name
 *   29 | 00 x 5 | name length | name
 *
 * The answer is the function alone; a refusal has a header error and one more byte. */
#ifndef PROTOCOL_CONTROL_H
#define PROTOCOL_CONTROL_H

#include "protocol/pdu.h"

enum s7_control_function { S7_FN_PI_SERVICE = 0x28, S7_FN_PLC_STOP = 0x29 };

enum s7_control {
    S7_CONTROL_STOP,       /* 29 P_PROGRAM */
    S7_CONTROL_WARM,       /* 28 P_PROGRAM */
    S7_CONTROL_COLD,       /* 28 P_PROGRAM with the argument "C " */
    S7_CONTROL_COMPRESS,   /* 28 _GARB */
    S7_CONTROL_RAM_TO_ROM, /* 28 _MODU with the argument "EP" */
    S7_CONTROL_OTHER       /* another name or argument */
};

/* Append the parameters; nothing for OTHER. */
void s7_control_append(struct s7_wr *wr, enum s7_control control);

/* Decode a job of function 28 or 29. S7_E_FRAME: another function, or lengths beyond the parameters. */
S7_MUST_CHECK s7_status s7_control_decode(const struct s7_pdu *pdu, enum s7_control *out);

#endif
