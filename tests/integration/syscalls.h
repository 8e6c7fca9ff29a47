/* syscalls.h - which system calls a piece of code makes: it runs in a child process, and ptrace stops at
 * every one of any thread of it. What is asked without the kernel (the clock of the vDSO) is no system call
 * and is not seen. */
#ifndef TESTS_INTEGRATION_SYSCALLS_H
#define TESTS_INTEGRATION_SYSCALLS_H

#include <sys/types.h>

#define SYSCALLS_SPANS 2000

/* One piece of code. Reading the clock is left out: only where there is no vDSO clock does it take a system
 * call. */
struct syscalls_span {
    unsigned what; /* as given to syscalls_begin */
    unsigned sends, receives, waits, others;
    long first_other;          /* its number */
    unsigned long note, note2; /* as given to syscalls_end */
};

struct syscalls_log {
    struct syscalls_span spans[SYSCALLS_SPANS];
    unsigned n;
    int wait_status; /* of the child, as from waitpid */
};

/* Make a child that will run fn and end with what fn returns as its exit status; it waits for
 * syscalls_follow, so that the caller may start threads in between (a child of a process with threads could
 * find their locks held). 0, or errno when processes may not be traced here. fn shall not use cmocka: it
 * would go on in the child. */
int syscalls_start(int (*fn)(void), pid_t *child);

/* Run it to its end, from the thread that made it. */
void syscalls_follow(pid_t child, struct syscalls_log *log);

/* For fn, on any thread: a span begins; it ends, with notes for the log. One at a time. */
void syscalls_begin(unsigned what);
void syscalls_end(unsigned long note, unsigned long note2);

#endif
