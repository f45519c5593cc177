/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_STORE_H
#define DRIVERS_PGSQL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/channel.h"
#include "drivers/pgsql/conninfo.h"
#include "drivers/pgsql/scan.h"
#include "drivers/pgsql/session.h"
#include "drivers/pgsql/statements.h"
#include "queue/driver.h"

/*
 * The PostgreSQL driver (docs/stores.md). One connection, used by one thread. Every operation sends
 * its statements in one pipeline without a sync in between, which makes them one transaction and
 * one round trip (exchange.h).
 */
/* The connection for wake-ups (wake.h). */
struct wake {
    char *queue; /* NULL: nobody waits */
    int epoll_fd;
    int news_fd; /* news of our own */
    struct conninfo info;
    struct session session;
    int place;       /* of this worker, among those of the queue */
    bool is_armed;   /* the server knows that it waits */
    bool is_talking; /* an answer is still to come */
    int64_t retry_at_us;
    int64_t pause_us;
};

/* A reservation whose answer was lost. The server may still be at it for a while. */
#define LOST_MAX 16
struct lost {
    int64_t lease;
    int64_t until_us;
    char owner[OWNER_SIZE];
};

struct store {
    const struct connection_settings *settings;
    const struct clock *clock; /* for what is written into payloads alone */
    struct conninfo info;
    struct session session;
    struct names names;
    char *settle;                      /* SQL that settles a session, or a transaction */
    bool has_schema;                   /* it was found, or made */
    bool is_prepared[STATEMENT_COUNT]; /* in this session */
    size_t unread;                     /* pipelines whose ends have not been read */
    int64_t deadline_us;               /* of the running call */
    char owner[OWNER_SIZE];            /* whose the session is (owner.h); "": nobody's */
    bool was_short;                    /* the last reservation */
    char *scan_queue;                  /* whose jobs the scan is about; NULL: none yet */
    struct scan scan;
    struct lost lost[LOST_MAX];
    size_t lost_count;
    struct wake wake;
};

/* Begins a public call: sets its deadline. */
void pgsql_begin(struct store *store);

/* Makes sure that there is a connection, settled, with a schema. Returns 0, or -1 with err. */
int pgsql_connect(struct store *store, struct err *err);

/* Runs statements (one text, its names filled in) on the session while it is not in pipeline mode.
 * *result and what is returned: as pg_session_run. */
int pg_store_run(struct store *store, const char *text, PGresult **result, struct err *err);

/* The driver's functions (queue/driver.h). */
int pgsql_push(struct store *store, const struct job *jobs, size_t count, enum push_result *results,
               struct err *err);
int pgsql_turn(struct store *store, const char *owner, struct outcome *outcomes,
               size_t outcome_count, const struct reserve_request *request,
               struct reservation *reservation, struct err *err);
int pgsql_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                 int64_t lease_ms, struct err *err);
int pgsql_return_owner(struct store *store, const char *owner, const struct lease *begun,
                       size_t begun_count, uint64_t *returned, struct err *err);
int pgsql_upkeep(struct store *store, struct upkeep *upkeep, struct err *err);
int pgsql_wake_open(struct store *store, const char *queue, struct err *err);
bool pgsql_wake_read(struct store *store);
int pgsql_stats(struct store *store, const char *queue, struct queue_stats *stats, struct err *err);
int pgsql_queues(struct store *store, queue_name_fn each, void *context, struct err *err);
int pgsql_health(struct store *store, struct store_health *health, struct err *err);
int pgsql_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err);
int pgsql_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                      void *context, struct err *err);
int pgsql_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                       struct err *err);
int pgsql_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err);
int pgsql_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                   void *context, struct err *err);
int pgsql_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                     struct err *err);
int pgsql_batch_create(struct store *store, const struct batch *batch, struct err *err);
int pgsql_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                     batch_fn each, void *context, struct err *err);
int pgsql_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err);
int pgsql_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                      struct err *err);
int pgsql_note_put(struct store *store, const struct note *note, struct err *err);
int pgsql_note_claim(struct store *store, const struct note *note, bool *held, struct err *err);
int pgsql_note_list(struct store *store, const char *kind, const char *prefix,
                    const char *after_key, size_t limit, note_fn each, void *context,
                    struct err *err);
int pgsql_note_remove(struct store *store, const char *kind, const char *prefix,
                      const char *before_key, size_t limit, uint64_t *count, struct err *err);

#endif
