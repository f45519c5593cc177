/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_CALLBACK_H
#define DRIVERS_PGSQL_CALLBACK_H

#include "queue/job.h"

/*
 * A callback of a batch, as it lies there: the values of the row that it becomes, so that the
 * server can push it (call_back in schema.sql):
 * {"uuid","queue","payload","priority","delay",["batch","key","until"]}.
 */
#define CALLBACK_MAX ((size_t)100 << 20)

/* Appends the object. Returns 0, or -1 with err past a cap. */
int pg_callback_encode(const struct job *job, int64_t now_ms, struct buf *out, struct err *err);

/* Reads it back; the strings are in the arena. Returns 0, or -1 with err. */
int pg_callback_decode(const char *text, size_t length, struct arena *arena, struct job *job,
                       struct err *err);

#endif
