/* tcp_options.h - how long TCP puts up with silence, for both ways to dial. */
#ifndef LOOP_TCP_OPTIONS_H
#define LOOP_TCP_OPTIONS_H

#include <stdint.h>

struct s7_tcp_options {
    /* TCP_USER_TIMEOUT: what was sent and not acknowledged for so long ends the connection with S7_E_TIMEOUT;
     * 0: the kernel's own limit, about a quarter of an hour. Linux ends keepalive by it as well: at the first
     * unanswered probe later than this. */
    uint32_t user_timeout_ms;
    uint32_t keepalive_idle_ms;     /* SO_KEEPALIVE after so long without a sign of life; 0: off */
    uint32_t keepalive_interval_ms; /* between the probes, of which three may stay without answer */
};

#endif
