/* Step 7: blocks as they were downloaded. */
#include "schema.h"

const char plant_schema_7[] = "";
