/* Group 4, message service (02) and alarms (13): who wants to be told what happens to this CPU, and telling
 * it. No alarm ever is: this CPU has no program that could raise one. */
#include "protocol/messages.h"

#include "protocol/alarm.h"

#include "told.h"
#include "userdata.h"

/* ---- logging on and off ---- */

#define DIAGNOSIS    ((uint8_t)(S7_MESSAGES_DIAG | S7_MESSAGES_USER))
#define SINKS_LIST   0x0131
#define SINKS_INDEX  5
#define SINKS_AT     6 /* a word of its record */
#define SINKS_NO_END UINT32_MAX

void sim_messages_changed(struct sim_plc *plc, uint8_t before, uint8_t now)
{
    plc->n_diagnosing += (now & DIAGNOSIS) != 0;
    plc->n_diagnosing -= (before & DIAGNOSIS) != 0;
}

/* How many may be told its diagnosis: what its status list says. */
static uint32_t sinks(const struct sim_plc *plc)
{
    size_t n;
    const struct plant_szl *rows = plant_szl(plc->plant, plc->row, &n);

    for (size_t i = 0; i < n; i++)
        if (rows[i].list == SINKS_LIST && rows[i].index == SINKS_INDEX && rows[i].len >= SINKS_AT + 2)
            return (uint32_t)rows[i].data[SINKS_AT] << 8 | rows[i].data[SINKS_AT + 1];
    return SINKS_NO_END;
}

static bool is_full(const struct sim_job *job, uint8_t events)
{
    return (events & DIAGNOSIS) != 0 && (job->link->events & DIAGNOSIS) == 0 &&
           job->plc->n_diagnosing >= sinks(job->plc);
}

static bool is_known(uint8_t alarms)
{
    uint8_t type = alarms & (uint8_t)~S7_MESSAGES_BEGIN;

    return type == S7_MESSAGES_SCAN || type == S7_MESSAGES_ALARM || type == S7_MESSAGES_ALARM_S;
}

static void log_on(struct sim_job *job, uint8_t events)
{
    struct sim_link *link = job->link;

    if (link->events == 0)
        link->news = job->plc->news.n;
    sim_messages_changed(job->plc, link->events, events);
    link->events = events;
    if (events != 0)
        link->tells |= SIM_TELLS_NEWS;
    else
        link->tells &= ~(unsigned)SIM_TELLS_NEWS;
}

/* false: it is as is asked for already. */
static bool switch_alarms(struct sim_link *link, uint8_t alarms)
{
    uint8_t type = (uint8_t)(1U << (alarms >> 2));

    if (alarms & S7_MESSAGES_BEGIN && link->alarms & type)
        return false;
    link->alarms = (uint8_t)(alarms & S7_MESSAGES_BEGIN ? link->alarms | type : link->alarms & ~type);
    return true;
}

uint16_t sim_messages(struct sim_call *call)
{
    const struct s7_userdata *request = call->request;
    struct s7_messages messages;
    bool alarms;

    if (s7_messages_decode(request->payload, request->payload_len, &messages) != S7_OK)
        return SIM_ERR_SYNTAX;
    alarms = (messages.events & S7_MESSAGES_ALARMS) != 0;
    if (alarms && !is_known(messages.alarms))
        return SIM_ERR_SYNTAX;
    if (!sim_call_room(call, S7_MESSAGES_REQUEST_MAX))
        return S7_ERR_RESOURCES;
    if (is_full(call->job, messages.events))
        return SIM_ERR_FULL;
    if (alarms && !switch_alarms(call->job->link, messages.alarms))
        return SIM_ERR_ALREADY;
    log_on(call->job, messages.events & (uint8_t)~S7_MESSAGES_ALARMS);
    s7_messages_answer_append(&call->wr, &messages);
    return 0;
}

uint16_t sim_alarms(struct sim_call *call)
{
    const struct s7_userdata *request = call->request;
    uint8_t query;
    uint32_t type;

    if (s7_alarm_query_decode(request->payload, request->payload_len, &query, &type) != S7_OK)
        return SIM_ERR_SYNTAX;
    if (!sim_call_room(call, S7_ALARM_QUERY_LEN))
        return S7_ERR_RESOURCES;
    s7_alarm_answer_append(&call->wr, NULL, 0);
    return 0;
}

/* ---- telling ---- */

static void append(struct s7_wr *wr, const struct sim_news *news)
{
    struct s7_userdata push =
        s7_userdata_request(S7_GROUP_CPU, S7_CPU_DIAG_PUSH, news->entry, sizeof news->entry);

    push.type = S7_USERDATA_PUSH;
    if (news->event == S7_MESSAGES_MODE)
        s7_mode_push_encode(wr, news->mode);
    else
        s7_userdata_encode(wr, 0, &push);
}

bool sim_news_tell(struct sim_telling *telling)
{
    const struct sim_newspaper *paper = &telling->plc->news;
    struct sim_link *link = telling->link;

    while (link->news < paper->n) {
        const struct sim_news *news = sim_news_at(paper, link->news++);
        if (news != NULL && news->event & link->events) {
            append(telling->wr, news);
            return true;
        }
    }
    return false;
}

int64_t sim_news_due(const struct sim_telling *telling)
{
    return telling->link->news < telling->plc->news.n ? telling->plc->now_ns : INT64_MAX;
}
