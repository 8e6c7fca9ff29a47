/* door.h - shared by door.c (doors, and when a fault that comes at a time begins and ends) and upset.c (what
 * such a fault does to a PLC). */
#ifndef SIMULATOR_DOOR_H
#define SIMULATOR_DOOR_H

#include "server_impl.h"

/* door.c */
void sim_door_note(const struct sim_armed *armed, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* "NAME: ..." */
/* It counts and acts from now on. False: the operating system does not do it, the fault is over. for_ns is
 * told only. */
bool sim_door_shut(struct sim_armed *armed, int64_t for_ns);
void sim_door_open(struct sim_armed *armed, bool over); /* over: it does not begin again */
void sim_door_sweep(struct sim_armed *armed);           /* reset connections that it drops */

/* upset.c. Those that begin, and tick, say when to come back (S7_NEVER_NS: never); coming back ends it unless
 * it ticks. */
int64_t sim_upset_stop(struct sim_armed *armed);
void sim_upset_stop_end(struct sim_armed *armed);
int64_t sim_upset_power_off(struct sim_armed *armed);
int64_t sim_upset_power_tick(struct sim_armed *armed);
void sim_upset_power_on(struct sim_armed *armed);
int64_t sim_upset_password(struct sim_armed *armed);
void sim_upset_password_end(struct sim_armed *armed);
int64_t sim_upset_clock(struct sim_armed *armed);
void sim_upset_clock_end(struct sim_armed *armed);
int64_t sim_upset_pause(struct sim_armed *armed);
void sim_upset_pause_end(struct sim_armed *armed);
int64_t sim_upset_download(struct sim_armed *armed); /* replace.c */
void sim_upset_download_end(struct sim_armed *armed);
int64_t sim_upset_fill(struct sim_armed *armed);
void sim_upset_fill_end(struct sim_armed *armed);
int64_t sim_upset_lock(struct sim_armed *armed);
void sim_upset_lock_end(struct sim_armed *armed);

#endif
