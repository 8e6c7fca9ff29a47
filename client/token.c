#include "client/token.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct s7_token {
    atomic_bool cancelled;
    int fd;                /* readable while cancelled */
    pthread_mutex_t mutex; /* guards what follows, and the order of cancel and reset */
    struct s7_token_watch *watches;
};

s7_status s7_token_new(s7_token **out)
{
    if (out == NULL)
        return S7_E_ARG;
    s7_token *token = calloc(1, sizeof *token);
    if (token == NULL)
        return S7_E_NOMEM;
    token->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (token->fd < 0 || pthread_mutex_init(&token->mutex, NULL) != 0) {
        s7_status status = token->fd < 0 && errno != ENOMEM ? S7_E_IO : S7_E_NOMEM;

        if (token->fd >= 0)
            close(token->fd);
        free(token);
        return status;
    }
    atomic_init(&token->cancelled, false);
    *out = token;
    return S7_OK;
}

void s7_token_free(s7_token *token)
{
    if (token == NULL)
        return;
    pthread_mutex_destroy(&token->mutex);
    close(token->fd);
    free(token);
}

/* The flag goes first: who is woken looks at it. */
void s7_token_cancel(s7_token *token)
{
    if (token == NULL)
        return;
    pthread_mutex_lock(&token->mutex);
    if (!atomic_exchange(&token->cancelled, true)) {
        (void)eventfd_write(token->fd, 1); /* a counter of 0 takes it */
        for (struct s7_token_watch *watch = token->watches; watch != NULL; watch = watch->next)
            watch->fn(watch->arg);
    }
    pthread_mutex_unlock(&token->mutex);
}

void s7_token_reset(s7_token *token)
{
    eventfd_t count;

    if (token == NULL)
        return;
    pthread_mutex_lock(&token->mutex);
    if (atomic_exchange(&token->cancelled, false))
        (void)eventfd_read(token->fd, &count);
    pthread_mutex_unlock(&token->mutex);
}

bool s7_token_is_cancelled(const s7_token *token)
{
    return token != NULL && atomic_load(&token->cancelled);
}

int s7_token_fd(const s7_token *token)
{
    return token != NULL ? token->fd : -1;
}

void s7_token_watch(s7_token *token, struct s7_token_watch *watch)
{
    if (token == NULL)
        return;
    pthread_mutex_lock(&token->mutex);
    watch->next = token->watches;
    token->watches = watch;
    pthread_mutex_unlock(&token->mutex);
}

void s7_token_unwatch(s7_token *token, struct s7_token_watch *watch)
{
    if (token == NULL)
        return;
    pthread_mutex_lock(&token->mutex);
    struct s7_token_watch **at = &token->watches;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    pthread_mutex_unlock(&token->mutex);
}
