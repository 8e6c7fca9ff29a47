#include "loop/loop_ev.h"
#include "loop/contract_rig.h"
#include "loop/contract_test.h"
int main(void)
{
    return contract_run("contract over loop_ev", s7_loop_ev_new);
}
