/* Captures made byte by byte: links, orders of bytes, what lies; and the conversations in them. */
#include "cli/recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- files, made ---- */

struct file {
    uint8_t bytes[16384];
    size_t len;
    bool little, ng;
    uint16_t link;
};

static void put_be(struct file *file, unsigned n, uint64_t value)
{
    assert_true(file->len + n <= sizeof file->bytes);
    for (unsigned i = n; i-- > 0;)
        file->bytes[file->len++] = (uint8_t)(i < 8 ? value >> 8 * i : 0);
}

/* A number of the file itself. */
static void put_u(struct file *file, unsigned n, uint64_t value)
{
    uint64_t turned = 0;

    for (unsigned i = 0; i < n; i++)
        turned = turned << 8 | (value >> 8 * i & 0xFF);
    put_be(file, n, file->little ? turned : value);
}

static void put_bytes(struct file *file, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put_be(file, 1, bytes[i]);
}

static void file_begin(struct file *file, uint16_t link, bool little, bool ng)
{
    *file = (struct file){.link = link, .little = little, .ng = ng};
    if (!ng) {
        put_u(file, 4, 0xA1B2C3D4);
        put_be(file, 16, 0);
        put_u(file, 4, link);
        return;
    }
    put_u(file, 4, 0x0A0D0D0A);
    put_u(file, 4, 28);
    put_u(file, 4, 0x1A2B3C4D);
    put_be(file, 12, 0);
    put_u(file, 4, 28);
    put_u(file, 4, 1);
    put_u(file, 4, 20);
    put_u(file, 2, link);
    put_be(file, 6, 0);
    put_u(file, 4, 20);
}

/* A packet of which `cut` bytes at the end were not kept. */
static void put_packet(struct file *file, const uint8_t *packet, size_t len, size_t cut)
{
    size_t kept = len - cut, padded = (kept + 3) & ~(size_t)3;

    if (file->ng) {
        put_u(file, 4, 6);
        put_u(file, 4, 32 + padded);
        put_be(file, 4, 0); /* interface */
    }
    put_be(file, 8, 0); /* time */
    put_u(file, 4, kept);
    put_u(file, 4, len);
    put_bytes(file, packet, kept);
    if (file->ng) {
        put_be(file, (unsigned)(padded - kept), 0);
        put_u(file, 4, 32 + padded);
    }
}

/* ---- packets ---- */

struct packet {
    bool from_plc, ipv6, syn, vlan;
    uint16_t client_port, plc_port;
    uint32_t seq;
    const uint8_t *data;
    size_t len, cut, padding;
    uint16_t fragment; /* IPv4's field */
};

static void put_link(struct file *bytes, uint16_t link, const struct packet *packet)
{
    uint16_t type = packet->ipv6 ? 0x86DD : 0x0800;

    if (link == 1)
        put_be(bytes, 12, 0);
    if (link == 1 && packet->vlan)
        put_be(bytes, 4, 0x81000007);
    if (link == 113)
        put_be(bytes, 14, 0);
    if (link == 0 || link == 108)
        put_be(bytes, 4, 2);
    else if (link == 1 || link == 113 || link == 276)
        put_be(bytes, 2, type);
    if (link == 276)
        put_be(bytes, 18, 0);
}

static void put_ip(struct file *bytes, const struct packet *packet)
{
    size_t len = 20 + packet->len;
    unsigned client = packet->from_plc ? 2 : 1, plc = 3 - client;

    if (packet->ipv6) {
        put_be(bytes, 4, 0x60000000);
        put_be(bytes, 2, len);
        put_be(bytes, 2, 0x0640);
        for (unsigned i = 0; i < 2; i++) {
            put_be(bytes, 8, 0xFE80000000000000);
            put_be(bytes, 8, i == 0 ? client : plc);
        }
        return;
    }
    put_be(bytes, 2, 0x4500);
    put_be(bytes, 2, 20 + len);
    put_be(bytes, 2, 0);
    put_be(bytes, 2, packet->fragment);
    put_be(bytes, 4, 0x40060000);
    put_be(bytes, 4, 0x0A000000 + client);
    put_be(bytes, 4, 0x0A000000 + plc);
}

static void put_tcp(struct file *file, const struct packet *packet)
{
    struct file bytes = {.len = 0};
    uint16_t plc_port = packet->plc_port != 0 ? packet->plc_port : 102;
    uint16_t client_port = packet->client_port != 0 ? packet->client_port : 50000;

    put_link(&bytes, file->link, packet);
    put_ip(&bytes, packet);
    put_be(&bytes, 2, packet->from_plc ? plc_port : client_port);
    put_be(&bytes, 2, packet->from_plc ? client_port : plc_port);
    put_be(&bytes, 4, packet->seq);
    put_be(&bytes, 4, 0);
    put_be(&bytes, 2, packet->syn ? 0x5002 : 0x5010);
    put_be(&bytes, 6, 0);
    put_bytes(&bytes, packet->data, packet->len);
    for (size_t i = 0; i < packet->padding; i++)
        put_be(&bytes, 1, 0xEE);
    put_packet(file, bytes.bytes, bytes.len, packet->cut);
}

/* ---- what is read ---- */

struct seen {
    struct capture_segment last;
    uint8_t data[64];
    unsigned n;
    uint32_t packet;
};

static void see(void *arg, const struct capture_segment *segment)
{
    struct seen *seen = arg;

    assert_true(segment->kept <= segment->len);
    assert_true(segment->packet > seen->packet);
    seen->packet = segment->packet;
    seen->last = *segment;
    memcpy(seen->data, segment->data, segment->kept < sizeof seen->data ? segment->kept : sizeof seen->data);
    seen->n++;
}

static enum capture_end parse(const struct file *file, struct seen *seen, struct capture_sum *sum)
{
    char why[CAPTURE_WHY_CAP];

    *seen = (struct seen){.n = 0};
    enum capture_end end = capture_parse(file->bytes, file->len, see, seen, sum, why);
    assert_int_equal(end == CAPTURE_WHOLE, why[0] == '\0');
    return end;
}

static const uint8_t five[] = {1, 2, 3, 4, 5};

static void every_link_and_order_of_bytes_gives_the_same_segment(void **state)
{
    static const uint16_t links[] = {0, 1, 12, 101, 108, 113, 228, 229, 276};

    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        for (unsigned variant = 0; variant < 16; variant++) {
            struct packet packet = {.seq = 7,
                                    .data = five,
                                    .len = sizeof five,
                                    .ipv6 = (variant & 4) != 0,
                                    .vlan = (variant & 8) != 0,
                                    .padding = 6};
            struct capture_sum sum;
            struct file file;
            struct seen seen;

            file_begin(&file, links[i], (variant & 1) != 0, (variant & 2) != 0);
            put_tcp(&file, &packet);
            if (parse(&file, &seen, &sum) != CAPTURE_WHOLE || seen.n != 1 || seen.last.len != sizeof five ||
                seen.last.kept != sizeof five || memcmp(seen.data, five, sizeof five) != 0 ||
                seen.last.seq != 7 || seen.last.flow.src_port != 50000 || seen.last.flow.dst[15] != 2)
                fail_msg("link %u, variant %u: %u segments, %zu bytes", links[i], variant, seen.n,
                         seen.last.len);
        }
}

static void packets_of_unknown_links_are_counted(void **state)
{
    struct packet packet = {.data = five, .len = sizeof five};
    struct capture_sum sum;
    struct file file;
    struct seen seen;

    (void)state;
    file_begin(&file, 147, true, false);
    put_tcp(&file, &packet);
    put_tcp(&file, &packet);
    assert_int_equal(parse(&file, &seen, &sum), CAPTURE_WHOLE);
    assert_int_equal(seen.n, 0);
    assert_int_equal(sum.packets, 2);
    assert_int_equal(sum.unknown_links, 2);
    assert_int_equal(sum.unknown_link, 147);
}

static void a_packet_that_was_cut_says_how_much_of_it_is_there(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= sizeof five + 40; cut++) {
        struct packet packet = {.data = five, .len = sizeof five, .cut = cut};
        struct capture_sum sum;
        struct file file;
        struct seen seen;

        file_begin(&file, 101, true, true);
        put_tcp(&file, &packet);
        assert_int_equal(parse(&file, &seen, &sum), CAPTURE_WHOLE);
        assert_int_equal(seen.n, cut <= sizeof five);
        if (seen.n == 1) {
            assert_int_equal(seen.last.len, sizeof five);
            assert_int_equal(seen.last.kept, sizeof five - cut);
        }
    }
}

static void fragments_are_counted_and_not_taken_for_segments(void **state)
{
    static const uint16_t fields[] = {0x2000, 0x0001, 0x4000};
    struct capture_sum sum;
    struct file file;
    struct seen seen;

    (void)state;
    file_begin(&file, 101, true, false);
    for (size_t i = 0; i < 3; i++)
        put_tcp(&file, &(struct packet){.data = five, .len = sizeof five, .fragment = fields[i]});
    assert_int_equal(parse(&file, &seen, &sum), CAPTURE_WHOLE);
    assert_int_equal(sum.fragments, 2);
    assert_int_equal(seen.n, 1); /* "do not fragment" is no fragment */
}

static void every_prefix_of_a_file_gives_the_packets_that_are_whole(void **state)
{
    (void)state;
    for (unsigned ng = 0; ng < 2; ng++) {
        struct file file;
        size_t ends[4];

        file_begin(&file, 1, true, ng);
        ends[0] = file.len;
        for (unsigned i = 1; i < 4; i++) {
            put_tcp(&file, &(struct packet){.data = five, .len = sizeof five, .seq = i});
            ends[i] = file.len;
        }
        size_t whole = file.len;
        for (size_t len = 0; len <= whole; len++) {
            unsigned n = 0;
            struct capture_sum sum;
            struct seen seen;

            while (n < 3 && len >= ends[n + 1])
                n++;
            file.len = len;
            enum capture_end end = parse(&file, &seen, &sum);
            bool at_end = len >= ends[0] && len == ends[n];
            bool between_blocks = ng && len == 28; /* behind the section, before the interface */
            if (seen.n != n || (end == CAPTURE_WHOLE) != (at_end || between_blocks) ||
                (len < 4) != (end == CAPTURE_NONE))
                fail_msg("%s, %zu of %zu bytes: %u packets instead of %u, end %d", ng ? "pcapng" : "pcap",
                         len, whole, seen.n, n, end);
        }
    }
}

static void no_byte_that_lies_leads_out_of_the_file(void **state)
{
    static const uint8_t lies[] = {0x00, 0x01, 0x45, 0x7F, 0x80, 0xFF};

    (void)state;
    for (unsigned ng = 0; ng < 2; ng++) {
        struct file file;

        file_begin(&file, 1, false, ng);
        put_tcp(&file, &(struct packet){.data = five, .len = sizeof five});
        put_tcp(&file, &(struct packet){.data = five, .len = sizeof five, .seq = 5});
        for (size_t at = 0; at < file.len; at++)
            for (size_t i = 0; i < sizeof lies; i++) {
                uint8_t *exact = malloc(file.len), was = file.bytes[at];
                struct capture_sum sum;
                struct seen seen = {.n = 0};
                char why[CAPTURE_WHY_CAP];

                file.bytes[at] = lies[i];
                memcpy(exact, file.bytes, file.len); /* the sanitizer sees what is read behind it */
                capture_parse(exact, file.len, see, &seen, &sum, why);
                file.bytes[at] = was;
                free(exact);
            }
    }
}

/* ---- conversations ---- */

static const uint8_t connect_request[] = {0x03, 0x00, 0x00, 0x16, 0x11, 0xE0, 0x00, 0x00, 0x00, 0x01, 0x00,
                                          0xC0, 0x01, 0x0A, 0xC1, 0x02, 0x01, 0x00, 0xC2, 0x02, 0x03, 0x02};
static const uint8_t setup[] = {0x03, 0x00, 0x00, 0x19, 0x02, 0xF0, 0x80, 0x32, 0x01, 0x00, 0x00, 0x00, 0x01,
                                0x00, 0x08, 0x00, 0x00, 0xF0, 0x00, 0x00, 0x02, 0x00, 0x02, 0x01, 0xE0};
static const uint8_t request[] = {0x03, 0x00, 0x00, 0x1F, 0x02, 0xF0, 0x80, 0x32, 0x01, 0x00, 0x00,
                                  0x00, 0x02, 0x00, 0x0E, 0x00, 0x00, 0x04, 0x01, 0x12, 0x0A, 0x10,
                                  0x02, 0x00, 0x04, 0x00, 0x01, 0x84, 0x00, 0x00, 0x00};
static const uint8_t answer[] = {0x03, 0x00, 0x00, 0x1D, 0x02, 0xF0, 0x80, 0x32, 0x03, 0x00,
                                 0x00, 0x00, 0x02, 0x00, 0x02, 0x00, 0x08, 0x00, 0x00, 0x04,
                                 0x01, 0xFF, 0x04, 0x00, 0x20, 0xDE, 0xAD, 0xBE, 0xEF};

static struct recorded read_file(const struct file *file)
{
    struct recorded recorded;

    assert_true(recorded_parse(file->bytes, file->len, &recorded));
    return recorded;
}

/* Bytes of one direction in pieces of that many. */
static void put_stream(struct file *file, struct packet packet, const uint8_t *bytes, size_t len,
                       size_t piece)
{
    for (size_t at = 0; at < len; at += piece) {
        packet.data = bytes + at;
        packet.len = len - at < piece ? len - at : piece;
        packet.seq = (uint32_t)(0xFFFFFFF0 + at); /* over the end of the numbers */
        put_tcp(file, &packet);
    }
}

static void a_conversation_is_the_same_however_the_network_cut_it(void **state)
{
    uint8_t asked[sizeof connect_request + sizeof setup + sizeof request];

    (void)state;
    memcpy(asked, connect_request, sizeof connect_request);
    memcpy(asked + sizeof connect_request, setup, sizeof setup);
    memcpy(asked + sizeof connect_request + sizeof setup, request, sizeof request);
    for (size_t piece = 1; piece <= sizeof asked; piece++) {
        struct file file;

        file_begin(&file, 101, true, true);
        put_tcp(&file, &(struct packet){.syn = true, .seq = 0xFFFFFFEF});
        put_stream(&file, (struct packet){.plc_port = 10102}, asked, sizeof asked, piece);
        put_stream(&file, (struct packet){.plc_port = 10102, .from_plc = true}, answer, sizeof answer, piece);
        struct recorded recorded = read_file(&file);
        /* who is the client is told by what is sent: no port is 102 */
        if (recorded.n != 1 || recorded.connections[0].n_pdus != 3)
            fail_msg("pieces of %zu: %zu connections", piece, recorded.n);
        const struct recorded_connection *talk = &recorded.connections[0];
        assert_int_equal(talk->gaps, 0);
        assert_true(talk->knows_tsaps && talk->knows_setup);
        assert_int_equal(talk->remote_tsap, 0x0302);
        assert_int_equal(talk->setup.pdu_len, 480);
        assert_true(recorded_is_request(&talk->pdus[1]));
        assert_ptr_equal(recorded_answer(talk, &talk->pdus[1]), &talk->pdus[2]);
        assert_null(recorded_answer(talk, &talk->pdus[0]));
        assert_memory_equal(talk->pdus[2].bytes, answer + 7, sizeof answer - 7);
        assert_int_equal(talk->pdus[2].kept, talk->pdus[2].len);
        recorded_free(&recorded);
    }
}

static void what_is_sent_twice_is_taken_once(void **state)
{
    struct file file;

    (void)state;
    file_begin(&file, 101, true, false);
    for (unsigned i = 0; i < 3; i++)
        put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 100});
    put_tcp(&file, &(struct packet){.data = answer, .len = sizeof answer, .from_plc = true});
    struct recorded recorded = read_file(&file);
    assert_int_equal(recorded.n, 1);
    assert_int_equal(recorded.connections[0].n_pdus, 2);
    recorded_free(&recorded);
}

static void a_lost_packet_costs_the_frame_that_it_cut_and_no_more(void **state)
{
    struct file file;

    (void)state;
    file_begin(&file, 101, true, false);
    put_tcp(&file, &(struct packet){.data = request, .len = 10, .seq = 100}); /* its end is missing */
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 100 + sizeof request});
    struct recorded recorded = read_file(&file);
    assert_int_equal(recorded.connections[0].n_pdus, 1);
    assert_int_equal(recorded.connections[0].gaps, 1);
    recorded_free(&recorded);
}

static void a_capture_that_begins_within_a_frame_is_read_from_the_next(void **state)
{
    struct file file;

    (void)state;
    file_begin(&file, 101, true, false);
    put_tcp(&file, &(struct packet){.data = request + 9, .len = sizeof request - 9, .seq = 109});
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 100 + sizeof request});
    struct recorded recorded = read_file(&file);
    assert_int_equal(recorded.n, 1);
    assert_int_equal(recorded.connections[0].n_pdus, 1);
    recorded_free(&recorded);
}

static void bytes_that_were_not_kept_do_not_shift_those_behind_them(void **state)
{
    struct file file;

    (void)state;
    file_begin(&file, 101, true, true);
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 1});
    put_tcp(&file, &(struct packet){.data = answer, .len = sizeof answer, .from_plc = true, .cut = 3});
    put_tcp(&file,
            &(struct packet){.data = answer, .len = sizeof answer, .from_plc = true, .seq = sizeof answer});
    struct recorded recorded = read_file(&file);
    const struct recorded_connection *talk = &recorded.connections[0];
    assert_int_equal(talk->n_pdus, 3);
    assert_int_equal(talk->gaps, 0);
    assert_int_equal(talk->pdus[1].len, sizeof answer - 7);
    assert_int_equal(talk->pdus[1].kept, sizeof answer - 7 - 3);
    assert_int_equal(talk->pdus[1].bytes[talk->pdus[1].len - 4], 0xDE);
    assert_int_equal(talk->pdus[1].bytes[talk->pdus[1].len - 3], 0);
    assert_int_equal(talk->pdus[2].kept, talk->pdus[2].len);
    recorded_free(&recorded);
}

static void connections_are_told_apart_by_ports_and_by_syn(void **state)
{
    struct file file;

    (void)state;
    file_begin(&file, 101, true, false);
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 1, .client_port = 1000});
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 1, .client_port = 1001});
    put_tcp(&file, &(struct packet){
                       .data = five, .len = sizeof five, .seq = 1, .client_port = 1002, .plc_port = 80});
    put_tcp(&file, &(struct packet){.syn = true, .seq = 70000, .client_port = 1000});
    put_tcp(&file,
            &(struct packet){.data = request, .len = sizeof request, .seq = 70001, .client_port = 1000});
    struct recorded recorded = read_file(&file);
    assert_int_equal(recorded.n, 3);
    assert_int_equal(recorded.connections[1].flow.src_port, 1001);
    assert_int_equal(recorded.connections[2].pdus[0].packet, 5);
    recorded_free(&recorded);
}

static void an_answer_belongs_to_the_request_before_it(void **state)
{
    struct file file;

    (void)state;
    file_begin(&file, 101, true, false);
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 1}); /* never answered */
    put_tcp(&file, &(struct packet){.data = request, .len = sizeof request, .seq = 1 + sizeof request});
    put_tcp(&file, &(struct packet){.data = answer, .len = sizeof answer, .from_plc = true});
    struct recorded recorded = read_file(&file);
    const struct recorded_connection *talk = &recorded.connections[0];
    assert_null(recorded_answer(talk, &talk->pdus[0]));
    assert_ptr_equal(recorded_answer(talk, &talk->pdus[1]), &talk->pdus[2]);
    recorded_free(&recorded);
}

static void places_are_written_as_endpoints_are(void **state)
{
    static const uint8_t v4[16] = {[10] = 0xFF, [11] = 0xFF, [12] = 192, [13] = 168, [15] = 1},
                         v6[16] = {[15] = 1};
    char text[RECORDED_PLACE_CAP];

    (void)state;
    recorded_place(v4, 102, text);
    assert_string_equal(text, "192.168.0.1:102");
    recorded_place(v6, 102, text);
    assert_string_equal(text, "[::1]:102");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_and_order_of_bytes_gives_the_same_segment),
        cmocka_unit_test(packets_of_unknown_links_are_counted),
        cmocka_unit_test(a_packet_that_was_cut_says_how_much_of_it_is_there),
        cmocka_unit_test(fragments_are_counted_and_not_taken_for_segments),
        cmocka_unit_test(every_prefix_of_a_file_gives_the_packets_that_are_whole),
        cmocka_unit_test(no_byte_that_lies_leads_out_of_the_file),
        cmocka_unit_test(a_conversation_is_the_same_however_the_network_cut_it),
        cmocka_unit_test(what_is_sent_twice_is_taken_once),
        cmocka_unit_test(a_lost_packet_costs_the_frame_that_it_cut_and_no_more),
        cmocka_unit_test(a_capture_that_begins_within_a_frame_is_read_from_the_next),
        cmocka_unit_test(bytes_that_were_not_kept_do_not_shift_those_behind_them),
        cmocka_unit_test(connections_are_told_apart_by_ports_and_by_syn),
        cmocka_unit_test(an_answer_belongs_to_the_request_before_it),
        cmocka_unit_test(places_are_written_as_endpoints_are),
    };

    return cmocka_run_group_tests_name("cli captures", tests, NULL, NULL);
}
