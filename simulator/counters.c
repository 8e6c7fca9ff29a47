/* Counters as some CPUs have them on the wire: a number where others have three BCD digits. The plant always
 * has the digits, so that tags show what was counted. */
#include "job.h"

#define COUNTER_MAX 999

bool sim_counts_binary(const struct sim_plc *plc, const struct sim_range *range)
{
    return plc->who->counters_binary && range->size->item_size == S7_SIZE_COUNTER;
}

/* Digits that are none are sent as they are. */
void sim_counters_to_wire(uint8_t *words, size_t len)
{
    for (uint8_t *word = words; word + 2 <= words + len; word += 2) {
        unsigned hundreds = word[0] & 0x0F, tens = word[1] >> 4, ones = word[1] & 0x0F;
        unsigned value = 100 * hundreds + 10 * tens + ones;

        if (hundreds > 9 || tens > 9 || ones > 9)
            continue;
        word[0] = (uint8_t)(value >> 8);
        word[1] = (uint8_t)value;
    }
}

bool sim_counters_from_wire(uint8_t *words, const uint8_t *wire, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        unsigned value = (unsigned)wire[i] << 8 | wire[i + 1];

        if (value > COUNTER_MAX)
            return false;
        words[i] = (uint8_t)(value / 100);
        words[i + 1] = (uint8_t)(value / 10 % 10 << 4 | value % 10);
    }
    return true;
}
