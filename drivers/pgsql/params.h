/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_PARAMS_H
#define DRIVERS_PGSQL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * The parameters of one statement, in PostgreSQL's binary format. They are appended in the order of
 * $1, $2, …; the bytes are copied. What does not fit is noticed when they are taken.
 */
#define PARAMS_MAX       12
#define PARAMS_BYTES_MAX ((size_t)512 << 20)

struct params {
    int count;
    struct {
        size_t at; /* in bytes */
        int length;
        bool is_null;
    } items[PARAMS_MAX];
    struct buf bytes;
    bool is_cut; /* the cap was passed */
};

/* No parameters yet; nothing is allocated until one is appended. Finishing frees the bytes. */
void pg_params_init(struct params *params);
void pg_params_finish(struct params *params);

/* One value. params_text takes NULL for SQL's null. */
void pg_params_text(struct params *params, const char *text);
void pg_params_bytes(struct params *params, const char *text, size_t length);
void pg_params_int(struct params *params, int32_t value);
void pg_params_bigint(struct params *params, int64_t value);
void pg_params_null(struct params *params);

/* An array: begun with the type and the number of its elements, then each of those. */
enum params_type { PARAMS_INT, PARAMS_BIGINT, PARAMS_DOUBLE, PARAMS_TEXT, PARAMS_TID };
void pg_params_array(struct params *params, enum params_type type, size_t count);
void pg_params_put_int(struct params *params, int32_t value);
void pg_params_put_bigint(struct params *params, int64_t value);
void pg_params_put_double(struct params *params, double value);
void pg_params_put_text(struct params *params, const char *text); /* NULL: SQL's null */
void pg_params_put_bytes(struct params *params, const char *text, size_t length);
/* A row's place: its page, and its number there. */
void pg_params_put_tid(struct params *params, uint32_t page, uint16_t number);
void pg_params_put_null(struct params *params);
void pg_params_array_end(struct params *params);

/* The bytes of a COPY: its head, its rows, in each of which values follow as in an array, its end.
 * They are for the caller to take from `bytes`. */
void pg_params_copy_begin(struct params *params);
void pg_params_copy_row(struct params *params, int16_t fields);
void pg_params_copy_end(struct params *params);

/* What libpq wants of them, valid until the next change. Returns 0, or -1 with err (ERR_LIMIT). */
struct params_view {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
};
int pg_params_take(const struct params *params, struct params_view *view, struct err *err);

#endif
