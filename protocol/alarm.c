#include "protocol/alarm.h"

#include "protocol/clock.h"

#define VARIABLE_SPEC 0x12
#define KIND_OF_CALL  0x40

/* A date that is none is not worth the alarm. */
static bool rd_datetime(struct s7_rd *rd, s7_datetime *out)
{
    struct s7_rd bytes = *rd;
    const uint8_t *view;

    if (!s7_rd_view(rd, 8, &view))
        return false;
    if (s7_datetime_decode(&bytes, out) != S7_OK)
        *out = (s7_datetime){0};
    return true;
}

/* ---- indications ---- */

bool s7_alarm_is_indication(uint8_t subfunction)
{
    switch (subfunction) {
    case S7_CPU_ALARM_8:
    case S7_CPU_NOTIFY:
    case S7_CPU_ALARM_ACKED:
    case S7_CPU_ALARM_SQ:
    case S7_CPU_ALARM_S:
    case S7_CPU_NOTIFY_8:
        return true;
    default:
        return false;
    }
}

s7_status s7_alarm_begin(const uint8_t *payload, size_t len, struct s7_alarm_walk *walk)
{
    struct s7_rd rd = {payload, len};
    s7_datetime time;
    uint8_t kind, n_objects;

    if (!rd_datetime(&rd, &time) || !s7_rd_u8(&rd, &kind) || !s7_rd_u8(&rd, &n_objects))
        return S7_E_FRAME;
    *walk = (struct s7_alarm_walk){.rd = rd, .left = n_objects, .time = time};
    return S7_OK;
}

/* rd: what the object's length counts, from its syntax id on. */
static bool rd_object(struct s7_rd rd, struct s7_alarm_object *out)
{
    uint8_t n_values;

    if (!s7_rd_u8(&rd, &out->syntax_id) || !s7_rd_u8(&rd, &n_values) || !s7_rd_be(&rd, 4, &out->event))
        return false;
    out->n_values = out->syntax_id == S7_SYNTAX_ALARM_ACK ? 0 : n_values;
    switch (out->syntax_id) {
    case S7_SYNTAX_ALARM:
    case S7_SYNTAX_NOTIFY:
        if (!s7_rd_u8(&rd, &out->event_state) || !s7_rd_u8(&rd, &out->state))
            return false;
        break;
    case S7_SYNTAX_ALARM_ACK:
        break;
    default:
        return false;
    }
    return s7_rd_u8(&rd, &out->ack_going) && s7_rd_u8(&rd, &out->ack_coming);
}

/* last: nothing follows the object's values, so that the last one needs no fill byte. */
static bool walk_values(struct s7_rd *rd, struct s7_alarm_object *object, bool last)
{
    struct s7_data_walk walk = {.rd = *rd, .answer = true};
    struct s7_data_unit value;

    object->values = walk;
    for (unsigned i = 0; i < object->n_values; i++)
        if (s7_data_walk_next(&walk, last && i + 1 == object->n_values, &value) != S7_OK)
            return false;
    *rd = walk.rd;
    return true;
}

s7_status s7_alarm_next(struct s7_alarm_walk *walk, struct s7_alarm_object *object, bool *more)
{
    struct s7_rd rd = walk->rd;
    struct s7_alarm_object found = {0};
    const uint8_t *rest;
    uint8_t spec, len;

    *more = walk->left > 0;
    if (!*more)
        return S7_OK;
    if (!s7_rd_u8(&rd, &spec) || spec != VARIABLE_SPEC || !s7_rd_u8(&rd, &len) ||
        !s7_rd_view(&rd, len, &rest) || !rd_object((struct s7_rd){rest, len}, &found) ||
        !walk_values(&rd, &found, walk->left == 1))
        return S7_E_FRAME;
    walk->rd = rd;
    walk->left--;
    *object = found;
    return S7_OK;
}

bool s7_alarm_next_value(struct s7_alarm_object *object, struct s7_data_unit *value)
{
    if (object->n_values == 0 || s7_data_walk_next(&object->values, true, value) != S7_OK)
        return false;
    struct s7_rd *rd = &object->values.rd;
    if (value->payload_len % 2 != 0 && rd->left > 0) { /* its fill byte, unless nothing follows */
        rd->at++;
        rd->left--;
    }
    object->n_values--;
    return true;
}

void s7_alarm_head_append(struct s7_wr *wr, const s7_datetime *time, uint8_t n_objects)
{
    s7_datetime_encode(wr, time);
    s7_wr_be(wr, 1, KIND_OF_CALL);
    s7_wr_be(wr, 1, n_objects);
}

void s7_alarm_object_append(struct s7_wr *wr, const struct s7_alarm_object *object,
                            const struct s7_data_unit *values, bool last)
{
    s7_wr_be(wr, 3, VARIABLE_SPEC << 16 | 0x0A00 | S7_SYNTAX_ALARM);
    s7_wr_be(wr, 1, object->n_values);
    s7_wr_be(wr, 4, object->event);
    s7_wr_be(wr, 1, object->event_state);
    s7_wr_be(wr, 1, object->state);
    s7_wr_be(wr, 1, object->ack_going);
    s7_wr_be(wr, 1, object->ack_coming);
    for (unsigned i = 0; i < object->n_values; i++)
        s7_data_append(wr, &values[i], last && i + 1 == object->n_values);
}

/* ---- the query ---- */

#define QUERY_HEAD   0x00011208 /* one object: variable specification, its length */
#define QUERY_SYNTAX 0x1A00
#define QUERY_MARK   0x34

void s7_alarm_query_append(struct s7_wr *wr, uint8_t query, uint32_t type)
{
    s7_wr_be(wr, 4, QUERY_HEAD);
    s7_wr_be(wr, 2, QUERY_SYNTAX);
    s7_wr_be(wr, 1, query);
    s7_wr_be(wr, 1, QUERY_MARK);
    s7_wr_be(wr, 4, type);
}

s7_status s7_alarm_query_decode(const uint8_t *payload, size_t len, uint8_t *query, uint32_t *type)
{
    struct s7_rd rd = {payload, len};
    uint32_t head;
    uint16_t syntax;
    uint8_t mark;

    if (!s7_rd_be(&rd, 4, &head) || head != QUERY_HEAD || !s7_rd_u16(&rd, &syntax) ||
        syntax != QUERY_SYNTAX || !s7_rd_u8(&rd, query) || !s7_rd_u8(&rd, &mark) || !s7_rd_be(&rd, 4, type))
        return S7_E_FRAME;
    return rd.left == 0 ? S7_OK : S7_E_FRAME;
}

#define ENTRY_LEN 0x0A /* as its first byte says; not all of it */

/* The length is that of the first unit only when the answer comes in several: what is there counts. */
s7_status s7_alarm_answer_decode(const uint8_t *payload, size_t len, struct s7_rd *entries)
{
    struct s7_rd rd = {payload, len};
    uint8_t reserved, n, code, size;
    uint16_t said;

    if (!s7_rd_u8(&rd, &reserved) || !s7_rd_u8(&rd, &n))
        return S7_E_FRAME;
    if (n == 0)
        rd.left = 0;
    else if (!s7_rd_u8(&rd, &code) || !s7_rd_u8(&rd, &size) || !s7_rd_u16(&rd, &said))
        return S7_E_FRAME;
    else if (code != S7_ITEM_OK && code != S7_ITEM_MISSING)
        return S7_E_FRAME;
    else if (code == S7_ITEM_MISSING)
        rd.left = 0;
    *entries = rd;
    return S7_OK;
}

/* A time and the value that belonged to it, which is left out here. */
static bool rd_time_and_value(struct s7_rd *rd, s7_datetime *time)
{
    struct s7_data_unit value;

    if (!rd_datetime(rd, time))
        return false;
    struct s7_data_walk walk = {.rd = *rd, .answer = true};
    if (s7_data_walk_next(&walk, false, &value) != S7_OK)
        return false;
    *rd = walk.rd;
    return true;
}

bool s7_alarm_entry_next(struct s7_rd *entries, struct s7_alarm_entry *entry)
{
    struct s7_rd rd = *entries;
    struct s7_alarm_entry found = {0};
    uint32_t head;
    uint8_t zero;

    if (!s7_rd_be(&rd, 3, &head) || !s7_rd_u8(&rd, &found.type) || !s7_rd_be(&rd, 4, &found.event) ||
        !s7_rd_u8(&rd, &zero) || !s7_rd_u8(&rd, &found.state) || !s7_rd_u8(&rd, &found.ack_going) ||
        !s7_rd_u8(&rd, &found.ack_coming))
        return false;
    if (found.type == S7_ALARM_TYPE_S &&
        (!rd_time_and_value(&rd, &found.coming) || !rd_time_and_value(&rd, &found.going)))
        return false;
    *entries = rd;
    *entry = found;
    return true;
}

static void entry_append(struct s7_wr *wr, const struct s7_alarm_entry *entry)
{
    s7_wr_be(wr, 3, ENTRY_LEN << 16);
    s7_wr_be(wr, 1, entry->type);
    s7_wr_be(wr, 4, entry->event);
    s7_wr_be(wr, 1, 0);
    s7_wr_be(wr, 1, entry->state);
    s7_wr_be(wr, 1, entry->ack_going);
    s7_wr_be(wr, 1, entry->ack_coming);
}

void s7_alarm_answer_append(struct s7_wr *wr, const struct s7_alarm_entry *entries, size_t n)
{
    s7_wr_be(wr, 2, 1);
    s7_wr_be(wr, 1, n > 0 ? S7_ITEM_OK : S7_ITEM_MISSING);
    s7_wr_be(wr, 1, n > 0 ? S7_DATA_OCTETS : S7_DATA_NULL);
    size_t at = wr->len;
    s7_wr_be(wr, 2, 0);
    for (size_t i = 0; i < n; i++)
        entry_append(wr, &entries[i]);
    s7_wr_patch16(wr, at, wr->len - at - 2);
}
