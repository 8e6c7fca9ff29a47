/* A PLC with status lists, blocks, a clock and a mode, for the tests of the commands that ask for them: the
 * fake PLC of client/fake_plc.h on a port, with a block list and a
 * diagnostic buffer of its own. Prints its port; ends when it is
 * killed.
 *
 *   services_plc          serves
 *   services_plc plain    serves the fake PLC's own list of blocks: OB 0 FB 2 FC 3 DB 100 SDB 5 SFC 6 SFB 7
 *   services_plc locked   refuses every job, as a PLC that does not permit PUT/GET
 *
 * Its blocks: DB 26 of 2 bytes, DB 1 of 256 (the memory has more), DB 300 of which it tells no more. Its
 * diagnostic buffer: ten entries, of which two have no text and one no time. */
#include "client/fake_plc.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define NUMBER_AT 12 /* in the 78 bytes of a block's details */
#define LEN_AT    40

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The error of an answer about DBs; its payload to wr. */
static uint16_t blocks(const struct s7_userdata *request, struct s7_wr *wr)
{
    static const unsigned listed[] = {26, 1, 300};
    unsigned db = 0;

    if (request->subfunction == S7_BLOCKS_OF_TYPE) {
        for (size_t i = 0; i < 3; i++)
            s7_wr_be(wr, 4, listed[i] << 16 | 0x2205);
        return 0;
    }
    if (request->payload_len >= 8 && sscanf((const char *)request->payload, "0A%5uA", &db) == 1 && db < 300) {
        fake_block_info(wr);
        put_u16(wr->buf + NUMBER_AT, db);
        put_u16(wr->buf + LEN_AT, db == 1 ? 256 : 2);
        return 0;
    }
    return 0xD209;
}

static void diagnostic_buffer(struct s7_wr *wr)
{
    static const uint32_t events[10] = {0x4302, 0x4304, 0x8510, 0x3400, 0x4302,
                                        0x4302, 0x4302, 0x4302, 0x4302, 0x4302};

    s7_szl_head_append(wr, S7_SZL_DIAG, 0, S7_SZL_DIAG_LEN, 10);
    for (size_t i = 0; i < 10; i++) {
        s7_wr_be(wr, 4, events[i] << 16 | 0xFF68);
        s7_wr_be(wr, 4, 0xC7000000);
        s7_wr_be(wr, 4, 0);
        if (events[i] == 0x3400)
            fake_text(wr, "", 8);
        else
            s7_datetime_encode(wr, &(s7_datetime){.year = 1994, .month = 1, .day = 9});
    }
}

/* The answer is ours: its error, its payload to wr. */
static bool is_own(const struct s7_userdata *request, bool own_list, struct s7_wr *wr, uint16_t *error)
{
    uint16_t id, index;

    *error = 0;
    if (own_list && request->group == S7_GROUP_BLOCKS) {
        *error = blocks(request, wr);
        return true;
    }
    if (request->group != S7_GROUP_CPU ||
        s7_szl_request_decode(request->payload, request->payload_len, &id, &index) != S7_OK ||
        id != S7_SZL_DIAG)
        return false;
    diagnostic_buffer(wr);
    return true;
}

/* True: *out is the answer. */
static bool answer_own(const uint8_t *frame, size_t len, bool own_list, struct bytes *out)
{
    struct s7_cotp tpdu;
    struct s7_pdu job;
    struct s7_userdata request;
    uint8_t payload[256], buf[512];
    uint16_t error;
    struct s7_wr content = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};

    if (s7_cotp_decode(frame, len, &tpdu) != S7_OK || tpdu.code != S7_COTP_DT ||
        s7_pdu_decode(tpdu.data, tpdu.data_len, &job) != S7_OK || job.rosctr != S7_ROSCTR_USERDATA ||
        s7_userdata_decode(&job, &request) != S7_OK || !is_own(&request, own_list, &content, &error))
        return false;
    struct s7_userdata unit = s7_userdata_request(request.group, request.subfunction,
                                                  error == 0 ? payload : NULL, error == 0 ? content.len : 0);
    unit.is_long = true;
    unit.method = S7_METHOD_ANSWER;
    unit.type = S7_USERDATA_ANSWER;
    unit.sequence = FAKE_SEQUENCE;
    unit.error = error;
    s7_userdata_encode(&wr, job.ref, &unit);
    *out = dt(buf, wr.len, true);
    return true;
}

static void serve(int peer, struct fake_plc *plc, bool own_list)
{
    static uint8_t rx[8192];
    struct bytes answer;
    size_t have = 0;
    ssize_t got;

    while ((got = recv(peer, rx + have, sizeof rx - have, 0)) > 0) {
        have += (size_t)got;
        for (size_t len; (len = first_frame(rx, have)) > 0; have -= len, memmove(rx, rx + len, have)) {
            if (plc->refuse != 0 || !answer_own(rx, len, own_list, &answer))
                fake_plc_answer(plc, rx, len, &answer);
            if (answer.len > 0 && send(peer, answer.at, answer.len, MSG_NOSIGNAL) != (ssize_t)answer.len)
                return;
        }
    }
}

int main(int argc, char **argv)
{
    static struct fake_plc plc;
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof where;
    int peer, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&where, &len) != 0)
        return 2;
    printf("%u\n", ntohs(where.sin_port));
    fflush(stdout);
    fake_plc_init(&plc, 480, 1);
    plc.refuse = argc > 1 && strcmp(argv[1], "locked") == 0 ? 0x8104 : 0;
    while ((peer = accept(fd, NULL, NULL)) >= 0) {
        serve(peer, &plc, argc < 2 || strcmp(argv[1], "plain") != 0);
        close(peer);
    }
    return 1;
}
