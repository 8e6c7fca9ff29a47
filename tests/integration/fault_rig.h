/* fault_rig.h - for tests of faults: guests with a patience and a role of their own, on house_virtual.h. */
#ifndef TESTS_INTEGRATION_FAULT_RIG_H
#define TESTS_INTEGRATION_FAULT_RIG_H

#include "raw.h"

void guest_as(struct guest *guest, s7_conn_type type);
s7_status write_byte(struct guest *guest, uint8_t value); /* to DB1.DBB0 */
int db1_byte0(void);                                      /* as the file has it; values below 16 */

#endif
