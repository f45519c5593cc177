/* SPDX-License-Identifier: MIT */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/*
 * Floors: what a store can do where a queue is nothing but the barest statements, so that a figure
 * of Muster can be judged. A store that fails ends the program.
 */
#define FLOOR_PAYLOAD 100

struct floor_store {
    const char *name;
    /* Opens the store at a place; makes what is missing. */
    void *(*open)(const char *where);
    void (*close)(void *store);
    /* Stores jobs with these numbers, in one call. */
    void (*push)(void *store, int64_t first, size_t count);
    /* Ends what the last call reserved, and reserves up to count jobs, in one call. Returns how
     * many. */
    size_t (*cycle)(void *store, size_t count);
};

extern const struct floor_store floor_redis, floor_sqlite_full, floor_sqlite_normal, floor_pgsql;

/* Says what went wrong, and ends the program. */
void floor_fail(const char *what, const char *why) __attribute__((noreturn));

/* A payload, NUL-terminated. */
const char *floor_payload(void);

#endif
