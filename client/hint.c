#include "client/hint.h"

#include "protocol/errors.h"

/* Short names for the table only. */
enum {
    READ = S7_FACT_READ,
    WRITE = S7_FACT_WRITE,
    SERVICE = S7_FACT_SERVICE,
    DB = S7_FACT_DB,
    COUNTED = S7_FACT_COUNTED,
    CLASSIC = S7_FACT_CLASSIC,
    MODERN = S7_FACT_MODERN,
    ONLY_1200 = S7_FACT_1200,
    V_MEMORY = S7_FACT_V_MEMORY,
    LOGO = S7_FACT_LOGO,
    DRIVE = S7_FACT_DRIVE,
    ODD_SLOT = S7_FACT_ODD_SLOT,
    PORT_102 = S7_FACT_PORT_102,
    TCP = S7_FACT_TCP,
    COTP = S7_FACT_COTP,
    SETUP = S7_FACT_SETUP,
    DR_PLACE = S7_FACT_DR_PLACE,
    DR_CROWDED = S7_FACT_DR_CROWDED,
    WORKED = S7_FACT_WORKED
};

#define NONE      S7_CAUSE_UNKNOWN
#define PUTGET    S7_CAUSE_PUTGET
#define NO_DB     S7_CAUSE_NO_DB
#define RACK_SLOT S7_CAUSE_RACK_SLOT
#define FULL      S7_CAUSE_PLC_FULL
#define PROTECTED S7_CAUSE_PROTECTION

#define PERMIT                                                                                               \
    "permit access with PUT/GET in the CPU's properties (Protection & Security, Connection mechanisms) "     \
    "and download the hardware configuration"
#define SLOTS "S7-300: slot 2, S7-400: 3, S7-1200/1500: 1"

static const struct s7_hint rows[] = {
    /* ---- no connection ---- */
    {"the host name is unknown", S7_E_RESOLVE, 0, 0, NONE, "check the name, or use the address"},
    {"port 102 is closed", S7_E_REFUSED, 0, PORT_102, NONE,
     "check that the address is the PLC's and that it is not starting up; s7rig's simulator listens on port "
     "10102"},
    {"another port is closed", S7_E_REFUSED, 0, 0, NONE,
     "check that the PLC or simulator runs and listens on this port: 102 for a PLC, 10102 for s7rig's "
     "simulator"},
    {"the host is unreachable", S7_E_UNREACHABLE, 0, 0, NONE,
     "check the address, the network mask and the cable"},
    {"TCP is not answered", S7_E_TIMEOUT, 0, TCP, NONE,
     "check the address and the cable, that the PLC is on, and that no firewall drops the port"},
    {"a full PLC keeps silent", S7_E_TIMEOUT, 0, COTP | WORKED, FULL,
     "connecting like this has worked before: the PLC has no connection left, or is starting up; close some, "
     "or wait a minute for dead ones"},
    {"COTP is not answered", S7_E_TIMEOUT, 0, COTP, NONE,
     "check that it is an S7 PLC that listens on this port; one without a free connection may keep silent, "
     "too"},
    {"setup is not answered", S7_E_TIMEOUT, 0, SETUP, NONE,
     "check that rack and slot are those of a CPU that speaks classic S7 communication"},
    {"the peer is no PLC", S7_E_FRAME, 0, 0, NONE, "check that an S7 PLC listens on this port"},
    {"the PLC is full: it worked before", S7_E_COTP_REFUSED, 0, WORKED, FULL,
     "rack and slot are right, connecting has worked before: all connections of this type are taken, or the "
     "PLC is starting up; close some, or wait a minute for dead ones"},
    {"the PLC is full: it says so", S7_E_COTP_REFUSED, 0, DR_CROWDED, FULL,
     "all connections of this type are taken: close some, wait a minute for dead ones, or try another type "
     "(pg, op, basic)"},
    {"a LOGO refuses the TSAPs", S7_E_COTP_REFUSED, 0, LOGO, RACK_SLOT,
     "add a server connection in LOGO!Soft Comfort; its TSAPs are local-tsap and remote-tsap here (usual: "
     "10.00 and 20.00)"},
    {"the slot is not the family's", S7_E_COTP_REFUSED, 0, ODD_SLOT, RACK_SLOT,
     "check rack and slot: the CPU of this family is in another slot as a rule (" SLOTS ")"},
    {"no such rack or slot: it says so", S7_E_COTP_REFUSED, 0, DR_PLACE, RACK_SLOT,
     "check rack and slot (" SLOTS "); remote-tsap if you set it"},
    {"refused without a reason", S7_E_COTP_REFUSED, 0, 0, RACK_SLOT,
     "check rack and slot (" SLOTS "); if they are right, all connections of this type are taken: close "
     "some, or wait a minute for dead ones"},
    {"the connection ends at setup", S7_E_CLOSED, 0, SETUP, NONE,
     "check that rack and slot are those of a CPU that speaks classic S7 communication"},
    {"the connection is reset at setup", S7_E_RESET, 0, SETUP, NONE,
     "check that rack and slot are those of a CPU that speaks classic S7 communication"},
    {"setup is refused", S7_E_NEGOTIATION, 0, 0, NONE, "ask for another PDU length or for fewer jobs"},

    /* ---- the PLC refuses a job ---- */
    {"setup is unknown to the PLC", S7_E_NEGOTIATION, S7_ERR_NOT_IMPLEMENTED, 0, NONE,
     "check that rack and slot are those of a CPU that speaks classic S7 communication"},
    {"PUT/GET is off", 0, S7_ERR_NOT_IMPLEMENTED, MODERN | READ, PUTGET, PERMIT},
    {"PUT/GET is off for writing", 0, S7_ERR_NOT_IMPLEMENTED, MODERN | WRITE, PUTGET, PERMIT},
    {"a PLC that should be classic has PUT/GET off", 0, S7_ERR_NOT_IMPLEMENTED, CLASSIC | READ, PUTGET,
     "this behaves like an S7-1200 or S7-1500, not like an S7-300 or S7-400: " PERMIT},
    {"a service that modern PLCs lack", 0, S7_ERR_NOT_IMPLEMENTED, MODERN | SERVICE, NONE,
     "this PLC does not have the service; S7-1200 and S7-1500 have few"},
    {"a service that the PLC lacks", 0, S7_ERR_NOT_IMPLEMENTED, SERVICE, NONE,
     "this PLC does not have the service; S7-300 and S7-400 have all, S7-1200 and S7-1500 few"},
    {"not implemented", 0, S7_ERR_NOT_IMPLEMENTED, 0, PUTGET,
     "allow PUT/GET access in the CPU's protection settings; if it is allowed, this CPU does not know the "
     "function"},
    {"access is not allowed", 0, 0x8103, 0, PROTECTED, "check the CPU's protection level"},
    {"an address that the job may not have", 0, 0x8105, 0, NONE,
     "check the offset against the length of the block or area"},
    {"the object of a job is missing", 0, 0x810A, 0, NO_DB,
     "check that the DB exists, is loaded and is not optimized"},
    {"too few resources", 0, S7_ERR_RESOURCES, 0, NONE, "fewer jobs at once, or fewer connections"},
    {"the mode forbids it", 0, 0x8402, 0, NONE,
     "read the CPU's mode first; the mode switch may forbid the change"},
    {"the PDU is too long", 0, S7_ERR_FRAME_SIZE, 0, NONE,
     "fewer items or bytes per job; the PDU length that the CPU granted is the limit"},
    {"access to the object is refused", 0, S7_ERR_ACCESS, 0, PROTECTED, "check the CPU's protection level"},
    {"protected against this service", 0, 0xD0A1, 0, PROTECTED, "log on with the CPU's password"},
    {"a job of its kind is running", 0, 0xD0A2, 0, NONE, "wait a moment and repeat"},
    {"no such block", 0, 0xD209, 0, NONE, "check the block's number, and that it is loaded"},
    {"no block of this type", 0, 0xD20E, 0, NONE, "check the block's type; the CPU may hold none of it"},
    {"another transfer", 0, 0xD240, 0, NONE, "wait for the other transfer to end"},
    {"the protection level asks for a password", 0, 0xD241, 0, PROTECTED,
     "log on with the CPU's password; it holds until the connection ends"},
    {"protected by the safety program", 0, 0xD242, 0, PROTECTED,
     "the fail-safe program forbids it; the engineering tool with its password may"},
    {"parameters are being taken", 0, 0xD2A9, 0, NONE, "wait a moment and repeat"},
    {"an unknown status list", 0, 0xD401, 0, NONE, "this kind of CPU does not have the list"},
    {"an unknown index of a status list", 0, 0xD402, 0, NONE,
     "check the index; SZL 0000 names the lists of this CPU"},
    {"the password is wrong", 0, 0xD602, 0, PROTECTED, "check the password"},
    {"logged on already", 0, 0xD603, 0, NONE, "go on: this connection is logged on"},
    {"no password is set", 0, 0xD605, 0, NONE, "no password is needed"},

    /* ---- the PLC refuses an item ---- */
    {"a module is missing", 0, 0x01, 0, NONE, "check that the I/O module is plugged and runs"},
    {"a timer or counter that is no BCD", 0, 0x03, WRITE | COUNTED, NONE,
     "timers and counters take BCD values only: 000 to 999"},
    {"a DB that may not be written", 0, 0x03, WRITE | DB, PROTECTED,
     "check that the DB is not write-protected in the CPU, and the CPU's protection level"},
    {"access", 0, 0x03, 0, PROTECTED,
     "check the CPU's protection level; timers and counters take BCD values only"},
    {"timers that an S7-1200 lacks", 0, 0x05, ONLY_1200 | COUNTED, NONE,
     "an S7-1200 has no S5 timers and counters; those of IEC are read in their DBs"},
    {"behind the end of a DB, perhaps optimized", 0, 0x05, MODERN | DB, NONE,
     "check the offset against the length of the DB; if it fits, switch off the DB's optimized access"},
    {"behind the end of a DB", 0, 0x05, DB, NONE, "check the offset against the length of the DB"},
    {"behind the end", 0, 0x05, 0, NONE, "check the offset against the length of the block or area"},
    {"a type that the PLC does not read", 0, 0x06, 0, NONE, "read the place as bytes; bits one by one"},
    {"a length that does not fit", 0, 0x07, 0, NONE, "check that the length of the data fits the data type"},
    {"timers that an S7-1200 does not have", 0, 0x0A, ONLY_1200 | COUNTED, NONE,
     "an S7-1200 has no S5 timers and counters; those of IEC are read in their DBs"},
    {"optimized DB", 0, 0x0A, MODERN | DB, NO_DB,
     "check that the DB is loaded and not optimized: switch off \"Optimized block access\" in its "
     "attributes, "
     "compile and download it"},
    {"missing DB", 0, 0x0A, CLASSIC | DB, NO_DB, "check the DB's number, and that it is loaded"},
    {"another DB than V memory", 0, 0x0A, V_MEMORY | DB, NO_DB,
     "this family has DB 1 only, which is its V memory"},
    {"a parameter that the drive lacks", 0, 0x0A, DRIVE | DB, NO_DB,
     "a DB is a parameter of the drive: check its number, and the drive object and index in the offset"},
    {"a DB that is missing or optimized", 0, 0x0A, DB, NO_DB,
     "check that the DB exists, is loaded and is not optimized"},
    {"timers or counters that are missing", 0, 0x0A, COUNTED, NONE,
     "check the number against the CPU's; an S7-1200 has no S5 timers and counters"},
    {"a missing object", 0, 0x0A, 0, NO_DB,
     "check that the DB exists, is loaded and is not optimized; of other areas, that this PLC has them"},
    {"too long for one answer", 0, 0x85, 0, NONE, "read fewer bytes per item"},

    /* ---- calls ---- */
    {"no answer", S7_E_TIMEOUT, 0, 0, NONE,
     "check the cable and that the PLC runs; a longer timeout if it is slow"},
    {"closed by the PLC", S7_E_CLOSED, 0, 0, NONE, "connect again; the PLC may have been restarted"},
    {"reset by the PLC", S7_E_RESET, 0, 0, NONE, "connect again; the PLC may have been restarted"},
    {"not connected", S7_E_NOT_CONNECTED, 0, 0, NONE,
     "connect first; after a failure of the connection, again, or set auto_reconnect"},
    {"a change of unknown outcome", S7_E_OUTCOME_UNKNOWN, 0, SERVICE, NONE,
     "look at the PLC's mode, clock, blocks or memory before trying again"},
    {"a write of unknown outcome", S7_E_OUTCOME_UNKNOWN, 0, 0, NONE,
     "read the place back before writing again"},
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static bool fits(const struct s7_hint *row, s7_status status, uint32_t facts)
{
    return (row->status == S7_OK || row->status == status) && (row->facts & ~facts) == 0;
}

/* What the PLC said comes before the status that it led to. */
const struct s7_hint *s7_hint_find(s7_status status, uint16_t plc_error, uint8_t item_code, uint32_t facts)
{
    uint16_t error = plc_error != 0 ? plc_error : item_code == 0xFF ? 0 : item_code;

    for (size_t i = 0; error != 0 && i < N_ROWS; i++)
        if (rows[i].error == error && fits(&rows[i], status, facts))
            return &rows[i];
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].error == 0 && fits(&rows[i], status, facts))
            return &rows[i];
    return NULL;
}

const struct s7_hint *s7_hint_rows(size_t *n)
{
    *n = N_ROWS;
    return rows;
}

uint32_t s7_hint_item_facts(bool write, const s7_item *item)
{
    uint32_t facts = write ? WRITE : READ;

    if (item == NULL)
        return facts;
    s7_area area = item->address.area;
    if (area == S7_AREA_DB || area == S7_AREA_DI)
        facts |= DB;
    if (area == S7_AREA_T || area == S7_AREA_C)
        facts |= COUNTED;
    return facts;
}
