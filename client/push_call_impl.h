/* push_call_impl.h - inside of push_call.c, push_cyclic.c and push_events.c: what requests of both kinds are
 * made with. */
#ifndef CLIENT_PUSH_CALL_IMPL_H
#define CLIENT_PUSH_CALL_IMPL_H

#include "client/push_call.h"

static inline struct s7_push_call *s7_push_call_of(struct s7_service *service)
{
    return (struct s7_push_call *)service;
}

/* The status, with why in call->detail. */
s7_status s7_push_call_refuse(struct s7_push_call *call, s7_status status, const char *why);

/* The call's own work around that of its service, which is begun already: make is called when the request is
 * due, ended when its answer is complete. */
void s7_push_call_wrap(struct s7_push_call *call);

#endif
