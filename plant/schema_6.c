/* Step 6: who wrote what, and what happened. */
#include "schema.h"

const char plant_schema_6[] = "";
