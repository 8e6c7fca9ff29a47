/* Parameters of faults of answers, and of those of the CPU. */
#include "fault_field.h"

#include "fault_value.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS    INT64_C(1000000)
#define PDU_SIZE_MIN 64 /* what every service can answer in */

/* "5" or "0x05" */
static bool number_or_hex(const char *text, uint32_t max, uint32_t *out)
{
    uint8_t bytes[2];
    size_t len;

    if (strncmp(text, "0x", 2) != 0)
        return sim_value_number32(text, 0, max, out);
    if (!sim_value_hex(text + 2, bytes, sizeof bytes, &len) || len == 0)
        return false;
    *out = len == 1 ? bytes[0] : (uint32_t)(bytes[0] << 8 | bytes[1]);
    return *out <= max;
}

bool sim_take_byte(const char *text, struct sim_fault *fault)
{
    return number_or_hex(text, UINT8_MAX, &fault->own.n);
}

bool sim_take_reason(const char *text, struct sim_fault *fault)
{
    return sim_take_byte(text, fault);
}

bool sim_take_delta(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT16_MAX, &fault->own.n);
}

bool sim_take_tpdu_size(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"128", 7},   {"256", 8},   {"512", 9},
                                                {"1024", 10}, {"2048", 11}, {NULL, 0}};
    int code;

    if (!sim_value_choose(text, choices, &code))
        return false;
    fault->own.n = (uint32_t)code;
    return true;
}

bool sim_take_pdu_size(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, PDU_SIZE_MIN, UINT16_MAX, &fault->own.n);
}

bool sim_take_amq(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT8_MAX, &fault->own.n);
}

bool sim_take_bits(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 64, &fault->own.n);
}

bool sim_take_window_n(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 16, &fault->own.n);
}

bool sim_take_shift(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 0, UINT16_MAX, &fault->own.bytes);
}

bool sim_take_size(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT16_MAX, &fault->own.n);
}

static bool take_error_half(const char *text, struct sim_fault *fault, unsigned shift)
{
    uint32_t value;

    if (!number_or_hex(text, UINT8_MAX, &value))
        return false;
    fault->own.error = (uint16_t)((fault->own.error & ~(0xFFU << shift)) | value << shift);
    return true;
}

bool sim_take_class(const char *text, struct sim_fault *fault)
{
    return take_error_half(text, fault, 8);
}

bool sim_take_code(const char *text, struct sim_fault *fault)
{
    return take_error_half(text, fault, 0);
}

bool sim_take_item_code(const char *text, struct sim_fault *fault)
{
    uint32_t value;

    if (!number_or_hex(text, UINT8_MAX - 1, &value))
        return false;
    fault->own.error = (uint16_t)value;
    return true;
}

static bool take_choice(const char *text, const struct sim_choice *choices, struct sim_fault *fault)
{
    int choice;

    if (!sim_value_choose(text, choices, &choice))
        return false;
    fault->own.choice = (unsigned)choice;
    return true;
}

bool sim_take_cc(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"short", SIM_CC_NO_TSAPS}, {"size", SIM_CC_OTHER_SIZE}, {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_data(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"keep", SIM_DATA_KEEP}, {"zero", SIM_DATA_ZERO}, {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_extra(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"queue", SIM_EXTRA_QUEUE}, {"error", SIM_EXTRA_ERROR}, {"drop", SIM_EXTRA_DROP}, {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_which(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"previous", SIM_REF_PREVIOUS}, {"next", SIM_REF_NEXT}, {"random", SIM_REF_RANDOM}, {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_start(const char *text, struct sim_fault *fault)
{
    return number_or_hex(text, UINT16_MAX, &fault->own.n);
}

bool sim_take_pair(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"read_for_write", SIM_PAIR_READ_FOR_WRITE}, {"write_for_read", SIM_PAIR_WRITE_FOR_READ}, {NULL, 0}};

    if (!take_choice(text, choices, fault))
        return false;
    fault->match.fns = fault->own.choice == SIM_PAIR_READ_FOR_WRITE ? SIM_FN_WRITE : SIM_FN_READ;
    return true;
}

bool sim_take_pad(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"missing", SIM_PAD_MISSING}, {"extra", SIM_PAD_EXTRA}, {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_where(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"any", SIM_FLIP_ANY},
                                                {"header", SIM_FLIP_HEADER},
                                                {"length", SIM_FLIP_LENGTH},
                                                {"data", SIM_FLIP_DATA},
                                                {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_kind(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"diag", SIM_PUSH_DIAG},
                                                {"diagnostic", SIM_PUSH_DIAG},
                                                {"mode", SIM_PUSH_MODE},
                                                {"alarm", SIM_PUSH_ALARM},
                                                {NULL, 0}};

    return take_choice(text, choices, fault);
}

bool sim_take_writes(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"accept", 0}, {"refuse", 1}, {NULL, 0}};
    int refuse;

    if (!sim_value_choose(text, choices, &refuse))
        return false;
    fault->own.refuses_writes = refuse == 1;
    return true;
}

bool sim_take_retain(const char *text, struct sim_fault *fault)
{
    return sim_value_yes_no(text, &fault->own.retain);
}

bool sim_take_clock(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"keep", 0}, {"reset", 1}, {NULL, 0}};
    int reset;

    if (!sim_value_choose(text, choices, &reset))
        return false;
    fault->own.resets_clock = reset == 1;
    return true;
}

bool sim_take_level(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 3, &fault->own.n);
}

bool sim_take_offset(const char *text, struct sim_fault *fault)
{
    bool minus = *text == '-';
    int64_t ns;

    if (!sim_value_time(text + (minus ? 1 : 0), &ns))
        return false;
    fault->own.offset_ms = (minus ? -ns : ns) / NS_PER_MS;
    return true;
}

bool sim_take_ppm(const char *text, struct sim_fault *fault)
{
    bool minus = *text == '-';
    uint32_t ppm;

    if (!sim_value_number32(text + (minus ? 1 : 0), 0, 1000000, &ppm))
        return false;
    fault->own.ppm = minus ? -(int32_t)ppm : (int32_t)ppm;
    return true;
}

bool sim_take_trigger(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"any", 0}, {"read", SIM_FN_READ}, {"write", SIM_FN_WRITE}, {"szl", SIM_FN_USERDATA}, {NULL, 0}};

    if (!take_choice(text, choices, fault))
        return false;
    if (fault->own.choice != 0)
        fault->match.fns = fault->own.choice;
    return true;
}

/* "0x0131|0x0132", or with commas. */
bool sim_take_ids(const char *text, struct sim_fault *fault)
{
    struct sim_fault_own *own = &fault->own;
    char word[8];
    uint32_t id;

    for (own->n_ids = 0; own->n_ids < SIM_IDS_MAX;) {
        size_t len = strcspn(text, "|,");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        if (!number_or_hex(word, UINT16_MAX, &id))
            return false;
        own->ids[own->n_ids++] = (uint16_t)id;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
    return false;
}
