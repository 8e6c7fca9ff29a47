#include "syscalls.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* No kernel has these; they do nothing but stop at the tracer. */
#define CALL_BEGIN 0x5701
#define CALL_END   0x5702

#define CANNOT_TRACE 126 /* exit status */
#define SYSCALL_STOP (SIGTRAP | 0x80)

void syscalls_begin(unsigned what)
{
    (void)syscall(CALL_BEGIN, (unsigned long)what);
}

void syscalls_end(unsigned long note, unsigned long note2)
{
    (void)syscall(CALL_END, note, note2);
}

static bool is_wait(long number)
{
    switch (number) {
#ifdef SYS_poll
    case SYS_poll:
#endif
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
    case SYS_ppoll:
    case SYS_epoll_pwait:
        return true;
    default:
        return false;
    }
}

static void count(struct syscalls_span *span, long number)
{
    if (number == SYS_clock_gettime)
        return;
    if (number == SYS_sendto || number == SYS_sendmsg || number == SYS_write || number == SYS_writev)
        span->sends++;
    else if (number == SYS_recvfrom || number == SYS_recvmsg || number == SYS_read || number == SYS_readv)
        span->receives++;
    else if (is_wait(number))
        span->waits++;
    else if (span->others++ == 0)
        span->first_other = number;
}

static void note(struct syscalls_log *log, bool *inside, const struct __ptrace_syscall_info *call)
{
    struct syscalls_span *span = &log->spans[log->n];
    long number = (long)call->entry.nr;

    if (number == CALL_BEGIN && log->n < SYSCALLS_SPANS) {
        *span = (struct syscalls_span){.what = (unsigned)call->entry.args[0]};
        *inside = true;
    } else if (number == CALL_END && *inside) {
        span->note = (unsigned long)call->entry.args[0];
        span->note2 = (unsigned long)call->entry.args[1];
        log->n++;
        *inside = false;
    } else if (*inside) {
        count(span, number);
    }
}

/* What is to be delivered of the signal that a thread stopped for: a new thread's first stop and those of the
 * trace are ours. */
static int signal_of(int status)
{
    int signal = WSTOPSIG(status);

    return signal == SYSCALL_STOP || signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

void syscalls_follow(pid_t child, struct syscalls_log *log)
{
    bool inside = false;
    int status = 0;

    memset(log, 0, sizeof *log);
    ptrace(PTRACE_SYSCALL, child, NULL, NULL);
    for (;;) {
        struct __ptrace_syscall_info call;
        pid_t thread = waitpid(-1, &status, __WALL);

        if (thread < 0 && errno == EINTR)
            continue;
        if (thread < 0 || (thread == child && !WIFSTOPPED(status)))
            break;
        if (!WIFSTOPPED(status))
            continue;
        if (WSTOPSIG(status) == SYSCALL_STOP &&
            ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof call, &call) > 0 &&
            call.op == PTRACE_SYSCALL_INFO_ENTRY)
            note(log, &inside, &call);
        ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)signal_of(status));
    }
    log->wait_status = status;
}

static void be_traced(int (*fn)(void))
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(CANNOT_TRACE);
    raise(SIGSTOP);
    _exit(fn());
}

int syscalls_start(int (*fn)(void), pid_t *child)
{
    intptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    int status;

    *child = fork();
    if (*child < 0)
        return errno;
    if (*child == 0)
        be_traced(fn);
    if (waitpid(*child, &status, 0) != *child || !WIFSTOPPED(status))
        return EPERM;
    if (ptrace(PTRACE_SETOPTIONS, *child, NULL, (void *)options) == 0)
        return 0;
    int why = errno;
    kill(*child, SIGKILL);
    waitpid(*child, &status, 0);
    return why;
}
