#include "client/report.h"

#include "protocol/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void s7_report_give(s7_errinfo *to, const s7_errinfo *from)
{
    if (to == NULL)
        return;
    uint32_t size = to->struct_size;
    size_t known = size < sizeof *from ? size : sizeof *from;

    memcpy(to, from, known);
    if (known >= sizeof size)
        to->struct_size = size;
}

#define TEXT_CAP (S7_ADDRESS_TEXT_CAP + 32)

/* "DB1.DBB0..99 (100 bytes)", "T3..7 (5 timers)"; everything else as its canonical text. count: that of the
 * whole place. */
static void place_text(const s7_address *address, size_t count, char text[TEXT_CAP])
{
    size_t first = address->byte, last = first + count - 1;
    const char *area = s7_area_name(address->area);

    if (count > 1 && (address->area == S7_AREA_T || address->area == S7_AREA_C))
        snprintf(text, TEXT_CAP, "%s%zu..%zu (%zu %s)", area, first, last, count,
                 address->area == S7_AREA_T ? "timers" : "counters");
    else if (count > 1 && address->type == S7_TYPE_BYTE && address->area == S7_AREA_DB)
        snprintf(text, TEXT_CAP, "DB%u.DBB%zu..%zu (%zu bytes)", address->db, first, last, count);
    else if (count > 1 && address->type == S7_TYPE_BYTE)
        snprintf(text, TEXT_CAP, "%sB%zu..%zu (%zu bytes)", area, first, last, count);
    else
        s7_address_format(address, text, TEXT_CAP);
}

/* asked, cut where it does not fit. */
static void __attribute__((format(printf, 2, 3))) ask(s7_errinfo *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->asked, sizeof err->asked, format, args);
    va_end(args);
}

static const char *verb(bool write)
{
    return write ? "write" : "read";
}

static const char *toward(bool write)
{
    return write ? "to" : "from";
}

void s7_report_place(s7_errinfo *err, bool write, const s7_item *pieces, size_t n_pieces, const char *where)
{
    char text[TEXT_CAP];
    size_t count = 0;

    for (size_t i = 0; i < n_pieces; i++)
        count += pieces[i].address.count;
    place_text(&pieces[0].address, count, text);
    ask(err, "%s %s %s %s", verb(write), text, toward(write), where);
}

void s7_report_list(s7_errinfo *err, bool write, const s7_item *items, size_t n_items, int32_t bad,
                    const char *where)
{
    char text[TEXT_CAP];

    if (bad < 0) {
        ask(err, "%s %zu items %s %s", verb(write), n_items, toward(write), where);
        return;
    }
    place_text(&items[bad].address, items[bad].address.count, text);
    ask(err, "%s %s (item %zu of %zu) %s %s", verb(write), text, (size_t)bad + 1, n_items, toward(write),
        where);
}

void s7_report_hint(s7_errinfo *err, uint32_t facts)
{
    const struct s7_hint *hint = s7_hint_find(err->status, err->plc_error, err->item_code, facts);

    if (hint == NULL)
        return;
    err->cause = hint->cause;
    snprintf(err->hint, sizeof err->hint, "%s", hint->text);
}

/* "Too many open files" says what to do, "input/output error" does not. */
static void say_os_error(s7_errinfo *err)
{
    char room[64];

    snprintf(err->came, sizeof err->came, "%s", strerror_r(err->os_errno, room, sizeof room));
}

void s7_report_why(s7_errinfo *err, s7_status status, const char *detail, uint32_t facts)
{
    err->status = status;
    if (err->plc_error != 0)
        snprintf(err->came, sizeof err->came, "refused by the PLC: error %04X %s", err->plc_error,
                 s7_plc_error_text(err->plc_error));
    else if (err->item_code != 0 && err->item_code != 0xFF)
        snprintf(err->came, sizeof err->came, "item refused: 0x%02X %s", err->item_code,
                 s7_item_code_text(err->item_code));
    else if (status == S7_E_OUTCOME_UNKNOWN)
        snprintf(err->came, sizeof err->came, "%s%s%s", s7_strerror(status), detail[0] != '\0' ? ": " : "",
                 detail);
    else if (status == S7_E_IO && detail[0] == '\0' && err->os_errno != 0)
        say_os_error(err);
    else
        snprintf(err->came, sizeof err->came, "%s", detail[0] != '\0' ? detail : s7_strerror(status));
    if (err->hint[0] == '\0')
        s7_report_hint(err, facts);
}

void s7_report_came(s7_errinfo *err, s7_status status, const char *detail)
{
    s7_report_why(err, status, detail, 0);
}

s7_status s7_report_unmade(s7_errinfo *err, const char *what, const char *endpoint, s7_status status)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "make a %s for \"%.90s\"", what, endpoint);
    s7_report_came(&why, status, status == S7_E_IO ? "no descriptor is left" : "");
    s7_report_give(err, &why);
    return status;
}

s7_status s7_report_argument(s7_errinfo *err, const char *asked, const char *came)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "%s", asked);
    s7_report_came(&why, S7_E_ARG, came);
    s7_report_give(err, &why);
    return S7_E_ARG;
}
