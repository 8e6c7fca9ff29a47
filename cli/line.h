/* line.h - an S7 connection with no client above it: any PDU goes out, whatever comes in is told.
 *
 * For commands that measure or compare what is on the wire. The caller chooses PDU references. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "client/settings.h"
#include "protocol/pdu.h"

struct cli_line;

/* Connect, COTP and setup as the settings say, each phase within its time of the options. S7_E_NOMEM,
 * S7_E_RESOLVE, S7_E_REFUSED, S7_E_UNREACHABLE, S7_E_TIMEOUT, S7_E_COTP_REFUSED, S7_E_NEGOTIATION, S7_E_FRAME
 * ...: *err says more. */
S7_MUST_CHECK s7_status cli_line_open(const struct s7_settings *settings, struct cli_line **out,
                                      s7_errinfo *err);
void cli_line_close(struct cli_line *line); /* NULL is fine */

const struct s7_setup *cli_line_granted(const struct cli_line *line);

/* Send a PDU. S7_E_TOO_LARGE: longer than the granted PDU length; nothing was sent. S7_E_TIMEOUT, S7_E_RESET,
 * S7_E_IO: part of it may have left, the line is of no more use. */
S7_MUST_CHECK s7_status cli_line_send(struct cli_line *line, const struct s7_pdu *pdu, int64_t deadline_ns);

/* The next PDU; its views live until the next call on the line. S7_E_TIMEOUT: not by then, the line stays.
 * S7_E_CLOSED, S7_E_RESET, S7_E_FRAME (what came is no TPKT, COTP or S7) ...: the line is of no more use. */
S7_MUST_CHECK s7_status cli_line_receive(struct cli_line *line, struct s7_pdu *pdu, int64_t deadline_ns);

#endif
