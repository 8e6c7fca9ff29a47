/* A program with a libev loop of its own, as C and as C++: attached, and detached from inside the loop. */
#include <s7rig/libev.h>

#include <stdio.h>

static void end(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    s7_libev_detach((s7_loop *)timer->data);
}

int main(void)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    ev_timer timer;

    if (ev == NULL)
        return 1;
    s7_loop *loop = s7_libev_attach(ev);
    if (loop == NULL)
        return 1;
    ev_timer_init(&timer, end, 0., 0.);
    timer.data = loop;
    ev_timer_start(ev, &timer);
    s7_loop_due(loop);
    ev_run(ev, 0); /* returns, since nothing is left */
    ev_loop_destroy(ev);
    puts("attached to libev, and detached");
    return 0;
}
