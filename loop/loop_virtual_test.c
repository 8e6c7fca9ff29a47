#include "loop/loop_virtual.h"
#include "loop/contract_rig.h"
#include "loop/contract_test.h"
static s7_status make(s7_loop **out) { return s7_loop_virtual_new(NULL, out); }
int main(void)
{
    return contract_run("contract over loop_virtual", make);
}
