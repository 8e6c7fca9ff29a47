#include "durability/rig.h"

#include "durability/check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SQL_CAP 512

/* ---- the child process ---- */

/* What serve said, into the test's log. */
static void show_log(const struct rig *rig)
{
    char line[512];
    FILE *file = fopen(rig->log, "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        fprintf(stderr, "  serve: %s", line);
    if (file != NULL)
        fclose(file);
}

static pid_t spawn(const struct rig *rig, char *const *argv, int out)
{
    pid_t pid = fork();

    if (pid == 0) {
        int log = open(rig->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(out, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static int wait_for(const struct rig *rig, pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        show_log(rig);
    return status;
}

void rig_new(struct rig *rig)
{
    const char *tmp = getenv("TMPDIR");

    *rig = (struct rig){.pid = 0};
    snprintf(rig->dir, sizeof rig->dir, "%.180s/s7rig-test.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(rig->dir));
    snprintf(rig->plant, sizeof rig->plant, "%.200s/test.s7plant", rig->dir);
    snprintf(rig->log, sizeof rig->log, "%.200s/log", rig->dir);
    char *const argv[] = {RIG_COMMAND, "plant",  "new",  rig->plant,  "--db", "1:4096",
                          "--db",      "2:4096", "--db", "4095:4096", NULL};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int status = wait_for(rig, spawn(rig, argv, nowhere));
    close(nowhere);
    if (status != 0)
        fail_msg("%s plant new %s: exit status %d", RIG_COMMAND, rig->plant, WEXITSTATUS(status));
}

/* "listening NAME ADDR:PORT" is the first line that serve prints. */
static uint16_t port_of_line(const struct rig *rig, int fd)
{
    char line[256];
    size_t len = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (len < sizeof line - 1 && (len == 0 || line[len - 1] != '\n')) {
        ssize_t got = poll(&ready, 1, RIG_WAIT_S * 1000) == 1 ? read(fd, line + len, 1) : -1;
        if (got <= 0) {
            show_log(rig);
            fail_msg("serve did not print its line within %d s", RIG_WAIT_S);
        }
        len++;
    }
    line[len] = '\0';
    const char *colon = strrchr(line, ':');
    if (strncmp(line, "listening ", 10) != 0 || colon == NULL)
        fail_msg("serve printed \"%s\", expected \"listening NAME ADDR:PORT\"", line);
    return (uint16_t)strtoul(colon + 1, NULL, 10);
}

static void serve_at(struct rig *rig, const char *journal, uint16_t port)
{
    char listen[32];
    char *const argv[] = {RIG_COMMAND,
                          "serve",
                          rig->plant,
                          "--listen",
                          listen,
                          "--journal",
                          journal != NULL ? (char *)(uintptr_t)journal : "wal",
                          "--quiet",
                          NULL};
    int out[2];

    snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    rig->pid = spawn(rig, argv, out[1]);
    close(out[1]);
    rig->port = port_of_line(rig, out[0]);
    close(out[0]);
}

void rig_serve(struct rig *rig, const char *journal)
{
    serve_at(rig, journal, 0);
}

void rig_serve_again(struct rig *rig)
{
    serve_at(rig, NULL, rig->port);
}

void rig_kill(struct rig *rig)
{
    int status;

    assert_int_equal(kill(rig->pid, SIGKILL), 0);
    assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
    rig->pid = 0;
    if (!WIFSIGNALED(status)) {
        show_log(rig);
        fail_msg("serve had ended by itself with exit status %d before it was killed", WEXITSTATUS(status));
    }
}

void rig_stop(struct rig *rig)
{
    assert_int_equal(kill(rig->pid, SIGTERM), 0);
    int status = wait_for(rig, rig->pid);
    rig->pid = 0;
    if (status != 0)
        fail_msg("serve ended with wait status %x after SIGTERM, expected exit status 0", (unsigned)status);
}

static void remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_type != DT_DIR)
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

void rig_free(struct rig *rig)
{
    if (rig->pid > 0) {
        kill(rig->pid, SIGKILL);
        waitpid(rig->pid, NULL, 0);
    }
    remove_dir(rig->dir);
}

long rig_rss_kb(const struct rig *rig)
{
    char path[64], line[128];
    long kb = -1;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)rig->pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    fclose(file);
    assert_true(kb > 0);
    return kb;
}

/* ---- SQL ---- */

static void check_sql(sqlite3 *db, int rc, const char *sql)
{
    if (rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

sqlite3 *rig_sqlite(const struct rig *rig)
{
    sqlite3 *db;

    check_sql(NULL, sqlite3_open_v2(rig->plant, &db, SQLITE_OPEN_READWRITE, NULL), rig->plant);
    sqlite3_busy_timeout(db, RIG_WAIT_S * 1000);
    rig_sql(db, "PRAGMA synchronous=OFF"); /* a test's own edits need not survive a power failure */
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q;

    check_sql(db, sqlite3_prepare_v2(db, sql, -1, &q, NULL), sql);
    return q;
}

void rig_sql(sqlite3 *db, const char *format, ...)
{
    char sql[SQL_CAP];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    check_sql(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

int64_t rig_sql_int(sqlite3 *db, const char *format, ...)
{
    char sql[SQL_CAP];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    sqlite3_stmt *q = prepare(db, sql);
    int rc = sqlite3_step(q);
    check_sql(db, rc, sql);
    if (rc != SQLITE_ROW || sqlite3_column_type(q, 0) != SQLITE_INTEGER)
        fail_msg("%s: expected one integer", sql);
    int64_t value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return value;
}

void rig_sql_blob(sqlite3 *db, const char *sql, uint8_t *data, size_t len)
{
    sqlite3_stmt *q = prepare(db, sql);
    int rc = sqlite3_step(q);

    check_sql(db, rc, sql);
    if (rc != SQLITE_ROW || (size_t)sqlite3_column_bytes(q, 0) != len)
        fail_msg("%s: expected one BLOB of %zu bytes, got %d", sql, len,
                 rc == SQLITE_ROW ? sqlite3_column_bytes(q, 0) : -1);
    memcpy(data, sqlite3_column_blob(q, 0), len);
    sqlite3_finalize(q);
}

/* ---- S7 ---- */

int rig_dial(const struct rig *rig)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(rig->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = RIG_WAIT_S};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        show_log(rig);
        fail_msg("cannot connect to serve at port %u: %s", rig->port, strerror(errno));
    }
    return fd;
}

int rig_connect(const struct rig *rig)
{
    uint8_t buf[FRAME_CAP];
    uint16_t pdu_len, amq;
    int fd = rig_dial(rig);

    rig_send(fd, buf, frame_connect(buf));
    size_t len = rig_receive(fd, buf);
    assert_true(frame_is_confirm(buf, len));
    rig_send(fd, buf, frame_setup(buf, 960, 8));
    len = rig_receive(fd, buf);
    assert_true(frame_is_setup_done(buf, len, &pdu_len, &amq));
    assert_int_equal(pdu_len, 960);
    assert_int_equal(amq, 8);
    return fd;
}

void rig_send(int fd, const uint8_t *bytes, size_t len)
{
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
        fail_msg("cannot send %zu bytes to serve: %s", len, strerror(errno));
}

static void receive_exactly(int fd, uint8_t *to, size_t len)
{
    ssize_t got = recv(fd, to, len, MSG_WAITALL);

    if (got != (ssize_t)len)
        fail_msg("expected an answer from serve, got %s", got == 0  ? "the end of the connection"
                                                          : got > 0 ? "the beginning of a frame"
                                                                    : strerror(errno));
}

size_t rig_receive(int fd, uint8_t *frame)
{
    receive_exactly(fd, frame, 4);
    size_t len = (size_t)(frame[2] << 8 | frame[3]);
    assert_in_range(len, 7, FRAME_CAP);
    receive_exactly(fd, frame + 4, len - 4);
    return len;
}

static _Noreturn void odd_answer(const char *to, const uint8_t *frame, size_t len)
{
    fprintf(stderr, "answer to %s:", to);
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, " %02x", frame[i]);
    fprintf(stderr, "\n");
    fail_msg("not the answer that a %s has", to);
    abort();
}

uint8_t rig_read(int fd, const struct frame_place *place, void *data)
{
    uint8_t buf[FRAME_CAP], code;
    const uint8_t *got;

    rig_send(fd, buf, frame_read(buf, 0x5ead, place));
    size_t len = rig_receive(fd, buf);
    if (!frame_is_read_done(buf, len, 0x5ead, place->len, &code, &got))
        odd_answer("read", buf, len);
    if (code == FRAME_ITEM_OK)
        memcpy(data, got, place->len);
    return code;
}

uint8_t rig_write(int fd, const struct frame_place *place, const void *data)
{
    uint8_t buf[FRAME_CAP];
    const uint8_t *codes;

    rig_send(fd, buf, frame_write(buf, 0x3717, place, data));
    size_t len = rig_receive(fd, buf);
    if (!frame_is_write_done(buf, len, 0x3717, 1, &codes))
        odd_answer("write", buf, len);
    return codes[0];
}
