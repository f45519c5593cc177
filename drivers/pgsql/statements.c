/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/statements.h"

#include <stdbool.h>
#include <string.h>

/* Where a walk along the head of a queue goes: ranges of the ready index, in its order. Each begins
 * behind (rank, due, id), where the rank is the priority with its sign changed, and ends with what
 * is due in the rank `last`. */
#define RANGES(rank, due, id, last)                                                                \
    "unnest(" rank "::integer[], " due "::bigint[], " id "::bigint[], " last "::integer[])"        \
    " AS r(rank, due, id, last)"
#define READY_IN_RANGE                                                                             \
    "j.queue = $1 AND j.reserved_by IS NULL"                                                       \
    " AND (-j.priority, j.available_at, j.id) > (r.rank, r.due, r.id)"                             \
    " AND (-j.priority, j.available_at) <= (r.last, (SELECT now FROM t))"                          \
    " AND j.available_at <= (SELECT now FROM t)"
#define NOW "t AS MATERIALIZED (SELECT {now}() AS now)"

#define ANY_READY                                                                                  \
    "EXISTS (SELECT FROM " RANGES(                                                                 \
        "$2", "$3", "$4", "$5") " CROSS JOIN LATERAL (SELECT FROM {jobs} j WHERE " READY_IN_RANGE  \
                                " ORDER BY -j.priority, j.available_at, j.id LIMIT 1) x)"

/* The ranks of a queue that have jobs, each found by one step down the index. */
#define RANKS                                                                                      \
    "k(rank) AS ((SELECT -priority FROM {jobs} WHERE queue = $1 ORDER BY -priority LIMIT 1)"       \
    " UNION ALL SELECT (SELECT -j.priority FROM {jobs} j WHERE j.queue = $1"                       \
    " AND -j.priority > k.rank ORDER BY -j.priority LIMIT 1) FROM k WHERE k.rank IS NOT NULL)"

/* The owner is compared in a way that no index serves: a way to the jobs by their owner would look
 * good to the planner, and is not. */
#define ENDED "unnest($1::text[], $2::integer[], $4::tid[]) AS o(uuid, attempt, place)"
#define MINE  "j.uuid = o.uuid AND j.attempts = o.attempt AND j.reserved_by IS NOT DISTINCT FROM $3"

/* In the order of listings: reserved, ready, delayed. */
#define HISTORY(row) "'[' || array_to_string(" row ".history, ',') || ']'"
#define LIVE_STATE                                                                                 \
    "CASE WHEN j.reserved_by IS NOT NULL THEN 0 WHEN j.available_at <= (SELECT now FROM t) THEN 1" \
    " ELSE 2 END"

#define FAILED_FILTER                                                                              \
    "($1::text IS NULL OR f.uuid = $1) AND ($2::text IS NULL OR f.queue = $2)"                     \
    " AND ($3::text IS NULL OR f.name = $3)"                                                       \
    " AND ($4::text IS NULL OR position(lower($4) IN lower(f.exception)) > 0)"                     \
    " AND ($5::text IS NULL OR f.batch_uuid = $5)"                                                 \
    " AND ($6::bigint = 0 OR f.failed_at >= $6) AND ($7::bigint = 0 OR f.failed_at < $7)"

#define SELECT_BATCHES                                                                             \
    "SELECT uuid, name, allow_failures, on_success::text, on_failure::text, on_finish::text,"      \
    " total_jobs, pending_jobs, completed_jobs, failed_jobs, cancelled_jobs, created_at,"          \
    " cancelled_at, finished_at FROM {batches}"

/* The different values of queue, each found by one step down an index. */
#define DIFFERENT_QUEUES(name, table)                                                              \
    name "(queue) AS ((SELECT queue FROM " table " ORDER BY queue LIMIT 1) UNION ALL SELECT "      \
         "(SELECT x.queue FROM " table " x WHERE x.queue > " name ".queue ORDER BY x.queue"        \
         " LIMIT 1) FROM " name " WHERE " name ".queue IS NOT NULL)"

static const char *const texts[STATEMENT_COUNT] = {
    /* --- pushing --- */

    [STATEMENT_INSERT] = "SELECT {insert}($1, $2, $3, $4, $5, $6, $7, $8, true, false)",
    [STATEMENT_INSERT_PLAIN] =
        "INSERT INTO {jobs} (uuid, queue, payload, priority, available_at)"
        " SELECT u.uuid, u.queue, u.payload, u.priority, {now}() + u.delay"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::bigint[])"
        " AS u(uuid, queue, payload, priority, delay)"
        " WHERE NOT EXISTS (SELECT FROM {failed} f WHERE f.uuid = u.uuid)"
        " ON CONFLICT (uuid) DO NOTHING RETURNING uuid",
    [STATEMENT_ANY_FAILED] = "SELECT EXISTS (SELECT FROM {failed} WHERE uuid = ANY($1::text[]))",
    [STATEMENT_COPY] = "COPY {jobs} (uuid, queue, payload, priority) FROM STDIN (FORMAT binary)",
    [STATEMENT_INSERT_IF_HELD] =
        "SELECT {insert}($1, $2, $3, $4, $5, $6, $7, $8, false, false) FROM ("
        "SELECT FROM {jobs} WHERE uuid = $9 AND attempts = $10 AND reserved_by = $11 FOR UPDATE) h",
    [STATEMENT_WAKE] = "SELECT {wake}(q.name, q.count)"
                       " FROM unnest($1::text[], $2::integer[]) AS q(name, count)",
    [STATEMENT_WAKE_READY] = "WITH " NOW " SELECT {wake}($1, 1) WHERE " ANY_READY,

    /* --- turns --- */

    [STATEMENT_RESERVE] =
        "WITH " NOW ", chosen AS MATERIALIZED (SELECT s.place, s.uuid FROM (SELECT p.place, p.uuid,"
        " sum(p.bytes) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before"
        " FROM (SELECT x.place, x.uuid, x.bytes FROM " RANGES(
            "$6", "$7", "$8",
            "$9") " CROSS JOIN LATERAL (SELECT j.ctid AS place, j.uuid,"
                  " octet_length(j.payload) AS bytes FROM {jobs} j WHERE " READY_IN_RANGE
                  " ORDER BY -j.priority, j.available_at, j.id LIMIT $2 FOR UPDATE SKIP LOCKED) x"
                  " LIMIT $2) p) s WHERE s.before IS NULL OR s.before < $5),"
                  " noted AS (INSERT INTO {leases} (id, owner, queue, until, held, jobs)"
                  " SELECT $10, $3, $1, (SELECT now FROM t) + $4, count(*), array_agg(uuid)"
                  " FROM chosen HAVING count(*) > 0)"
                  " UPDATE {jobs} SET reserved_at = (SELECT now FROM t),"
                  " lease_until = (SELECT now FROM t) + $4, reserved_by = $3, lease = $10,"
                  " attempts = attempts + 1,"
                  " unique_held = unique_held AND unique_until IS DISTINCT FROM 0"
                  " WHERE ctid = ANY(ARRAY(SELECT place FROM chosen))"
                  " RETURNING id, ctid, uuid, attempts, priority, available_at, created_at,"
                  " reserved_at, batch_uuid, payload",
    [STATEMENT_RETURN_LEASES] = "SELECT * FROM {return_owner}($1, $2, NULL, NULL)",
    [STATEMENT_NEXT_DUE] =
        "WITH RECURSIVE " NOW ", " RANKS " SELECT min(d.due) - (SELECT now FROM t)"
        " FROM k CROSS JOIN LATERAL (SELECT j.available_at AS due FROM {jobs} j"
        " WHERE j.queue = $1 AND j.reserved_by IS NULL AND -j.priority = k.rank"
        " AND j.available_at > (SELECT now FROM t) ORDER BY j.available_at LIMIT 1) d",
    [STATEMENT_NEXT_DUE_IN] = "WITH " NOW " SELECT min(d.due) - (SELECT now FROM t) FROM " RANGES(
        "$2", "$3", "$4",
        "$5") " CROSS JOIN LATERAL (SELECT j.available_at AS due FROM {jobs} j"
              " WHERE j.queue = $1 AND j.reserved_by IS NULL AND -j.priority <= r.last"
              " AND (-j.priority, j.available_at) > (r.rank, greatest(r.due,"
              " (SELECT now FROM t))) AND j.available_at > (SELECT now FROM t)"
              " ORDER BY -j.priority, j.available_at LIMIT 1) d",
    [STATEMENT_ANY_READY] = "WITH " NOW " SELECT " ANY_READY,
    [STATEMENT_RANKS] =
        "WITH RECURSIVE " RANKS " SELECT rank FROM k WHERE rank IS NOT NULL LIMIT 16",
    [STATEMENT_PROBE] = "SELECT pg_stat_get_xact_tuples_returned('{ready}'::regclass),"
                        " pg_stat_get_xact_blocks_fetched('{ready}'::regclass)",
    [STATEMENT_ACKNOWLEDGE] =
        "WITH there AS (DELETE FROM {jobs} j USING " ENDED " WHERE j.ctid = o.place AND " MINE
        " RETURNING j.uuid, j.lease, j.batch_uuid),"
        " moved AS (DELETE FROM {jobs} j USING (SELECT uuid, attempt FROM " ENDED
        " WHERE (SELECT count(*) FROM there) < cardinality($1)"
        " AND NOT EXISTS (SELECT FROM there WHERE there.uuid = o.uuid)) o WHERE " MINE
        " RETURNING j.uuid, j.lease, j.batch_uuid),"
        " gone AS (SELECT * FROM there UNION ALL SELECT * FROM moved),"
        " let_go AS (SELECT {let_go}($3, lease, count(*)) FROM gone GROUP BY lease),"
        " counted AS (SELECT {complete}(array_agg(batch_uuid)) FROM gone"
        " WHERE batch_uuid IS NOT NULL HAVING count(*) > 0)"
        " SELECT uuid FROM gone UNION ALL SELECT NULL FROM let_go UNION ALL SELECT NULL FROM "
        "counted",
    [STATEMENT_END] = "SELECT {end}($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    [STATEMENT_EXTEND] =
        "WITH " NOW ", held AS (UPDATE {jobs} j SET lease_until = (SELECT now FROM t) + $4,"
        " progress = CASE WHEN o.progress < 0 THEN j.progress ELSE o.progress END,"
        " progress_text = CASE WHEN o.progress < 0 THEN j.progress_text ELSE o.text END"
        " FROM unnest($1::text[], $2::integer[], $5::double precision[], $6::text[])"
        " WITH ORDINALITY AS o(uuid, attempt, progress, text, n) WHERE " MINE
        " RETURNING o.n::integer, j.is_cancelled OR EXISTS (SELECT FROM {batches} b"
        " WHERE b.uuid = j.batch_uuid AND b.cancelled_at > 0), j.lease),"
        " sooner AS (UPDATE {leases} l SET until = (SELECT now FROM t) + $4 WHERE l.owner = $3"
        " AND l.id = ANY(ARRAY(SELECT lease FROM held)) AND l.until > (SELECT now FROM t) + $4)"
        " SELECT * FROM held",
    [STATEMENT_END_OWNER] =
        "SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l"
        " WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = 1297437783"
        " AND l.objid = (hashtext('{jobs}:' || $1)::bigint & 4294967295)::oid"
        " AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
        " AND l.pid <> pg_backend_pid()",
    [STATEMENT_RETURN_OWNER] = "SELECT * FROM {return_owner}($1, NULL, $2, $3)",
    [STATEMENT_EXPIRE] = "SELECT * FROM {expire}($1)",

    /* --- figures --- */

    [STATEMENT_STATS] = "SELECT * FROM {stats}($1, $2)",
    [STATEMENT_QUEUES] = "WITH RECURSIVE " DIFFERENT_QUEUES("w", "{jobs}") ", " DIFFERENT_QUEUES(
        "f", "{failed}") " SELECT queue FROM w WHERE queue IS NOT NULL"
                         " UNION SELECT queue FROM f WHERE queue IS NOT NULL ORDER BY 1",
    [STATEMENT_READY_QUEUES] = "SELECT {wake_ready}()",
    [STATEMENT_HEALTH] =
        "SELECT current_setting('server_version'), ready + later + reserved FROM {stats}(NULL, $1)",
    [STATEMENT_PURGE] = "SELECT {purge}($1, $2, $3), {now}()",
    [STATEMENT_JOB_LIST] =
        "WITH " NOW
        " SELECT id, uuid, queue, payload, attempts, priority, available_at, created_at,"
        " reserved_at, reserved_by, batch_uuid, state, is_stopped, progress, progress_text,"
        " " HISTORY(
            "l") " FROM (SELECT j.*, " LIVE_STATE " AS state,"
                 " j.is_cancelled OR EXISTS (SELECT FROM {batches} b WHERE b.uuid = j.batch_uuid"
                 " AND b.cancelled_at > 0) AS is_stopped FROM {jobs} j"
                 " WHERE ($1::text IS NULL OR j.uuid = $1) AND ($2::text IS NULL OR j.queue = $2)"
                 " AND ($3::text IS NULL OR j.batch_uuid = $3)) l WHERE $4::integer < 0 OR l.state "
                 "= $4"
                 " ORDER BY queue, state, CASE WHEN state < 2 THEN -priority END, available_at, id"
                 " LIMIT $5",
    [STATEMENT_JOB_CANCEL] = "SELECT {cancel}($1)",

    /* --- failed jobs --- */

    [STATEMENT_FAILED_LIST] =
        "SELECT f.uuid, f.connection, f.queue, f.name, f.payload, f.exception, f.cause, f.worker,"
        " f.batch_uuid, " HISTORY(
            "f") ", f.attempts, f.failed_at FROM {failed} f "
                 "WHERE " FAILED_FILTER " AND ($9::text IS NULL OR (f.failed_at, f.id) < ("
                 "SELECT a.failed_at, a.id FROM {failed} a WHERE a.uuid = $9))"
                 " ORDER BY f.failed_at DESC, f.id DESC LIMIT $8",
    [STATEMENT_FAILED_RETRY] =
        "SELECT * FROM {retry}(ARRAY(SELECT f.id FROM {failed} f WHERE " FAILED_FILTER
        " ORDER BY f.failed_at, f.id LIMIT $8))",
    [STATEMENT_FAILED_REMOVE] =
        "DELETE FROM {failed} WHERE id = ANY(ARRAY(SELECT f.id FROM {failed} f WHERE " FAILED_FILTER
        " ORDER BY f.failed_at, f.id LIMIT $8)) RETURNING id",

    /* --- batches --- */

    [STATEMENT_BATCH_CREATE] =
        "INSERT INTO {batches} (uuid, name, allow_failures, on_success, on_failure, on_finish,"
        " created_at) VALUES ($1, $2, $3::integer = 1, $4::text::jsonb, $5::text::jsonb, "
        "$6::text::jsonb, {now}())"
        " ON CONFLICT (uuid) DO NOTHING",
    [STATEMENT_BATCH_GET] = SELECT_BATCHES " WHERE uuid = $1",
    [STATEMENT_BATCH_LIST] =
        SELECT_BATCHES " WHERE ($1::text IS NULL OR id < (SELECT a.id FROM {batches} a"
                       " WHERE a.uuid = $1)) ORDER BY id DESC LIMIT $2",
    [STATEMENT_BATCH_CANCEL] = "SELECT {cancel_batch}($1)",
    [STATEMENT_BATCH_PRUNE] =
        "DELETE FROM {batches} WHERE uuid = ANY(ARRAY(SELECT uuid FROM {batches}"
        " WHERE finished_at > 0 AND finished_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))"
        " RETURNING id",

    /* --- notes --- */

    [STATEMENT_NOTE_PUT] =
        "WITH " NOW " INSERT INTO {notes} (kind, key, value, owner, expires_at, updated_at)"
        " SELECT $1, $2, $3, $4, CASE WHEN $5::bigint > 0 THEN t.now + $5 END, t.now FROM t"
        " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, owner = excluded.owner,"
        " expires_at = excluded.expires_at, updated_at = excluded.updated_at",
    [STATEMENT_NOTE_CLAIM] =
        "WITH " NOW " INSERT INTO {notes} AS n (kind, key, value, owner, expires_at, updated_at)"
        " SELECT $1, $2, $3, $4, CASE WHEN $5::bigint > 0 THEN t.now + $5 END, t.now FROM t"
        " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, owner = excluded.owner,"
        " expires_at = excluded.expires_at, updated_at = excluded.updated_at"
        " WHERE n.owner = excluded.owner OR n.expires_at <= excluded.updated_at RETURNING 1",
    [STATEMENT_NOTE_LIST] =
        "WITH " NOW " SELECT key, value, owner, coalesce(expires_at - t.now, 0), updated_at"
        " FROM {notes}, t WHERE kind = $1 AND key >= $2 AND starts_with(key, $2)"
        " AND ($3::text IS NULL OR key > $3) AND (expires_at IS NULL OR expires_at > t.now)"
        " ORDER BY key LIMIT $4",
    [STATEMENT_NOTE_REMOVE] =
        "DELETE FROM {notes} WHERE (kind, key) IN (SELECT kind, key FROM {notes}"
        " WHERE kind = $1 AND key >= $2 AND starts_with(key, $2)"
        " AND ($3::text IS NULL OR key < $3) ORDER BY key LIMIT $4) RETURNING 1",
};

const char *pg_statement_text(enum statement statement)
{
    return texts[statement];
}

void pg_names_init(struct names *names, const char *jobs, const char *failed)
{
    static const char ending[] = "_jobs";
    size_t length = strlen(jobs), cut = sizeof ending - 1;
    if (length > cut && strcmp(jobs + length - cut, ending) == 0)
        length -= cut;
    if (length >= sizeof names->prefix)
        length = sizeof names->prefix - 1;
    *names = (struct names){.jobs = jobs, .failed = failed};
    memcpy(names->prefix, jobs, length);
}

static bool is(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && strncmp(name, wanted, length) == 0;
}

/* The function that applications call has a name of its own. */
static void append_name(const struct names *names, const char *name, size_t length, struct buf *out)
{
    if (is(name, length, "jobs"))
        buf_text_append(out, names->jobs);
    else if (is(name, length, "failed"))
        buf_text_append(out, names->failed);
    else if (is(name, length, "push") && strcmp(names->prefix, "queue") == 0)
        buf_text_append(out, "muster_push");
    else if (is(name, length, "push"))
        buf_printf(out, "muster_push_%s", names->prefix);
    else
        buf_printf(out, "%s_%.*s", names->prefix, (int)length, name);
}

void pg_names_expand(const struct names *names, const char *text, struct buf *out)
{
    for (const char *open; (open = strchr(text, '{'));) {
        const char *name = open + 1, *close = strchr(open, '}');
        bool is_bare = *name == ':';
        if (!is_bare && (*name < 'a' || *name > 'z')) { /* a brace of the text's own */
            buf_append(out, text, (size_t)(name - text));
            text = name;
            continue;
        }
        buf_append(out, text, (size_t)(open - text));
        if (!is_bare)
            buf_printf(out, "%s.\"", names->schema);
        append_name(names, name + is_bare, (size_t)(close - name) - is_bare, out);
        if (!is_bare)
            buf_text_append(out, "\"");
        text = close + 1;
    }
    buf_text_append(out, text);
}
