/* Words to a fault: cutting them apart, finding their parameters, and what does not go together. */
#include "fault_field.h"

#include "fault_value.h"

#include "loop/loop.h"
#include "protocol/nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORD_CAP 96
#define BLANKS   " \t\r\n"
#define COMMON   32

struct parse {
    struct sim_fault *fault;
    struct plant_error *error;
    uint64_t given; /* bit n: its own parameter n, or from COMMON on a common one */
    unsigned word;  /* number of the current one, from 1; 0: none, the whole is meant */
    char text[WORD_CAP];
};

__attribute__((format(printf, 2, 3))) static s7_status fail(struct parse *parse, const char *format, ...)
{
    struct plant_error *error = parse->error;
    size_t used;
    va_list args;

    error->status = S7_E_ARG;
    snprintf(error->text, sizeof error->text, "fault %s: ", parse->fault->kind->name);
    used = strlen(error->text);
    va_start(args, format);
    vsnprintf(error->text + used, sizeof error->text - used, format, args);
    va_end(args);
    used = strlen(error->text);
    if (parse->word > 0)
        snprintf(error->text + used, sizeof error->text - used, " (word %u)", parse->word);
    return S7_E_ARG;
}

/* ---- names ---- */

static s7_status unknown_kind(const char *name, struct plant_error *error)
{
    const struct sim_fault_kind *kinds;
    size_t n = sim_fault_kinds(&kinds);
    struct s7_nearest nearest = {.word = name};

    for (size_t i = 0; i < n; i++)
        s7_nearest_try(&nearest, kinds[i].name);
    error->status = S7_E_ARG;
    if (nearest.best != NULL)
        snprintf(error->text, sizeof error->text, "no fault is called \"%.32s\"; did you mean %s?", name,
                 nearest.best);
    else
        snprintf(error->text, sizeof error->text, "no fault is called \"%.32s\"; s7rig faults lists them all",
                 name);
    return S7_E_ARG;
}

static const struct sim_fault_kind *find_kind(const char *name)
{
    const struct sim_fault_kind *kinds;
    size_t n = sim_fault_kinds(&kinds);

    for (size_t i = 0; i < n; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static const struct sim_fault_param *find_in(const struct sim_fault_param *params, const char *name)
{
    for (; params->name != NULL; params++)
        if (strcmp(params->name, name) == 0)
            return params;
    return NULL;
}

/* Its own parameter of that name goes before the common one; what takes dist= takes time= as well,
 * and tag= as value=. */
static const struct sim_fault_param *find_param(const struct sim_fault_kind *kind, const char *name)
{
    const struct sim_fault_param *own = find_in(kind->params, name);

    if (own == NULL && strcmp(name, "time") == 0)
        own = find_in(kind->params, "dist");
    if (own == NULL && strcmp(name, "tag") == 0)
        own = find_in(kind->params, "value");
    return own != NULL ? own : find_in(sim_fault_common(), name);
}

static s7_status unknown_param(struct parse *parse, const char *name)
{
    const struct sim_fault_param *const lists[] = {parse->fault->kind->params, sim_fault_common()};
    struct s7_nearest nearest = {.word = name};

    for (size_t i = 0; i < 2; i++)
        for (const struct sim_fault_param *param = lists[i]; param->name != NULL; param++)
            s7_nearest_try(&nearest, param->name);
    if (nearest.best != NULL)
        return fail(parse, "no parameter is called \"%s\"; did you mean %s?", name, nearest.best);
    return fail(parse, "no parameter is called \"%s\"", name);
}

static uint64_t bit_of(const struct parse *parse, const struct sim_fault_param *param)
{
    const struct sim_fault_param *own = parse->fault->kind->params;

    for (size_t i = 0; own[i].name != NULL; i++)
        if (&own[i] == param)
            return UINT64_C(1) << i;
    return UINT64_C(1) << (COMMON + (param - sim_fault_common()));
}

static bool given(const struct parse *parse, const char *name)
{
    const struct sim_fault_param *param = find_param(parse->fault->kind, name);

    return param != NULL && (parse->given & bit_of(parse, param)) != 0;
}

/* ---- words ---- */

/* Copy the next word without the blanks inside its parentheses; false: there is none, or it is no word. */
static bool next_word(struct parse *parse, const char **at, s7_status *status)
{
    const char *from = *at + strspn(*at, BLANKS);
    size_t len = 0;
    int depth = 0;

    *status = S7_OK;
    if (*from == '\0')
        return false;
    parse->word++;
    for (; *from != '\0' && (depth > 0 || strchr(BLANKS, *from) == NULL); from++) {
        depth += *from == '(' ? 1 : *from == ')' ? -1 : 0;
        if (strchr(BLANKS, *from) != NULL)
            continue;
        if (len == sizeof parse->text - 1) {
            *status = fail(parse, "a word has at most %zu characters", sizeof parse->text - 1);
            return false;
        }
        parse->text[len++] = *from;
    }
    parse->text[len] = '\0';
    *at = from;
    return true;
}

static const char *hint(const struct sim_fault_param *param)
{
    return strstr(param->takes, "TIME") != NULL ? " (TIME: a number with us, ms, s, min or h, up to 24h)"
                                                : "";
}

/* Cut a word at its "=", or before a parenthesis where there is none; NULL: a key alone. */
static char *cut_value(char *word)
{
    char *value = strchr(word, '='), *end = strchr(word, '(');

    if (value != NULL && (end == NULL || value < end)) {
        *value = '\0';
        return value + 1;
    }
    if (end == NULL || word[strlen(word) - 1] != ')')
        return NULL;
    word[strlen(word) - 1] = '\0';
    *end = '\0';
    return end + 1;
}

/* "key=value" or "key(value)"; a key alone is a flag where yes and no are taken. */
static s7_status take_word(struct parse *parse)
{
    char *value = cut_value(parse->text);
    const struct sim_fault_param *param = find_param(parse->fault->kind, parse->text);

    if (param == NULL)
        return unknown_param(parse, parse->text);
    if (value == NULL && strcmp(param->takes, "yes|no") != 0)
        return fail(parse, "%s needs a value: %s=%s", param->name, param->name, param->takes);
    uint64_t bit = bit_of(parse, param);
    if (parse->given & bit)
        return fail(parse, "%s is given twice", param->name);
    parse->given |= bit;
    if (param->take(value != NULL ? value : "yes", parse->fault))
        return S7_OK;
    return fail(parse, "%s takes %s%s, got \"%s\"", param->name, param->takes, hint(param), value);
}

/* ---- what goes together ---- */

/* The first of these that was given, or NULL; names ends with NULL. */
static const char *any_given(const struct parse *parse, const char *const *names)
{
    for (; *names != NULL; names++)
        if (given(parse, *names))
            return *names;
    return NULL;
}

static s7_status check_required(struct parse *parse)
{
    for (const struct sim_fault_param *param = parse->fault->kind->params; param->name != NULL; param++)
        if (param->preset == NULL && !given(parse, param->name))
            return fail(parse, "%s=%s is required", param->name, param->takes);
    if (parse->fault->type == SIM_FAULT_FROZEN && !given(parse, "db") && !given(parse, "area") &&
        !given(parse, "value"))
        return fail(parse, "db=, area= or value= is required");
    return S7_OK;
}

static const char *const of_items[] = {"area", "db", "range", "item", "items", NULL};

/* What this kind, asked for in this way, has no use for; NULL: nothing. Parameters of its own are none of
 * these. */
static const char *const *useless(const struct parse *parse, const char **why)
{
    static const char *const at_door[] = {
        "peer",    "conn", "role",  "fn",    "area",  "db",    "range", "item", "items", "ref",    "rosctr",
        "payload", "nth",  "after", "every", "count", "burst", "scope", "p",    "once",  "stream", NULL};
    static const char *const at_connection[] = {"fn",  "area",   "db",      "range",  "item", "items",
                                                "ref", "rosctr", "payload", "stream", NULL};
    static const char *const at_accept[] = {"role",  "fn",  "area",   "db",      "range",  "item",
                                            "items", "ref", "rosctr", "payload", "stream", NULL};
    static const char *const at_setup[] = {"fn", "area", "db", "range", "item", "items", "stream", NULL};
    static const char *const at_a_time[] = {"fn",    "area",   "db",      "range", "item",  "items",
                                            "ref",   "rosctr", "payload", "nth",   "after", "every",
                                            "burst", "once",   "from",    "to",    "run",   NULL};
    static const struct {
        const char *const *names;
        const char *why;
    } places[] = {
        [SIM_AT_REQUEST] = {at_a_time, "with at= it acts on connections at a time, not at a request"},
        [SIM_AT_ACCEPT] = {at_accept, "it looks at TCP connections that come"},
        [SIM_AT_CONNECT] = {at_connection, "it looks at connection requests only"},
        [SIM_AT_SETUP] = {at_setup, "it looks at setup communication only"},
        [SIM_AT_END] = {at_connection, "it looks at the end of connections only"},
        [SIM_AT_IDLE] = {at_connection, "it looks at connections on which nothing happens"},
        [SIM_AT_DOOR] = {at_door, "it is at the listener, whoever dials"},
        [SIM_AT_PLC] = {at_door, "it happens to the PLC at a time, whoever asks"}};
    enum sim_fault_place place = parse->fault->kind->place;

    *why = places[place].why;
    return place != SIM_AT_REQUEST || parse->fault->own.at_ns >= 0 ||
                   sim_fault_waits_for_idleness(parse->fault)
               ? places[place].names
               : NULL;
}

/* Is it given, and not as a parameter of its own that only has the same name? */
static const char *any_useless(const struct parse *parse, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++)
        if (given(parse, *names) &&
            (find_in(parse->fault->kind->params, *names) == NULL || strcmp(*names, "run") == 0))
            return *names;
    return NULL;
}

static s7_status check_use(struct parse *parse)
{
    static const char *const ends[] = {"for", "to", NULL};
    const char *why, *const *names = useless(parse, &why);
    const char *name = any_useless(parse, names);

    if (name == NULL && parse->fault->own.at_ns >= 0 && given(parse, "for") &&
        find_in(parse->fault->kind->params, "for") == NULL)
        name = "for";
    if (name != NULL)
        return fail(parse, "%s= does not go with it: %s", name, why);
    if (sim_fault_comes_at_a_time(parse->fault) && find_in(parse->fault->kind->params, "for") == NULL &&
        (name = any_given(parse, ends)) != NULL)
        return fail(parse, "%s= does not go with it: it takes its time", name);
    return S7_OK;
}

/* Does it know both directions, what is sent to the PLC and what the PLC sends? */
static bool acts_on_either(enum sim_fault_type type)
{
    return type == SIM_FAULT_LATENCY || type == SIM_FAULT_BANDWIDTH || type == SIM_FAULT_LOSS_STALL ||
           type == SIM_FAULT_HALF_OPEN || type == SIM_FAULT_RESURRECT;
}

static s7_status check_stream(struct parse *parse)
{
    const struct sim_fault *fault = parse->fault;

    if (!given(parse, "stream"))
        return S7_OK;
    if (given(parse, "dir"))
        return fail(parse, "dir= and stream= say the same: give one of them");
    if (!acts_on_either(fault->type) && fault->own.directions == S7_VANISH_IN)
        return fail(parse, "stream=rx does not go with it: it acts on what the PLC sends");
    return S7_OK;
}

/* Where value= says what a fault is about, nothing else does. */
static s7_status check_value(struct parse *parse)
{
    static const char *const others[] = {"area", "db", "range", NULL};
    struct sim_fault *fault = parse->fault;
    const char *name = any_given(parse, others);

    if (!given(parse, "value") || find_in(fault->kind->params, "value")->take != sim_take_value)
        return S7_OK;
    if (name != NULL)
        return fail(parse, "%s= does not go with it: value= says where it is", name);
    const char *of = fault->value.tag[0] == '\0' ? sim_fault_settle_value(fault) : NULL;
    return of == NULL ? S7_OK : fail(parse, "value= is %s", of);
}

/* Requests at which it has nothing to do. */
static s7_status check_fn(struct parse *parse)
{
    const struct sim_fault_kind *kind = parse->fault->kind;
    bool chosen = parse->fault->type == SIM_FAULT_WRONG_FUNCTION; /* by pair= */

    if (kind->fns == 0 || chosen || !given(parse, "fn") || (parse->fault->match.fns & ~kind->fns) == 0)
        return S7_OK;
    return fail(parse, "fn= names requests that it has nothing to do with");
}

static s7_status check_match(struct parse *parse)
{
    const struct sim_fault_match *match = &parse->fault->match;
    const char *name = any_given(parse, of_items);

    if (sim_fault_comes_at_a_time(parse->fault)) /* what it has is its own */
        return S7_OK;
    if (name != NULL && (match->fns & (SIM_FN_READ | SIM_FN_WRITE)) == 0)
        return fail(parse, "%s= looks at items, which only fn=read and fn=write have", name);
    if (given(parse, "ref") && match->fns == SIM_FN_CONNECT)
        return fail(parse, "fn=connect has no PDU reference for ref=");
    if ((given(parse, "payload") || given(parse, "rosctr")) && match->fns == SIM_FN_CONNECT)
        return fail(parse, "fn=connect has no PDU for rosctr= and payload=");
    if (given(parse, "db") && match->area != 0 && match->area != S7_AREA_DB && match->area != S7_AREA_DI)
        return fail(parse, "db= goes with area=DB or area=DI only");
    return S7_OK;
}

/* Where `for` is not how long an effect lasts, it is another way to say `to`. */
static s7_status settle_window(struct parse *parse)
{
    struct sim_fault *fault = parse->fault;
    struct sim_fault_trigger *trigger = &fault->trigger;
    bool own_for = find_in(fault->kind->params, "for") != NULL, door = sim_fault_comes_at_a_time(fault);

    if (given(parse, "to") && trigger->to_ns < trigger->from_ns)
        return fail(parse, "to= is before from=");
    if (given(parse, "to") && given(parse, "for") && (!own_for || door))
        return fail(parse, "to= and for= both say when it ends: give one of them");
    if (given(parse, "to") && door)
        fault->own.for_ns = trigger->to_ns - trigger->from_ns;
    if (given(parse, "for") && !own_for)
        trigger->to_ns = trigger->from_ns + fault->own.for_ns;
    return S7_OK;
}

static s7_status check_counts(struct parse *parse)
{
    static const char *const others[] = {"after", "every", NULL};
    const char *other = any_useless(parse, others);

    if (given(parse, "nth") && other != NULL)
        return fail(parse, "nth= says which match already: %s= does not go with it", other);
    return S7_OK;
}

static s7_status finish(struct parse *parse)
{
    static s7_status (*const steps[])(struct parse *) = {check_required, check_use,    check_stream,
                                                         check_fn,       check_match,  check_value,
                                                         check_counts,   settle_window};
    struct sim_fault_match *match = &parse->fault->match;
    s7_status status = S7_OK;

    parse->word = 0;
    match->by_item =
        given(parse, "area") || given(parse, "db") || given(parse, "range") || given(parse, "item");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == S7_OK; i++)
        status = steps[i](parse);
    return status;
}

/* The requests that it looks at unless told. */
static unsigned usual_fns(const struct sim_fault_kind *kind)
{
    switch (kind->place) {
    case SIM_AT_CONNECT:
        return SIM_FN_CONNECT;
    case SIM_AT_SETUP:
        return SIM_FN_SETUP;
    case SIM_AT_REQUEST:
        return kind->fns != 0 ? kind->fns
                              : SIM_FN_SETUP | SIM_FN_READ | SIM_FN_WRITE | SIM_FN_USERDATA | SIM_FN_OTHER;
    default: /* no request is its business */
        return 0;
    }
}

static void presets(struct sim_fault *fault, const struct sim_fault_kind *kind)
{
    const struct sim_fault_kind *first;

    sim_fault_kinds(&first);
    *fault = (struct sim_fault){
        .type = (enum sim_fault_type)(kind - first),
        .kind = kind,
        .match = {.conn = {1, UINT32_MAX},
                  .fns = usual_fns(kind),
                  .db = -1,
                  .range = {0, UINT32_MAX},
                  .items = {0, UINT32_MAX},
                  .ref = -1},
        .trigger = {.p = SIM_P_ONE, .to_ns = S7_NEVER_NS},
        .own = {.for_ns = S7_NEVER_NS, .at_ns = -1, .directions = S7_VANISH_IN | S7_VANISH_OUT},
    };
    sim_fault_own_presets(fault);
}

s7_status sim_fault_parse(const char *name, const char *args, struct sim_fault *out,
                          struct plant_error *error)
{
    const struct sim_fault_kind *kind = find_kind(name);
    struct parse parse = {.fault = out, .error = error};
    s7_status status = S7_OK;

    if (kind == NULL)
        return unknown_kind(name, error);
    presets(out, kind);
    while (args != NULL && next_word(&parse, &args, &status)) {
        status = take_word(&parse);
        if (status != S7_OK)
            return status;
    }
    return status != S7_OK ? status : finish(&parse);
}
