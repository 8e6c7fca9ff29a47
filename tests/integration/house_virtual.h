/* house_virtual.h - the house of a test program in virtual time, and a foreign program that has the plant's
 * file open: what the PLC's tests do again and again, with nobody to pass around. */
#ifndef TESTS_INTEGRATION_HOUSE_VIRTUAL_H
#define TESTS_INTEGRATION_HOUSE_VIRTUAL_H

#include "house.h"
#include "loop/loop_virtual.h"

#include <sqlite3.h>

/* One way takes 50 to 150 us, so a request and its answer less than this. */
#define ROUND_TRIP_NS (HOUSE_NS_PER_MS / 2)

extern struct house house;
extern sqlite3 *foreign;

/* Around each test: a CPU that is "generic", or this one. */
int open_house(void **state);
void open_house_of(const char *cpu);
int close_house(void **state);

/* Another server of the same plant, which listens on a port of its own. */
void serve_again(struct sim_server_options *options);

int64_t now_ns(void);
int64_t now_ms(void);
void run_for_ms(int64_t ms);

/* ---- the foreign program ---- */

void sql(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first column of all rows, "; " between them, NULL as such; "" when there is none. Until the next call.
 */
const char *selected(const char *text);
/* Of the first row, which must be there. */
int64_t select_int(const char *text);

/* ---- faults of the first PLC ---- */

void arm(uint64_t id, const char *name, const char *args);
struct sim_fault_state state_of(uint64_t id);
struct sim_plc_stats plc_stats(void);

#endif
