/* run.h - runs files and folders of scenarios and reports: lines for people, or TAP, and JUnit XML. */
#ifndef SCENARIOS_RUN_H
#define SCENARIOS_RUN_H

#include "scenarios/engine.h"

#include <signal.h>
#include <stddef.h>

#define SC_JOBS_MAX 256

/* ---- which files ---- */

/* The *.lua files of the paths (files, or folders: their own files in the order of names), one malloc'd
 * string each; NULL-terminated. NULL: out of memory, or a path cannot be read (said in error, at most cap
 * bytes). */
char **sc_find_files(const char *const *paths, size_t n_paths, char *error, size_t cap);
void sc_free_files(char **files);

/* Keep every n_parts-th of them, beginning with the part-th (1..n_parts); the others are freed. All parts
 * together are all files once, and no part is longer than another by more than one. */
void sc_take_part(char **files, uint32_t part, uint32_t n_parts);

/* ---- signals that end the command ---- */

/* SIGHUP, SIGINT, SIGTERM and SIGPIPE where they would end this process: held back, so that whoever has
 * started processes and made files can clear up before obeying. */
struct sc_signals {
    sigset_t held;   /* these, and SIGCHLD */
    sigset_t before; /* what the process had blocked */
    int came;        /* the first that came; 0: none */
};

void sc_signals_hold(struct sc_signals *signals);
/* Did one come? Does not wait. */
bool sc_signals_look(struct sc_signals *signals);
/* Wait until one comes, or a child has ended. */
bool sc_signals_wait(struct sc_signals *signals);
/* As it was before; if one came, it ends this process now. */
void sc_signals_release(struct sc_signals *signals);

/* ---- running ---- */

struct sc_run_options {
    struct sc_options one; /* how each is run; its trace gets them whole and in the order of files */
    bool tap;              /* TAP version 13 instead of lines for people */
    bool twice;            /* virtual only: run each twice and compare the traces */
    unsigned jobs;         /* so many at a time, 1..SC_JOBS_MAX */
    FILE *out;
    FILE *junit;                                                 /* written when all have ended, or NULL */
    struct sc_signals *signals;                                  /* held by the caller */
    void (*vary)(unsigned i, void *arg, struct sc_options *one); /* how the i-th differs; NULL: not at all */
    void *vary_arg;
};

struct sc_totals {
    unsigned passed, failed, skipped, unparsed, no_world, unsteady; /* unsteady: two runs differed */
    bool trace_lost, junit_lost;                                    /* not whole, whatever its stream says */
};

/* Each in a process of its own, so that none can harm another; told in the order of files. When a signal
 * comes, what runs is ended and no more is told: signals->came. */
void sc_run_all(char *const *files, const struct sc_run_options *options, struct sc_totals *totals);

#endif
