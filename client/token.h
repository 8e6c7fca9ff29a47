/* token.h - what calls that wait see of a token: a descriptor to poll beside the socket, and a function to be
 * called for those that wait on a condition variable. */
#ifndef CLIENT_TOKEN_H
#define CLIENT_TOKEN_H

#include <s7rig/token.h>

/* Readable while the token is cancelled; -1 (nothing to poll) for NULL. */
int s7_token_fd(const s7_token *token);

/* One waiter. fn is called by whoever cancels, once at most, with the token's mutex held: it may take the
 * mutex that the waiter waits with, so that one may not be held around watch and unwatch. */
struct s7_token_watch {
    void (*fn)(void *arg);
    void *arg;
    struct s7_token_watch *next;
};

/* Both may be called with a token of NULL. A token that is cancelled already does not call fn: look at it
 * after watch. After unwatch fn is not running and will not be called. */
void s7_token_watch(s7_token *token, struct s7_token_watch *watch);
void s7_token_unwatch(s7_token *token, struct s7_token_watch *watch);

#endif
