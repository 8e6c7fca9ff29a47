/* block_file.h - a block of the plant as a block file: what block info shows of it and uploads give.
 *
 *   head 36 | code, or the bytes of a DB | interface | foot 36
 *
 * A block that was downloaded is as it came, but for its number and, in a DB, the bytes, which are those of
 * now. Of a DB that nobody downloaded the plant knows the bytes only: its interface is 20 zeros, so many that
 * clients which want room behind the bytes find it, times are 1984-01-01, author, family and name are blank.
 */
#ifndef SIMULATOR_BLOCK_FILE_H
#define SIMULATOR_BLOCK_FILE_H

#include "simulator/plc.h"

#include "plant/plant.h"
#include "protocol/wire.h"

#define SIM_BLOCK_INTERFACE_LEN 20
#define SIM_BLOCK_BYTES_MAX     65535 /* of a DB; the length field takes no more */

/* Letters of types, see protocol/blocks.h. */
#define SIM_BLOCK_DB 'A'

struct sim_block {
    uint8_t type; /* the letter */
    uint16_t number;
    const struct plant_block *db;  /* the bytes of a DB; NULL: another type */
    const struct plant_code *code; /* as it was downloaded; NULL: it was not, or it does not fit the DB any
                                      more */
};

/* The plant's kind of such blocks; false: it holds none of them. */
bool sim_block_kind(uint8_t type, enum plant_kind *kind);

/* false: there is none. What it points at is valid as long as the plant's blocks. */
bool sim_block_find(const struct sim_plc *plc, uint8_t type, uint32_t number, struct sim_block *out);

/* All of a type, by number. */
typedef void sim_block_fn(const struct sim_block *block, void *arg);
void sim_blocks(const struct sim_plc *plc, uint8_t type, sim_block_fn *fn, void *arg);

uint8_t sim_block_language(const struct sim_block *block);
uint32_t sim_block_file_len(const struct sim_block *block);
void sim_block_head_append(struct s7_wr *wr, const struct sim_block *block);
void sim_block_foot_append(struct s7_wr *wr, const struct sim_block *block);

/* Append bytes [at, at + len) of the file, which must lie in it. */
void sim_block_file_append(struct s7_wr *wr, const struct sim_block *block, uint32_t at, uint32_t len);

#endif
