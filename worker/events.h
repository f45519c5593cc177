/* SPDX-License-Identifier: MIT */
#ifndef WORKER_EVENTS_H
#define WORKER_EVENTS_H

#include "worker/core.h"

/*
 * events_log: a line of JSON for each attempt that has ended, for those who ship logs. All workers
 * append to the same file, in one write a turn of their loop. What cannot be written is dropped,
 * and the log says so once.
 */
#define EVENTS_MAX (1u << 20) /* bytes that wait to be written */

/* Opens the file that the settings name, if any. One that cannot be opened is said in the log, and
 * keeps nobody from working. */
void events_init(struct worker *worker);

/* Opens the file anew, after it was moved away. */
void events_open(struct worker *worker);

/* An attempt has ended; its outcome is known. */
void events_add(struct worker *worker, const struct attempt *attempt);

/* Writes what has come together. */
void events_flush(struct worker *worker);
void events_finish(struct worker *worker);

#endif
