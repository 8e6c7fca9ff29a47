/* facts.h - what is known besides its status when a connection or a call fails, for hint.h. */
#ifndef CLIENT_FACTS_H
#define CLIENT_FACTS_H

#include "client/hint.h"
#include "client/settings.h"

/* Of the PLC: its family, port and slot, and whether connecting has worked before. */
uint32_t s7_facts_of(const struct s7_settings *settings);

/* The same, and how far a connection had come that ended with this event (S7_EVENT_CLOSED). */
uint32_t s7_facts_ended(const struct s7_settings *settings, const struct s7_event *closed);

#endif
