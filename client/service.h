/* service.h - one call of a service that is neither a read nor a write: a request, its answer, and as many
 * further requests as the answer asks for (the units of a long list, the pieces of a block), one at a time.
 * What the answers carry is gathered in the caller's buffer.
 *
 * A work (client/work.h): no I/O, no clock, no allocation. */
#ifndef CLIENT_SERVICE_H
#define CLIENT_SERVICE_H

#include "client/work.h"
#include "protocol/blocks.h"
#include "protocol/control.h"
#include "protocol/userdata.h"

/* Most that the answers of one call may carry; a PLC that sends more is none. Of an upload S7_DOWNLOAD_MAX:
 * what is longer could not be given back. */
#define S7_SERVICE_MAX 65536U

#define S7_SERVICE_HEAD_CAP  8
#define S7_SERVICE_PARAM_CAP 32
#define S7_SERVICE_DATA_CAP  16
#define S7_SERVICE_OWN_CAP   544 /* 16 records of the longest list that is decoded */

struct s7_service {
    struct s7_work work;
    bool changes;         /* may have been done although no answer came */
    uint16_t empty_error; /* this error of the PLC means: nothing there; 0: none does */
    /* where to: the first head_len bytes to head, the others to out[0..cap), or to own[0..cap) if out is
     * NULL; len counts all that came, also what did not fit and was dropped */
    uint8_t head[S7_SERVICE_HEAD_CAP];
    size_t head_len;
    uint8_t *out;
    size_t cap, len;
    uint8_t own[S7_SERVICE_OWN_CAP];

    /* private: the next request ... */
    uint8_t rosctr;
    uint8_t param[S7_SERVICE_PARAM_CAP], data[S7_SERVICE_DATA_CAP];
    size_t param_len, data_len;
    const uint8_t *long_data; /* in data's place; lives as long as the service. NULL: data */
    /* ... and what becomes of its answer. NULL, or what is wrong with it; more: the next request is ready */
    const char *(*take)(struct s7_service *service, const struct s7_pdu *answer, bool *more);
    bool begun;         /* userdata: a unit came ... */
    uint8_t unit_ref;   /* ... and the first one had this reference */
    uint32_t upload_id; /* upload */
    uint32_t block_len; /* upload: what the block must have, 0: not said */
    bool in_flight, done;
    s7_status status;
    uint16_t plc_error;
    char detail[96];
};

/* May be copied until it is begun, and what was copied then be begun later.
 *
 * A userdata service; payload NULL: none. out NULL: own, where cap is at most S7_SERVICE_OWN_CAP. The payload
 * is copied, at most 12 bytes. */
void s7_service_userdata(struct s7_service *service, uint8_t group, uint8_t subfunction,
                         const uint8_t *payload, size_t payload_len, void *out, size_t cap);

/* The parts of what is above, for services that do more: make a request of userdata the next one. Its payload
 * is at most 12 bytes, or its data (payload and header) fit buf. */
void s7_service_ask(struct s7_service *service, const struct s7_userdata *request);
void s7_service_ask_long(struct s7_service *service, const struct s7_userdata *request, uint8_t *buf,
                         size_t cap);

/* A service that asks once; take is called with its answer, see below. */
void s7_service_begin(struct s7_service *service,
                      const char *(*take)(struct s7_service *service, const struct s7_pdu *answer,
                                          bool *more));

/* A job that changes what the CPU does. */
void s7_service_control(struct s7_service *service, enum s7_control control);

/* Insert or delete a block. */
void s7_service_block_control(struct s7_service *service, enum s7_block_control control, uint8_t type,
                              uint16_t number);

/* Upload of a block: three kinds of jobs. */
void s7_service_upload(struct s7_service *service, uint8_t type, uint16_t number, void *out, size_t cap);

/* The outcome of a done service. S7_OK may have len > cap. *plc_error and *detail (lives as long as the
 * service) for the report. */
s7_status s7_service_result(const struct s7_service *service, uint16_t *plc_error, const char **detail);

#endif
