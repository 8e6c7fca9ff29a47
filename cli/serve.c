#include "cli/cli.h"

#include "cli/replace.h"
#include "loop/loop_ev.h"
#include "simulator/server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

struct serve {
    const char *listen, *port_file, *durability, *journal, *recordings;
    bool quiet;
};

static bool durability_of(const char *name, enum plant_durability *out)
{
    static const struct {
        const char *name;
        enum plant_durability durability;
    } names[] = {{"memory", PLANT_MEMORY}, {"commit", PLANT_COMMIT}, {"fsync", PLANT_FSYNC}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].name, name) == 0) {
            *out = names[i].durability;
            return true;
        }
    return false;
}

static void log_line(const char *plc, const char *kind, const char *peer, const char *text, void *arg)
{
    const struct serve *serve = arg;

    if (serve->quiet && strcmp(kind, "error") != 0)
        return;
    fprintf(stderr, "s7rig serve: %s%s%s %s%s%s\n", plc, plc[0] != '\0' ? " " : "", kind, peer,
            peer[0] != '\0' && text[0] != '\0' ? ": " : "", text);
}

static bool print_places(FILE *out, const sim_server *server)
{
    for (size_t i = 0; i < sim_server_count(server); i++)
        fprintf(out, "listening %s %s\n", sim_server_name(server, i), sim_server_address(server, i));
    return fflush(out) == 0 && !ferror(out);
}

/* A program that waits for the file never sees half of it. */
static bool write_port_file(const char *path, const sim_server *server)
{
    struct cli_replacement to;

    if (!cli_replace_begin(&to, path))
        return false;
    (void)!print_places(to.file, server); /* what is lost shows at the end */
    return cli_replace_end(&to, true);
}

/* Tell where the PLCs are, to all who wait for it; the file first, since who sees the line may look there.
 * Returns -1, or the exit status (said on stderr). */
static int announce(const struct cli_command *self, const struct serve *serve, const sim_server *server)
{
    const char *where = serve->port_file;
    bool good = where == NULL || write_port_file(where, server);

    if (good) {
        where = "standard output";
        good = print_places(stdout, server);
    }
    if (good)
        return -1;
    fprintf(stderr, "s7rig %s: cannot write the places of the PLCs to %s: %s\n", self->name, where,
            strerror(errno));
    return CLI_ENVIRONMENT;
}

static int serve_plant(const struct cli_command *self, struct serve *serve, plant *p, s7_loop *loop)
{
    struct sim_server_options options;
    struct plant_error error;
    sim_server *server;

    sim_server_options_init(&options);
    options.listen = serve->listen;
    options.log = log_line;
    options.log_arg = serve;
    options.recordings = serve->recordings;
    if (sim_server_new(loop, p, &options, &server, &error) != S7_OK)
        return cli_fail_plant(self, &error);
    int status = announce(self, serve, server);
    if (status < 0) {
        s7_status ended = s7_loop_run(loop);
        if (ended != S7_OK)
            fprintf(stderr, "s7rig %s: the event loop failed: %s\n", self->name, s7_strerror(ended));
        status = ended == S7_OK ? CLI_OK : CLI_ENVIRONMENT;
    }
    sim_server_free(server);
    return status;
}

/* As many connections as this process may have: the usual soft limit of 1024 descriptors is for programs that
 * use select. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve_file(const struct cli_command *self, struct serve *serve, const char *path,
                      struct plant_options *options)
{
    struct plant_error error;
    plant *p;
    s7_loop *loop;

    if (s7_loop_ev_new(&loop) != S7_OK) {
        fprintf(stderr, "s7rig %s: cannot make an event loop: %s\n", self->name, strerror(errno));
        return CLI_ENVIRONMENT;
    }
    options->wall_ms = s7_loop_wall_ms(loop);
    if (plant_open(path, options, &p, &error) != S7_OK) {
        s7_loop_free(loop);
        return cli_fail_plant(self, &error);
    }
    signal(SIGPIPE, SIG_IGN); /* a log that nobody reads any more must not end the PLCs */
    raise_descriptor_limit();
    s7_loop_ev_stop_on_signals(loop);
    int status = serve_plant(self, serve, p, loop);
    plant_close(p);
    s7_loop_free(loop);
    return status;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct serve serve = {.durability = "commit", .journal = "wal"};
    const struct cli_option options[] = {{.name = "listen", .text = &serve.listen},
                                         {.name = "port-file", .text = &serve.port_file},
                                         {.name = "durability", .text = &serve.durability},
                                         {.name = "journal", .text = &serve.journal},
                                         {.name = "recordings", .text = &serve.recordings},
                                         {.name = "quiet", .flag = &serve.quiet},
                                         {.name = NULL}};
    struct plant_options plant_options;
    int status = cli_options(self, options, &argc, argv);

    if (status >= 0)
        return status;
    if (argc != 2)
        return cli_usage_error(self, "expected one plant file, got %d", argc - 1);
    plant_options_init(&plant_options);
    if (!durability_of(serve.durability, &plant_options.durability))
        return cli_usage_error(self, "--durability takes memory, commit or fsync, got \"%s\"",
                               serve.durability);
    if (strcmp(serve.journal, "wal") != 0 && strcmp(serve.journal, "delete") != 0)
        return cli_usage_error(self, "--journal takes wal or delete, got \"%s\"", serve.journal);
    plant_options.journal_delete = strcmp(serve.journal, "delete") == 0;
    if (plant_options.durability == PLANT_MEMORY)
        fprintf(
            stderr,
            "s7rig %s: durability memory: acknowledged writes of the last second are lost if this process "
            "dies\n",
            self->name);
    return serve_file(self, &serve, argv[1], &plant_options);
}

const struct cli_command cli_serve = {
    .name = "serve",
    .summary = "run the PLCs of a plant file",
    .usage = "PLANT [OPTION]...",
    .help = "Serves every PLC of the plant until SIGINT or SIGTERM. When all listen, prints a\n"
            "line `listening NAME ADDR:PORT` per PLC.\n"
            "\n"
            "  --listen ADDR:PORT  for the first PLC, others count up from there; port 0\n"
            "                      picks free ones (plc.listen, else 127.0.0.1:10102 and up)\n"
            "  --port-file FILE    write the same lines there, whole or not at all\n"
            "  --durability D      memory: RAM, written once a second; commit: acknowledged\n"
            "                      writes survive this process (default); fsync: and a power\n"
            "                      failure\n"
            "  --journal J         wal (default), or delete for file systems without shared\n"
            "                      memory (NFS, SMB, 9p, FUSE)\n"
            "  --recordings DIR    where the files are that table(FILE) in the words of a\n"
            "                      fault names; without it there are none\n"
            "  --quiet             log errors only: neither clients that come and go, nor what\n"
            "                      another CPU would have refused them; the plant's table\n"
            "                      event has it all\n"
            "\n"
            "Exit status: 0 ended by a signal, 2 usage, 3 not a plant file or of a newer\n"
            "s7rig, 4 port taken, plant missing or locked.\n",
    .run = run,
};
