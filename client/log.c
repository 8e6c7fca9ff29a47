#include "client/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_CAP 640 /* an errinfo as one line, and more */

static bool wanted(const struct s7_direct *direct)
{
    return direct->settings->options.on_log != NULL && !direct->pooled;
}

static void __attribute__((format(printf, 3, 4)))
say(struct s7_direct *direct, s7_log_level level, const char *format, ...)
{
    char message[MESSAGE_CAP];
    va_list args;
    bool telling = direct->telling;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    direct->telling = true; /* the user may free the client: done when the call is over */
    direct->settings->options.on_log(level, message, direct->settings->options.user);
    direct->telling = telling;
}

void s7_log_redial(struct s7_direct *direct)
{
    if (wanted(direct))
        say(direct, S7_LOG_INFO, "connecting to %s again, %u failed in a row", direct->settings->where,
            direct->redial.failures);
}

void s7_log_dialed(struct s7_direct *direct, s7_status status, const s7_errinfo *err)
{
    char text[S7_ASKED_CAP + S7_CAME_CAP + S7_HINT_CAP];
    const struct s7_setup *granted = s7_session_granted(direct->session);

    if (!wanted(direct))
        return;
    if (status == S7_OK) {
        say(direct, S7_LOG_INFO, "connected to %s: PDU length %u, jobs %u and %u", direct->settings->where,
            granted->pdu_len, granted->amq_calling, granted->amq_called);
        return;
    }
    s7_errinfo_format(err, text, sizeof text);
    say(direct, S7_LOG_WARNING, "%s", text);
}

void s7_log_event(struct s7_direct *direct, const struct s7_event *event, bool was_up)
{
    if (!wanted(direct))
        return;
    if (event->kind == S7_EVENT_CLOSED && event->status == S7_E_CANCELLED && was_up)
        say(direct, S7_LOG_INFO, "the connection to %s was closed", direct->settings->where);
    else if (event->kind == S7_EVENT_CLOSED && was_up)
        say(direct, S7_LOG_WARNING, "the connection to %s ended: %s", direct->settings->where, event->detail);
    else if (event->kind == S7_EVENT_FAILED && event->status == S7_E_PROTOCOL)
        say(direct, S7_LOG_WARNING, "an answer from %s was refused: %s", direct->settings->where,
            event->detail);
}

void s7_log_strays(struct s7_direct *direct)
{
    const struct s7_session_stats *stats = s7_session_stats(direct->session);
    bool late = stats->late_answers != direct->logged_late,
         unknown = stats->unknown_refs != direct->logged_unknown;

    if (!late && !unknown)
        return;
    direct->logged_late = stats->late_answers;
    direct->logged_unknown = stats->unknown_refs;
    if (late && wanted(direct))
        say(direct, S7_LOG_INFO, "a late answer from %s was discarded, %" PRIu64 " so far",
            direct->settings->where, stats->late_answers);
    if (unknown && wanted(direct))
        say(direct, S7_LOG_WARNING,
            "an answer from %s that nobody waits for was discarded, %" PRIu64 " so far",
            direct->settings->where, stats->unknown_refs);
}
