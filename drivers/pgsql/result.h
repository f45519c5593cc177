/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_RESULT_H
#define DRIVERS_PGSQL_RESULT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/mem.h"

/* Values of a result in binary format; a null is the fallback. */
bool pg_result_is_null(const PGresult *result, int row, int column);
int32_t pg_result_int(const PGresult *result, int row, int column);
int64_t pg_result_bigint(const PGresult *result, int row, int column);
double pg_result_double(const PGresult *result, int row, int column, double fallback);
bool pg_result_bool(const PGresult *result, int row, int column);

/* A row's place (ctid): its page, and in the lower 16 bits its number there. */
int64_t pg_result_place(const PGresult *result, int row, int column);

/* NUL-terminated, valid as long as the result; fallback (may be NULL) for a null. */
const char *pg_result_text(const PGresult *result, int row, int column, const char *fallback);

/* A copy in the arena, NULL for a null. */
char *pg_result_copy(const PGresult *result, int row, int column, struct arena *arena);

#endif
