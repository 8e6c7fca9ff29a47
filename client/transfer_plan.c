#include "client/transfer_plan.h"

bool s7_item_by_number(const s7_address *address)
{
    return address->area == S7_AREA_T || address->area == S7_AREA_C;
}

bool s7_item_is_bit(const s7_address *address)
{
    return address->type == S7_TYPE_BOOL && address->count == 1;
}

/* Written as bytes, such an array would carry its neighbours along, as they were some time ago. */
bool s7_item_bit_by_bit(const s7_item *item, bool write)
{
    return write && item->address.type == S7_TYPE_BOOL && item->address.count > 1 &&
           (item->address.bit != 0 || item->address.count % 8 != 0);
}

size_t s7_item_extent(const s7_item *item, bool write)
{
    return s7_item_bit_by_bit(item, write) ? item->address.count : item->len;
}

/* Bytes of the two PDUs that a job makes, every part so far filled to even length. */
struct budget {
    bool write;
    size_t pdu_len, request, answer;
};

/* Payload bytes that a further part may carry; 0: no further part fits. */
static size_t budget_left(const struct budget *budget)
{
    size_t request = budget->request + S7_ITEM_LEN + (budget->write ? 4 : 0);
    size_t answer = budget->answer + (budget->write ? 1 : 4);

    if (request > budget->pdu_len || answer > budget->pdu_len)
        return 0;
    return budget->pdu_len - (budget->write ? request : answer);
}

static void budget_take(struct budget *budget, size_t payload)
{
    size_t even = payload + payload % 2;

    budget->request += S7_ITEM_LEN + (budget->write ? 4 + even : 0);
    budget->answer += budget->write ? 1 : 4 + even;
}

size_t s7_item_cut_unit(const s7_address *address, size_t most)
{
    size_t element = s7_item_by_number(address) ? 2 : s7_type_size(address->type, address->string_cap);

    return element <= most ? element : 1;
}

/* How much of the item from offset on goes into a job that has room payload bytes left: 0: nothing. Items
 * that fit a job are not cut, so that the PLC reads and writes them at one time. */
static size_t part_len(const struct s7_transfer *transfer, const s7_item *item, size_t offset, size_t room,
                       size_t most)
{
    size_t rest = s7_item_extent(item, transfer->write) - offset;

    if (room == 0)
        return 0;
    if (s7_item_bit_by_bit(item, transfer->write))
        return 1;
    if (rest <= room)
        return rest;
    if (item->len <= most)
        return 0;
    return room - room % s7_item_cut_unit(&item->address, most);
}

unsigned s7_plan_job(const struct s7_transfer *transfer, size_t pdu_len, unsigned max_items,
                     struct s7_part parts[S7_ITEMS_PER_PDU], size_t *item_at, size_t *offset_at)
{
    struct budget budget = {.write = transfer->write,
                            .pdu_len = pdu_len,
                            .request = S7_PDU_HEADER_LEN + 2,
                            .answer = S7_ACK_HEADER_LEN + 2};
    size_t most = transfer->write ? s7_max_write(pdu_len) : s7_max_read(pdu_len);
    unsigned n = 0;

    while (n < max_items && *item_at < transfer->n_items) {
        s7_item *item = &transfer->items[*item_at];
        size_t len = part_len(transfer, item, *offset_at, budget_left(&budget), most);

        if (len == 0)
            break;
        parts[n++] = (struct s7_part){item, *offset_at, len};
        budget_take(&budget, len);
        *offset_at += len;
        if (*offset_at < s7_item_extent(item, transfer->write))
            continue;
        ++*item_at;
        *offset_at = 0;
    }
    return n;
}

s7_address s7_part_address(const struct s7_part *part, bool write)
{
    s7_address address = part->item->address;

    if (s7_item_bit_by_bit(part->item, write)) {
        size_t bit = address.bit + part->offset;

        address.byte += (uint32_t)(bit / 8);
        address.bit = bit % 8;
        address.count = 1;
    } else if (s7_item_by_number(&address)) {
        address.byte += (uint32_t)(part->offset / 2);
        address.count = (uint16_t)(part->len / 2);
    } else if (!s7_item_is_bit(&address)) {
        address.byte += (uint32_t)part->offset;
        address.bit = 0;
        address.type = S7_TYPE_BYTE;
        address.string_cap = 0;
        address.count = (uint16_t)part->len;
    }
    return address;
}

struct s7_data_unit s7_part_unit(const struct s7_part *part, uint8_t *bit)
{
    const s7_address *address = &part->item->address;
    const uint8_t *data = part->item->data;
    struct s7_data_unit unit = {
        .size = S7_DATA_BYTE, .payload = data + part->offset, .payload_len = part->len};

    if (s7_item_bit_by_bit(part->item, true)) {
        size_t at = address->bit + part->offset;

        *bit = data[at / 8] >> at % 8 & 1;
    } else if (s7_item_is_bit(address)) {
        *bit = data[0] != 0;
    }
    if (s7_item_bit_by_bit(part->item, true) || s7_item_is_bit(address)) {
        unit.size = S7_DATA_BIT;
        unit.payload = bit;
    } else if (s7_item_by_number(address)) {
        unit.size = S7_DATA_OCTETS;
    }
    unit.length = s7_data_length(unit.size, unit.payload_len);
    return unit;
}
