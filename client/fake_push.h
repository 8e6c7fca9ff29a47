/* fake_push.h - for tests: what the fake PLC (fake_plc.h) tells by itself: cyclic jobs as an S7-400 has them,
 * and events. Time is the test's business: a cycle of all jobs at once is fake_cycle. */
#ifndef CLIENT_FAKE_PUSH_H
#define CLIENT_FAKE_PUSH_H

#include "client/session_script.h"
#include "protocol/alarm.h"
#include "protocol/clock.h"
#include "protocol/cyclic.h"
#include "protocol/dbread.h"
#include "protocol/messages.h"
#include "protocol/userdata.h"

#define FAKE_JOBS        3
#define FAKE_WATCHED     S7_DBREAD_PARTS_MAX
#define FAKE_WATCHED_LEN 255

/* One item or part. */
struct fake_watched {
    struct s7_var_item item;
    size_t len;
    uint8_t last[FAKE_WATCHED_LEN]; /* as it was told last */
};

struct fake_cyclic_job {
    bool lives, parts;
    bool fresh; /* the next push carries everything */
    uint8_t made_by, subfunction;
    struct s7_cycle cycle;
    unsigned n;
    struct fake_watched watched[FAKE_WATCHED];
};

struct fake_push {
    bool absent; /* it has no such services: 8104 */
    struct fake_cyclic_job jobs[FAKE_JOBS];
    uint8_t events;                   /* as the last request said */
    uint8_t alarms;                   /* types begun: bit of s7_messages_alarms / 4 */
    unsigned logons;                  /* requests of the message service */
    struct s7_alarm_entry pending[2]; /* what a query finds */
    unsigned n_pending;
    struct bytes told; /* frames to be sent behind the next answer */
};

struct fake_plc;
static inline uint8_t *fake_place(struct fake_plc *plc, const struct s7_var_item *item, size_t *len,
                                  unsigned *bit, uint8_t *code);

static inline void fake_tell(struct fake_push *fake, const struct s7_wr *pdu)
{
    struct bytes frame = dt(pdu->buf, pdu->len, true);

    assert_false(pdu->full);
    append(&fake->told, &frame);
}

/* A new one: nothing outlives its connection. */
static inline void fake_push_connection(struct fake_push *fake)
{
    memset(fake->jobs, 0, sizeof fake->jobs);
    fake->events = fake->alarms = 0;
    fake->told.len = 0;
}

/* ---- cyclic jobs ---- */

/* What it is now: NULL and a code, or the bytes (a bit: its byte made 0 or 1). */
static inline const uint8_t *fake_look(struct fake_plc *plc, const struct fake_watched *watched,
                                       uint8_t *code)
{
    static uint8_t bit_value;
    size_t len;
    unsigned bit;
    const uint8_t *at = fake_place(plc, &watched->item, &len, &bit, code);

    if (at == NULL || watched->item.size != S7_SIZE_BIT)
        return at;
    bit_value = (at[0] & 1U << bit) != 0;
    return &bit_value;
}

static inline bool fake_changed(struct fake_plc *plc, const struct fake_watched *watched)
{
    uint8_t code;
    const uint8_t *at = fake_look(plc, watched, &code);

    return at != NULL && memcmp(at, watched->last, watched->len) != 0;
}

/* One item or part, with its value or as unchanged. */
static inline void fake_value(struct fake_plc *plc, struct fake_watched *watched, bool part, bool unchanged,
                              struct s7_wr *wr, bool last)
{
    uint8_t code;
    const uint8_t *at = fake_look(plc, watched, &code);
    uint8_t size = watched->item.size == S7_SIZE_BIT ? S7_DATA_BIT : S7_DATA_BYTE;
    struct s7_data_unit unit = {.code = code, .size = S7_DATA_NULL};

    if (at != NULL)
        unit = (struct s7_data_unit){code, size, s7_data_length(size, watched->len), at, watched->len};
    if (unchanged)
        s7_wr_be(wr, 1, S7_ITEM_UNCHANGED);
    else if (part)
        s7_dbread_value_append(wr, code, at, (uint8_t)watched->len);
    else
        s7_data_append(wr, &unit, last);
    if (at != NULL)
        memcpy(watched->last, at, watched->len);
}

/* Answer or push: its payload. */
static inline void fake_values(struct fake_plc *plc, struct fake_cyclic_job *job, bool all, struct s7_wr *wr)
{
    size_t unit = 0;

    s7_cyclic_values_append(wr, job->parts ? 1 : (uint8_t)job->n);
    if (job->parts) {
        unit = wr->len;
        s7_wr_be(wr, 1, S7_ITEM_OK);
        s7_wr_be(wr, 1, S7_DATA_OCTETS);
        s7_wr_be(wr, 2, 0);
    }
    for (unsigned i = 0; i < job->n; i++)
        fake_value(plc, &job->watched[i], job->parts, !all && !fake_changed(plc, &job->watched[i]), wr,
                   i + 1 == job->n);
    if (job->parts)
        s7_wr_patch16(wr, unit + 2, wr->len - unit - 4);
}

static inline void fake_watch(struct fake_cyclic_job *job, const struct s7_var_item *item)
{
    struct fake_watched *watched = &job->watched[job->n++];

    assert_true(job->n <= FAKE_WATCHED);
    watched->item = *item;
    watched->len = item->size == S7_SIZE_TIMER ? (size_t)item->count * 2 : item->count;
    assert_true(watched->len <= FAKE_WATCHED_LEN);
}

static inline void fake_watch_parts(struct fake_cyclic_job *job, const struct s7_var_item *item)
{
    struct s7_db_part part;
    struct s7_rd rd;
    unsigned n;

    assert_int_equal(s7_dbread_decode(item, &n, &rd), S7_OK);
    job->parts = true;
    while (s7_dbread_part(&rd, &part))
        fake_watch(job, &(struct s7_var_item){.syntax_id = S7_SYNTAX_S7ANY,
                                              .size = S7_SIZE_BYTE,
                                              .count = part.len,
                                              .db = part.db,
                                              .area = S7_AREA_DB,
                                              .bit_addr = part.start * 8U});
}

/* The list of a request; returns the error. */
static inline uint16_t fake_list(struct fake_cyclic_job *job, const struct s7_userdata *request)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more = true;

    job->n = 0;
    job->parts = false;
    job->fresh = true;
    job->subfunction = request->subfunction;
    assert_int_equal(s7_cyclic_request_decode(request->payload, request->payload_len, &job->cycle, &walk),
                     S7_OK);
    if (s7_cycle_ms(job->cycle) == 0)
        return 0xD804;
    while (s7_item_walk_next(&walk, &item, &more) == S7_OK && more) {
        if (item.syntax_id == S7_SYNTAX_DBREAD)
            fake_watch_parts(job, &item);
        else
            fake_watch(job, &item);
    }
    assert_false(more);
    return 0;
}

/* The lowest number that is free; 0: none is. */
static inline uint8_t fake_free_job(const struct fake_push *fake)
{
    for (uint8_t i = 0; i < FAKE_JOBS; i++)
        if (!fake->jobs[i].lives)
            return (uint8_t)(i + 1);
    return 0;
}

/* Returns the error; *sequence of the answer. */
static inline uint16_t fake_cyclic(struct fake_push *fake, struct fake_plc *plc,
                                   const struct s7_userdata *request, uint8_t *sequence, struct s7_wr *wr)
{
    uint8_t made_by, number = request->sequence;

    if (request->subfunction == S7_CYCLIC_END) {
        assert_int_equal(s7_cyclic_end_decode(request->payload, request->payload_len, &made_by, &number),
                         S7_OK);
    } else if (request->subfunction != S7_CYCLIC_MODIFY) {
        number = fake_free_job(fake);
        if (number == 0)
            return 0xD805;
    }
    *sequence = number;
    struct fake_cyclic_job *job = &fake->jobs[number - 1];
    if (request->subfunction == S7_CYCLIC_END) {
        if (number == 0 || number > FAKE_JOBS || !job->lives || job->made_by != made_by)
            return 0xD802;
        job->lives = false;
        return 0;
    }
    if (request->subfunction == S7_CYCLIC_MODIFY && (!job->lives || job->made_by != S7_CYCLIC_CHANGE))
        return 0xD802;
    uint16_t error = fake_list(job, request);
    if (error != 0)
        return error;
    if (!job->lives)
        job->made_by = request->subfunction;
    job->lives = true;
    fake_values(plc, job, true, wr);
    return 0;
}

static inline bool fake_any_changed(struct fake_plc *plc, const struct fake_cyclic_job *job)
{
    for (unsigned i = 0; i < job->n; i++)
        if (fake_changed(plc, &job->watched[i]))
            return true;
    return false;
}

/* One cycle: each job tells what it has to, if anything. */
static inline void fake_cycle(struct fake_push *fake, struct fake_plc *plc)
{
    for (uint8_t i = 0; i < FAKE_JOBS; i++) {
        struct fake_cyclic_job *job = &fake->jobs[i];
        uint8_t payload[1024], buf[1024];
        struct s7_wr inner = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};
        bool timed = job->made_by == S7_CYCLIC_TIME;

        if (!job->lives)
            continue;
        if (!timed && !fake_any_changed(plc, job)) {
            job->fresh = true;
            continue;
        }
        fake_values(plc, job, timed || job->fresh, &inner);
        job->fresh = false;
        struct s7_userdata push = s7_userdata_request(S7_GROUP_CYCLIC, job->subfunction, payload, inner.len);
        push.is_long = true;
        push.method = S7_METHOD_ANSWER;
        push.type = S7_USERDATA_PUSH;
        push.sequence = (uint8_t)(i + 1);
        s7_userdata_encode(&wr, 0, &push);
        fake_tell(fake, &wr);
    }
}

/* ---- events ---- */

static inline uint16_t fake_messages(struct fake_push *fake, const struct s7_userdata *request,
                                     struct s7_wr *wr)
{
    struct s7_messages messages;

    assert_int_equal(s7_messages_decode(request->payload, request->payload_len, &messages), S7_OK);
    assert_string_equal(messages.name, "s7rig");
    fake->events = messages.events;
    fake->logons++;
    if (messages.events & S7_MESSAGES_ALARMS) {
        uint8_t type = (uint8_t)(1U << messages.alarms / 4);

        if (messages.alarms & S7_MESSAGES_BEGIN && fake->alarms & type)
            return 0xD403;
        fake->alarms =
            (uint8_t)(messages.alarms & S7_MESSAGES_BEGIN ? fake->alarms | type : fake->alarms & ~type);
    }
    s7_messages_answer_append(wr, &messages);
    return 0;
}

static inline uint16_t fake_alarm_query(struct fake_push *fake, const struct s7_userdata *request,
                                        struct s7_wr *wr)
{
    uint8_t query;
    uint32_t type;

    assert_int_equal(s7_alarm_query_decode(request->payload, request->payload_len, &query, &type), S7_OK);
    s7_alarm_answer_append(wr, fake->pending, type == S7_ALARM_TYPE_8 ? fake->n_pending : 0);
    return 0;
}

static inline void fake_tell_cpu(struct fake_push *fake, uint8_t subfunction, const uint8_t *payload,
                                 size_t len)
{
    uint8_t buf[256];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_userdata push = s7_userdata_request(S7_GROUP_CPU, subfunction, payload, len);

    push.type = S7_USERDATA_PUSH;
    s7_userdata_encode(&wr, 0, &push);
    fake_tell(fake, &wr);
}

/* The mode changed: the entry of the diagnostic buffer, then the mode, to those who asked. */
static inline void fake_tell_mode(struct fake_push *fake, bool run)
{
    struct bytes entry = hex(run ? "43 02 ff 68 c7 00 00 00 00 00 00 00 26 11 24 19 03 25 47 83"
                                 : "43 04 ff 84 c7 00 00 00 00 00 00 00 26 11 24 19 03 25 47 83");
    uint8_t buf[32];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    if (fake->events & S7_MESSAGES_DIAG && !run)
        fake_tell_cpu(fake, S7_CPU_DIAG_PUSH, entry.at, entry.len);
    s7_mode_push_encode(&wr, run ? S7_MODE_PUSH_RUN : S7_MODE_PUSH_STOP);
    if (fake->events & S7_MESSAGES_MODE)
        fake_tell(fake, &wr);
}

/* ---- */

/* Is it one of these services? Then *error and the answer's payload and sequence. */
static inline bool fake_push_service(struct fake_push *fake, struct fake_plc *plc,
                                     const struct s7_userdata *request, uint16_t *error, uint8_t *sequence,
                                     struct s7_wr *wr)
{
    bool cyclic = request->group == S7_GROUP_CYCLIC;
    bool messages = request->group == S7_GROUP_CPU && request->subfunction == S7_CPU_MESSAGES;
    bool query = request->group == S7_GROUP_CPU && request->subfunction == S7_CPU_ALARM_QUERY;

    if (!cyclic && !messages && !query)
        return false;
    *sequence = 0xFF;
    if (fake->absent)
        *error = 0x8104;
    else if (cyclic)
        *error = fake_cyclic(fake, plc, request, sequence, wr);
    else
        *error = messages ? fake_messages(fake, request, wr) : fake_alarm_query(fake, request, wr);
    return true;
}

/* The answer as a whole; false: not one of these services. */
static inline bool fake_push_answer(struct fake_push *fake, struct fake_plc *plc, const struct s7_pdu *job,
                                    struct s7_wr *wr)
{
    uint8_t payload[1024], sequence;
    struct s7_wr inner = {payload, sizeof payload, 0, false};
    struct s7_userdata request;
    uint16_t error;

    if (job->rosctr != S7_ROSCTR_USERDATA || s7_userdata_decode(job, &request) != S7_OK ||
        !fake_push_service(fake, plc, &request, &error, &sequence, &inner))
        return false;
    bool empty = error != 0 || inner.len == 0;
    struct s7_userdata answer =
        s7_userdata_request(request.group, request.subfunction, empty ? NULL : payload, inner.len);
    answer.is_long = true;
    answer.method = S7_METHOD_ANSWER;
    answer.type = S7_USERDATA_ANSWER;
    answer.sequence = sequence;
    answer.error = error;
    s7_userdata_encode(wr, job->ref, &answer);
    return true;
}

#endif
