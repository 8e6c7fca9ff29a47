/* token.h - cancelling calls from another thread.
 *
 *   s7_token *token;
 *   s7_token_new(&token);
 *   s7_read_db(plc, &(s7_ctx){.struct_size = sizeof(s7_ctx), .timeout_ms = 60000, .cancel = token}, ...);
 *   ... on any other thread:   s7_token_cancel(token);
 *
 * Every blocked call whose context carries the token (connect, read, write, a service, s7_pool_get) then
 * returns S7_E_CANCELLED, and so does each later one before it sends anything, until s7_token_reset. A write,
 * or another change, of which bytes had left returns S7_E_OUTCOME_UNKNOWN. The connection stays up and owes
 * the answer, as after a timeout; a connection that was still being made is given up. A call that has its
 * answer already may return it.
 *
 * One token may serve any number of calls at once. Calls without a token pay nothing. What cannot be
 * interrupted: the look-up of a host name by the system's resolver, s7_pool_start and s7_pool_close (which
 * do not look at the token). */
#ifndef S7RIG_TOKEN_H
#define S7RIG_TOKEN_H

#include <s7rig/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_token s7_token;

/* A token that is not cancelled. It takes a descriptor (eventfd). S7_E_ARG (out NULL), S7_E_NOMEM, S7_E_IO
 * (no descriptor left). */
S7_MUST_CHECK s7_status s7_token_new(s7_token **out);

/* Cancel, from any thread; again: nothing more happens. NULL is fine. Takes a mutex, so never from a signal
 * handler: write to a pipe there, and cancel from the thread that reads it. */
void s7_token_cancel(s7_token *token);

/* Calls that begin from now on are not cancelled. When no call uses the token: one that is still waiting may
 * miss the cancellation otherwise. NULL is fine. */
void s7_token_reset(s7_token *token);

bool s7_token_is_cancelled(const s7_token *token); /* from any thread; NULL: false */

/* When no call uses it any more. NULL is fine. */
void s7_token_free(s7_token *token);

#ifdef __cplusplus
}
#endif
#endif
