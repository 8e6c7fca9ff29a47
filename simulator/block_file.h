/* block_file.h - a data block of the plant as a block file: what block info shows of it and uploads give.
 *
 *   head 36 | the block's bytes | interface 20 | foot 36
 *
 * The plant knows bytes only: the interface is empty (zeros, so many that clients which want room behind the
 * bytes find it), times are 1984-01-01, author, family and name are blank. */
#ifndef SIMULATOR_BLOCK_FILE_H
#define SIMULATOR_BLOCK_FILE_H

#include "plant/plant.h"
#include "protocol/wire.h"

#define SIM_BLOCK_INTERFACE_LEN 20
#define SIM_BLOCK_BYTES_MAX     65535 /* of a DB; the length field takes no more */

uint32_t sim_block_file_len(const struct plant_block *block);
void sim_block_head_append(struct s7_wr *wr, const struct plant_block *block);
void sim_block_foot_append(struct s7_wr *wr);

/* Append bytes [at, at + len) of the file, which must lie in it. */
void sim_block_file_append(struct s7_wr *wr, const struct plant_block *block, uint32_t at, uint32_t len);

#endif
