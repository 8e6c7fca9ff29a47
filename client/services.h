/* services.h - what the files of <s7rig/services.h> share. */
#ifndef CLIENT_SERVICES_H
#define CLIENT_SERVICES_H

#include "client/client_impl.h"
#include "client/download.h"
#include "client/service.h"

#include <s7rig/services.h>

/* One call of a service: what says what was asked, without "127.0.0.1:102" at its end ("read the clock of").
 */
struct s7_service_call {
    s7_client *client;
    const s7_ctx *ctx;
    const char *what;
    bool control;
};

/* Carry out the service; reports failures. */
S7_MUST_CHECK s7_status s7_services_call(const struct s7_service_call *call, struct s7_service *service);

/* The same for a download, which is begun once; what says how far it has come. */
S7_MUST_CHECK s7_status s7_services_download(const struct s7_service_call *call,
                                             struct s7_download *download);

/* The answer came, but the call fails with status; detail says why. Reports it and returns status. */
s7_status s7_services_fail(const struct s7_service_call *call, s7_status status, const char *detail);

/* More came than the caller's buffer takes: S7_E_TOO_LARGE. */
s7_status s7_services_too_large(const struct s7_service_call *call, const char *of_what, size_t there,
                                size_t cap);

/* "the answer is shorter than what it should carry" */
extern const char s7_services_short[];

/* Hand the caller's struct what it knows of ours; both begin with struct_size, which the caller has set. */
void s7_services_give(void *to, const void *from, size_t size);

/* Is it a struct of the caller with struct_size set? */
static inline bool s7_services_struct(const void *of_caller)
{
    uint32_t size = 0;

    if (of_caller != NULL)
        memcpy(&size, of_caller, sizeof size);
    return size >= sizeof size;
}

#endif
