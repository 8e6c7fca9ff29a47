/* The command's door: finds the subcommand, and sees to it that lost output is never taken for success. */
#include "cli/cli.h"

#include "protocol/nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command *const commands[] = {
    &cli_run,        &cli_serve,        &cli_faults,       &cli_personalities, &cli_plant_new,
    &cli_plant_show, &cli_plant_import, &cli_plant_export, &cli_plant_diff,    &cli_plant_log,
    &cli_read,       &cli_write,        &cli_info,         &cli_clock,         &cli_start,
    &cli_stop,       &cli_doctor,       &cli_scan,         &cli_dump,          &cli_diag,
    &cli_blocks,     &cli_upload,       &cli_download,     &cli_watch,         &cli_bench,
    &cli_replay,     &cli_check,        &cli_search,       &cli_shrink};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

/* How many of the words spell the command's whole name; 0: they are not its name. */
static int words_of(const struct cli_command *command, int n_words, char **words)
{
    const char *name = command->name;

    for (int i = 0; i < n_words; i++) {
        size_t len = strlen(words[i]);

        if (strncmp(name, words[i], len) != 0 || (name[len] != ' ' && name[len] != '\0'))
            return 0;
        if (name[len] == '\0')
            return i + 1;
        name += len + 1;
    }
    return 0;
}

static const struct cli_command *find(int n_words, char **words, int *used)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        *used = words_of(commands[i], n_words, words);
        if (*used > 0)
            return commands[i];
    }
    return NULL;
}

/* Is the word the first of commands of two words, "plant"? */
static bool is_group(const char *word, const char *name)
{
    size_t len = strlen(word);

    return strncmp(name, word, len) == 0 && name[len] == ' ';
}

static bool any_group(const char *word)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (is_group(word, commands[i]->name))
            return true;
    return false;
}

/* All commands, or those of a group. */
static void list(FILE *out, const char *group)
{
    fprintf(out, "usage: s7rig %s%sCOMMAND ...\n\n", group != NULL ? group : "", group != NULL ? " " : "");
    if (group == NULL)
        fprintf(out, "A test rig for software that talks to Siemens S7 PLCs.\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (group == NULL || is_group(group, commands[i]->name))
            fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(
        out,
        "\ns7rig COMMAND --help tells more of a command; s7rig --version tells this program's version.\n");
}

static int unknown(int n_words, char **words)
{
    char two[64];
    struct s7_nearest nearest = {.word = words[0]};

    for (size_t i = 0; i < N_COMMANDS; i++)
        s7_nearest_try(&nearest, commands[i]->name);
    if (n_words > 1) {
        snprintf(two, sizeof two, "%s %s", words[0], words[1]);
        nearest.word = two;
        for (size_t i = 0; i < N_COMMANDS; i++)
            s7_nearest_try(&nearest, commands[i]->name);
    }
    bool group = n_words > 1 && any_group(words[0]);
    fprintf(stderr, "s7rig: no such command: %s%s%s", words[0], group ? " " : "", group ? words[1] : "");
    if (nearest.best != NULL)
        fprintf(stderr, "; did you mean s7rig %s?", nearest.best);
    fprintf(stderr, "\ns7rig --help lists the commands.\n");
    return CLI_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* The commands of a group, asked for or because one of them is missing. */
static int list_group(const char *group, bool asked)
{
    list(asked ? stdout : stderr, group);
    return asked ? CLI_OK : CLI_USAGE;
}

static int dispatch(int n_words, char **words)
{
    bool help = n_words > 0 && is_help(words[0]);
    int used;

    if (n_words > 0 && strcmp(words[0], "--version") == 0) {
        printf("s7rig %s\n", S7RIG_VERSION);
        return CLI_OK;
    }
    if (help) {
        words++;
        n_words--;
    }
    if (n_words == 0)
        return list_group(NULL, help);
    const struct cli_command *command = find(n_words, words, &used);
    if (command != NULL)
        return help ? cli_help(command) : command->run(command, n_words - used + 1, words + used - 1);
    if (any_group(words[0]) && (n_words == 1 || is_help(words[1])))
        return list_group(words[0], help || n_words > 1);
    return unknown(n_words, words);
}

/* A closed standard descriptor would be given to the next file or socket, and what is printed would go there.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null",
                        fd == STDOUT_FILENO ? O_RDONLY : O_RDWR); /* printing to a closed stdout must fail */
}

/* A full disk or a closed pipe shows here at the latest. */
static int finish(int status)
{
    bool lost = ferror(stdout) != 0;

    errno = 0;
    if (fclose(stdout) != 0)
        lost = true;
    if (!lost)
        return status;
    fprintf(stderr, "s7rig: cannot write to standard output%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return status != CLI_OK ? status : CLI_ENVIRONMENT;
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    return finish(dispatch(argc > 0 ? argc - 1 : 0, argv + (argc > 0)));
}
