/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/owner.h"
#include "drivers/pgsql/push.h"
#include "drivers/pgsql/reserve.h"
#include "drivers/pgsql/result.h"
#include "queue/history.h"

/* What a query is about: outcomes of the turn. */
struct part {
    size_t first;
    size_t count;
};

/* One turn: which queries it consists of, and what each is about. */
struct turn {
    struct store *store;
    const char *owner;
    struct outcome *outcomes;
    size_t outcome_count;
    struct query *queries;
    size_t query_count;
    struct part *parts; /* of each query of outcomes */
    size_t room;        /* for queries */
};

static void make_room(struct turn *turn, size_t more)
{
    size_t needed = turn->query_count + more;
    if (needed <= turn->room)
        return;
    turn->room = 2 * needed;
    turn->queries = mem_resize(turn->queries, turn->room, sizeof *turn->queries);
    turn->parts = mem_resize(turn->parts, turn->room, sizeof *turn->parts);
}

/* The parameters are to be appended before the next query is added. */
static struct params *add(struct turn *turn, enum statement statement, struct part part)
{
    make_room(turn, 1);
    struct query *query = &turn->queries[turn->query_count];
    turn->parts[turn->query_count++] = part;
    pg_query_init(query, statement);
    return &query->params;
}

/* --- ends --- */

static int add_pushes(struct turn *turn, const struct outcome *outcome, struct err *err)
{
    if (outcome->push_count == 0)
        return 0;
    struct params *params = add(turn, STATEMENT_INSERT_IF_HELD, (struct part){0});
    if (pg_push_params(turn->store, outcome->pushes, outcome->push_count, params, err) < 0)
        return -1;
    pg_params_text(params, outcome->lease.uuid);
    pg_params_int(params, outcome->lease.attempt);
    pg_params_text(params, turn->owner);
    return 0;
}

static const char *const kind_names[] = {
    [OUTCOME_RELEASE] = "release",
    [OUTCOME_UNTOUCHED] = "untouched",
    [OUTCOME_FAIL] = "fail",
    [OUTCOME_CANCELLED] = "cancelled",
};

/* The server fills in when it was. */
static void put_entry(const char *owner, const struct outcome *outcome, struct params *params)
{
    const struct history_entry entry = {
        .attempt = outcome->lease.attempt,
        .worker = owner,
        .cause = outcome->cause,
        .exception = outcome->exception,
    };
    struct buf text;
    buf_init(&text, HISTORY_BYTES_MAX);
    if (outcome->kind == OUTCOME_FAIL || outcome->cause || outcome->exception) {
        history_entry_encode(&entry, &text);
        pg_params_bytes(params, buf_text(&text), text.length);
    } else {
        pg_params_null(params);
    }
    buf_finish(&text);
}

static void add_end(struct turn *turn, size_t i)
{
    const struct outcome *outcome = &turn->outcomes[i];
    struct params *params = add(turn, STATEMENT_END, (struct part){.first = i, .count = 1});
    pg_params_text(params, turn->owner);
    pg_params_text(params, outcome->lease.uuid);
    pg_params_int(params, outcome->lease.attempt);
    pg_params_text(params, kind_names[outcome->kind]);
    pg_params_bigint(params, outcome->delay_ms);
    pg_params_text(params, outcome->exception ? outcome->exception : "");
    pg_params_text(params, outcome->cause ? outcome->cause : "");
    put_entry(turn->owner, outcome, params);
    pg_params_text(params, turn->store->settings->name);
}

/* Ends that went well and stand one behind the other are one statement. */
static void add_done(struct turn *turn, size_t first, size_t count)
{
    const struct outcome *outcomes = turn->outcomes + first;
    struct params *params =
        add(turn, STATEMENT_ACKNOWLEDGE, (struct part){.first = first, .count = count});
    pg_params_array(params, PARAMS_TEXT, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_text(params, outcomes[i].lease.uuid);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_INT, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_int(params, outcomes[i].lease.attempt);
    pg_params_array_end(params);
    pg_params_text(params, turn->owner);
    pg_params_array(params, PARAMS_TID, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_tid(params, (uint32_t)(outcomes[i].lease.id >> 16),
                          (uint16_t)outcomes[i].lease.id);
    pg_params_array_end(params);
}

static size_t count_done(const struct turn *turn, size_t first)
{
    size_t count = 0;
    while (first + count < turn->outcome_count &&
           turn->outcomes[first + count].kind == OUTCOME_DONE &&
           (count == 0 || turn->outcomes[first + count].push_count == 0))
        count++;
    return count;
}

static int add_outcomes(struct turn *turn, struct err *err)
{
    for (size_t i = 0; i < turn->outcome_count;) {
        if (add_pushes(turn, &turn->outcomes[i], err) < 0)
            return -1;
        size_t done = count_done(turn, i);
        if (done > 0)
            add_done(turn, i, done);
        else
            add_end(turn, i);
        i += done > 0 ? done : 1;
    }
    return 0;
}

/* The row of this uuid; each counts once. */
static bool take_row(const PGresult *result, bool *is_taken, const char *uuid)
{
    for (int row = 0; row < PQntuples(result); row++) {
        const char *found = pg_result_text(result, row, 0, NULL); /* NULL: no outcome */
        if (!found || is_taken[row] || strcmp(found, uuid) != 0)
            continue;
        is_taken[row] = true;
        return true;
    }
    return false;
}

static size_t count_rows(const PGresult *result)
{
    size_t count = 0;
    for (int row = 0; row < PQntuples(result); row++)
        count += !pg_result_is_null(result, row, 0);
    return count;
}

static void read_done(struct turn *turn, const PGresult *result, const struct part *part)
{
    bool *is_taken = mem_new((size_t)PQntuples(result) + 1, sizeof *is_taken);
    bool is_all = count_rows(result) == part->count;
    for (size_t i = 0; i < part->count; i++) {
        struct outcome *outcome = &turn->outcomes[part->first + i];
        outcome->applied = is_all || take_row(result, is_taken, outcome->lease.uuid);
    }
    free(is_taken);
}

static void read_ends(struct turn *turn, size_t end_count)
{
    for (size_t i = 0; i < turn->outcome_count; i++)
        turn->outcomes[i].applied = false;
    for (size_t i = 0; i < end_count; i++) {
        const struct query *query = &turn->queries[i];
        const struct part *part = &turn->parts[i];
        if (query->statement == STATEMENT_ACKNOWLEDGE)
            read_done(turn, query->result, part);
        else if (query->statement == STATEMENT_END)
            turn->outcomes[part->first].applied = pg_result_bool(query->result, 0, 0);
    }
}

/* Jobs that were pushed by the way. */
static void wake_for_pushes(struct turn *turn)
{
    for (size_t i = 0; i < turn->outcome_count; i++) {
        const struct outcome *outcome = &turn->outcomes[i];
        if (outcome->applied && outcome->push_count > 0)
            pg_push_wake(turn->store, outcome->pushes, outcome->push_count);
    }
}

/* --- the turn --- */

/* What was given back to its place may be where a walk does not look. */
static void doubt_scan(struct turn *turn)
{
    for (size_t i = 0; i < turn->outcome_count; i++)
        if (turn->outcomes[i].kind == OUTCOME_UNTOUCHED && turn->outcomes[i].applied)
            pg_scan_doubt(&turn->store->scan);
}

static int exchange_turn(struct turn *turn, const struct reserve_request *request,
                         struct reservation *reservation, struct err *err)
{
    struct reserving reserving;
    struct query *its_queries;
    if (add_outcomes(turn, err) < 0)
        return -1;
    size_t end_count = turn->query_count;
    make_room(turn, RESERVING_QUERIES_MAX);
    its_queries = turn->queries + end_count;
    if (request)
        turn->query_count +=
            pg_reserving_begin(&reserving, turn->store, request, reservation, its_queries);
    if (turn->query_count > 0 &&
        pg_exchange(turn->store, turn->queries, turn->query_count, err) < 0) {
        if (request)
            pg_reserving_lost(&reserving);
        return -1;
    }
    read_ends(turn, end_count);
    doubt_scan(turn);
    wake_for_pushes(turn);
    if (!request)
        return 0;
    pg_reserving_read(&reserving, its_queries);
    pg_reserving_end(&reserving, its_queries);
    return 0;
}

static int run(struct store *store, const char *owner, struct outcome *outcomes,
               size_t outcome_count, const struct reserve_request *request,
               struct reservation *reservation, struct err *err)
{
    struct turn turn = {
        .store = store, .owner = owner, .outcomes = outcomes, .outcome_count = outcome_count};
    int done = exchange_turn(&turn, request, reservation, err);
    pg_queries_finish(turn.queries, turn.query_count);
    free(turn.queries);
    free(turn.parts);
    return done;
}

int pgsql_turn(struct store *store, const char *owner, struct outcome *outcomes,
               size_t outcome_count, const struct reserve_request *request,
               struct reservation *reservation, struct err *err)
{
    pgsql_begin(store);
    if (reservation) {
        arena_reset(&reservation->arena);
        reservation->count = 0;
        reservation->next_due_ms = 0;
    }
    bool is_wanted = request && request->count > 0;
    if (is_wanted && pg_owner_name(store, owner, err) < 0)
        return -1;
    return run(store, owner, outcomes, outcome_count, is_wanted ? request : NULL, reservation, err);
}
