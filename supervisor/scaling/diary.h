/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_DIARY_H
#define SUPERVISOR_SCALING_DIARY_H

#include <stddef.h>

#include "common/err.h"
#include "common/json.h"

/*
 * The history of scaling: one JSON object a line in DATADIR/scaling-history, which is put aside as
 * scaling-history.1 when it has DIARY_MAX bytes, so that the last thousands of decisions are kept
 * over restarts and no more.
 */
#define DIARY_MAX       (512u << 10)
#define DIARY_LINES_MAX 10000

/* Appends an entry (an object; docs/scaling.md). Returns 0, or -1 with err. */
int diary_write(const char *datadir, const cJSON *entry, struct err *err);

/* The last entries, at most limit, in their order; only those of a queue where it is not NULL. What
 * cannot be read as an entry is passed over. An array that the caller deletes; empty where there is
 * no history. NULL with err where it cannot be read. */
cJSON *diary_read(const char *datadir, const char *queue, size_t limit, struct err *err);

#endif
