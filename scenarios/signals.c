/* Signals are waited for, not caught: there is no handler that anything could run into. */
#include "scenarios/run.h"

#include <errno.h>
#include <time.h>

/* An ignored one (nohup, a command in the background) stays ignored: blocking would make it pending. */
static void hold(struct sc_signals *signals, int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        sigaddset(&signals->held, number);
}

void sc_signals_hold(struct sc_signals *signals)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};

    signals->came = 0;
    sigemptyset(&signals->held);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        hold(signals, ending[i]);
    signal(SIGCHLD, SIG_DFL); /* who ignores it, as some parents do, cannot wait for children */
    sigaddset(&signals->held, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals->held, &signals->before);
}

static bool note(struct sc_signals *signals, int number)
{
    if (number > 0 && number != SIGCHLD && signals->came == 0)
        signals->came = number;
    return signals->came != 0;
}

bool sc_signals_look(struct sc_signals *signals)
{
    static const struct timespec at_once = {0, 0};
    int number;

    do
        number = sigtimedwait(&signals->held, NULL, &at_once);
    while (number == SIGCHLD || (number < 0 && errno == EINTR));
    return note(signals, number);
}

bool sc_signals_wait(struct sc_signals *signals)
{
    return note(signals, sigwaitinfo(&signals->held, NULL));
}

void sc_signals_release(struct sc_signals *signals)
{
    sc_signals_look(signals);
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
    if (signals->came != 0)
        raise(signals->came);
}
