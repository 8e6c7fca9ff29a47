/* What debug builds ask after every event (s7_pool_core_fault) finds what it is for: one thing at a time is
 * broken by hand. */
#include "client/pool_core_impl.h"
#include "client/pool_core_rig.h"

/* Five places: 0 is lent, 1 and 2 are idle, 3 and 4 free; nobody waits. */
static int a_pool_in_use(void **state)
{
    (void)state;
    rig_rules();
    rig.rules.start = S7_POOL_START_ALL;
    rig_start();
    for (unsigned i = 0; i < 5; i++)
        borrow(i);
    for (unsigned i = 5; i-- > 1;) {
        rig.now += MS;
        if (i > 2)
            put_as(rig.callers[i].lease, S7_POOL_PUT_DISCARD);
        else
            put(rig.callers[i].lease);
    }
    return 0;
}

static struct s7_pool_conn *lent(void)
{
    return rig.core->lists[S7_POOL_LEASED].first;
}

static struct s7_pool_conn *idle(void)
{
    return rig.core->lists[S7_POOL_IDLE].first;
}

static struct s7_pool_conn *unused(void)
{
    return rig.core->lists[S7_POOL_FREE].first;
}

/* ---- what may be broken ---- */

static void nothing(void)
{
}

static void a_state_that_is_not_its_lists(void)
{
    idle()->state = S7_POOL_DIRTY;
}

static void a_link_that_leads_elsewhere(void)
{
    idle()->next->prev = lent();
}

static void a_list_that_runs_in_a_circle(void)
{
    idle()->next->next = idle();
}

static void a_wrong_number_in_a_list(void)
{
    rig.core->lists[S7_POOL_IDLE].n++;
}

static void an_order_that_is_upside_down(void)
{
    idle()->idle_since_ns = idle()->next->idle_since_ns - 1;
}

static void a_connection_that_is_on_no_list(void)
{
    struct s7_pool_conn *first = unused();

    rig.core->lists[S7_POOL_FREE].first = first->next;
    first->next->prev = NULL;
    rig.core->lists[S7_POOL_FREE].n--;
}

static void a_lease_without_its_number(void)
{
    lent()->number = 0;
}

static void a_number_without_its_lease(void)
{
    idle()->number = 77;
}

static void a_dial_of_what_is_there(void)
{
    s7_pool_ask(rig.core, idle(), S7_POOL_DIAL);
}

static void a_check_of_what_is_lent(void)
{
    s7_pool_ask(rig.core, lent(), S7_POOL_CHECK);
}

static void a_close_of_what_is_idle(void)
{
    s7_pool_ask(rig.core, idle(), S7_POOL_CLOSE);
}

static void an_answer_that_nobody_waits_for(void)
{
    idle()->check_open = true;
}

static void a_check_that_was_never_asked(void)
{
    s7_pool_move(rig.core, idle(), S7_POOL_CHECKING);
}

static void one_condemned_that_is_idle(void)
{
    idle()->condemned = true;
    rig.core->n_condemned++;
}

static void one_condemned_that_is_not_counted(void)
{
    lent()->condemned = true;
}

static void one_evicted_that_is_idle(void)
{
    idle()->evicted = true;
}

static void more_than_there_may_be(void)
{
    rig.core->rules.size = rig.core->limit = 2;
}

static void two_dials_at_a_time(void)
{
    s7_pool_dial(rig.core, unused());
    s7_pool_dial(rig.core, unused());
}

static void a_limit_of_nothing(void)
{
    rig.core->limit = 0;
}

static struct s7_pool_waiter waiter;

static void one_who_waits_for_what_is_there(void)
{
    s7_pool_wait(rig.core, &waiter, rig.now + SECOND);
}

static void one_who_waits_at_a_closed_pool(void)
{
    rig.core->phase = S7_POOL_DRAINING;
    s7_pool_wait(rig.core, &waiter, rig.now + SECOND);
}

static void a_closed_pool_with_connections(void)
{
    rig.core->phase = S7_POOL_SHUT;
}

static void a_time_that_was_overlooked(void)
{
    rig.core->soonest_ns = S7_NEVER_NS;
}

static void events_that_nobody_hears(void)
{
    rig.core->n_events = S7_POOL_EVENTS_KEPT + 1;
}

static void a_pause_with_idle_connections(void)
{
    rig.core->paused = true;
}

static void a_wait_for_no_pause(void)
{
    rig.core->pausing = true;
}

static void a_deadline_without_anybody(void)
{
    rig.core->due = &waiter.due;
}

static void each_breach_is_found_and_named(void **state)
{
    static const struct {
        void (*breach)(void);
        const char *found;
    } rows[] = {
        {nothing, NULL},
        {a_state_that_is_not_its_lists, "a list's links or its connections' state"},
        {a_link_that_leads_elsewhere, "a list's links or its connections' state"},
        {a_list_that_runs_in_a_circle, "a list's links or its connections' state"},
        {a_wrong_number_in_a_list, "a list's number of connections, or its end"},
        {an_order_that_is_upside_down, "the idle list is not ordered by the last put"},
        {a_connection_that_is_on_no_list, "a connection is on no list"},
        {a_lease_without_its_number, "a lease number without a lease, or a lease without one"},
        {a_number_without_its_lease, "a lease number without a lease, or a lease without one"},
        {a_dial_of_what_is_there, "something to do that does not belong to the state"},
        {a_check_of_what_is_lent, "something to do that does not belong to the state"},
        {a_close_of_what_is_idle, "something to do that does not belong to the state"},
        {an_answer_that_nobody_waits_for, "an open check on a connection that has none"},
        {a_check_that_was_never_asked, "a connection under check without a check"},
        {one_condemned_that_is_idle, "a condemned connection that is not lent"},
        {one_condemned_that_is_not_counted, "the number of condemned connections"},
        {one_evicted_that_is_idle, "an evicted connection that is not lent"},
        {more_than_there_may_be, "more connections than size"},
        {two_dials_at_a_time, "more dials at a time than max_connecting"},
        {a_limit_of_nothing, "a limit out of 1..size"},
        {one_who_waits_for_what_is_there, "somebody waits although a connection is idle"},
        {one_who_waits_at_a_closed_pool, "somebody waits at a pool that is not open"},
        {a_closed_pool_with_connections, "a pool that is not open has connections"},
        {a_time_that_was_overlooked, "something has to be done sooner than is known"},
        {events_that_nobody_hears, "more events than are kept"},
        {a_pause_with_idle_connections, "a paused pool has connections that nobody holds"},
        {a_wait_for_no_pause, "somebody waits for a pause that is over"},
        {a_deadline_without_anybody, "deadlines without waiters, or the reverse"},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(&waiter, 0, sizeof waiter);
        a_pool_in_use(state);
        rows[i].breach();
        const char *found = s7_pool_core_fault(rig.core);
        if (rows[i].found == NULL ? found != NULL : found == NULL || strcmp(found, rows[i].found) != 0)
            fail_msg("found: %s, expected: %s", found != NULL ? found : "nothing",
                     rows[i].found != NULL ? rows[i].found : "nothing");
        rig_free(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_breach_is_found_and_named, rig_free),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool fault");
}
