#include "loop/kernel_impl.h"

#include <limits.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

/* Made when a stream is muted, so that closing it cannot fail for want of memory. */
struct s7_kernel_muted {
    int keepalive; /* SO_KEEPALIVE as it was */
    int fd;        /* on closed_muted */
    struct s7_kernel_muted *next;
};

/* The kernel runs a socket's filter before it looks at a segment: what is dropped there is not acknowledged,
 * and neither FIN nor RST is noticed. */
static bool set_deaf(int fd, bool deaf)
{
    struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &drop_all};

    return setsockopt(fd, SOL_SOCKET, deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &program, sizeof program) ==
           0;
}

/* A kernel that hears nothing would send probes, and a RST when it gives up. Acknowledgements it does not
 * send, as nothing comes in. */
static void quiet_kernel(int fd, struct s7_kernel_muted *muted)
{
    int off = 0;
    unsigned never_ms = INT_MAX;
    socklen_t len = sizeof muted->keepalive;

    (void)getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &muted->keepalive, &len);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &never_ms, sizeof never_ms);
}

static void unmute(struct s7_kernel_stream *s)
{
    unsigned as_usual_ms = 0;
    int fd = s->io.watch.fd;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &as_usual_ms, sizeof as_usual_ms);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &s->muted->keepalive, sizeof s->muted->keepalive);
    free(s->muted);
    s->muted = NULL;
    if (s->base.shut)
        s->base.loop->ops->shutdown(&s->base); /* it was held, or has no effect now */
}

s7_status s7_kernel_vanish(s7_stream *stream, unsigned directions)
{
    struct s7_kernel_stream *s = (struct s7_kernel_stream *)(void *)stream;
    bool deaf = directions & S7_VANISH_IN, mute = directions & S7_VANISH_OUT;
    struct s7_kernel_muted *muted = NULL;

    if (mute && !deaf)
        return S7_E_UNSUPPORTED;
    if (mute && s->muted == NULL && (muted = calloc(1, sizeof *muted)) == NULL)
        return S7_E_NOMEM;
    if (deaf != s->deaf && !set_deaf(s->io.watch.fd, deaf)) {
        free(muted);
        return S7_E_UNSUPPORTED;
    }
    s->deaf = deaf;
    if (muted != NULL) {
        quiet_kernel(s->io.watch.fd, muted);
        s->muted = muted;
    } else if (!mute && s->muted != NULL) {
        unmute(s);
    }
    stream->loop->ops->want_changed(stream);
    return S7_OK;
}

void s7_kernel_keep_muted(struct s7_kernel_loop *l, struct s7_kernel_stream *s)
{
    s->muted->fd = s->io.watch.fd;
    s->muted->next = l->closed_muted;
    l->closed_muted = s->muted;
    s->muted = NULL;
}

void s7_kernel_close_muted(struct s7_kernel_loop *l)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    while (l->closed_muted != NULL) {
        struct s7_kernel_muted *muted = l->closed_muted;

        l->closed_muted = muted->next;
        (void)setsockopt(muted->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        close(muted->fd);
        free(muted);
    }
}

/* A filter for SYNs only: connections that are accepted inherit it, and are not touched by it. */
s7_status s7_kernel_listener_lose(s7_listener *base, const struct s7_loss *loss)
{
    enum { FLAGS_AT = 13, SYN = 0x02, SYN_ACK = 0x12 };
    struct s7_kernel_listener *listener = (struct s7_kernel_listener *)(void *)base;
    bool all = loss->p > UINT32_MAX, lose = loss->kind == S7_LOSS_SYN;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, all ? UINT32_MAX : (uint32_t)loss->p, all ? 1 : 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};

    if (loss->kind == S7_LOSS_ROUTE)
        return S7_E_UNSUPPORTED;
    if (!lose && !listener->loses)
        return S7_OK;
    if (setsockopt(listener->io.watch.fd, SOL_SOCKET, lose ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &program,
                   sizeof program) != 0)
        return S7_E_UNSUPPORTED;
    listener->loses = lose;
    return S7_OK;
}

void s7_kernel_set_buffer(s7_stream *stream, uint32_t len)
{
    struct s7_kernel_stream *s = (struct s7_kernel_stream *)(void *)stream;
    int bytes = len > INT_MAX / 2 ? INT_MAX / 2 : (int)len;

    (void)setsockopt(s->io.watch.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}
