#include "loop/foreign_program.h"

#include <fcntl.h>
#include <stdlib.h>

static s7_status program_watch(void *user, s7_loop_watch *watch)
{
    struct program *program = user;

    assert_false(program->gone);
    assert_int_not_equal(fcntl(watch->fd, F_GETFD), -1); /* never of a descriptor that is closed */
    program->n_watches++;
    if (watch->want == 0 || program->refuses == 0)
        return program->hooks.watch(program->hooks.user, watch);
    program->refuses--;
    /* Watched for nothing, as it has to be. */
    struct s7_loop_watch none = {.fd = watch->fd, .room = watch->room};
    (void)program->hooks.watch(program->hooks.user, &none);
    return program->refusal;
}

static void program_alarm(void *user, int64_t after_ns)
{
    struct program *program = user;

    assert_false(program->gone);
    assert_in_range(after_ns + 1, 0, S7_LOOP_ALARM_MAX_NS + 1);
    program->n_alarms++;
    program->after_ns = after_ns;
    program->hooks.alarm(program->hooks.user, after_ns);
}

static void program_wake(void *user)
{
    struct program *program = user;

    program->hooks.wake(program->hooks.user);
}

static s7_status over_hooks_of(struct program *program)
{
    s7_loop_hooks hooks = poll_loop_hooks(&program->poll);

    program->hooks = hooks;
    hooks.user = program;
    hooks.watch = program_watch;
    hooks.alarm = program_alarm;
    hooks.wake = program_wake;
    s7_loop_free(program->poll.s7);
    return s7_loop_new(&hooks, &program->poll.s7);
}

s7_status program_make_loop(s7_loop **out)
{
    struct program *program = calloc(1, sizeof *program);

    if (program == NULL)
        return S7_E_NOMEM;
    s7_status status = poll_loop_open(&program->poll);
    if (status == S7_OK && (status = over_hooks_of(program)) != S7_OK)
        close(program->poll.fds[0].fd);
    if (status != S7_OK) {
        free(program);
        return status;
    }
    *out = program->poll.s7;
    return S7_OK;
}

s7_status program_run_loop(s7_loop *loop)
{
    struct program *program = s7_loop_user(loop);

    while (!loop->stopping && s7_loop_impl_alive(loop))
        poll_loop_once(&program->poll);
    loop->stopping = false;
    return S7_OK;
}

void program_free(struct program *program)
{
    close(program->poll.fds[0].fd);
    free(program);
}

void program_free_loop(s7_loop *loop)
{
    if (loop == NULL)
        return;
    struct program *program = s7_loop_user(loop);

    s7_loop_free(loop);
    program_free(program);
}
