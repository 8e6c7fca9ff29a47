#include "cli/cli.h"

#include "plant/plant.h"
#include "protocol/nearest.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define DB_BYTES_MAX  65536
#define DEFAULT_BYTES 256 /* of DB 1, when no --db is given */

struct plan {
    const struct cli_command *self;
    const char *name, *cpu, *listen;
    struct plant_new_block *blocks;
    size_t n_blocks, cap;
};

/* ---- options ---- */

static bool has_db(const struct plan *plan, uint32_t number)
{
    for (size_t i = 0; i < plan->n_blocks; i++)
        if (plan->blocks[i].number == number)
            return true;
    return false;
}

static bool add_block(struct plan *plan, s7_area area, uint32_t number, uint32_t len)
{
    if (plan->n_blocks == plan->cap) {
        size_t cap = plan->cap * 2 + 8;
        struct plant_new_block *more = realloc(plan->blocks, cap * sizeof *more);

        if (more == NULL) {
            cli_fail_nomem(plan->self);
            return false;
        }
        plan->blocks = more;
        plan->cap = cap;
    }
    plan->blocks[plan->n_blocks++] =
        (struct plant_new_block){.area = area, .number = (uint16_t)number, .len = len};
    return true;
}

/* "N:BYTES" */
static bool on_db(const char *value, void *arg)
{
    struct plan *plan = arg;
    const char *colon = strchr(value, ':');
    char number_text[8];
    uint32_t number, len;

    if (colon == NULL || (size_t)(colon - value) >= sizeof number_text) {
        cli_usage_error(plan->self, "--db takes NUMBER:BYTES such as 1:256, got \"%s\"", value);
        return false;
    }
    snprintf(number_text, sizeof number_text, "%.*s", (int)(colon - value), value);
    if (!cli_number(number_text, 1, UINT16_MAX, &number)) {
        cli_usage_error(plan->self, "the number of a DB is 1..65535, got \"%s\" in --db %s", number_text,
                        value);
        return false;
    }
    if (!cli_number(colon + 1, 1, DB_BYTES_MAX, &len)) {
        cli_usage_error(plan->self, "a DB has 1..65536 bytes, got \"%s\" in --db %s", colon + 1, value);
        return false;
    }
    if (has_db(plan, number)) {
        cli_usage_error(plan->self, "DB %u is given twice, again in --db %s", number, value);
        return false;
    }
    return add_block(plan, S7_AREA_DB, number, len);
}

/* Names are one word in the line `listening NAME ADDR:PORT`. */
static bool good_name(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7F)
            return false;
    return len > 0 && len < PLANT_NAME_CAP;
}

/* As the server reads it: numeric, an IPv6 address in brackets or not. */
static bool good_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    char host[PLANT_LISTEN_CAP];
    uint8_t address[sizeof(struct in6_addr)];
    uint32_t port;

    if (len == 0 || strlen(text) >= PLANT_LISTEN_CAP || !cli_number(colon + 1, 0, UINT16_MAX, &port))
        return false;
    bool bracket = text[0] == '[' && text[len - 1] == ']' && len > 2;
    snprintf(host, sizeof host, "%.*s", (int)(len - (bracket ? 2 : 0)), text + (bracket ? 1 : 0));
    host[strcspn(host, "%")] = '\0'; /* the scope of a link-local address */
    return inet_pton(AF_INET6, host, address) == 1 || (!bracket && inet_pton(AF_INET, host, address) == 1);
}

/* ---- CPUs ---- */

struct search {
    struct s7_nearest nearest;
    char best[PLANT_NAME_CAP]; /* nearest.best: names live for one call only */
    struct plant_personality found;
};

static void look_at(const struct plant_personality *who, void *arg)
{
    struct search *search = arg;

    s7_nearest_try(&search->nearest, who->name);
    if (search->nearest.best == who->name) {
        snprintf(search->best, sizeof search->best, "%s", who->name);
        search->nearest.best = search->best;
    }
    if (strcmp(who->name, search->nearest.word) == 0)
        search->found = *who;
}

static void print_known(const struct plant_personality *who, void *arg)
{
    (void)arg;
    fprintf(stderr, "  %-14s %s\n", who->name, who->title);
}

static int unknown_cpu(const struct plan *plan, const char *nearest)
{
    struct plant_error error;

    fprintf(stderr, "s7rig %s: no such CPU: %s", plan->self->name, plan->cpu);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fprintf(stderr, "\nKnown are:\n");
    if (plant_personalities(NULL, print_known, NULL, &error) != S7_OK)
        return cli_fail_plant(plan->self, &error);
    return CLI_USAGE;
}

/* ---- making it ---- */

static void report(const char *path, const struct plan *plan)
{
    size_t n_db = 0;

    while (n_db < plan->n_blocks && plan->blocks[n_db].area == S7_AREA_DB)
        n_db++;
    printf("%s: PLC %s, cpu %s", path, plan->name, plan->cpu);
    for (size_t i = 0; i < n_db && i < 8; i++)
        printf(", DB%u %u bytes", plan->blocks[i].number, plan->blocks[i].len);
    if (n_db > 8)
        printf(", and %zu more DBs", n_db - 8);
    printf("\n");
}

static int make(struct plan *plan, const char *path)
{
    struct search search = {.nearest = {.word = plan->cpu}};
    struct plant_error error;

    if (plant_personalities(NULL, look_at, &search, &error) != S7_OK)
        return cli_fail_plant(plan->self, &error);
    if (search.found.name[0] == '\0')
        return unknown_cpu(plan, search.nearest.best);
    if (!good_name(plan->name))
        return cli_usage_error(plan->self, "--name takes 1..%d bytes without blanks, got \"%s\"",
                               PLANT_NAME_CAP - 1, plan->name);
    if (plan->listen != NULL && !good_listen(plan->listen))
        return cli_usage_error(plan->self,
                               "--listen takes a numeric ADDRESS:PORT such as 127.0.0.1:10102, got \"%s\"",
                               plan->listen);
    if (plan->n_blocks == 0 &&
        !add_block(plan, S7_AREA_DB, 1,
                   search.found.memory.db1 > 0 ? (uint32_t)search.found.memory.db1 : DEFAULT_BYTES))
        return CLI_ENVIRONMENT;
    const struct plant_new_plc plc = {.name = plan->name,
                                      .cpu = plan->cpu,
                                      .listen = plan->listen,
                                      .blocks = plan->blocks,
                                      .n_blocks = plan->n_blocks,
                                      .has_memory = true};
    if (plant_create(path, &plc, 1, &error) != S7_OK)
        return cli_fail_plant(plan->self, &error);
    report(path, plan);
    return CLI_OK;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct plan plan = {.self = self, .name = "plc1", .cpu = "generic"};
    const struct cli_option options[] = {{.name = "cpu", .text = &plan.cpu},
                                         {.name = "name", .text = &plan.name},
                                         {.name = "listen", .text = &plan.listen},
                                         {.name = "db", .each = on_db, .arg = &plan},
                                         {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);

    if (status < 0)
        status = argc == 2 ? make(&plan, argv[1])
                           : cli_usage_error(self, "expected the name of one new file, got %d", argc - 1);
    free(plan.blocks);
    return status;
}

const struct cli_command cli_plant_new = {
    .name = "plant new",
    .summary = "make a plant file with one PLC",
    .usage = "FILE [OPTION]...",
    .help = "Makes a SQLite file for `s7rig serve`. FILE must not exist. Blocks are filled\n"
            "with zeros; add tags with SQL:\n"
            "\n"
            "  sqlite3 FILE \"INSERT INTO tag (name, address)\n"
            "                VALUES ('speed', 'DB1.DBD0:REAL')\"\n"
            "\n"
            "  --cpu NAME          generic (any rack and slot, largest limits; default),\n"
            "                      s7-300, s7-1200 ...: what the PLC refuses, how large its\n"
            "                      inputs, outputs, markers, timers and counters are, and\n"
            "                      what it tells of itself; s7rig personalities lists them\n"
            "  --name NAME         of the PLC, one word (plc1)\n"
            "  --listen ADDR:PORT  where it listens (127.0.0.1:10102; several PLCs of one\n"
            "                      file count up from there)\n"
            "  --db N:BYTES        a data block, N 1..65535, of 1..65536 bytes; may be given\n"
            "                      many times (1:256)\n"
            "\n"
            "Exit status: 0 made, 2 usage or FILE exists, 4 cannot write.\n",
    .run = run,
};
