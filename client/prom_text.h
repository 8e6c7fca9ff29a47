/* prom_text.h - writes metrics in the text format of Prometheus. Counts what does not fit, as snprintf does.
 *
 *   struct s7_prom text = {.out = {.buf = buf, .cap = cap}, .prefix = "s7_client_", .label = "plc", .value =
 *                          plc};
 *   s7_prom_number(&text, "calls_total", "counter", "Reads, writes and services.", calls);
 *   return s7_prom_end(&text); */
#ifndef CLIENT_PROM_TEXT_H
#define CLIENT_PROM_TEXT_H

#include "client/sink.h"

#include <stdint.h>

struct s7_prom {
    struct s7_sink out;
    const char *prefix; /* of every name */
    const char *label;  /* that every sample has */
    const char *value;  /* of it, escaped here; NULL: no label */
};

/* HELP and TYPE; samples follow. */
void s7_prom_head(struct s7_prom *text, const char *name, const char *type, const char *help);

/* One sample of what the head announced: name with suffix, and one more label unless NULL. */
void s7_prom_sample(struct s7_prom *text, const char *name, const char *suffix, const char *label,
                    const char *value, uint64_t number);
void s7_prom_seconds(struct s7_prom *text, const char *name, const char *suffix, const char *label,
                     const char *value, int64_t ns);

/* A head and its only sample. */
void s7_prom_number(struct s7_prom *text, const char *name, const char *type, const char *help,
                    uint64_t number);

/* Terminate; the whole length. */
size_t s7_prom_end(struct s7_prom *text);

#endif
