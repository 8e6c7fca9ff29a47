/* contract_test.h - what loop.h promises, tested over any implementation of it. */
#ifndef LOOP_CONTRACT_TEST_H
#define LOOP_CONTRACT_TEST_H

#include "loop/loop.h"

typedef s7_status contract_make_fn(s7_loop **out);

/* Run all contract tests over loops from make; returns the number of failures. name tells the reports apart.
 */
int contract_run(const char *name, contract_make_fn *make);

/* Its parts about wants and bulk, faults of the network, and memory: called by it. */
int contract_run_traffic(const char *name);
int contract_run_faults(const char *name);
int contract_run_memory(const char *name);

#endif
