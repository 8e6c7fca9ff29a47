#include "protocol/control.h"

#define PI_MARK 0xFD

static const struct service {
    uint8_t function;
    const char *argument, *name;
} services[] = {
    [S7_CONTROL_STOP] = {S7_FN_PLC_STOP, "", "P_PROGRAM"},
    [S7_CONTROL_WARM] = {S7_FN_PI_SERVICE, "", "P_PROGRAM"},
    [S7_CONTROL_COLD] = {S7_FN_PI_SERVICE, "C ", "P_PROGRAM"},
    [S7_CONTROL_COMPRESS] = {S7_FN_PI_SERVICE, "", "_GARB"},
    [S7_CONTROL_RAM_TO_ROM] = {S7_FN_PI_SERVICE, "EP", "_MODU"},
};

static void text_append(struct s7_wr *wr, unsigned width, const char *text)
{
    size_t len = strlen(text);

    s7_wr_be(wr, width, (uint32_t)len);
    s7_wr_bytes(wr, (const uint8_t *)text, len);
}

void s7_control_append(struct s7_wr *wr, enum s7_control control)
{
    if (control >= S7_CONTROL_OTHER)
        return;
    const struct service *service = &services[control];
    s7_wr_be(wr, 1, service->function);
    s7_wr_be(wr, 4, 0);
    s7_wr_be(wr, 1, 0);
    if (service->function == S7_FN_PI_SERVICE) {
        s7_wr_be(wr, 2, PI_MARK);
        text_append(wr, 2, service->argument);
    }
    text_append(wr, 1, service->name);
}

struct view {
    const uint8_t *at;
    size_t len;
};

static bool rd_text(struct s7_rd *rd, unsigned width, struct view *text)
{
    uint32_t len;

    if (!s7_rd_be(rd, width, &len) || !s7_rd_view(rd, len, &text->at))
        return false;
    text->len = len;
    return true;
}

static bool is_text(const struct view *view, const char *text)
{
    return view->len == strlen(text) && (view->len == 0 || memcmp(view->at, text, view->len) == 0);
}

s7_status s7_control_decode(const struct s7_pdu *pdu, enum s7_control *out)
{
    struct s7_rd rd = {pdu->param, pdu->param_len};
    struct view argument = {NULL, 0}, name;
    const uint8_t *zeros;
    uint8_t function, mark;

    if (!s7_rd_u8(&rd, &function) || !s7_rd_view(&rd, 5, &zeros))
        return S7_E_FRAME;
    if (function != S7_FN_PI_SERVICE && function != S7_FN_PLC_STOP)
        return S7_E_FRAME;
    if (function == S7_FN_PI_SERVICE &&
        (!s7_rd_view(&rd, 1, &zeros) || !s7_rd_u8(&rd, &mark) || !rd_text(&rd, 2, &argument)))
        return S7_E_FRAME;
    if (!rd_text(&rd, 1, &name) || rd.left != 0)
        return S7_E_FRAME;
    enum s7_control control = S7_CONTROL_STOP;
    while (control < S7_CONTROL_OTHER &&
           (services[control].function != function || !is_text(&argument, services[control].argument) ||
            !is_text(&name, services[control].name)))
        control++;
    *out = control;
    return S7_OK;
}
