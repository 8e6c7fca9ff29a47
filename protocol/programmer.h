/* programmer.h - test functions (userdata group 1): what a programming device has a PLC watch and change.
 *
 *   payload   length of parameters:2 | length of data:2 | parameters | data
 *   parameters of requests, 20 bytes   4 bytes | how often:2 | length of the result's data:2 | 10 bytes |
 *                                      trigger:2
 *   data of
 *     variable status (02)    number of items:2 | items
 *     modify variable (08)    number of items:2 | items | values: 00 09 | length:2 | bytes, filled to even
 *     enable (0E), disable (0D)   function of the job | job
 *     delete (0F)             00 01 | function of the job | job
 *     job list (10)           4 bytes; of its answer: jobs of function | job | 00 00
 *   item      area, size | elements, of a bit its number | DB:2 | byte, or number of a timer or counter:2
 *   push      parameters: 01 00 00 | 01 at once, 02 triggered
 *             data: number of items:2 | units as in the answer to a read, all filled to even; of a
 * modification return codes, filled
 *
 * The job is the sequence of the answer to 02 and 08, and of each push. Step 7 and TIA send long parameters
 * (12 bytes) in all requests. Layouts as an S7-300 had them. */
#ifndef PROTOCOL_PROGRAMMER_H
#define PROTOCOL_PROGRAMMER_H

#include "protocol/var.h"

enum s7_programmer_subfunction {
    S7_TEST_VARIABLES = 0x02,
    S7_TEST_MODIFY = 0x08,
    S7_TEST_DISABLE = 0x0D,
    S7_TEST_ENABLE = 0x0E,
    S7_TEST_DELETE = 0x0F,
    S7_TEST_JOBS = 0x10,
    S7_TEST_FLASH = 0x16
};

enum s7_test_trigger {
    S7_TEST_AT_ONCE = 0x0000,
    S7_TEST_SYSTEM = 0x0100,
    S7_TEST_CYCLE_BEGIN = 0x0200,
    S7_TEST_CYCLE_END = 0x0300,
    S7_TEST_ON_STOP = 0x0400
};

#define S7_TEST_ONCE      1 /* how often */
#define S7_TEST_PARAM_LEN 20
#define S7_TEST_ITEM_LEN  6
#define S7_TEST_JOB_LEN   4 /* in a job list */

/* In front of the data of a push or of the answer to a job list: two lengths and the parameters. */
#define S7_TEST_PUSH_HEAD_LEN 8

struct s7_test {
    uint16_t how_often, result_len, trigger;
    struct s7_rd data;
};

/* S7_E_FRAME: lengths beyond the payload, or fewer than 20 parameter bytes. */
S7_MUST_CHECK s7_status s7_test_decode(const uint8_t *payload, size_t len, struct s7_test *out);

/* The next item, as it would be read. S7_E_FRAME: less is left. S7_E_ARG: no area or size that is known. */
S7_MUST_CHECK s7_status s7_test_item_next(struct s7_rd *rd, struct s7_var_item *item);

/* Which job enable, disable and delete mean. S7_E_FRAME: of another length. */
S7_MUST_CHECK s7_status s7_test_job_decode(uint8_t subfunction, struct s7_rd data, uint8_t *function,
                                           uint8_t *job);

/* Append lengths and parameters of a push; returns where the length of the data is, for s7_test_push_end. */
size_t s7_test_push_begin(struct s7_wr *wr, bool triggered);
void s7_test_push_end(struct s7_wr *wr, size_t begin);

#endif
