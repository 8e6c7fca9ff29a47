/* odd_plc.h - a PLC that knows one thing: a change-driven subscription of a REAL and an INT, which it answers
 * with their values and then two pushes, 0.85 and 3, 4, 0.9; or not even that. */
#ifndef CLI_ODD_PLC_H
#define CLI_ODD_PLC_H

#include <stdbool.h>

/* Until the peer goes. */
void odd_plc_serve(int peer, bool pushes);

#endif
