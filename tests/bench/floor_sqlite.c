/* SPDX-License-Identifier: MIT */
#include "tests/bench/floor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "common/mem.h"

#define PATIENCE_MS 60000
#define SQL_SIZE    256

enum { BEGIN, COMMIT, INSERT, RESERVE, END, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [INSERT] = "INSERT INTO floor (uuid, payload) VALUES (?1, ?2)",
    [RESERVE] =
        "UPDATE floor SET owner = 1 WHERE id IN"
        " (SELECT id FROM floor WHERE owner = 0 ORDER BY id LIMIT ?1) RETURNING id, payload",
    [END] = "DELETE FROM floor WHERE id = ?1",
};

struct sqlite {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int64_t *held;
    size_t held_count, capacity;
};

static void check(const struct sqlite *sqlite, int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        floor_fail("SQLite", sqlite3_errmsg(sqlite->db));
}

/* Runs a statement whose parameters are bound to its next row. Returns 1, or 0 at its end. */
static int step(const struct sqlite *sqlite, int statement)
{
    int code = sqlite3_step(sqlite->statements[statement]);
    check(sqlite, code);
    if (code == SQLITE_ROW)
        return 1;
    sqlite3_reset(sqlite->statements[statement]);
    return 0;
}

static void *sqlite_open(const char *where, const char *synchronous)
{
    char sql[SQL_SIZE];
    struct sqlite *sqlite = mem_new(1, sizeof *sqlite);
    check(sqlite, sqlite3_open(where, &sqlite->db));
    sqlite3_busy_timeout(sqlite->db, PATIENCE_MS);
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s;"
             "CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY, uuid TEXT, payload TEXT,"
             " owner INT DEFAULT 0)",
             synchronous);
    check(sqlite, sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL));
    for (int i = 0; i < STATEMENTS; i++)
        check(sqlite, sqlite3_prepare_v2(sqlite->db, texts[i], -1, &sqlite->statements[i], NULL));
    return sqlite;
}

static void *open_full(const char *where)
{
    return sqlite_open(where, "FULL");
}

static void *open_normal(const char *where)
{
    return sqlite_open(where, "NORMAL");
}

static void sqlite_close(void *store)
{
    struct sqlite *sqlite = store;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(sqlite->statements[i]);
    sqlite3_close(sqlite->db);
    free(sqlite->held);
    free(sqlite);
}

static void sqlite_push(void *store, int64_t first, size_t count)
{
    struct sqlite *sqlite = store;
    sqlite3_stmt *insert = sqlite->statements[INSERT];
    step(sqlite, BEGIN);
    for (size_t i = 0; i < count; i++) {
        char uuid[24];
        int length = snprintf(uuid, sizeof uuid, "%021" PRId64, first + (int64_t)i);
        sqlite3_bind_text(insert, 1, uuid, length, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, floor_payload(), FLOOR_PAYLOAD, SQLITE_STATIC);
        step(sqlite, INSERT);
    }
    step(sqlite, COMMIT);
}

static void end_held(struct sqlite *sqlite)
{
    for (size_t i = 0; i < sqlite->held_count; i++) {
        sqlite3_bind_int64(sqlite->statements[END], 1, sqlite->held[i]);
        step(sqlite, END);
    }
    sqlite->held_count = 0;
}

static size_t sqlite_cycle(void *store, size_t count)
{
    struct sqlite *sqlite = store;
    sqlite3_stmt *reserve = sqlite->statements[RESERVE];
    if (sqlite->capacity < count) {
        sqlite->held = mem_resize(sqlite->held, count, sizeof *sqlite->held);
        sqlite->capacity = count;
    }
    step(sqlite, BEGIN);
    end_held(sqlite);
    sqlite3_bind_int64(reserve, 1, (int64_t)count);
    while (step(sqlite, RESERVE))
        sqlite->held[sqlite->held_count++] = sqlite3_column_int64(reserve, 0);
    step(sqlite, COMMIT);
    return sqlite->held_count;
}

const struct floor_store floor_sqlite_full = {"sqlite-full", open_full, sqlite_close, sqlite_push,
                                              sqlite_cycle};
const struct floor_store floor_sqlite_normal = {"sqlite-normal", open_normal, sqlite_close,
                                                sqlite_push, sqlite_cycle};
