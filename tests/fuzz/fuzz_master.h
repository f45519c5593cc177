/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_MASTER_H
#define TESTS_FUZZ_FUZZ_MASTER_H

#include "supervisor/master.h"

/*
 * A real master for fuzz targets, in a directory of its own that goes with the process: its loop
 * turns only when the target lets it, it serves no queues, and the files of its programs do not
 * exist, so that whatever is asked starts no process.
 */
#define FUZZ_TOKEN "a-token" /* its HTTP listener asks for it */

/* One that runs and is not worn: a new one after it was stopped, and every so many calls. */
struct master *fuzz_master(void);

/* The unix socket where it listens to HTTP. */
const char *fuzz_master_socket(void);

#endif
