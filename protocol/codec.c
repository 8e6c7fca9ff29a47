#include <s7rig/codec.h>

#include "protocol/bytes.h"
#include "protocol/names.h"
#include "protocol/utf8.h"
#include "protocol/value_types.h"

#include <string.h>

/* ---- numbers ---- */

bool s7_get_bool(const void *bytes, unsigned bit)
{
    return (((const uint8_t *)bytes)[bit / 8] >> bit % 8 & 1) != 0;
}

uint8_t s7_get_u8(const void *bytes)
{
    return *(const uint8_t *)bytes;
}

int8_t s7_get_i8(const void *bytes)
{
    return (int8_t)s7_load_signed_be(bytes, 1);
}

uint16_t s7_get_u16(const void *bytes)
{
    return (uint16_t)s7_load_be(bytes, 2);
}

int16_t s7_get_i16(const void *bytes)
{
    return (int16_t)s7_load_signed_be(bytes, 2);
}

uint32_t s7_get_u32(const void *bytes)
{
    return (uint32_t)s7_load_be(bytes, 4);
}

int32_t s7_get_i32(const void *bytes)
{
    return (int32_t)s7_load_signed_be(bytes, 4);
}

uint64_t s7_get_u64(const void *bytes)
{
    return s7_load_be(bytes, 8);
}

int64_t s7_get_i64(const void *bytes)
{
    return s7_load_signed_be(bytes, 8);
}

float s7_get_f32(const void *bytes)
{
    uint32_t raw = s7_get_u32(bytes);
    float value;

    memcpy(&value, &raw, sizeof value);
    return value;
}

double s7_get_f64(const void *bytes)
{
    uint64_t raw = s7_get_u64(bytes);
    double value;

    memcpy(&value, &raw, sizeof value);
    return value;
}

void s7_put_bool(void *bytes, unsigned bit, bool value)
{
    uint8_t *at = (uint8_t *)bytes + bit / 8, mask = (uint8_t)(1U << bit % 8);

    *at = (uint8_t)(value ? *at | mask : *at & ~mask);
}

void s7_put_u8(void *bytes, uint8_t value)
{
    *(uint8_t *)bytes = value;
}

void s7_put_i8(void *bytes, int8_t value)
{
    s7_store_be(bytes, 1, (uint64_t)value);
}

void s7_put_u16(void *bytes, uint16_t value)
{
    s7_store_be(bytes, 2, value);
}

void s7_put_i16(void *bytes, int16_t value)
{
    s7_store_be(bytes, 2, (uint64_t)value);
}

void s7_put_u32(void *bytes, uint32_t value)
{
    s7_store_be(bytes, 4, value);
}

void s7_put_i32(void *bytes, int32_t value)
{
    s7_store_be(bytes, 4, (uint64_t)value);
}

void s7_put_u64(void *bytes, uint64_t value)
{
    s7_store_be(bytes, 8, value);
}

void s7_put_i64(void *bytes, int64_t value)
{
    s7_store_be(bytes, 8, (uint64_t)value);
}

void s7_put_f32(void *bytes, float value)
{
    uint32_t raw;

    memcpy(&raw, &value, sizeof raw);
    s7_put_u32(bytes, raw);
}

void s7_put_f64(void *bytes, double value)
{
    uint64_t raw;

    memcpy(&raw, &value, sizeof raw);
    s7_put_u64(bytes, raw);
}

/* ---- native types ---- */

static bool is_date(s7_type type)
{
    return type == S7_TYPE_DATE || type == S7_TYPE_DT || type == S7_TYPE_LDT || type == S7_TYPE_DTL;
}

size_t s7_native_size(s7_type type)
{
    if (s7_type_has_cap(type))
        return 0;
    if (is_date(type))
        return sizeof(s7_moment);
    if (type == S7_TYPE_S5TIME || type == S7_TYPE_TIMER)
        return sizeof(uint32_t);
    return type == S7_TYPE_BOOL ? sizeof(bool) : s7_type_size(type, 0);
}

/* A number of 1, 2, 4 or 8 bytes in the host's order; its memory need not be aligned. */
static void store_native(void *to, size_t size, uint64_t number)
{
    uint8_t n8 = (uint8_t)number;
    uint16_t n16 = (uint16_t)number;
    uint32_t n32 = (uint32_t)number;
    const void *from[] = {[1] = &n8, [2] = &n16, [4] = &n32, [8] = &number};

    memcpy(to, from[size], size);
}

static uint64_t load_native(const void *from, size_t size)
{
    uint8_t n8;
    uint16_t n16;
    uint32_t n32;
    uint64_t n64;

    switch (size) {
    case 1:
        memcpy(&n8, from, sizeof n8);
        return n8;
    case 2:
        memcpy(&n16, from, sizeof n16);
        return n16;
    case 4:
        memcpy(&n32, from, sizeof n32);
        return n32;
    default:
        memcpy(&n64, from, sizeof n64);
        return n64;
    }
}

/* What a native number of a time counts; 0: the type is no such time. */
static int64_t unit_ns(s7_type type)
{
    switch ((int)type) {
    case S7_TYPE_S5TIME:
    case S7_TYPE_TIMER:
    case S7_TYPE_TOD:
        return S7_NS_PER_MS;
    case S7_TYPE_LTOD:
        return 1;
    default:
        return 0;
    }
}

/* ---- from bytes ---- */

static s7_status get_text(const struct s7_value *value, char *text, size_t cap)
{
    size_t at = 0, len = 0;
    uint32_t c;

    while (s7_value_char(value, &at, &c)) {
        char bytes[S7_UTF8_MAX];
        size_t n = s7_utf8_put(c, bytes);

        if (n > cap - 1 - len) {
            text[len] = '\0';
            return S7_E_TOO_LARGE;
        }
        memcpy(text + len, bytes, n);
        len += n;
    }
    text[len] = '\0';
    return S7_OK;
}

static s7_moment moment_of(const struct s7_value *value)
{
    const struct s7_civil *civil = &value->civil;

    return (s7_moment){
        .year = civil->year,
        .month = civil->month,
        .day = civil->day,
        .hour = civil->hour,
        .minute = civil->minute,
        .second = civil->second,
        .weekday = (uint8_t)(value->odd > 0 ? value->odd - 1U : s7_civil_weekday(civil)),
        .ns = civil->ns,
    };
}

/* One element to its native type. */
static s7_status get(const s7_address *address, const uint8_t *bytes, unsigned index, void *to, size_t size)
{
    struct s7_value value = s7_value_load(address, bytes, index);
    s7_type type = address->type;

    if (s7_type_has_cap(type))
        return get_text(&value, to, size);
    if (value.broken) {
        memset(to, 0, size);
        return S7_E_CONVERT;
    }
    if (is_date(type)) {
        s7_moment moment = moment_of(&value);
        memcpy(to, &moment, sizeof moment);
    } else if (type == S7_TYPE_BOOL || type == S7_TYPE_COUNTER) {
        store_native(to, size, value.u);
    } else if (unit_ns(type) != 0) {
        store_native(to, size, (uint64_t)(value.ns / unit_ns(type)));
    } else { /* any bits are a value: numbers, characters, TIME and LTIME */
        store_native(to, size, s7_load_be(bytes + size * index, size));
    }
    return S7_OK;
}

/* ---- to bytes ---- */

static s7_status put_text(const s7_address *address, uint8_t *element, const char *text, size_t size)
{
    struct s7_chars chars = {text, strnlen(text, size), false};

    return s7_chars_parse(address, &chars, element) ? S7_OK : S7_E_CONVERT;
}

static struct s7_civil civil_of(const void *from)
{
    s7_moment moment;

    memcpy(&moment, from, sizeof moment);
    return (struct s7_civil){.year = moment.year,
                             .month = moment.month,
                             .day = moment.day,
                             .hour = moment.hour,
                             .minute = moment.minute,
                             .second = moment.second,
                             .ns = moment.ns};
}

static s7_status put(const s7_address *address, uint8_t *bytes, unsigned index, const void *from, size_t size)
{
    struct s7_value value = {.type = address->type};
    s7_type type = address->type;

    if (s7_type_has_cap(type))
        return put_text(address, bytes + s7_type_size(type, address->string_cap) * index, from, size);
    if (is_date(type)) {
        value.civil = civil_of(from);
    } else if (type == S7_TYPE_BOOL) {
        value.u = load_native(from, size) != 0;
    } else if (type == S7_TYPE_COUNTER) {
        value.u = load_native(from, size);
    } else if (unit_ns(type) != 0) {
        uint64_t number = load_native(from, size);
        if (number > (uint64_t)S7_NS_PER_DAY) /* LTOD ends before; a number of 32 bits is below */
            return S7_E_CONVERT;
        value.ns = (int64_t)number * unit_ns(type);
    } else {
        s7_store_be(bytes + size * index, size, load_native(from, size));
        return S7_OK;
    }
    return s7_value_store(address, bytes, index, &value);
}

/* ---- arrays ---- */

/* The size of one native element; 0: this is no address, or the array is of another size. */
static size_t element_size(const s7_address *address, size_t size)
{
    size_t native = s7_native_size(address->type), count = address->count;
    uint16_t most = address->type == S7_TYPE_STRING ? 254 : 16382;

    if (count == 0 || address->bit > 7)
        return 0;
    if (!s7_type_has_cap(address->type))
        return size == native * count ? native : 0;
    return address->string_cap > 0 && address->string_cap <= most && size % count == 0 ? size / count : 0;
}

bool s7_values_fit(const s7_address *address, size_t size)
{
    return element_size(address, size) != 0;
}

s7_status s7_decode(const s7_address *address, const void *bytes, void *values, size_t size)
{
    s7_status status = S7_OK;

    if (address == NULL || bytes == NULL || values == NULL)
        return S7_E_ARG;
    size_t element = element_size(address, size);
    if (element == 0)
        return S7_E_ARG;
    for (unsigned i = 0; i < address->count; i++) {
        s7_status one = get(address, bytes, i, (char *)values + element * i, element);

        if (status == S7_OK)
            status = one;
    }
    return status;
}

s7_status s7_encode(const s7_address *address, void *bytes, const void *values, size_t size)
{
    s7_status status = S7_OK;

    if (address == NULL || bytes == NULL || values == NULL)
        return S7_E_ARG;
    size_t element = element_size(address, size);
    if (element == 0)
        return S7_E_ARG;
    for (unsigned i = 0; status == S7_OK && i < address->count; i++)
        status = put(address, bytes, i, (const char *)values + element * i, element);
    return status;
}

/* ---- one value ---- */

static s7_status get_one(s7_type type, uint16_t max, const void *bytes, void *value, size_t size)
{
    s7_address address = {.type = type, .string_cap = max, .count = 1};

    return s7_decode(&address, bytes, value, size);
}

static s7_status put_one(s7_type type, uint16_t max, void *bytes, const void *value, size_t size)
{
    s7_address address = {.type = type, .string_cap = max, .count = 1};

    return s7_encode(&address, bytes, value, size);
}

s7_status s7_get_date(const void *bytes, s7_moment *value)
{
    return get_one(S7_TYPE_DATE, 0, bytes, value, sizeof *value);
}

s7_status s7_get_dt(const void *bytes, s7_moment *value)
{
    return get_one(S7_TYPE_DT, 0, bytes, value, sizeof *value);
}

s7_status s7_get_ldt(const void *bytes, s7_moment *value)
{
    return get_one(S7_TYPE_LDT, 0, bytes, value, sizeof *value);
}

s7_status s7_get_dtl(const void *bytes, s7_moment *value)
{
    return get_one(S7_TYPE_DTL, 0, bytes, value, sizeof *value);
}

s7_status s7_get_tod(const void *bytes, uint32_t *ms)
{
    return get_one(S7_TYPE_TOD, 0, bytes, ms, sizeof *ms);
}

s7_status s7_get_ltod(const void *bytes, uint64_t *ns)
{
    return get_one(S7_TYPE_LTOD, 0, bytes, ns, sizeof *ns);
}

s7_status s7_get_s5time(const void *bytes, uint32_t *ms)
{
    return get_one(S7_TYPE_S5TIME, 0, bytes, ms, sizeof *ms);
}

s7_status s7_get_counter(const void *bytes, uint16_t *value)
{
    return get_one(S7_TYPE_COUNTER, 0, bytes, value, sizeof *value);
}

s7_status s7_put_date(void *bytes, const s7_moment *value)
{
    return put_one(S7_TYPE_DATE, 0, bytes, value, sizeof *value);
}

s7_status s7_put_dt(void *bytes, const s7_moment *value)
{
    return put_one(S7_TYPE_DT, 0, bytes, value, sizeof *value);
}

s7_status s7_put_ldt(void *bytes, const s7_moment *value)
{
    return put_one(S7_TYPE_LDT, 0, bytes, value, sizeof *value);
}

s7_status s7_put_dtl(void *bytes, const s7_moment *value)
{
    return put_one(S7_TYPE_DTL, 0, bytes, value, sizeof *value);
}

s7_status s7_put_tod(void *bytes, uint32_t ms)
{
    return put_one(S7_TYPE_TOD, 0, bytes, &ms, sizeof ms);
}

s7_status s7_put_ltod(void *bytes, uint64_t ns)
{
    return put_one(S7_TYPE_LTOD, 0, bytes, &ns, sizeof ns);
}

s7_status s7_put_s5time(void *bytes, uint32_t ms)
{
    return put_one(S7_TYPE_S5TIME, 0, bytes, &ms, sizeof ms);
}

s7_status s7_put_counter(void *bytes, uint16_t value)
{
    return put_one(S7_TYPE_COUNTER, 0, bytes, &value, sizeof value);
}

s7_status s7_get_string(const void *bytes, uint16_t max, char *text, size_t cap)
{
    return get_one(S7_TYPE_STRING, max, bytes, text, cap);
}

s7_status s7_get_wstring(const void *bytes, uint16_t max, char *text, size_t cap)
{
    return get_one(S7_TYPE_WSTRING, max, bytes, text, cap);
}

s7_status s7_put_string(void *bytes, uint16_t max, const char *text)
{
    return put_one(S7_TYPE_STRING, max, bytes, text, text != NULL ? strlen(text) + 1 : 1);
}

s7_status s7_put_wstring(void *bytes, uint16_t max, const char *text)
{
    return put_one(S7_TYPE_WSTRING, max, bytes, text, text != NULL ? strlen(text) + 1 : 1);
}
