/* fault_field.h - shared by fault_field.c (values) and fault_parse.c (words). */
#ifndef SIMULATOR_FAULT_FIELD_H
#define SIMULATOR_FAULT_FIELD_H

#include "simulator/fault.h"

struct sim_fault_field {
    const char *name;
    bool (*take)(const char *text, struct sim_fault *fault); /* false: not what the parameter takes */
};

/* One for each name of a parameter, whatever fault it belongs to; ends with a name of NULL. */
const struct sim_fault_field *sim_fault_fields(void);

#endif
