#include "loop/virtual_wire.h"

#include "loop/random.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_PIECE_MAX 7 /* TPKT and COTP headers: where receivers that expect whole frames break */

enum draw { DRAW_LATENCY, DRAW_CUT, DRAW_KINDS };

static uint64_t draw(const struct connection *c, unsigned side, enum draw kind, uint64_t nth)
{
    return s7_draw(c->loop->options.seed, c->id, (uint64_t)side * DRAW_KINDS + kind, nth);
}

/* ---- packets ---- */

void packet_queue_add(struct packet_queue *queue, struct packet *packet)
{
    packet->next = NULL;
    if (queue->first == NULL)
        queue->first = packet;
    else
        queue->last->next = packet;
    queue->last = packet;
}

struct packet *packet_queue_take(struct packet_queue *queue)
{
    struct packet *packet = queue->first;

    if (packet != NULL)
        queue->first = packet->next;
    return packet;
}

void packet_free(struct packet *packet)
{
    if (packet->kind == PACKET_DATA)
        free(packet);
}

void packet_queue_drop(struct packet_queue *queue)
{
    struct packet *packet;

    while ((packet = packet_queue_take(queue)) != NULL)
        packet_free(packet);
}

static struct packet *data_packet_new(struct connection *c, unsigned from, const uint8_t *bytes, uint32_t len)
{
    struct packet *packet = malloc(sizeof *packet + len);

    if (packet == NULL)
        return NULL;
    *packet = (struct packet){.connection = c, .kind = PACKET_DATA, .from = from, .len = len};
    packet->bytes = (uint8_t *)(packet + 1);
    memcpy(packet->bytes, bytes, len);
    return packet;
}

/* ---- connections ---- */

struct connection *connection_new(struct virtual_loop *loop, const struct s7_ip_addr *to)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->refs = 1;
    c->to = *to;
    c->broken_ns = S7_NEVER_NS;
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &c->sides[i];

        side->buffer_len = loop->options.buffer_len;
        side->unacked_ns = S7_NEVER_NS;
        side->latency_min_ns = loop->options.latency_min_ns;
        side->latency_max_ns = loop->options.latency_max_ns;
        side->handshake = (struct packet){.connection = c, .from = i};
        side->fin = (struct packet){.connection = c, .from = i, .kind = PACKET_FIN};
        side->rst = (struct packet){.connection = c, .from = i, .kind = PACKET_RST};
    }
    return c;
}

void connection_ref(struct connection *c)
{
    c->refs++;
}

void connection_unref(struct connection *c)
{
    if (--c->refs > 0)
        return;
    for (unsigned i = 0; i < 2; i++) {
        packet_queue_drop(&c->sides[i].held);
        packet_queue_drop(&c->sides[i].received);
    }
    free(c);
}

/* ---- on the way ---- */

static int64_t later(int64_t at_ns, int64_t by_ns)
{
    return by_ns < S7_NEVER_NS - at_ns ? at_ns + by_ns : S7_NEVER_NS;
}

static void fly_until(struct packet *packet, int64_t at_ns)
{
    struct virtual_loop *loop = packet->connection->loop;

    connection_ref(packet->connection);
    packet->node.at_ns = at_ns;
    packet->node.seq = ++loop->packet_seq;
    loop->in_flight = s7_heap_insert(loop->in_flight, &packet->node);
}

static void fly(struct packet *packet)
{
    struct connection *c = packet->connection;
    struct side *from = &c->sides[packet->from];
    uint64_t bits = draw(c, packet->from, DRAW_LATENCY, from->n_packets++);
    int64_t at_ns =
        later(c->loop->base.now_ns, s7_draw_range(bits, from->latency_min_ns, from->latency_max_ns));
    /* Pieces that arrive together would be read together, and the cut not be seen. */
    int64_t earliest_ns = packet->kind == PACKET_DATA && c->loop->options.split
                              ? later(from->last_arrival_ns, 1)
                              : from->last_arrival_ns;

    if (at_ns < earliest_ns)
        at_ns = earliest_ns;
    from->last_arrival_ns = at_ns;
    fly_until(packet, at_ns);
}

static void send_packet(struct packet *packet)
{
    struct side *from = &packet->connection->sides[packet->from];

    if (from->vanished)
        packet_queue_add(&from->held, packet);
    else
        fly(packet);
}

void wire_send_handshake(struct connection *c, unsigned from, enum packet_kind kind)
{
    c->sides[from].handshake.kind = kind;
    send_packet(&c->sides[from].handshake);
}

void wire_send_fin(struct connection *c, unsigned from)
{
    if (c->sides[from].fin_sent)
        return;
    c->sides[from].fin_sent = true;
    send_packet(&c->sides[from].fin);
}

void wire_send_rst(struct connection *c, unsigned from)
{
    struct side *side = &c->sides[from];

    packet_queue_drop(&side->held);
    if (side->rst_sent || side->vanished)
        return;
    side->rst_sent = true;
    fly(&side->rst);
}

void wire_reset(struct connection *c)
{
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &c->sides[i];

        packet_queue_drop(&side->held);
        if (side->rst_sent)
            continue;
        side->rst_sent = true;
        fly_until(&side->rst, c->loop->base.now_ns);
    }
}

void wire_send_unreachable(struct connection *c, int64_t after_ns)
{
    struct side *from = &c->sides[1];
    uint64_t bits = draw(c, 1, DRAW_LATENCY, from->n_packets++);

    from->handshake.kind = PACKET_UNREACHABLE;
    fly_until(&from->handshake,
              later(c->loop->base.now_ns,
                    later(after_ns, s7_draw_range(bits, from->latency_min_ns, from->latency_max_ns))));
}

void wire_repeat_syn(struct connection *c, int64_t after_ns)
{
    fly_until(&c->sides[0].handshake, later(c->loop->base.now_ns, after_ns));
}

void wire_vanish(struct connection *c, unsigned from, bool vanished)
{
    struct side *side = &c->sides[from];
    struct packet *packet;

    side->vanished = vanished;
    while (!vanished && (packet = packet_queue_take(&side->held)) != NULL)
        fly(packet);
    virtual_patience_look(c);
}

struct packet *wire_next_due(struct virtual_loop *loop, uint64_t newest_seq)
{
    struct s7_heap_node *node = loop->in_flight;

    if (node == NULL || node->at_ns > loop->base.now_ns || node->seq > newest_seq)
        return NULL;
    loop->in_flight = s7_heap_remove(node, node);
    return (struct packet *)(void *)((char *)node - offsetof(struct packet, node));
}

/* ---- bytes ---- */

uint32_t wire_window(const struct connection *c, unsigned from)
{
    const struct side *to = &c->sides[!from];
    uint32_t in_flight_len = c->sides[from].in_flight_len;

    if (to->received_len >= to->buffer_len || in_flight_len >= to->buffer_len - to->received_len)
        return 0;
    return to->buffer_len - to->received_len - in_flight_len;
}

/* Whole, short, or anything: each often enough that a run of a few hundred frames sees every place of a
 * header. */
static uint32_t piece_len(struct connection *c, unsigned from, uint32_t left_len)
{
    uint64_t bits = draw(c, from, DRAW_CUT, c->sides[from].n_cuts++);
    uint32_t most_len = left_len;

    if ((bits & 3) == 0)
        return left_len;
    if ((bits & 3) != 3 && most_len > SHORT_PIECE_MAX)
        most_len = SHORT_PIECE_MAX;
    return (uint32_t)s7_draw_range(bits, 1, most_len);
}

uint32_t wire_send_bytes(struct connection *c, unsigned from, const uint8_t *bytes, uint32_t len)
{
    uint32_t sent_len = 0;

    while (sent_len < len) {
        uint32_t left_len = len - sent_len;
        uint32_t n = c->loop->options.split ? piece_len(c, from, left_len) : left_len;
        struct packet *packet = data_packet_new(c, from, bytes + sent_len, n);

        if (packet == NULL)
            break;
        c->sides[from].in_flight_len += n;
        send_packet(packet);
        sent_len += n;
    }
    return sent_len;
}
