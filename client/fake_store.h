/* fake_store.h - for tests: the blocks that a fake PLC was given by downloads, of which it asks for the
 * pieces as a CPU does. */
#ifndef CLIENT_FAKE_STORE_H
#define CLIENT_FAKE_STORE_H

#include "client/session_script.h"
#include "protocol/blocks.h"

#define FAKE_BLOCKS        4
#define FAKE_BLOCK_CAP     4096
#define FAKE_PEER_REF_STEP 0x0200

/* A block that was downloaded; it is there for others once it was inserted. */
struct fake_block {
    char name[8]; /* "0A00001"; "": a free place */
    bool inserted;
    size_t len;
    uint8_t bytes[FAKE_BLOCK_CAP];
};

struct fake_store {
    struct fake_block blocks[FAKE_BLOCKS];
    struct fake_block *coming;             /* a download is under way: of this block */
    uint16_t peer_ref;                     /* of our next job */
    bool ends_early;                       /* after one piece */
    uint16_t refuse_end, refuse_insertion; /* errors, 0: none */
};

/* A block as a file: of len bytes, 100 of them beside code or data. */
static inline void fake_make_block(uint8_t *block, size_t len, uint8_t subtype, uint16_t number)
{
    struct s7_wr wr = {block, len, 0, false};

    for (size_t i = 0; i < len; i++)
        block[i] = (uint8_t)(i * 7 + 1);
    s7_wr_be(&wr, 4, 0x70700101);
    s7_wr_be(&wr, 2, 0x0500U | subtype);
    s7_wr_be(&wr, 2, number);
    s7_wr_be(&wr, 4, (uint32_t)len);
    wr.len = 34;
    s7_wr_be(&wr, 2, (uint32_t)len - 100);
    assert_false(wr.full);
}

/* NULL: none. */
static inline struct fake_block *fake_block_find(struct fake_store *store, const char *name)
{
    for (size_t i = 0; i < FAKE_BLOCKS; i++)
        if (strcmp(store->blocks[i].name, name) == 0)
            return &store->blocks[i];
    return NULL;
}

/* The name behind `at` in the parameters: "0A00001". */
static inline void fake_name(const struct s7_pdu *job, size_t at, char name[8])
{
    assert_true(job->param_len >= at + 7);
    memcpy(name, job->param + at, 7);
    name[7] = '\0';
}

/* A job of the PLC: 1B or 1C for the block that is coming. */
static inline struct bytes fake_peer_job(struct fake_store *store, uint8_t function, uint16_t error)
{
    uint8_t buf[64];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    size_t begin = s7_pdu_begin(&wr, S7_ROSCTR_JOB, store->peer_ref, 0);

    s7_wr_be(&wr, 1, function);
    s7_wr_be(&wr, 1, 0);
    s7_wr_be(&wr, 2, error);
    s7_wr_be(&wr, 4, 0);
    s7_wr_be(&wr, 2, 0x095F);
    s7_wr_bytes(&wr, (const uint8_t *)store->coming->name, 7);
    s7_wr_be(&wr, 1, 'P');
    s7_pdu_param_end(&wr, begin);
    s7_pdu_end(&wr, begin);
    assert_false(wr.full);
    return dt(buf, wr.len, true);
}

/* A request for a download; returns the error. */
static inline uint16_t fake_download(struct fake_store *store, const struct s7_pdu *job)
{
    char name[8];

    store->coming = NULL;
    fake_name(job, 10, name);
    assert_int_equal(job->param_len, 32);
    struct fake_block *place = fake_block_find(store, name);
    if (place == NULL)
        place = fake_block_find(store, "");
    if (place == NULL)
        return 0xD210;
    *place = (struct fake_block){.inserted = false};
    memcpy(place->name, name, sizeof name);
    store->coming = place;
    store->peer_ref = 0x0100;
    return 0;
}

/* The client's answer to a job of ours; *out: the next one, if there is one. */
static inline void fake_answered(struct fake_store *store, const struct s7_pdu *answer, struct bytes *out)
{
    struct fake_block *block = store->coming;

    assert_non_null(block);
    assert_int_equal(answer->ref, store->peer_ref);
    store->peer_ref += FAKE_PEER_REF_STEP;
    if (answer->param[0] == S7_FN_DOWNLOAD_END) {
        store->coming = NULL;
        return;
    }
    assert_int_equal(answer->data[0] << 8 | answer->data[1], answer->data_len - 4);
    assert_true(answer->data_len - 4 <= sizeof block->bytes - block->len);
    memcpy(block->bytes + block->len, answer->data + 4, answer->data_len - 4);
    block->len += answer->data_len - 4;
    *out = answer->param[1] == 1 && !store->ends_early
               ? fake_peer_job(store, S7_FN_DOWNLOAD, 0)
               : fake_peer_job(store, S7_FN_DOWNLOAD_END, store->refuse_end);
}

/* _INSE and _DELE; returns the error. */
static inline uint16_t fake_block_control(struct fake_store *store, const struct s7_pdu *job)
{
    char name[8];

    fake_name(job, 12, name);
    struct fake_block *block = fake_block_find(store, name);
    if (block == NULL)
        return 0xD209;
    if (memcmp(job->param + 21, "_DELE", 5) == 0)
        *block = (struct fake_block){.inserted = false};
    else if (store->refuse_insertion != 0)
        return store->refuse_insertion;
    else
        block->inserted = true;
    return 0;
}

#endif
