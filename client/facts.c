#include "client/facts.h"

#include "client/known.h"
#include "client/preset.h"

static uint32_t facts_of_family(uint8_t family)
{
    switch (family) {
    case S7_FAMILY_S7_300:
    case S7_FAMILY_S7_400:
    case S7_FAMILY_S7_300_CP:
    case S7_FAMILY_S7_400_CP:
        return S7_FACT_CLASSIC;
    case S7_FAMILY_S7_1200:
        return S7_FACT_MODERN | S7_FACT_1200;
    case S7_FAMILY_S7_1500:
        return S7_FACT_MODERN;
    case S7_FAMILY_LOGO:
        return S7_FACT_V_MEMORY | S7_FACT_LOGO;
    case S7_FAMILY_S7_200_SMART:
        return S7_FACT_V_MEMORY;
    case S7_FAMILY_SINAMICS:
        return S7_FACT_DRIVE;
    default:
        return 0;
    }
}

static bool odd_slot(const s7_client_options *options)
{
    uint8_t usual;

    if (options->remote_tsap != 0 || !s7_family_slot((s7_family)options->family, &usual))
        return false;
    return options->rack != 0 || options->slot != usual;
}

uint32_t s7_facts_of(const struct s7_settings *settings)
{
    uint32_t facts = facts_of_family(settings->options.family);

    if (settings->endpoint.port == 102)
        facts |= S7_FACT_PORT_102;
    if (odd_slot(&settings->options))
        facts |= S7_FACT_ODD_SLOT;
    if (s7_known(settings))
        facts |= S7_FACT_WORKED;
    return facts;
}

/* Why a disconnect request (DR) refuses: ISO 8073, 13.5.3. */
static uint32_t facts_of_reason(uint8_t reason)
{
    switch (reason) {
    case 0x02: /* no session entity at the TSAP */
    case 0x03: /* address unknown */
        return S7_FACT_DR_PLACE;
    case 0x01: /* congestion at the TSAP */
    case 0x81: /* congestion at connect time */
    case 0x87: /* no reference left */
    case 0x88: /* refused on this network connection */
        return S7_FACT_DR_CROWDED;
    default:
        return 0;
    }
}

uint32_t s7_facts_ended(const struct s7_settings *settings, const struct s7_event *closed)
{
    uint32_t facts = s7_facts_of(settings) | facts_of_reason(closed->cotp_reason);

    if (closed->ended_in == S7_SESSION_CONNECTING)
        facts |= S7_FACT_COTP;
    if (closed->ended_in == S7_SESSION_NEGOTIATING)
        facts |= S7_FACT_SETUP;
    return facts;
}
