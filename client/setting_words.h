/* setting_words.h - options of a client as users write them in an endpoint ("timeout=5s") and in the
 * environment (S7_TIMEOUT_MS=5000). */
#ifndef CLIENT_SETTING_WORDS_H
#define CLIENT_SETTING_WORDS_H

#include <s7rig/client.h>

struct s7_word {
    const char *at;
    size_t len;
};

/* What is wrong, and where. */
struct s7_word_fault {
    const char *at; /* in the name or the value */
    char why[120];
};

/* A setting that stands for others, which win over it wherever they are: those that go first are set first.
 */
bool s7_word_goes_first(struct s7_word name);

/* Set the option of this name; case does not matter. false: *fault says why, *options is as it was. */
bool s7_word_set(s7_client_options *options, struct s7_word name, struct s7_word value,
                 struct s7_word_fault *fault);

#endif
