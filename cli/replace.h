/* replace.h - a file of the user's that is written whole or not at all.
 *
 * What is at the path stays until the new file is complete: that is made beside it, and renamed. A link stays
 * as well: what it points to is replaced, or made. What is no regular file (a pipe, a device) is written
 * itself, and so are descriptors that the caller of the command has opened (/dev/stdout, /dev/fd/3), where
 * they are at. */
#ifndef CLI_REPLACE_H
#define CLI_REPLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct cli_replacement {
    FILE *file;            /* to write to; NULL: not open */
    char target[PATH_MAX]; /* what the rename replaces */
    char temporary[PATH_MAX + 24];
    /* "": the path itself is written. For both: cli_replace_end removes what is left */
};

/* Find what is to be written. What is written itself is opened now, which waits for the reader of a pipe.
 * false: errno says why not. */
bool cli_replace_find(struct cli_replacement *to, const char *path);

/* After that: make the new file, where there is to be one. false: errno. */
bool cli_replace_open(struct cli_replacement *to);

/* Both. */
bool cli_replace_begin(struct cli_replacement *to, const char *path);

/* Close it. whole: all that there is to write was given to it; otherwise what was at the path stays. false:
 * it was whole, but could not be written; errno. */
bool cli_replace_end(struct cli_replacement *to, bool whole);

/* A file that is written as things happen, from its beginning on; descriptors as above. NULL: errno. */
FILE *cli_open_straight(const char *path);

#endif
