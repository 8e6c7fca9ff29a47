/* Parameters that faults do not have in common. */
#include "fault_field.h"

#include "fault_value.h"

#include "loop/loop.h"
#include "protocol/cotp.h"
#include "protocol/errors.h"
#include "protocol/var.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS    INT64_C(1000000)
#define PERCENT_MAX  100
#define PDU_SIZE_MIN 64 /* what every service can answer in */

bool sim_take_drop(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"none", 0}, {"all", 1}, {NULL, 0}};
    int all;

    if (!sim_value_choose(text, choices, &all))
        return false;
    fault->own.drop_all = all == 1;
    return true;
}

bool sim_take_run(const char *text, struct sim_fault *fault)
{
    return sim_value_yes_no(text, &fault->own.run);
}

bool sim_take_at(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.at_ns);
}

bool sim_take_bytes(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"tpkt", SIM_CUT_TPKT},     {"cotp", SIM_CUT_COTP},
                                                {"header", SIM_CUT_HEADER}, {"param", SIM_CUT_PARAM},
                                                {"data", SIM_CUT_DATA},     {NULL, 0}};
    int where = SIM_CUT_BYTES;
    uint64_t n = 0;

    if (!sim_value_choose(text, choices, &where) && !sim_value_number(text, 0, UINT16_MAX, &n)) {
        char digits[8];
        size_t len = strlen(text);
        if (len == 0 || len >= sizeof digits || text[len - 1] != '%')
            return false;
        snprintf(digits, sizeof digits, "%.*s", (int)(len - 1), text);
        if (!sim_value_number(digits, 0, PERCENT_MAX, &n))
            return false;
        where = SIM_CUT_PERCENT;
    }
    fault->own.cut_at = (enum sim_cut_at)where;
    fault->own.cut_n = (uint32_t)n;
    return true;
}

static bool take_ending(const char *text, const struct sim_choice *choices, struct sim_fault *fault)
{
    int ending;

    if (!sim_value_choose(text, choices, &ending))
        return false;
    fault->own.ending = (enum sim_ending)ending;
    return true;
}

bool sim_take_then(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {"hang", SIM_END_SILENCE}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_how(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"rst", SIM_END_RST},
                                                {"fin", SIM_END_FIN},
                                                {"dr", SIM_END_DR},
                                                {"silence", SIM_END_SILENCE},
                                                {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_dist(const char *text, struct sim_fault *fault)
{
    return sim_value_dist(text, &fault->own.time);
}

bool sim_take_per_item(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.per_item_ns);
}

bool sim_take_per_byte(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.per_byte_ns);
}

bool sim_take_dir(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"both", S7_VANISH_IN | S7_VANISH_OUT}, {"in", S7_VANISH_IN}, {"out", S7_VANISH_OUT}, {NULL, 0}};
    int directions;

    if (!sim_value_choose(text, choices, &directions))
        return false;
    fault->own.directions = (unsigned)directions;
    return true;
}

bool sim_take_max(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 0, UINT16_MAX, &fault->own.max);
}

bool sim_take_hold(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.hold_ns);
}

bool sim_take_per(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"all", 0}, {"role", 1}, {NULL, 0}};
    int role;

    if (!sim_value_choose(text, choices, &role))
        return false;
    fault->own.per_role = role == 1;
    return true;
}

/* A time that says when something that began ends: resurrect. */
bool sim_take_for_after(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.for_ns);
}

bool sim_take_span(const char *text, struct sim_fault *fault)
{
    return sim_value_time(text, &fault->own.span_ns);
}

/* "5s" or "5s+20ms": a deadline and how far behind it. */
bool sim_take_sum(const char *text, struct sim_fault *fault)
{
    char first[32];
    const char *plus = strchr(text, '+');
    int64_t more_ns = 0;

    if (plus == NULL)
        return sim_value_time(text, &fault->own.span_ns);
    snprintf(first, sizeof first, "%.*s", (int)(plus - text), text);
    if (!sim_value_time(first, &fault->own.span_ns) || !sim_value_time(plus + 1, &more_ns))
        return false;
    fault->own.span_ns += more_ns;
    return true;
}

bool sim_take_errno(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"host", 1},        {"net", 0},          {"ehostunreach", 1},
                                                {"enetunreach", 0}, {"EHOSTUNREACH", 1}, {"ENETUNREACH", 0},
                                                {NULL, 0}};
    int host;

    if (!sim_value_choose(text, choices, &host))
        return false;
    fault->own.host = host == 1;
    return true;
}

bool sim_take_close(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {{"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_idle_how(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"rst", SIM_END_RST}, {"fin", SIM_END_FIN}, {"forget", SIM_END_SILENCE}, {NULL, 0}};

    return take_ending(text, choices, fault);
}

bool sim_take_n(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, UINT16_MAX, &fault->own.n);
}

bool sim_take_rate(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 1000000000, &fault->own.n);
}

bool sim_take_rcvbuf(const char *text, struct sim_fault *fault)
{
    return sim_value_number32(text, 1, 1U << 30, &fault->own.bytes);
}

bool sim_take_down(const char *text, struct sim_fault *fault)
{
    return sim_value_dist(text, &fault->own.down);
}

bool sim_take_gap(const char *text, struct sim_fault *fault)
{
    return sim_value_dist(text, &fault->own.time);
}

bool sim_take_stream_dir(const char *text, struct sim_fault *fault)
{
    static const struct sim_choice choices[] = {
        {"tx", S7_VANISH_OUT}, {"rx", S7_VANISH_IN}, {"both", S7_VANISH_IN | S7_VANISH_OUT}, {NULL, 0}};
    int directions;

    if (!sim_value_choose(text, choices, &directions))
        return false;
    fault->own.directions = (unsigned)directions;
    return true;
}

bool sim_take_own_p(const char *text, struct sim_fault *fault)
{
    return sim_value_p(text, &fault->trigger.p);
}

bool sim_take_gemodel(const char *text, struct sim_fault *fault)
{
    return sim_take_burst(text, fault);
}

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
    static const struct sim_choice choices[] = {
        {"diag", SIM_PUSH_DIAG}, {"diagnostic", SIM_PUSH_DIAG}, {"mode", SIM_PUSH_MODE}, {NULL, 0}};

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

void sim_fault_own_presets(struct sim_fault *fault)
{
    struct sim_fault_own *own = &fault->own;

    switch (fault->type) {
    case SIM_FAULT_FIN_NOW:
    case SIM_FAULT_ACCEPT_CLOSE:
        own->ending = SIM_END_FIN;
        break;
    case SIM_FAULT_UNREACHABLE:
        own->host = true;
        break;
    case SIM_FAULT_SPLIT:
        own->time = (struct sim_dist){.low_ns = NS_PER_MS, .high_ns = NS_PER_MS};
        break;
    case SIM_FAULT_DRIBBLE:
        own->n = 1;
        own->time = (struct sim_dist){.low_ns = 10 * NS_PER_MS, .high_ns = 10 * NS_PER_MS};
        break;
    case SIM_FAULT_COALESCE:
        own->n = UINT16_MAX;
        own->span_ns = 200 * NS_PER_MS;
        break;
    case SIM_FAULT_LATENCY:
        own->directions = S7_VANISH_OUT;
        break;
    case SIM_FAULT_BANDWIDTH:
        own->bytes = 1500;
        break;
    case SIM_FAULT_KEEPALIVE_SILENT:
        own->ending = SIM_END_SILENCE;
        break;
    case SIM_FAULT_COTP_DR:
    case SIM_FAULT_COTP_ER:
        own->ending = SIM_END_DR;
        own->n = 1;
        break;
    case SIM_FAULT_DR_MID:
        own->n = S7_COTP_REASON_NORMAL;
        break;
    case SIM_FAULT_TPKT_LEN_SHORT:
    case SIM_FAULT_TPKT_LEN_LONG:
    case SIM_FAULT_SHORT_ITEM:
    case SIM_FAULT_AMQ_LOW:
    case SIM_FAULT_BITFLIP:
        own->n = 1;
        break;
    case SIM_FAULT_TPDU_SMALL:
        own->n = 7;
        break;
    case SIM_FAULT_CC_SHORT:
        own->n = 9;
        break;
    case SIM_FAULT_POWER_CYCLE:
        own->time = (struct sim_dist){.low_ns = 10000 * NS_PER_MS, .high_ns = 10000 * NS_PER_MS};
        own->retain = true;
        break;
    case SIM_FAULT_GARBAGE:
        own->n = 40;
        break;
    case SIM_FAULT_PDU_SHRINK:
        own->n = S7_PDU_LEN_MIN;
        break;
    case SIM_FAULT_REORDER:
        own->n = 2;
        own->span_ns = 20 * NS_PER_MS;
        break;
    case SIM_FAULT_SETUP_REFUSE:
    case SIM_FAULT_JOB_ERROR:
        own->error = S7_ERR_NOT_IMPLEMENTED;
        break;
    case SIM_FAULT_ITEM_ERROR:
        own->error = S7_ITEM_MISSING;
        break;
    default:
        break;
    }
}
