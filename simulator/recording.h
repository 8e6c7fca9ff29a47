/* recording.h - times that were recorded, for table(FILE): where a distribution in the words of a fault may
 * come from a file.
 *
 * The words of a fault come from scenarios and from rows of a plant file, which foreign programs write. So
 * FILE is a bare name, and the folder is that of whoever starts the server (sim_server_options.recordings):
 * letters, digits, "._-", not beginning with a dot; a regular file, no link, at most 1 MiB. It is read when
 * the fault is armed.
 *
 * A line is a time as in the words of a fault: "12.5" (milliseconds), "800us". Blanks around it, empty lines
 * and lines that begin with # do not count. */
#ifndef SIMULATOR_RECORDING_H
#define SIMULATOR_RECORDING_H

#include "simulator/distribution.h"

#include "plant/plant.h" /* struct plant_error */

#define SIM_RECORDING_NAME_CAP 48
#define SIM_RECORDING_MAX      65536 /* times */

/* "FILE)", the rest of "table(FILE)", is a name that may be: copy it. */
bool sim_recording_name(const char *text, char name[SIM_RECORDING_NAME_CAP]);

/* The samples of folder/name, which live as long as the list `all`: the same times are there once only.
 * S7_E_ARG: folder is NULL, no such file, not a file as above, or no times; S7_E_NOMEM. error says what was
 * expected, what came, and in which line. */
S7_MUST_CHECK s7_status sim_recording_load(const char *folder, const char *name, struct sim_samples **all,
                                           const struct sim_samples **out, struct plant_error *error);

void sim_recordings_free(struct sim_samples *all);

#endif
