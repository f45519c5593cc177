/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/find.h"

#include <inttypes.h>

#define TEXT_MAX 8192

void find_init(struct find *find, struct store *store, const char *select)
{
    *find = (struct find){.store = store};
    buf_init(&find->text, TEXT_MAX);
    sql_expand_text(&store->tables, select, &find->text);
}

static void add_condition(struct find *find, const char *condition)
{
    buf_text_append(&find->text, find->has_where ? " AND " : " WHERE ");
    sql_expand_text(&find->store->tables, condition, &find->text);
    find->has_where = true;
}

void find_where_text(struct find *find, const char *condition, const char *value)
{
    if (!value)
        return;
    add_condition(find, condition);
    find->values[find->count++].text = value;
}

void find_where_number(struct find *find, const char *condition, int64_t value)
{
    if (!value)
        return;
    add_condition(find, condition);
    find->values[find->count++].number = value;
}

static int bind(const struct find *find, sqlite3_stmt *statement)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < find->count && code == SQLITE_OK; i++) {
        const char *text = find->values[i].text;
        code = text ? sqlite3_bind_text(statement, (int)i + 1, text, -1, SQLITE_STATIC)
                    : sqlite3_bind_int64(statement, (int)i + 1, find->values[i].number);
    }
    return code;
}

sqlite3_stmt *find_prepare(struct find *find, const char *order, size_t limit, struct err *err)
{
    struct store *store = find->store;
    sqlite3_stmt *statement = NULL;
    if (limit == 0)
        limit = (size_t)store->settings->batch_size;
    if (limit > INT64_MAX)
        limit = INT64_MAX;
    buf_printf(&find->text, " ORDER BY %s LIMIT %" PRIu64, order, (uint64_t)limit);
    int code = sqlite3_prepare_v2(store->db, buf_text(&find->text), -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = bind(find, statement);
    buf_finish(&find->text);
    if (code == SQLITE_OK)
        return statement;
    store_fail(store, code, err);
    sqlite3_finalize(statement);
    return NULL;
}
