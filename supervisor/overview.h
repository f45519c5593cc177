/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_OVERVIEW_H
#define SUPERVISOR_OVERVIEW_H

#include "common/buf.h"
#include "common/json.h"

struct master;
struct pool;
struct program;

/*
 * All that the master knows in one answer, as a dashboard wants it: thousands of programs must cost
 * milliseconds, so rows are written as text. The same rows are told when something changes
 * (watch.h); docs/dashboard.md has their members.
 */
#define OVERVIEW_TEXT_MAX (8u << 20)

/* Adds the members of all to an object. Returns 0, or -1 with err where it is too much. */
int overview_describe(const struct master *master, cJSON *answer, struct err *err);

/* One queue: a new object. */
cJSON *overview_queue(const struct master *master, const struct pool *pool);

/* Appends one program. Returns 0, or -1 where it does not fit. */
int overview_put_program(const struct program *program, struct buf *out);

#endif
