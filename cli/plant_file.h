/* plant_file.h - the files that plants are imported from and exported to. */
#ifndef CLI_PLANT_FILE_H
#define CLI_PLANT_FILE_H

#include "plant/exchange.h"

/* The path to read: "-" is standard input. */
const char *plant_file_path(const char *name);

/* As asked for; else by the name's ending; else JSON if the text (may be NULL) begins like an object. */
enum plant_format plant_file_format(const char *name, bool csv, bool json, const char *text, size_t len);

#endif
