/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/result.h"

/* Notes (queue/note.h). */

static void put_note(const struct note *note, struct params *params)
{
    pg_params_text(params, note->kind);
    pg_params_text(params, note->key);
    pg_params_text(params, note->value);
    pg_params_text(params, note->owner);
    pg_params_bigint(params, note->ttl_ms);
}

int pgsql_note_put(struct store *store, const struct note *note, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_NOTE_PUT);
    put_note(note, &query.params);
    int done = pg_exchange(store, &query, 1, err);
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_note_claim(struct store *store, const struct note *note, bool *held, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_NOTE_CLAIM);
    put_note(note, &query.params);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0)
        *held = PQntuples(query.result) > 0;
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_note_list(struct store *store, const char *kind, const char *prefix,
                    const char *after_key, size_t limit, note_fn each, void *context,
                    struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_NOTE_LIST);
    pg_params_text(&query.params, kind);
    pg_params_text(&query.params, prefix);
    pg_params_text(&query.params, after_key);
    pg_params_bigint(&query.params, (int64_t)limit);
    int done = pg_exchange(store, &query, 1, err);
    for (int row = 0; done == 0 && row < PQntuples(query.result); row++) {
        const struct note note = {
            .kind = kind,
            .key = pg_result_text(query.result, row, 0, ""),
            .value = pg_result_text(query.result, row, 1, ""),
            .owner = pg_result_text(query.result, row, 2, NULL),
            .ttl_ms = pg_result_bigint(query.result, row, 3),
            .updated_at_ms = pg_result_bigint(query.result, row, 4),
        };
        if (each(context, &note) != 0)
            break;
    }
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_note_remove(struct store *store, const char *kind, const char *prefix,
                      const char *before_key, size_t limit, uint64_t *count, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_NOTE_REMOVE);
    pg_params_text(&query.params, kind);
    pg_params_text(&query.params, prefix);
    pg_params_text(&query.params, before_key);
    pg_params_bigint(&query.params, (int64_t)limit);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0)
        *count = (uint64_t)PQntuples(query.result);
    pg_queries_finish(&query, 1);
    return done;
}
