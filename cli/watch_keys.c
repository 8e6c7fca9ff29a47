/* The terminal, keys and signals of `s7rig watch`.
 *
 * Signals are blocked and read from a descriptor by a thread of its own, which reads the keys as well: so a
 * call that waits for a PLC that is gone is cancelled the moment somebody wants to leave, and the terminal is
 * put in order by code that may do anything. */
#include "cli/watch.h"

#include "loop/blocking.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* The other screen, no cursor, no line runs over the edge; and back. */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"

struct watch_keys {
    s7_token *token;
    bool screen, keyboard;
    struct termios was;
    sigset_t mask_was;
    int signals; /* signalfd */
    int stop;    /* eventfd: the thread ends */
    int wake;    /* eventfd: there is a wish */
    bool running;
    char typed[64]; /* the beginning of a key of several bytes, which may come one by one */
    size_t n_typed;
    pthread_t thread;
    pthread_mutex_t mutex;
    struct watch_wish wish;
};

/* ---- the thread ---- */

static void ring(int fd)
{
    uint64_t one = 1;

    (void)!write(fd, &one, sizeof one);
}

static void wish(struct watch_keys *keys, struct watch_wish more)
{
    pthread_mutex_lock(&keys->mutex);
    keys->wish.end = keys->wish.end || more.end;
    keys->wish.redraw = true;
    keys->wish.lines += more.lines;
    keys->wish.pages += more.pages;
    pthread_mutex_unlock(&keys->mutex);
    if (more.end)
        s7_token_cancel(keys->token);
    ring(keys->wake);
}

/* Nothing follows from SIGTSTP: a screen is not left half-way. */
static void take_signal(struct watch_keys *keys)
{
    struct signalfd_siginfo info;

    if (read(keys->signals, &info, sizeof info) != (ssize_t)sizeof info || info.ssi_signo == SIGTSTP)
        return;
    wish(keys, (struct watch_wish){.end = info.ssi_signo != SIGWINCH});
}

static const struct {
    const char *bytes;
    struct watch_wish wish;
} known_keys[] = {
    {"q", {.end = true}},      {"Q", {.end = true}},      {"\x04", {.end = true}},
    {"j", {.lines = 1}},       {"k", {.lines = -1}},      {"\x1b[B", {.lines = 1}},
    {"\x1b[A", {.lines = -1}}, {"\x1bOB", {.lines = 1}},  {"\x1bOA", {.lines = -1}},
    {" ", {.pages = 1}},       {"\x1b[6~", {.pages = 1}}, {"\x1b[5~", {.pages = -1}},
};

/* How many bytes the key at `at` has; what nobody knows is one byte. 0: the rest of it has not come yet. */
static size_t take_key(struct watch_keys *keys, const char *at, size_t left)
{
    bool begun = false;

    for (size_t i = 0; i < sizeof known_keys / sizeof known_keys[0]; i++) {
        size_t len = strlen(known_keys[i].bytes);
        bool matches = memcmp(at, known_keys[i].bytes, len < left ? len : left) == 0;

        if (matches && len <= left) {
            wish(keys, known_keys[i].wish);
            return len;
        }
        begun = begun || matches;
    }
    return begun ? 0 : 1;
}

static void take_keys(struct watch_keys *keys)
{
    ssize_t n = read(STDIN_FILENO, keys->typed + keys->n_typed, sizeof keys->typed - keys->n_typed);
    size_t at = 0, len;

    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) { /* the terminal is gone */
        keys->keyboard = false;
        wish(keys, (struct watch_wish){.end = true});
    }
    if (n <= 0)
        return;
    keys->n_typed += (size_t)n;
    while (at < keys->n_typed && (len = take_key(keys, keys->typed + at, keys->n_typed - at)) > 0)
        at += len;
    keys->n_typed -= at;
    memmove(keys->typed, keys->typed + at, keys->n_typed);
}

static void *run(void *arg)
{
    struct watch_keys *keys = arg;
    bool somebody_reads = true; /* a pipe tells when its reader has gone, though nothing is written */

    for (;;) {
        struct pollfd fds[] = {{.fd = keys->stop, .events = POLLIN},
                               {.fd = keys->signals, .events = POLLIN},
                               {.fd = keys->keyboard ? STDIN_FILENO : -1, .events = POLLIN},
                               {.fd = somebody_reads ? STDOUT_FILENO : -1}};

        if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0)
            continue;
        if (fds[0].revents != 0)
            return NULL;
        if (fds[1].revents != 0)
            take_signal(keys);
        if (fds[2].revents != 0)
            take_keys(keys);
        if (fds[3].revents != 0) {
            somebody_reads = false;
            wish(keys, (struct watch_wish){.end = true});
        }
    }
}

/* ---- the terminal ---- */

static void put(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

static void terminal_enter(struct watch_keys *keys)
{
    keys->keyboard = tcgetattr(STDIN_FILENO, &keys->was) == 0;
    if (keys->keyboard) {
        struct termios raw = keys->was;

        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        raw.c_cc[VSUSP] = _POSIX_VDISABLE;
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    put(ENTER);
}

static void terminal_leave(const struct watch_keys *keys, bool keyboard)
{
    put(LEAVE);
    if (keyboard)
        tcsetattr(STDIN_FILENO, TCSANOW, &keys->was);
}

/* ---- life ---- */

/* What nohup and shells make a program ignore stays ignored; but a signal that is blocked would be taken all
 * the same. */
static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static sigset_t signals_of_interest(bool screen)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!is_ignored(numbers[i]))
            sigaddset(&set, numbers[i]);
    if (screen)
        sigaddset(&set, SIGTSTP);
    return set;
}

static void close_all(const struct watch_keys *keys)
{
    const int fds[] = {keys->signals, keys->stop, keys->wake};

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static s7_status start(struct watch_keys *keys)
{
    sigset_t set = signals_of_interest(keys->screen);

    keys->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    keys->stop = eventfd(0, EFD_CLOEXEC);
    keys->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (keys->signals < 0 || keys->stop < 0 || keys->wake < 0)
        return S7_E_IO;
    pthread_sigmask(SIG_BLOCK, &set, &keys->mask_was);
    if (keys->screen)
        terminal_enter(keys);
    keys->running = pthread_create(&keys->thread, NULL, run, keys) == 0;
    if (keys->running)
        return S7_OK;
    if (keys->screen)
        terminal_leave(keys, keys->keyboard);
    pthread_sigmask(SIG_SETMASK, &keys->mask_was, NULL);
    return S7_E_NOMEM;
}

s7_status watch_keys_new(s7_token *token, bool screen, struct watch_keys **out)
{
    struct watch_keys *keys = calloc(1, sizeof *keys);

    if (keys == NULL)
        return S7_E_NOMEM;
    keys->token = token;
    keys->screen = screen;
    pthread_mutex_init(&keys->mutex, NULL);
    s7_status status = start(keys);
    if (status == S7_OK) {
        *out = keys;
        return S7_OK;
    }
    close_all(keys);
    free(keys);
    return status;
}

void watch_keys_free(struct watch_keys *keys)
{
    if (keys == NULL)
        return;
    ring(keys->stop);
    pthread_join(keys->thread, NULL);
    if (keys->screen)
        terminal_leave(keys, keys->keyboard);
    pthread_sigmask(SIG_SETMASK, &keys->mask_was, NULL);
    pthread_mutex_destroy(&keys->mutex);
    close_all(keys);
    free(keys);
}

/* ---- for the rounds ---- */

static struct watch_wish take_wish(struct watch_keys *keys)
{
    uint64_t ignored;

    (void)!read(keys->wake, &ignored, sizeof ignored);
    pthread_mutex_lock(&keys->mutex);
    struct watch_wish taken = keys->wish;
    keys->wish = (struct watch_wish){.end = taken.end};
    pthread_mutex_unlock(&keys->mutex);
    return taken;
}

struct watch_wish watch_keys_wait(struct watch_keys *keys, int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - s7_now_ns();
    struct timespec left = {.tv_sec = 0};
    struct pollfd fd = {.fd = keys->wake, .events = POLLIN};

    if (left_ns > 0) {
        left.tv_sec = left_ns / 1000000000;
        left.tv_nsec = left_ns % 1000000000;
    }
    (void)!ppoll(&fd, 1, &left, NULL);
    return take_wish(keys);
}
