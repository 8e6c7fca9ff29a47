#include "client/client_impl.h"

#include "loop/never.h"

#define NS_PER_MS INT64_C(1000000)

s7_errinfo *s7_ctx_err(const s7_ctx *ctx)
{
    return s7_ctx_knows(ctx, offsetof(s7_ctx, cancel)) ? ctx->err : NULL;
}

static int64_t later(int64_t now_ns, int64_t by_ns)
{
    return by_ns > S7_NEVER_NS - now_ns ? S7_NEVER_NS : now_ns + by_ns;
}

s7_status s7_ctx_deadline(const s7_ctx *ctx, int64_t now_ns, int64_t default_ns, int64_t *deadline_ns)
{
    if (!s7_ctx_is_good(ctx))
        return S7_E_ARG;
    if (ctx != NULL && ctx->deadline_ns != 0)
        *deadline_ns = ctx->deadline_ns;
    else if (ctx != NULL && ctx->timeout_ms == -1)
        *deadline_ns = S7_NEVER_NS;
    else if (ctx != NULL && ctx->timeout_ms > 0)
        *deadline_ns = later(now_ns, ctx->timeout_ms * NS_PER_MS);
    else
        *deadline_ns = later(now_ns, default_ns);
    return S7_OK;
}
