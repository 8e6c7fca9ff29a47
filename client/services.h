/* services.h - what the files of <s7rig/services.h> share. */
#ifndef CLIENT_SERVICES_H
#define CLIENT_SERVICES_H

#include "client/client_impl.h"
#include "client/download.h"
#include "client/service.h"

#include <s7rig/services.h>

/* One blocking call of a service: what says what was asked, without "127.0.0.1:102" at its end ("read the
 * clock of"). */
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

/* One call of a service, whoever makes it: the request, and what becomes of its answer. Blocking calls keep
 * it on the stack, a connection on a loop in its queue; like the service it may be copied until it is begun.
 *
 * Each service has a function s7_errand_...(errand, arguments of the call), which fills it and returns NULL,
 * or which argument is at fault. */
#define S7_ERRAND_WHAT_CAP   40
#define S7_ERRAND_DETAIL_CAP 96

struct s7_errand {
    struct s7_service service; /* the first: one address for both, and for its work */
    char
        what[S7_ERRAND_WHAT_CAP]; /* what is asked, without "127.0.0.1:102" at its end: "read the clock of" */
    bool control;
    /* The answer came: give it to the caller. Any status but S7_OK says why in detail. NULL: it carries
     * nothing. */
    s7_status (*finish)(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP]);
    /* for finish: where the results go; each service knows what they are */
    void *to, *also;
    size_t *n;
    size_t cap;
    uint16_t list; /* id of the status list that was asked for */
};

/* The beginning of each s7_errand_...: what in words, and whether it is control. The service is made next. */
void s7_errand_init(struct s7_errand *errand, const char *what, bool control);

/* The outcome of an errand that is done: finishes it, and words the failure. Once. */
s7_status s7_errand_end(struct s7_errand *errand, const char *where, s7_errinfo *err);

/* Fill err for a call of what at where that failed (plc_error and hint may be there); returns status. */
s7_status s7_services_report(const char *what, const char *where, s7_errinfo *err, s7_status status,
                             const char *detail);

/* For finish: say why. S7_E_PROTOCOL: no answer of a PLC. S7_E_TOO_LARGE: more came than the caller's buffer
 * takes. */
s7_status s7_errand_bad(char detail[S7_ERRAND_DETAIL_CAP], const char *why);
s7_status s7_errand_too_large(char detail[S7_ERRAND_DETAIL_CAP], const char *of_what, size_t there,
                              size_t cap);

/* Carry out an errand, blocking; fault is what its s7_errand_... function returned. */
S7_MUST_CHECK s7_status s7_errand_run(s7_client *client, const s7_ctx *ctx, struct s7_errand *errand,
                                      const char *fault);

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

/* ---- services_info.c ---- */
const char *s7_errand_szl(struct s7_errand *errand, uint16_t id, uint16_t index, s7_szl_head *head, void *dst,
                          size_t cap, size_t *len);
const char *s7_errand_cpu_info(struct s7_errand *errand, s7_cpu_info *info);
const char *s7_errand_order_code(struct s7_errand *errand, s7_order_code *code);
const char *s7_errand_comm_info(struct s7_errand *errand, s7_comm_info *info);
const char *s7_errand_protection(struct s7_errand *errand, s7_protection *protection);
const char *s7_errand_cpu_mode(struct s7_errand *errand, s7_cpu_mode *mode, s7_datetime *since);
const char *s7_errand_leds(struct s7_errand *errand, s7_led *leds, size_t cap, size_t *n);
const char *s7_errand_diag(struct s7_errand *errand, s7_diag_entry *entries, size_t cap, size_t *n);

/* ---- services_blocks.c ---- */
const char *s7_errand_blocks_count(struct s7_errand *errand, s7_block_counts *counts);
const char *s7_errand_blocks_list(struct s7_errand *errand, s7_block_type type, s7_block_entry *entries,
                                  size_t cap, size_t *n);
const char *s7_errand_block_info(struct s7_errand *errand, s7_block_type type, uint16_t number,
                                 s7_block_info *info);
const char *s7_errand_block_upload(struct s7_errand *errand, s7_block_type type, uint16_t number, void *dst,
                                   size_t cap, size_t *len);

const char *s7_errand_block_delete(struct s7_errand *errand, s7_block_type type, uint16_t number);

/* What is wrong with a download before the block is looked at; NULL: nothing. */
const char *s7_services_download_fault(s7_block_type type, const void *block);

/* ---- services_control.c ---- */
const char *s7_errand_clock_get(struct s7_errand *errand, s7_datetime *datetime);
const char *s7_errand_clock_set(struct s7_errand *errand, const s7_datetime *datetime);
const char *s7_errand_password_set(struct s7_errand *errand, const char *password);
const char *s7_errand_password_clear(struct s7_errand *errand);
const char *s7_errand_control(struct s7_errand *errand, enum s7_control what);

#endif
