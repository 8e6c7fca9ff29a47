#include "cli/cli.h"

#include "protocol/nearest.h"

#include <stdarg.h>
#include <string.h>

int cli_usage_error(const struct cli_command *self, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "s7rig %s: ", self->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nusage: s7rig %s %s   (s7rig %s --help tells more)\n", self->name, self->usage,
            self->name);
    return CLI_USAGE;
}

bool cli_number(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
    uint64_t n = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
        if (n > max)
            return false;
    }
    if (n < min)
        return false;
    *value = (uint32_t)n;
    return true;
}

bool cli_duration(const char *text, uint32_t *ms)
{
    static const struct {
        const char *name;
        uint32_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
    char number[12] = "";
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint32_t n;

        if (strcmp(text + digits, units[i].name) != 0 || !cli_number(number, 1, 3600000 / units[i].ms, &n))
            continue;
        *ms = n * units[i].ms;
        return true;
    }
    return false;
}

static const struct cli_option *find(const struct cli_option *options, const char *name, size_t len)
{
    for (; options->name != NULL; options++)
        if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
            return options;
    return NULL;
}

static int no_such_option(const struct cli_command *self, const struct cli_option *options, const char *name,
                          size_t len)
{
    char word[64];
    struct s7_nearest nearest = {.word = word};

    snprintf(word, sizeof word, "%.*s", (int)len, name);
    s7_nearest_try(&nearest, "help");
    for (; options->name != NULL; options++)
        s7_nearest_try(&nearest, options->name);
    if (nearest.best != NULL)
        return cli_usage_error(self, "no such option --%.*s; did you mean --%s?", (int)len, name,
                               nearest.best);
    return cli_usage_error(self, "no such option --%.*s", (int)len, name);
}

/* Returns -1, or the exit status when the value is wrong. */
static int set(const struct cli_command *self, const struct cli_option *option, const char *value)
{
    if (option->text != NULL) {
        *option->text = value;
    } else if (option->number != NULL && !cli_number(value, option->min, option->max, option->number)) {
        return cli_usage_error(self, "--%s takes a number %u..%u, got \"%s\"", option->name, option->min,
                               option->max, value);
    } else if (option->each != NULL && !option->each(value, option->arg)) {
        return CLI_USAGE;
    }
    return -1;
}

int cli_help(const struct cli_command *self)
{
    printf("usage: s7rig %s %s\n\n%s", self->name, self->usage, self->help);
    return CLI_OK;
}

/* given: the value that stands in the same word, or NULL; *i moves over a value of its own. */
static int give(const struct cli_command *self, const struct cli_option *option, const char *given, int argc,
                char **argv, int *i)
{
    if (option->flag != NULL) {
        if (given != NULL)
            return cli_usage_error(self, "--%s takes no value", option->name);
        *option->flag = true;
        return -1;
    }
    if (given != NULL)
        return set(self, option, given);
    if (*i + 1 == argc)
        return cli_usage_error(self, "--%s needs a value", option->name);
    return set(self, option, argv[++*i]);
}

/* One "--name", "--name=value" or "--name value". */
static int take(const struct cli_command *self, const struct cli_option *options, int argc, char **argv,
                int *i)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *option = find(options, name, len);

    if (option == NULL)
        return no_such_option(self, options, name, len);
    return give(self, option, equals != NULL ? equals + 1 : NULL, argc, argv, i);
}

/* One "-n", "-nVALUE" or "-n value". */
static int take_letter(const struct cli_command *self, const struct cli_option *options, int argc,
                       char **argv, int *i)
{
    const char *word = argv[*i];

    for (; options->name != NULL; options++)
        if (options->letter == word[1])
            return give(self, options, word[2] != '\0' ? word + 2 : NULL, argc, argv, i);
    return cli_usage_error(self, "no such option %s", word);
}

int cli_options(const struct cli_command *self, const struct cli_option *options, int *argc, char **argv)
{
    int n = 1, i = 1;

    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return cli_help(self);
        if (strncmp(argv[i], "--", 2) == 0) {
            int status = take(self, options, *argc, argv, &i);
            if (status >= 0)
                return status;
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            int status = take_letter(self, options, *argc, argv, &i);
            if (status >= 0)
                return status;
        } else {
            argv[n++] = argv[i];
        }
    }
    for (i++; i < *argc; i++)
        argv[n++] = argv[i];
    *argc = n;
    return -1;
}
