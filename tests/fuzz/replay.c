/* replay [FILE...] - without libFuzzer: runs the files, or a fixed number of mutations of the target's seeds,
 * the same at every run. When the target aborts, the input stands in hex on stderr. */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_CAP 4096
#define ROUNDS    20000

static uint8_t input[INPUT_CAP];
static size_t input_len;
static uint64_t state = 88172645463325252;

static uint32_t below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % bound;
}

static void on_abort(int signal_number)
{
    char digits[3];

    (void)signal_number;
    for (size_t i = 0; i < input_len; i++) {
        snprintf(digits, sizeof digits, "%02x", input[i]);
        if (write(STDERR_FILENO, digits, 2) != 2)
            break;
    }
    (void)!write(STDERR_FILENO, "\n", 1);
}

static void load_seed(const char *seed)
{
    unsigned value;

    input_len = 0;
    if (seed[0] == '"') {
        input_len = strlen(seed + 1);
        memcpy(input, seed + 1, input_len);
        return;
    }
    for (int used; sscanf(seed, " %2x%n", &value, &used) == 1 && input_len < INPUT_CAP; seed += used)
        input[input_len++] = (uint8_t)value;
}

static void mutate(void)
{
    uint32_t at = input_len > 0 ? below((uint32_t)input_len) : 0, len;

    switch (below(6)) {
    case 0: /* a bit */
        input[at] ^= (uint8_t)(1U << below(8));
        break;
    case 1: /* a byte */
        input[at] = (uint8_t)below(256);
        break;
    case 2: /* a number at an edge */
        input[at] = below(2) ? 0xFF : 0x00;
        break;
    case 3: /* cut out */
        len = below((uint32_t)(input_len - at) + 1);
        memmove(input + at, input + at + len, input_len - at - len);
        input_len -= len;
        break;
    case 4: /* double a piece */
        len = below((uint32_t)(input_len - at) + 1);
        if (input_len + len > INPUT_CAP)
            break;
        memmove(input + at + len, input + at, input_len - at);
        input_len += len;
        break;
    default: /* end here */
        input_len = at;
        break;
    }
}

static void run_mutations(void)
{
    size_t n_seeds = 0;

    while (fuzz_seeds[n_seeds] != NULL)
        n_seeds++;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        load_seed(fuzz_seeds[round % n_seeds]);
        for (uint32_t k = round < n_seeds ? 0 : 1 + below(6); k > 0 && input_len > 0; k--)
            mutate();
        LLVMFuzzerTestOneInput(input, input_len);
    }
    printf("%d inputs from %zu seeds: the property holds\n", ROUNDS, n_seeds);
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        perror(path);
        return 1;
    }
    input_len = fread(input, 1, sizeof input, file);
    fclose(file);
    LLVMFuzzerTestOneInput(input, input_len);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;

    signal(SIGABRT, on_abort);
    for (int i = 1; i < argc; i++)
        status |= run_file(argv[i]);
    if (argc == 1)
        run_mutations();
    return status;
}
