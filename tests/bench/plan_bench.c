/* How good are plans of tags: jobs beside the lower bound and beside a list that is packed as it comes, for
 * scattered tags at the usual PDU lengths. Exact figures, the same on every machine, but for the time.
 *
 *   plan_bench                 the table
 *   plan_bench --check         exit status 1 when a list of small tags needs more than 1.05 times the bound
 *                              at PDU 480
 *   plan_bench --jobs N        "PDU MAX_ITEMS JOBS" of list N, for plan_nodes7.js
 *   plan_bench --nodes7 N      the tags of list N (0..) as nodes7 writes them, for plan_nodes7.js */
#include <s7rig/plan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_TAGS 100000

static s7_address tags[MAX_TAGS];

/* ---- tags ---- */

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* What HMIs and historians ask for: bits and numbers mostly, a text now and then. */
static s7_address draw_tag(uint32_t *seed, unsigned n_dbs, unsigned db_len, bool structs)
{
    static const s7_type types[] = {S7_TYPE_BOOL, S7_TYPE_BOOL, S7_TYPE_BOOL, S7_TYPE_INT,
                                    S7_TYPE_INT,  S7_TYPE_INT,  S7_TYPE_DINT, S7_TYPE_REAL,
                                    S7_TYPE_REAL, S7_TYPE_REAL, S7_TYPE_WORD, S7_TYPE_BYTE};
    s7_address tag = {.area = S7_AREA_DB, .count = 1};

    tag.db = (uint16_t)(draw(seed) % n_dbs + 1);
    tag.type = types[draw(seed) % (sizeof types / sizeof types[0])];
    if (draw(seed) % 50 == 0) {
        tag.type = S7_TYPE_STRING;
        tag.string_cap = 20;
    }
    if (structs && draw(seed) % 4 == 0) {
        tag.type = S7_TYPE_BYTE;
        tag.string_cap = 0;
        tag.count = (uint16_t)(100 + draw(seed) % 200);
    }
    tag.byte = draw(seed) % (db_len - (uint32_t)s7_address_size(&tag)) / 2 * 2;
    tag.bit = tag.type == S7_TYPE_BOOL ? draw(seed) % 8 : 0;
    return tag;
}

struct tag_list {
    const char *name;
    unsigned n_tags, n_dbs, db_len;
    bool structs;
};

static const struct tag_list lists[] = {
    {"dense: 1000 tags, 4 DBs of 2 kB", 1000, 4, 2048, false},
    {"scattered: 1000 tags, 4 DBs of 8 kB", 1000, 4, 8192, false},
    {"sparse: 1000 tags, 4 DBs of 32 kB", 1000, 4, 32768, false},
    {"many blocks: 1000 tags, 20 DBs of 4 kB", 1000, 20, 4096, false},
    {"structs: 1000 tags, 4 DBs of 64 kB", 1000, 4, 65534, true},
    {"large: 20000 tags, 50 DBs of 8 kB", 20000, 50, 8192, false},
};

#define N_LISTS (sizeof lists / sizeof lists[0])

static void draw_tags(const struct tag_list *list)
{
    uint32_t seed = 20260101;

    for (unsigned i = 0; i < list->n_tags; i++)
        tags[i] = draw_tag(&seed, list->n_dbs, list->db_len, list->structs);
}

/* "DB1,REAL4", "DB1,X0.3", "DB1,S10.20", "DB1,BYTE7.100" */
static int print_for_nodes7(const struct tag_list *list)
{
    draw_tags(list);
    for (unsigned i = 0; i < list->n_tags; i++) {
        const s7_address *tag = &tags[i];

        printf("DB%u,%s%u", tag->db, tag->type == S7_TYPE_BOOL ? "X" : s7_type_name(tag->type), tag->byte);
        if (tag->type == S7_TYPE_BOOL)
            printf(".%u", tag->bit);
        else if (tag->type == S7_TYPE_STRING)
            printf(".%u", tag->string_cap);
        else if (tag->count > 1)
            printf(".%u", tag->count);
        printf("\n");
    }
    return 0;
}

/* ---- packed as it comes: what a list without a plan needs ---- */

static unsigned list_jobs(unsigned n_tags, unsigned pdu_len, unsigned max_items)
{
    unsigned jobs = 0, items = max_items, answer = 0;

    for (unsigned i = 0; i < n_tags; i++) {
        unsigned len = (unsigned)s7_address_size(&tags[i]);

        if (items == max_items || 12 + 12 * (items + 1) > pdu_len || answer + 4 + len > pdu_len) {
            jobs++;
            items = 0;
            answer = 14;
        }
        items++;
        answer += 4 + len + len % 2;
    }
    return jobs;
}

/* ---- plans ---- */

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const struct limits {
    uint16_t pdu_len;
    uint8_t max_items;
} limits[] = {{240, 20}, {480, 20}, {480, 255}, {960, 20}, {960, 255}};

#define N_LIMITS (sizeof limits / sizeof limits[0])

static s7_plan_stats plan_stats(const struct tag_list *list, struct limits within, double *took_ms)
{
    s7_plan_options options;
    s7_plan_stats stats = {.struct_size = sizeof stats};
    s7_plan *plan;

    draw_tags(list);
    s7_plan_options_init(&options);
    options.pdu_len = within.pdu_len;
    options.max_items = within.max_items;
    double begin_ms = now_ms();
    if (s7_plan_new(tags, list->n_tags, &options, &plan, NULL) != S7_OK) {
        fprintf(stderr, "plan_bench: no plan of %s\n", list->name);
        exit(1);
    }
    *took_ms = now_ms() - begin_ms;
    s7_plan_stats_get(plan, &stats);
    s7_plan_free(plan);
    return stats;
}

static int print_jobs(const struct tag_list *list)
{
    double took_ms;

    for (size_t i = 0; i < N_LIMITS; i++)
        printf("%u %u %u\n", limits[i].pdu_len, limits[i].max_items,
               plan_stats(list, limits[i], &took_ms).jobs);
    return 0;
}

/* ---- the table ---- */

/* false: more than 1.05 times the bound. */
static bool measure(const struct tag_list *list, struct limits within)
{
    char items[8] = "as fit";
    double took_ms;
    s7_plan_stats stats = plan_stats(list, within, &took_ms);

    if (within.max_items < 255)
        snprintf(items, sizeof items, "%u", within.max_items);
    printf("| %s | %u | %s | %u | %u | %.3f | %u | %.1f | %.1f | %.1f |\n", list->name, within.pdu_len, items,
           stats.jobs, stats.bound, (double)stats.jobs / stats.bound,
           list_jobs(list->n_tags, within.pdu_len, within.max_items), (double)stats.bytes_asked / 1e3,
           (double)(stats.wire_request + stats.wire_answer) / 1e3, took_ms);
    return stats.jobs <= 1.05 * stats.bound;
}

static int print_table(bool check)
{
    bool well = true;

    printf(
        "| tags | PDU | items a job | jobs | lower bound | ratio | list as it comes | kB asked | kB on the "
        "wire | ms to plan |\n|-|-|-|-|-|-|-|-|-|-|\n");
    for (size_t i = 0; i < N_LISTS; i++)
        for (size_t k = 0; k < N_LIMITS; k++) {
            bool good = measure(&lists[i], limits[k]);

            if (limits[k].pdu_len == 480 && !lists[i].structs)
                well = well && good;
        }
    if (check && !well)
        fprintf(stderr, "plan_bench: more than 1.05 times the lower bound\n");
    return check && !well ? 1 : 0;
}

int main(int argc, char **argv)
{
    const struct tag_list *list = argc == 3 ? &lists[strtoul(argv[2], NULL, 10) % N_LISTS] : NULL;

    if (list != NULL && strcmp(argv[1], "--nodes7") == 0)
        return print_for_nodes7(list);
    if (list != NULL && strcmp(argv[1], "--jobs") == 0)
        return print_jobs(list);
    return print_table(argc == 2 && strcmp(argv[1], "--check") == 0);
}
