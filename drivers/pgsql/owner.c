/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/owner.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/result.h"

#define LOCK_OWNER "1297437783" /* the class of these locks, beside those of wake.c */
#define END_US_MAX 1000000
#define PAUSE_NS   1000000

int pg_owner_claim(struct store *store, struct err *err)
{
    if (store->owner[0] == '\0' || !store->settings->prepare)
        return 0;
    char *owner = PQescapeLiteral(store->session.pg, store->owner, strlen(store->owner));
    if (!owner)
        return pg_session_fail(&store->session, err);
    char *text = mem_printf("SELECT pg_advisory_unlock_all(),"
                            " pg_advisory_lock_shared(" LOCK_OWNER ", hashtext('{jobs}:' || %s))",
                            owner);
    int done = pg_store_run(store, text, NULL, err);
    free(text);
    PQfreemem(owner);
    return done;
}

/* Pipelines go on where the claim is made. */
static bool claim_now(struct store *store)
{
    struct err ignored = ERR_INIT;
    bool is_done = PQexitPipelineMode(store->session.pg) && pg_owner_claim(store, &ignored) == 0 &&
                   PQenterPipelineMode(store->session.pg);
    if (!is_done)
        pg_session_close(&store->session);
    return is_done;
}

int pg_owner_name(struct store *store, const char *owner, struct err *err)
{
    if (strcmp(store->owner, owner) == 0)
        return 0;
    if (pg_exchange_connect(store, err) < 0)
        return -1;
    snprintf(store->owner, sizeof store->owner, "%s", owner);
    if (!store->settings->prepare || claim_now(store))
        return 0;
    return pg_exchange_connect(store, err); /* the session was lost: the next is claimed anew */
}

/* Returns how many sessions are still there. */
static int end_once(struct store *store, const char *owner)
{
    struct err ignored = ERR_INIT;
    struct query query;
    pg_query_init(&query, STATEMENT_END_OWNER);
    pg_params_text(&query.params, owner);
    int left = 0;
    if (pg_exchange(store, &query, 1, &ignored) == 0)
        left = (int)pg_result_bigint(query.result, 0, 0);
    pg_queries_finish(&query, 1);
    return left;
}

void pg_owner_end(struct store *store, const char *owner)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int64_t until_us = pg_session_now_us() + END_US_MAX;
    if (!store->settings->prepare)
        return;
    while (end_once(store, owner) > 0 && pg_session_now_us() < until_us)
        nanosleep(&pause, NULL);
}
