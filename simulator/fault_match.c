#include "fault_match.h"

#include "protocol/szl.h"
#include "protocol/userdata.h"
#include "protocol/var.h"

#include <string.h>

static bool within(uint32_t n, const struct sim_span *span)
{
    return n >= span->low && n <= span->high;
}

static bool fits_peer(const struct sim_fault_match *match, const char *peer)
{
    size_t len = strlen(match->peer);

    if (match->peer_port)
        return strcmp(peer, match->peer) == 0;
    return len == 0 || (strncmp(peer, match->peer, len) == 0 && peer[len] == ':');
}

bool sim_armed_fits_conn(const struct sim_armed *armed, const char *peer, unsigned conn, enum sim_role role)
{
    const struct sim_fault_match *match = &armed->fault.match;

    return within(conn, &match->conn) && (match->role == SIM_ROLE_OTHER || match->role == role) &&
           fits_peer(match, peer);
}

/* The bytes of its area that an item names, as a CPU counts them; the number of an unknown size is taken as
 * bytes. */
static struct sim_span bytes_of(const struct s7_var_item *item, size_t *len)
{
    const struct s7_size_info *size = s7_size_find(item->size);
    bool numbered = item->area == S7_AREA_T || item->area == S7_AREA_C;
    uint32_t from = numbered ? item->bit_addr * 2 : item->bit_addr / 8;

    *len = (size_t)item->count * (size != NULL ? size->element_bytes : 1U);
    return (struct sim_span){from, from + (uint32_t)*len - (*len > 0 ? 1U : 0U)};
}

static bool fits_item(const struct sim_fault_match *match, const struct s7_var_item *item)
{
    bool in_db = item->area == S7_AREA_DB || item->area == S7_AREA_DI;
    size_t len;
    struct sim_span bytes = bytes_of(item, &len);

    if (item->syntax_id != S7_SYNTAX_S7ANY || (match->area != 0 && item->area != match->area) ||
        (match->db >= 0 && (!in_db || item->db != match->db)))
        return false;
    return bytes.low <= match->range.high && bytes.high >= match->range.low;
}

void sim_match_contents(const struct s7_pdu *pdu, const struct sim_fault_match *match,
                        struct sim_contents *out)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more;
    size_t len;

    *out = (struct sim_contents){0};
    if (s7_item_walk_begin(pdu, &walk) != S7_OK)
        return;
    while (s7_item_walk_next(&walk, &item, &more) == S7_OK && more) {
        out->items++;
        len = 0;
        if (item.syntax_id == S7_SYNTAX_S7ANY)
            bytes_of(&item, &len);
        out->bytes += len;
        if ((match->item != 0 && match->item != out->items) || !fits_item(match, &item))
            continue;
        out->fits = true;
        out->longest = len > out->longest ? len : out->longest;
    }
}

void sim_match_items(const struct s7_pdu *pdu, const struct sim_fault_match *match,
                     uint64_t items[SIM_ITEM_WORDS])
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more;

    memset(items, 0, SIM_ITEM_WORDS * sizeof items[0]);
    if (pdu == NULL || s7_item_walk_begin(pdu, &walk) != S7_OK)
        return;
    for (unsigned n = 0; s7_item_walk_next(&walk, &item, &more) == S7_OK && more; n++)
        if (!match->by_item || ((match->item == 0 || match->item == n + 1) && fits_item(match, &item)))
            items[n / 64 % SIM_ITEM_WORDS] |= UINT64_C(1) << n % 64;
}

/* A first request for one of the status lists that are meant. */
static bool asks_for_list(const struct sim_fault_own *own, const struct s7_pdu *pdu)
{
    struct s7_userdata request;
    uint16_t id, index;

    return pdu != NULL && s7_userdata_decode(pdu, &request) == S7_OK && request.group == S7_GROUP_CPU &&
           request.subfunction == S7_CPU_READ_SZL && request.type == S7_USERDATA_REQUEST &&
           s7_szl_request_decode(request.payload, request.payload_len, &id, &index) == S7_OK &&
           sim_quirk_names_list(own, id);
}

static bool holds_payload(const struct sim_fault_match *match, const struct s7_pdu *pdu)
{
    return memmem(pdu->param, pdu->param_len, match->payload, match->payload_len) != NULL ||
           memmem(pdu->data, pdu->data_len, match->payload, match->payload_len) != NULL;
}

static bool fits_contents(const struct sim_fault_match *match, const struct sim_asked *asked)
{
    bool any_number = match->items.low == 0 && match->items.high == UINT32_MAX;
    struct sim_contents contents;

    if (match->ref >= 0 && (asked->pdu == NULL || asked->pdu->ref != match->ref))
        return false;
    if (match->rosctr != 0 && (asked->pdu == NULL || asked->pdu->rosctr != match->rosctr))
        return false;
    if (match->payload_len > 0 && (asked->pdu == NULL || !holds_payload(match, asked->pdu)))
        return false;
    if (!match->by_item && any_number)
        return true;
    if ((asked->fn & (SIM_FN_READ | SIM_FN_WRITE)) == 0)
        return false;
    sim_match_contents(asked->pdu, match, &contents);
    return within(contents.items, &match->items) && (!match->by_item || contents.fits);
}

/* The connection's first match only: its bit remembers that. */
static bool fits_once(const struct sim_armed *armed, uint64_t *once)
{
    bool first = (*once & armed->once) == 0;

    *once |= armed->once;
    return first;
}

static bool is_about_lists(const struct sim_fault *fault)
{
    return fault->type == SIM_FAULT_SZL_MISSING || fault->type == SIM_FAULT_SZL_PARTIAL ||
           (fault->type == SIM_FAULT_DEFECT && fault->own.choice == SIM_FN_USERDATA);
}

bool sim_match_fits(const struct sim_armed *armed, const struct sim_asked *asked, uint64_t *once)
{
    const struct sim_fault *fault = &armed->fault;

    if (armed->now.defect)
        return !armed->gone;
    if (fault->type == SIM_FAULT_CONN_LIMIT && asked->again)
        return false;
    if (is_about_lists(fault) && !asks_for_list(&fault->own, asked->pdu))
        return false;
    return fault->own.at_ns < 0 && !sim_fault_waits_for_idleness(fault) &&
           (fault->match.fns & (unsigned)asked->fn) != 0 && sim_armed_is_live(armed, asked->now_ns) &&
           asked->now_ns - armed->armed_ns >= fault->trigger.from_ns &&
           sim_armed_fits_conn(armed, asked->peer, asked->conn, asked->role) &&
           fits_contents(&fault->match, asked) && fits_once(armed, once);
}

uint64_t sim_match_key(const struct sim_armed *armed, const struct sim_asked *asked)
{
    uint64_t items[SIM_ITEM_WORDS];
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more;

    if (armed->fault.trigger.scope <= SIM_SCOPE_CONN)
        return asked->conn;
    sim_match_items(asked->pdu, &armed->fault.match, items);
    if (asked->pdu == NULL || s7_item_walk_begin(asked->pdu, &walk) != S7_OK)
        return 0;
    for (unsigned n = 0; s7_item_walk_next(&walk, &item, &more) == S7_OK && more; n++)
        if ((items[n / 64 % SIM_ITEM_WORDS] >> n % 64 & 1) != 0 && item.syntax_id == S7_SYNTAX_S7ANY)
            return (uint64_t)item.area << 56 | (uint64_t)item.db << 32 |
                   (armed->fault.trigger.scope == SIM_SCOPE_ITEM ? item.bit_addr : 0);
    return 0;
}
