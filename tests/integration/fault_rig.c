#include "fault_rig.h"

#include <stddef.h>
#include <stdint.h>

void guest_as(struct guest *guest, s7_conn_type type)
{
    s7_client_options as;

    s7_client_options_init(&as);
    as.conn_type = (uint8_t)type;
    guest_open(guest, &house, &as);
}

s7_status write_byte(struct guest *guest, uint8_t value)
{
    return guest_write(guest, 1, 0, &value, 1);
}

int db1_byte0(void)
{
    return (int)select_int(
        "SELECT instr('123456789ABCDEF', substr(hex(substr(data, 1, 1)), 2, 1)) FROM block "
        "WHERE number = 1");
}
