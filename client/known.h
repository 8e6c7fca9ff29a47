/* known.h - where connecting has worked in this process: with which endpoint and which TSAP. A PLC that
 * refuses what has worked before is full rather than elsewhere. For hints only; nothing is decided by it. */
#ifndef CLIENT_KNOWN_H
#define CLIENT_KNOWN_H

#include "client/settings.h"

/* A setup was finished. From any thread. */
void s7_known_note(const struct s7_settings *settings);

/* Has it ever? Of very many PLCs some are forgotten. From any thread. */
bool s7_known(const struct s7_settings *settings);

#endif
