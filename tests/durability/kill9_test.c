/* kill9_test.c - an acknowledged write is committed: serve is killed at a random moment under write load, and
 * the file must hold every write that was acknowledged, whole.
 *
 * Each connection writes its counter, repeated, into a place in DB1 and one in DB2 by one job, several jobs
 * in flight. After the kill its value in the file must lie between the last counter acknowledged and the last
 * one sent, the same in all words, in both blocks and in the tag. The moment is a number of acknowledgements
 * drawn from the seed, not a time.
 *
 * usage: kill9 [ROUNDS [SEED|random]] */
#include "durability/check.h"
#include "durability/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 8
#define DEPTH       4
#define WORDS       16
#define PLACE_LEN   (WORDS * 4)
#define BLOCK_LEN   4096
#define ACKS_MAX    1500 /* before the kill */
#define ROUNDS      15
#define RX_CAP      4096

struct writer {
    int fd;
    uint32_t sent, acked;
    size_t rx_len;
    uint8_t rx[RX_CAP];
};

static struct {
    unsigned rounds;
    uint64_t seed, random;
    struct rig rig;
    struct writer writers[CONNECTIONS];
    uint64_t acked; /* in all rounds */
} kill9 = {.rounds = ROUNDS, .seed = 20260131};

static uint64_t draw(void) /* splitmix64 */
{
    uint64_t z = kill9.random += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* ---- load ---- */

/* Up to DEPTH jobs in flight. A send that fails is no matter: the server may be gone. */
static void ask(struct writer *writer, unsigned index)
{
    const struct frame_place places[2] = {{1, index * PLACE_LEN, PLACE_LEN},
                                          {2, index * PLACE_LEN, PLACE_LEN}};
    uint8_t frame[FRAME_CAP], data[2 * PLACE_LEN];

    while (writer->sent - writer->acked < DEPTH) {
        writer->sent++;
        for (size_t i = 0; i < 2 * WORDS; i++)
            put32(data + 4 * i, writer->sent);
        size_t len = frame_write_many(frame, (uint16_t)writer->sent, places, 2, data);
        if (send(writer->fd, frame, len, MSG_NOSIGNAL) != (ssize_t)len)
            return;
    }
}

static void take_frames(struct writer *writer)
{
    size_t at = 0;
    ssize_t len;
    const uint8_t *codes;

    while ((len = frame_len(writer->rx + at, writer->rx_len - at)) > 0) {
        writer->acked++;
        if (!frame_is_write_done(writer->rx + at, (size_t)len, (uint16_t)writer->acked, 2, &codes) ||
            codes[0] != FRAME_ITEM_OK || codes[1] != FRAME_ITEM_OK)
            fail_msg("write %u was not acknowledged with FF FF for both items", writer->acked);
        at += (size_t)len;
    }
    assert_true(len == 0);
    writer->rx_len -= at;
    memmove(writer->rx, writer->rx + at, writer->rx_len);
}

/* Everything that came so far. False: the connection is over. */
static bool take(struct writer *writer)
{
    ssize_t got;

    while ((got = recv(writer->fd, writer->rx + writer->rx_len, RX_CAP - writer->rx_len, MSG_DONTWAIT)) > 0) {
        writer->rx_len += (size_t)got;
        take_frames(writer);
    }
    return got < 0 && errno == EAGAIN;
}

static uint64_t count_acked(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < CONNECTIONS; i++)
        sum += kill9.writers[i].acked;
    return sum;
}

static void load_until(uint64_t acked)
{
    struct pollfd ready[CONNECTIONS];

    for (unsigned i = 0; i < CONNECTIONS; i++) {
        ready[i] = (struct pollfd){.fd = kill9.writers[i].fd, .events = POLLIN};
        ask(&kill9.writers[i], i);
    }
    while (count_acked() < acked) {
        if (poll(ready, CONNECTIONS, RIG_WAIT_S * 1000) <= 0)
            fail_msg("no acknowledgement for %d s", RIG_WAIT_S);
        for (unsigned i = 0; i < CONNECTIONS && count_acked() < acked; i++) {
            if ((ready[i].revents & POLLIN) == 0)
                continue;
            if (!take(&kill9.writers[i]))
                fail_msg("serve closed connection %u under load", i);
            if (count_acked() < acked)
                ask(&kill9.writers[i], i);
        }
    }
}

/* ---- the file ---- */

static void check_writer(sqlite3 *db, unsigned index, const uint8_t *db1, const uint8_t *db2)
{
    struct writer *writer = &kill9.writers[index];
    uint32_t value = get32(db1 + index * PLACE_LEN);

    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t one = get32(db1 + index * PLACE_LEN + 4 * i), two = get32(db2 + index * PLACE_LEN + 4 * i);
        if (one != value || two != value)
            fail_msg("connection %u: torn write: word 0 of DB1 is %u, word %u is %u in DB1 and %u in DB2",
                     index, value, i, one, two);
    }
    if (value < writer->acked || value > writer->sent)
        fail_msg("connection %u: %u is in the file, but %u was acknowledged and %u sent", index, value,
                 writer->acked, writer->sent);
    int64_t tag = rig_sql_int(db, "SELECT value FROM tag WHERE name = 'writer%u'", index);
    if (tag != value)
        fail_msg("connection %u: its tag says %lld, its block %u", index, (long long)tag, value);
    writer->acked = writer->sent = value; /* the next round counts on from what the file holds */
}

/* The log and the bytes were committed together: the newest row of a place has what is there, and each row
 * begins with what the one before it left. */
static void check_log(sqlite3 *db)
{
    assert_int_equal(rig_sql_int(db,
                                 "SELECT count(*) FROM (SELECT number, offset, after, max(id) FROM write_log"
                                 " WHERE kind = 'DB' GROUP BY number, offset) l JOIN block b ON b.kind = "
                                 "'DB' AND b.number = l.number"
                                 " WHERE substr(b.data, l.offset + 1, %u) <> l.after",
                                 PLACE_LEN),
                     0);
    assert_int_equal(
        rig_sql_int(db, "SELECT count(*) FROM (SELECT before, lag(after) OVER (PARTITION BY number, offset"
                        " ORDER BY id) AS left_there FROM write_log WHERE kind = 'DB')"
                        " WHERE left_there IS NOT NULL AND left_there <> before"),
        0);
    assert_true(rig_sql_int(db, "SELECT count(*) FROM write_log") > 0);
}

static void check_file(void)
{
    uint8_t db1[BLOCK_LEN], db2[BLOCK_LEN];
    sqlite3 *db = rig_sqlite(&kill9.rig);

    rig_sql_blob(db, "SELECT data FROM block WHERE kind = 'DB' AND number = 1", db1, sizeof db1);
    rig_sql_blob(db, "SELECT data FROM block WHERE kind = 'DB' AND number = 2", db2, sizeof db2);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        check_writer(db, i, db1, db2);
    check_log(db);
    assert_int_equal(
        rig_sql_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    sqlite3_close(db);
}

static void name_tags(void)
{
    sqlite3 *db = rig_sqlite(&kill9.rig);

    for (unsigned i = 0; i < CONNECTIONS; i++)
        rig_sql(db,
                "INSERT INTO tag (name, address, type, value) VALUES ('writer%u', 'DB2.DBD%u', 'DWORD', 0)",
                i, i * PLACE_LEN);
    sqlite3_close(db);
}

static void round_once(unsigned round)
{
    uint64_t before, acks = 1 + draw() % ACKS_MAX;

    rig_serve(&kill9.rig, round % 4 == 3 ? "delete" : "wal");
    for (size_t i = 0; i < CONNECTIONS; i++) {
        kill9.writers[i].fd = rig_connect(&kill9.rig);
        kill9.writers[i].rx_len = 0;
    }
    before = count_acked();
    load_until(before + acks);
    rig_kill(&kill9.rig);
    for (size_t i = 0; i < CONNECTIONS; i++) { /* what was on its way counts as acknowledged too */
        take(&kill9.writers[i]);
        close(kill9.writers[i].fd);
    }
    kill9.acked += count_acked() - before;
    check_file();
}

static void no_acknowledged_write_is_missing_after_kill_9(void **state)
{
    (void)state;
    kill9.random = kill9.seed;
    print_message("kill9: %u rounds, seed %llu\n", kill9.rounds, (unsigned long long)kill9.seed);
    rig_new(&kill9.rig);
    name_tags();
    for (unsigned round = 0; round < kill9.rounds; round++)
        round_once(round);
    print_message(
        "kill9: serve killed %u times, %llu acknowledged writes of two blocks each, all in the file\n",
        kill9.rounds, (unsigned long long)kill9.acked);
}

static int clean(void **state)
{
    (void)state;
    rig_free(&kill9.rig);
    return 0;
}

static uint64_t random_seed(void)
{
    uint64_t seed;

    return getrandom(&seed, sizeof seed, 0) == sizeof seed ? seed : (uint64_t)getpid();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_acknowledged_write_is_missing_after_kill_9, clean)};

    if (argc > 1)
        kill9.rounds = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        kill9.seed = strcmp(argv[2], "random") == 0 ? random_seed() : strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
