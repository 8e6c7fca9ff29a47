/* Each scenario in a process of its own, several at a time. A crash takes down one of them, and nothing that
 * a scenario leaves behind is there for the next.
 *
 * A process has a folder, which is its $TMPDIR, for the plant files of its scenario; there it also puts its
 * report, and its trace if one is wanted. So however it ends, this process finds what there is, and removes
 * the rest. It keeps the signals blocked that end the command: this process is to end it, after which it
 * tells nothing, while Ctrl-C reaches both. */
#include "scenarios/run_impl.h"

#include "scenarios/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER_CAP 256 /* the engine's, in it, must fit too */

enum job_state { JOB_WAITS, JOB_RUNS, JOB_OVER };

struct job {
    enum job_state state;
    pid_t pid;               /* while it runs */
    char folder[FOLDER_CAP]; /* "" while there is none */
    struct sc_attempt try;   /* when it is over */
};

struct sc_jobs {
    char *const *files;
    const struct sc_run_options *options;
    unsigned n, begun, running; /* begun: in the order of files */
    struct job at[];
};

/* What a process hands over, before the report's text. */
struct handed {
    struct sc_attempt try; /* its text is no pointer of ours */
    size_t text_len;       /* bytes that follow */
};

/* ---- the folder ---- */

static bool make_folder(struct job *job)
{
    const char *tmp = getenv("TMPDIR");
    int len = snprintf(job->folder, sizeof job->folder, "%s/s7rig-run-XXXXXX",
                       tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");

    errno = ENAMETOOLONG;
    if ((size_t)len < sizeof job->folder && mkdtemp(job->folder) != NULL)
        return true;
    job->folder[0] = '\0';
    return false;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    (void)remove(path); /* what cannot be removed stays, the others go */
    return 0;
}

static void remove_folder(struct job *job)
{
    if (job->folder[0] != '\0')
        nftw(job->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    job->folder[0] = '\0';
}

static FILE *open_in(const struct job *job, const char *name, const char *mode)
{
    char path[FOLDER_CAP + 16];

    snprintf(path, sizeof path, "%s/%s", job->folder, name);
    return fopen(path, mode);
}

/* ---- the process ---- */

static bool hand_over(const struct job *job, const struct sc_attempt *try)
{
    const char *text = try->report.text != NULL ? try->report.text : "";
    struct handed handed = {.try = *try, .text_len = strlen(text)};
    FILE *file = open_in(job, "report", "wbx");
    bool good = file != NULL && fwrite(&handed, sizeof handed, 1, file) == 1 &&
                fwrite(text, 1, handed.text_len, file) == handed.text_len;

    return file != NULL && fclose(file) == 0 && good;
}

/* Without all of its trace there is no report. */
static bool run_here(const struct sc_jobs *jobs, const struct job *job, const char *path)
{
    struct sc_run_options options = *jobs->options;
    struct sc_attempt try;
    bool good = true;

    if (options.vary != NULL)
        options.vary((unsigned)(job - jobs->at), options.vary_arg, &options.one);

    if (options.one.trace != NULL && (options.one.trace = open_in(job, "trace", "wbx")) == NULL)
        return false;
    sc_attempt(path, &options, &try);
    if (options.one.trace != NULL) {
        good = ferror(options.one.trace) == 0;
        good = fclose(options.one.trace) == 0 && good;
    }
    good = good && hand_over(job, &try);
    sc_report_free(&try.report);
    return good;
}

/* Lives no longer than its parent. It ends by exit, so that sanitizers have their say. */
static void be_child(const struct sc_jobs *jobs, const struct job *job, const char *path, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    bool good = setenv("TMPDIR", job->folder, 1) == 0 && run_here(jobs, job, path);
    exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- begin and end ---- */

static void end(struct job *job, enum sc_outcome outcome, struct sc_text *text)
{
    job->state = JOB_OVER;
    job->try.report.outcome = outcome;
    job->try.report.text = text->at;
}

static void cannot_begin(struct job *job, const char *what)
{
    struct sc_text text = {0};

    sc_text_add(&text, "%s: %s\n", what, strerror(errno));
    remove_folder(job);
    end(job, SC_NO_WORLD, &text);
}

/* False: the system has no room for another process while those run that do. */
static bool begin(struct sc_jobs *jobs, struct job *job, const char *path)
{
    pid_t parent = getpid();

    job->try.scale = jobs->options->one.scale;
    job->try.report.seed = jobs->options->one.seed; /* if it leaves no report */
    if (!make_folder(job)) {
        cannot_begin(job, "cannot make a folder for plant files in $TMPDIR or /tmp");
        return true;
    }
    fflush(NULL); /* or what is still to be written is written by both */
    job->pid = fork();
    if (job->pid == 0)
        be_child(jobs, job, path, parent);
    if (job->pid > 0) {
        job->state = JOB_RUNS;
        jobs->running++;
    } else if (jobs->running == 0) {
        cannot_begin(job, "cannot start a process");
    } else {
        remove_folder(job);
    }
    return job->state != JOB_WAITS;
}

static bool read_text(FILE *file, size_t len, struct sc_report *report)
{
    report->text = NULL;
    if (len == 0)
        return true;
    if (len > SC_TEXT_MAX)
        return false;
    report->text = calloc(1, len + 1);
    if (report->text != NULL && fread(report->text, 1, len, file) == len)
        return true;
    sc_report_free(report);
    return false;
}

/* False: there is no report, or not all of it. */
static bool take_over(struct job *job)
{
    struct handed handed;
    FILE *file = open_in(job, "report", "rb");
    bool good = file != NULL && fread(&handed, sizeof handed, 1, file) == 1 &&
                read_text(file, handed.text_len, &handed.try.report);

    if (file != NULL)
        fclose(file);
    if (good)
        job->try = handed.try;
    return good;
}

/* The report, if it was written, follows. */
static void crash(struct job *job, int status)
{
    struct sc_text text = {0};

    if (WIFSIGNALED(status))
        sc_text_add(&text, "its process was ended by signal %d (%s)\n", WTERMSIG(status),
                    strsignal(WTERMSIG(status)));
    else
        sc_text_add(&text, "its process ended with status %d%s\n", WEXITSTATUS(status),
                    job->try.report.text == NULL ? " and left no report: is $TMPDIR full?" : "");
    if (job->try.report.text != NULL)
        sc_text_add(&text, "%s", job->try.report.text);
    sc_report_free(&job->try.report);
    job->try.crashed = true;
    end(job, SC_FAILED, &text);
}

static void on_end(struct sc_jobs *jobs, struct job *job, int status)
{
    bool whole = take_over(job);

    jobs->running--;
    job->state = JOB_OVER;
    if (!whole || status != 0)
        crash(job, status);
    if (jobs->options->one.trace == NULL)
        remove_folder(job);
}

static void reap(struct sc_jobs *jobs)
{
    for (unsigned i = 0; i < jobs->begun; i++) {
        struct job *job = &jobs->at[i];
        int status;

        if (job->state == JOB_RUNS && waitpid(job->pid, &status, WNOHANG) == job->pid)
            on_end(jobs, job, status);
    }
}

static void begin_some(struct sc_jobs *jobs)
{
    while (jobs->begun < jobs->n && jobs->running < jobs->options->jobs &&
           begin(jobs, &jobs->at[jobs->begun], jobs->files[jobs->begun]))
        jobs->begun++;
}

/* ---- for who tells ---- */

struct sc_jobs *sc_jobs_new(char *const *files, unsigned n, const struct sc_run_options *options)
{
    struct sc_jobs *jobs = calloc(1, sizeof *jobs + n * sizeof jobs->at[0]);

    if (jobs == NULL)
        return NULL;
    jobs->files = files;
    jobs->options = options;
    jobs->n = n;
    return jobs;
}

const struct sc_attempt *sc_jobs_await(struct sc_jobs *jobs, unsigned i)
{
    if (sc_signals_look(jobs->options->signals))
        return NULL;
    for (;;) {
        reap(jobs);
        begin_some(jobs);
        if (jobs->at[i].state == JOB_OVER)
            return &jobs->at[i].try;
        if (sc_signals_wait(jobs->options->signals))
            return NULL;
    }
}

bool sc_jobs_trace(struct sc_jobs *jobs, unsigned i, FILE *to)
{
    struct job *job = &jobs->at[i];
    FILE *from = job->folder[0] != '\0' ? open_in(job, "trace", "rb") : NULL;
    bool good = from != NULL;
    char bytes[16384];

    for (size_t n; good && (n = fread(bytes, 1, sizeof bytes, from)) > 0;)
        good = fwrite(bytes, 1, n, to) == n;
    if (from != NULL) {
        good = good && ferror(from) == 0;
        fclose(from);
    }
    remove_folder(job);
    return good || job->try.crashed || job->try.report.outcome == SC_NO_WORLD;
}

const struct sc_attempt *sc_jobs_attempt(const struct sc_jobs *jobs, unsigned i)
{
    return &jobs->at[i].try;
}

void sc_jobs_free(struct sc_jobs *jobs)
{
    if (jobs == NULL)
        return;
    for (unsigned i = 0; i < jobs->begun; i++)
        if (jobs->at[i].state == JOB_RUNS)
            kill(jobs->at[i].pid, SIGKILL);
    for (unsigned i = 0; i < jobs->begun; i++) {
        struct job *job = &jobs->at[i];

        if (job->state == JOB_RUNS)
            waitpid(job->pid, NULL, 0);
        remove_folder(job);
        sc_report_free(&job->try.report);
    }
    free(jobs);
}
