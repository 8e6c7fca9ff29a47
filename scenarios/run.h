/* run.h - runs files and folders of scenarios and reports: lines for people, or TAP. */
#ifndef SCENARIOS_RUN_H
#define SCENARIOS_RUN_H

#include "scenarios/engine.h"

#include <stddef.h>

struct sc_run_options {
    struct sc_options one; /* how each is run */
    bool tap;              /* TAP version 13 instead of lines for people */
    bool twice;            /* virtual only: run each twice and compare the traces */
    FILE *out;
};

struct sc_totals {
    unsigned passed, failed, skipped, unparsed, no_world, unsteady; /* unsteady: two runs differed */
};

/* The *.lua files of the paths (files, or folders: their own files in the order of names), one malloc'd
 * string each; NULL-terminated. NULL: out of memory, or a path cannot be read (said in error, at most cap
 * bytes). */
char **sc_find_files(const char *const *paths, size_t n_paths, char *error, size_t cap);
void sc_free_files(char **files);

void sc_run_all(char *const *files, const struct sc_run_options *options, struct sc_totals *totals);

#endif
