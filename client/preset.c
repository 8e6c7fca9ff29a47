#include "client/preset.h"

#include <ctype.h>
#include <string.h>

/* pdu_len is the most that the family is known to grant, jobs what it serves at once. */
static const struct preset {
    s7_family family;
    const char *name;
    uint8_t slot, conn_type, max_jobs;
    uint16_t local_tsap, remote_tsap, pdu_len;
} presets[] = {
    {S7_FAMILY_S7_300, "s7-300", 2, S7_CONN_OP, 8, 0x0100, 0, 240},
    {S7_FAMILY_S7_400, "s7-400", 3, S7_CONN_OP, 8, 0x0100, 0, 480},
    {S7_FAMILY_S7_1200, "s7-1200", 1, S7_CONN_OP, 8, 0x0100, 0, 240},
    {S7_FAMILY_S7_1500, "s7-1500", 1, S7_CONN_OP, 8, 0x0100, 0, 960},
    {S7_FAMILY_LOGO, "logo", 0, S7_CONN_OP, 1, 0x1000, 0x2000, 240},
    {S7_FAMILY_S7_200_SMART, "s7-200smart", 1, S7_CONN_BASIC, 1, 0x0100, 0, 240},
    {S7_FAMILY_SINAMICS, "sinamics", 0, S7_CONN_OP, 1, 0x0100, 0, 240},
    {S7_FAMILY_S7_300_CP, "s7-300-cp", 2, S7_CONN_OP, 8, 0x0100, 0, 240},
    {S7_FAMILY_S7_400_CP, "s7-400-cp", 3, S7_CONN_OP, 8, 0x0100, 0, 480},
};

#define N_PRESETS (sizeof presets / sizeof presets[0])

s7_status s7_preset(s7_client_options *options, s7_family family)
{
    if (options == NULL || options->struct_size <= offsetof(s7_client_options, family))
        return S7_E_ARG;
    for (size_t i = 0; i < N_PRESETS; i++) {
        if (presets[i].family != family)
            continue;
        options->family = (uint8_t)family;
        options->rack = 0;
        options->slot = presets[i].slot;
        options->conn_type = presets[i].conn_type;
        options->max_jobs = presets[i].max_jobs;
        options->local_tsap = presets[i].local_tsap;
        options->remote_tsap = presets[i].remote_tsap;
        options->pdu_len = presets[i].pdu_len;
        return S7_OK;
    }
    return S7_E_ARG;
}

const char *s7_family_name(s7_family family)
{
    for (size_t i = 0; i < N_PRESETS; i++)
        if (presets[i].family == family)
            return presets[i].name;
    return "?";
}

bool s7_family_has_cp(s7_family family)
{
    return family == S7_FAMILY_S7_300_CP || family == S7_FAMILY_S7_400_CP;
}

bool s7_family_slot(s7_family family, uint8_t *slot)
{
    for (size_t i = 0; i < N_PRESETS; i++) {
        if (presets[i].family != family || presets[i].remote_tsap != 0)
            continue;
        *slot = presets[i].slot;
        return true;
    }
    return false;
}

/* Case does not matter, nor hyphens. */
static bool same(const char *name, const char *word, size_t word_len)
{
    const char *end = word + word_len;

    for (;;) {
        while (*name == '-')
            name++;
        while (word < end && *word == '-')
            word++;
        if (*name == '\0' || word == end)
            return *name == '\0' && word == end;
        if (tolower((unsigned char)*name++) != tolower((unsigned char)*word++))
            return false;
    }
}

bool s7_family_from_name(const char *name, size_t name_len, s7_family *family)
{
    for (size_t i = 0; i < N_PRESETS; i++) {
        if (!same(presets[i].name, name, name_len))
            continue;
        *family = presets[i].family;
        return true;
    }
    return false;
}
