/* on_pty - runs a program on a terminal of its own, for tests of what it shows there.
 *
 *   on_pty ROWSxCOLS [STEP]... -- PROGRAM [ARGUMENT]...
 *
 * Steps, one after the other: wait=TEXT (until the screen's bytes since the last step that waited have it),
 * send=KEYS (\e is the escape key), signal=NUMBER, size=ROWSxCOLS, run=COMMAND (of the shell, which must end
 * well). Behind the last step the program must end by itself. All that it showed goes to standard output, and
 * a last line:
 *
 *   ended with STATUS, terminal restored|changed
 *
 * Nothing here waits for time to pass: a text that never comes ends the test by its own time limit. */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static struct {
    int master, slave; /* the slave stays open here, so that its state can be looked at in the end */
    int alive;         /* a pipe whose other end only the program has: its end of file is the program's end */
    pid_t pid;
    char *shown; /* all of it, zero-terminated */
    size_t len, cap;
    size_t mark; /* where the next wait begins to look */
} pty;

static void die(const char *what, const char *text)
{
    fprintf(stderr, "on_pty: %s %s\n", what, text);
    if (pty.pid > 0)
        kill(pty.pid, SIGKILL);
    fwrite(pty.shown, 1, pty.len, stdout);
    fflush(stdout);
    _exit(99);
}

static void keep(const char *bytes, size_t len)
{
    if (pty.cap - pty.len <= len) {
        pty.cap = (pty.cap + len) * 2;
        pty.shown = realloc(pty.shown, pty.cap);
        if (pty.shown == NULL)
            _exit(99);
    }
    for (size_t i = 0; i < len; i++) /* so that strstr sees all */
        pty.shown[pty.len++] = bytes[i] != '\0' ? bytes[i] : '?';
    pty.shown[pty.len] = '\0';
}

/* What the program shows next; false: it has ended, and all that it showed was taken. */
static bool take(void)
{
    struct pollfd fds[] = {{.fd = pty.master, .events = POLLIN}, {.fd = pty.alive, .events = POLLIN}};
    char bytes[4096];

    while (poll(fds, 2, -1) < 0)
        continue;
    if ((fds[0].revents & POLLIN) == 0)
        return fds[1].revents == 0;
    ssize_t n = read(pty.master, bytes, sizeof bytes);
    if (n > 0)
        keep(bytes, (size_t)n);
    return n > 0;
}

static void wait_for(const char *text)
{
    const char *found;

    while ((found = strstr(pty.shown + pty.mark, text)) == NULL)
        if (!take())
            die("the program ended before it showed", text);
    pty.mark = (size_t)(found - pty.shown) + strlen(text);
}

static void send_keys(const char *keys)
{
    for (; *keys != '\0'; keys++) {
        bool escape = keys[0] == '\\' && keys[1] == 'e';
        char key = escape ? 0x1B : *keys;

        keys += escape;
        if (write(pty.master, &key, 1) != 1)
            die("cannot send", keys);
    }
}

static struct winsize size_of(const char *text)
{
    struct winsize size = {0};

    if (sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2)
        die("no size:", text);
    return size;
}

static void do_step(const char *step)
{
    const char *value = strchr(step, '=');

    if (value == NULL)
        die("no step:", step);
    value++;
    if (strncmp(step, "wait=", 5) == 0) {
        wait_for(value);
    } else if (strncmp(step, "send=", 5) == 0) {
        send_keys(value);
    } else if (strncmp(step, "signal=", 7) == 0) {
        kill(pty.pid, atoi(value));
    } else if (strncmp(step, "size=", 5) == 0) {
        struct winsize size = size_of(value);

        pty.mark = pty.len; /* what was drawn for the old size does not count */
        ioctl(pty.master, TIOCSWINSZ, &size);
    } else if (strncmp(step, "run=", 4) != 0 || system(value) != 0) {
        die("failed:", step);
    }
}

static bool is_same(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
           memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static void start(char **program, struct winsize size, struct termios *before)
{
    int alive[2];

    if (openpty(&pty.master, &pty.slave, NULL, NULL, &size) != 0 || tcgetattr(pty.slave, before) != 0 ||
        pipe(alive) != 0)
        die("no terminal", "");
    pty.pid = fork();
    if (pty.pid == 0) {
        close(pty.master);
        close(alive[0]);
        login_tty(pty.slave);
        execvp(program[0], program);
        _exit(127);
    }
    close(alive[1]);
    pty.alive = alive[0];
}

/* Its exit status, or 128 + the signal that ended it. */
static int end(void)
{
    int status;

    while (take())
        continue;
    waitpid(pty.pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    struct termios before, after;
    int last = 2;

    keep("", 0);
    while (last < argc && strcmp(argv[last], "--") != 0)
        last++;
    if (last + 1 >= argc)
        die("usage: on_pty ROWSxCOLS [STEP]... -- PROGRAM...", "");
    start(argv + last + 1, size_of(argv[1]), &before);
    for (int i = 2; i < last; i++)
        do_step(argv[i]);
    int status = end();
    tcgetattr(pty.slave, &after);
    fwrite(pty.shown, 1, pty.len, stdout);
    printf("\nended with %d, terminal %s\n", status, is_same(&before, &after) ? "restored" : "changed");
    return 0;
}
