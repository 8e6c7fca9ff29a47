#include "protocol/errors.h"

#include <stddef.h>

struct row {
    uint16_t error;
    const char *text;
};

/* Ascending by number; one row a code. Meanings: Wireshark's and libnodave's tables and what real CPUs sent;
 * own words. */
static const struct row rows[] = {
    {0x0000, "no error"},
    {0x0110, "block number not allowed"},
    {0x0111, "request length not allowed"},
    {0x0112, "parameter not allowed"},
    {0x0113, "block type not allowed"},
    {0x0114, "block not found"},
    {0x0115, "block exists already"},
    {0x0116, "block is write-protected"},
    {0x0117, "block or firmware image too large"},
    {0x0118, "block number not allowed here"},
    {0x0119, "wrong password"},
    {0x011A, "the programming device lacks a resource"},
    {0x011B, "the PLC lacks a resource"},
    {0x011C, "protocol error"},
    {0x011D, "too many blocks"},
    {0x011E, "no connection to the block database"},
    {0x011F, "result buffer too small"},
    {0x0120, "end of the block list"},
    {0x0140, "not enough memory"},
    {0x0141, "no resources for the job"},
    {0x8000, "function already running"},
    {0x8001, "not possible in the current state of the block"},
    {0x8003, "error while the block was transferred"},
    {0x8100, "service unknown to the PLC"},
    {0x8101, "hardware fault"},
    {0x8103, "access not allowed"},
    {S7_ERR_NOT_IMPLEMENTED, "service not implemented (also: PUT/GET not permitted)"},
    {0x8105, "address not valid"},
    {0x8106, "data type not supported"},
    {0x8107, "data type inconsistent"},
    {0x810A, "object does not exist"},
    {0x8204, "object type specified inconsistently"},
    {0x8205, "a copied block exists and is not linked"},
    {0x8301, "not enough memory, or the storage medium cannot be reached"},
    {S7_ERR_RESOURCES, "too few resources, or the CPU is busy"},
    {0x8304, "no further upload in parallel possible"},
    {0x8305, "function not available"},
    {0x8306, "not enough work memory"},
    {0x8307, "not enough retentive work memory"},
    {S7_ERR_SEQUENCE, "wrong order of services"},
    {0x8402, "the state of the object forbids it (already in RUN or STOP)"},
    {S7_ERR_CANNOT, "the function cannot be carried out"},
    {0x8405, "the remote block is disabled"},
    {S7_ERR_FRAME_SIZE, "wrong frame, or larger than the PDU length"},
    {0x8503, "cancelled by an alarm of the module"},
    {0x8701, "object addressed wrongly (area or length)"},
    {0x8702, "service not supported by the module"},
    {S7_ERR_ACCESS, "access to the object refused"},
    {0x8704, "the object is damaged"},
    {0xD001, "job number not allowed"},
    {0xD002, "job variant not allowed"},
    {0xD003, "debug function not supported"},
    {0xD004, "job status not allowed"},
    {0xD005, "end of job not allowed"},
    {0xD006, "identification at disconnect not allowed"},
    {0xD007, "number of buffer elements not allowed"},
    {0xD008, "scan rate not allowed"},
    {0xD009, "number of repetitions not allowed"},
    {0xD00A, "trigger event not allowed"},
    {0xD00B, "trigger condition not allowed"},
    {0xD011, "a block of the call path is missing"},
    {0xD012, "wrong address in the block"},
    {0xD014, "the block is being deleted or overwritten"},
    {0xD015, "tag address not allowed"},
    {0xD016, "no test possible, the user program is faulty"},
    {0xD017, "trigger number not allowed"},
    {0xD025, "path not valid"},
    {0xD026, "kind of access not allowed"},
    {0xD027, "this number of data blocks is not allowed"},
    {0xD031, "internal protocol error"},
    {0xD032, "length of the result buffer is wrong"},
    {0xD033, "length of the job is wrong"},
    {0xD03F, "parameters coded wrongly (reserved bytes)"},
    {0xD041, "status list id not allowed"},
    {0xD042, "tag address in the data not allowed"},
    {0xD043, "the job referred to is unknown"},
    {0xD044, "tag value not allowed"},
    {0xD045, "leaving output disable is not allowed in HOLD"},
    {0xD046, "measuring stage not allowed"},
    {0xD047, "wrong hierarchy, read the job list"},
    {0xD048, "deletion id not allowed"},
    {0xD049, "substitute id not allowed"},
    {0xD04A, "program status failed"},
    {0xD05F, "data coded wrongly"},
    {0xD061, "no memory for the job"},
    {0xD062, "the job list is full"},
    {0xD063, "the trigger event is taken"},
    {0xD064, "no memory for a result element"},
    {0xD065, "no memory for several result elements"},
    {0xD066, "the run-time timer is taken"},
    {0xD067, "too many modify jobs"},
    {0xD081, "not allowed in this operating mode"},
    {0xD082, "HOLD cannot be left"},
    {0xD0A1, "not allowed at this protection level"},
    {0xD0A2, "a function that changes memory is running"},
    {0xD0A3, "too many modify jobs on I/O"},
    {0xD0A4, "forcing is active already"},
    {0xD0A5, "the job referred to was not found"},
    {0xD0A6, "the job cannot be enabled or disabled"},
    {0xD0A7, "the job cannot be deleted"},
    {0xD0A8, "the job cannot be replaced"},
    {0xD0A9, "the job cannot be read"},
    {0xD0AA, "time limit exceeded"},
    {0xD0AB, "job parameters wrong in the process"},
    {0xD0AC, "job data wrong in the process"},
    {0xD0AD, "the operating mode is set already"},
    {0xD0AE, "the job belongs to another connection"},
    {0xD0C1, "a tag could not be accessed"},
    {0xD0C2, "the PLC went to STOP or HOLD"},
    {0xD0C3, "a tag could not be accessed, and the PLC went to STOP or HOLD"},
    {0xD0C4, "run-time measurement timed out"},
    {0xD0C5, "the block stack is inconsistent"},
    {0xD0C6, "the job was removed with what it referred to"},
    {0xD0C7, "the job was removed because STOP was left"},
    {0xD0C8, "block status aborted, it is inconsistent"},
    {0xD0C9, "a reset by OB 90 left the status area"},
    {0xD0CA, "a reset by OB 90 left the status area, and tags could not be read before"},
    {0xD0CB, "output disable is active again"},
    {0xD0CC, "debug data limited by time"},
    {0xD201, "syntax of the block name"},
    {0xD202, "syntax of the function parameters"},
    {0xD203, "syntax of the block type"},
    {0xD204, "no linked block on the medium"},
    {0xD205, "a linked block exists in RAM"},
    {0xD206, "a linked block exists in EPROM"},
    {0xD207, "the block exists in EPROM"},
    {0xD208, "too many copied blocks"},
    {0xD209, "block not found"},
    {0xD20A, "too many blocks to link in one job"},
    {0xD20B, "too many blocks to delete in one job"},
    {0xD20C, "the priority class of the OB is missing"},
    {0xD20D, "the SDB cannot be interpreted"},
    {0xD20E, "no block, or no further block"},
    {0xD20F, "block too large"},
    {0xD210, "block number not allowed"},
    {0xD212, "wrong attribute in the block header"},
    {0xD213, "too many SDBs"},
    {0xD216, "the user program is not valid, reset the module"},
    {0xD217, "protection level not allowed"},
    {0xD218, "active/passive attribute wrong"},
    {0xD219, "lengths in the block wrong"},
    {0xD21A, "length of local data or protection code wrong"},
    {0xD21B, "the memory cannot be compressed"},
    {0xD21D, "too much dynamic project data"},
    {0xD21E, "the module's parameters cannot be assigned"},
    {0xD220, "programming language not allowed"},
    {0xD221, "connection or routing data not valid"},
    {0xD222, "global data definition not valid"},
    {0xD223, "instance data block of a communication block not valid, or too many of them"},
    {0xD224, "SCAN system data not valid"},
    {0xD225, "DP system data not valid"},
    {0xD226, "structure of the block not valid"},
    {0xD230, "structure of a block not valid"},
    {0xD231, "a loaded OB cannot be copied, its priority class is missing"},
    {0xD232, "a block with a number that is not allowed was loaded"},
    {0xD234, "block twice on the medium or in the job"},
    {0xD235, "checksum of the block wrong"},
    {0xD236, "checksum of the block missing"},
    {0xD237, "a block with the same time stamp is loaded already"},
    {0xD238, "a listed block is not a DB"},
    {0xD239, "a listed DB has no linked copy in load memory"},
    {0xD23A, "a listed DB differs from its linked copy"},
    {0xD240, "another transfer is running"},
    {0xD241, "not allowed at this protection level, a password is needed"},
    {0xD242, "protected by the fail-safe program"},
    {0xD250, "firmware update: made for another module or version"},
    {0xD251, "firmware update: parts in the wrong order"},
    {0xD252, "firmware update: wrong checksum"},
    {0xD253, "firmware update: no loader for it, a memory card is needed"},
    {0xD254, "firmware update: storage error"},
    {0xD280, "compile error in the CPU"},
    {0xD2A1, "another block function or a trigger is active"},
    {0xD2A2, "a trigger is active on the block"},
    {0xD2A3, "the block is not active, in use, or marked for deletion"},
    {0xD2A4, "another block function works on this block"},
    {0xD2A6, "saving and changing the user program exclude each other"},
    {0xD2A7, "the block is unlinked or not processed"},
    {0xD2A8, "a test function keeps the CPU from taking parameters"},
    {0xD2A9, "the CPU is taking new parameters"},
    {0xD2AA, "the modules are taking new parameters"},
    {0xD2AB, "the limits of the dynamic configuration are being changed"},
    {0xD2AC, "SFC 12 is activating or deactivating a station, which blocks a change in RUN"},
    {0xD2B0, "error while the configuration was changed in RUN"},
    {0xD2C0, "too many technology objects"},
    {0xD2C1, "the technology data block exists already"},
    {0xD2C2, "program or hardware configuration cannot be loaded"},
    {0xD401, "this SZL id is not known"},
    {0xD402, "this SZL index is not available"},
    {0xD403, "the service is on or off already"},
    {0xD404, "no more nodes for diagnosis"},
    {0xD405, "service not supported, or its syntax is wrong"},
    {0xD406, "this information is not available now"},
    {0xD407, "error of the diagnostics"},
    {0xD408, "update aborted"},
    {0xD409, "error on the DP bus"},
    {0xD601, "syntax of the parameters"},
    {0xD602, "wrong password"},
    {0xD603, "already legitimised"},
    {0xD604, "already enabled, or nothing to clear"},
    {0xD605, "no password configured"},
    {0xD801, "a tag address is not valid"},
    {0xD802, "the cyclic job does not exist"},
    {0xD803, "status of the cyclic job not allowed"},
    {0xD804, "cycle time not allowed"},
    {0xD805, "no further cyclic job possible"},
    {0xD806, "the state of the cyclic job forbids the function"},
    {0xD807, "overload: reading takes longer than the cycle"},
    {0xDC01, "date or time not valid"},
    {0xE201, "redundant system: this CPU is the master already"},
    {0xE202, "redundant system: no link-up, the programs in the flash modules differ"},
    {0xE203, "redundant system: no link-up, the firmware differs"},
    {0xE204, "redundant system: no link-up, the memory equipment differs"},
    {0xE205, "redundant system: link-up aborted, synchronisation error"},
    {0xE206, "redundant system: link-up refused, another function is running"},
    {0xEF01, "the second id of the job is not 00"},
    {0xEF02, "the second id of the job names a resource set that does not exist"},
};

static const char *find(const struct row *table, size_t n, uint16_t error, const char *otherwise)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table[middle].error == error)
            return table[middle].text;
        if (table[middle].error < error)
            low = middle + 1;
        else
            high = middle;
    }
    return otherwise;
}

#define FIND(table, error, otherwise) find(table, sizeof table / sizeof table[0], error, otherwise)

const char *s7_plc_error_text(uint16_t error)
{
    return FIND(rows, error, "unknown error");
}

static const struct row hints[] = {
    {S7_ERR_NOT_IMPLEMENTED,
     "allow PUT/GET access in the CPU's protection settings; if it is allowed, this CPU does "
     "not know the function"},
    {S7_ERR_RESOURCES, "fewer jobs at once, or fewer connections"},
    {0x8402, "read the CPU's mode first; the mode switch may forbid the change"},
    {S7_ERR_FRAME_SIZE, "fewer items or bytes per job; the PDU length that the CPU granted is the limit"},
    {S7_ERR_ACCESS, "check the CPU's protection level"},
    {0xD0A1, "log on with the CPU's password"},
    {0xD209, "check the block's number, and that it is loaded"},
    {0xD20E, "check the block's type; the CPU may hold none of it"},
    {0xD240, "wait for the other transfer to end"},
    {0xD241, "log on with the CPU's password"},
    {0xD2A9, "wait a moment and repeat"},
    {0xD401, "this kind of CPU does not have the list"},
    {0xD402, "check the index; SZL 0000 names the lists of this CPU"},
    {0xD602, "check the password"},
    {0xD605, "no password is needed"},
};

const char *s7_plc_error_hint(uint16_t error)
{
    return FIND(hints, error, "");
}

static const struct row item_codes[] = {
    {0x00, "reserved"},
    {0x01, "hardware fault"},
    {0x03, "access not allowed"},
    {0x05, "address out of range"},
    {0x06, "data type not supported"},
    {0x07, "data type or length inconsistent"},
    {0x0A, "object does not exist"},
    {0x85, "the answer would exceed the PDU length"},
    {0xFF, "success"},
};

const char *s7_item_code_text(uint8_t item_code)
{
    return FIND(item_codes, item_code, "unknown return code");
}

static const struct row item_hints[] = {
    {0x01, "check that the I/O module is plugged and runs"},
    {0x03, "check the CPU's protection level; timers and counters take BCD values only"},
    {0x05, "check the offset against the length of the block or area"},
    {0x06, "read the place as bytes; bits one by one"},
    {0x07, "check that the length of the data fits the data type"},
    {0x0A, "check that the DB exists, is loaded and is not optimized"},
    {0x85, "read fewer bytes per item"},
};

const char *s7_item_code_hint(uint8_t item_code)
{
    return FIND(item_hints, item_code, "");
}
