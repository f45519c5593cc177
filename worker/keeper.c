/* SPDX-License-Identifier: MIT */
#include "worker/keeper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/mem.h"
#include "worker/keeper_parts.h"

#define PAUSE_MS      100
#define PAUSE_MAX_MS  2000
#define CONFIRM_MS    50 /* the master's pipe was full */
#define UPKEEP_MIN_MS 20

int64_t keeper_now_ms(const struct keeper *keeper)
{
    return clock_monotonic_ms(keeper->clock);
}

/* The store */

void keeper_tell_state(struct keeper *keeper)
{
    struct record record = {.type = RECORD_STORE};
    snprintf(record.body.store.connection, CONNECTION_SIZE, "%s", keeper->connection->name);
    record.body.store.is_away = keeper->failures > 0 || keeper->is_write_failing;
    keeper->is_state_told = mouth_send(keeper->mouth, &record) == 0;
}

void keeper_fail(struct keeper *keeper, const struct err *err)
{
    static const struct backoff_policy policy = {.delay_ms = PAUSE_MS,
                                                 .delay_max_ms = PAUSE_MAX_MS};
    bool is_new = keeper->failures++ == 0;
    keeper_tell_state(keeper);
    keeper->failure = *err;
    log_write(is_new ? LOG_WARN : LOG_DEBUG, "connection %s: the store cannot be used: %s",
              keeper->connection->name, err->text);
    keeper->try_ms =
        keeper_now_ms(keeper) + backoff_pause(&policy, keeper->failures, false, arc4random());
}

void keeper_succeed(struct keeper *keeper)
{
    if (keeper->failures > 0)
        log_write(LOG_WARN, "connection %s: the store is back", keeper->connection->name);
    bool is_new = keeper->failures > 0 || !keeper->is_state_told;
    keeper->failures = 0;
    if (is_new)
        keeper_tell_state(keeper);
}

static int open_store(struct keeper *keeper)
{
    struct err err = ERR_INIT;
    if (keeper->store.store)
        return 0;
    if (!keeper->driver)
        keeper->driver = drivers_find(keeper->connection, &err);
    if (keeper->driver && queue_connection_open(&keeper->store, keeper->driver, keeper->connection,
                                                keeper->clock, &err) == 0)
        return 0;
    keeper_fail(keeper, &err);
    return -1;
}

/* What is done now and then */

static void do_upkeep(struct keeper *keeper)
{
    struct upkeep upkeep = {0};
    struct err err = ERR_INIT;
    if (keeper->driver->upkeep(keeper->store.store, &upkeep, &err) < 0) {
        keeper_fail(keeper, &err);
        return;
    }
    keeper_succeed(keeper);
    if (upkeep.expired > 0)
        log_write(LOG_WARN, "connection %s: %llu leases had run out and were returned",
                  keeper->connection->name, (unsigned long long)upkeep.expired);
    int64_t pause = upkeep.next_ms < KEEPER_PERIOD_MS ? upkeep.next_ms : KEEPER_PERIOD_MS;
    keeper->upkeep_ms = keeper_now_ms(keeper) + (pause > UPKEEP_MIN_MS ? pause : UPKEEP_MIN_MS);
}

/* Tasks */

static struct keeper_task *take_task(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->mutex);
    struct keeper_task *task = keeper->tasks;
    if (task)
        keeper->tasks = task->next;
    if (!keeper->tasks)
        keeper->tasks_end = &keeper->tasks;
    pthread_mutex_unlock(&keeper->mutex);
    return task;
}

static void run_tasks(struct keeper *keeper)
{
    struct keeper_task *task;
    while ((task = take_task(keeper))) {
        bool is_there = keeper->store.store && keeper->failures == 0;
        task->run(task, is_there ? &keeper->store : NULL, &keeper->failure);
    }
}

/* The thread */

/* Takes over what it was told, in the order in which it was told. Returns false when there is
 * nothing left to live for. */
static bool take_told(struct keeper *keeper)
{
    struct dead **end = &keeper->dead;
    while (*end)
        end = &(*end)->next;
    struct dead *in_order = NULL;
    while (keeper->told) {
        struct dead *dead = keeper->told;
        keeper->told = dead->next;
        dead->next = in_order;
        in_order = dead;
    }
    *end = in_order;
    return !keeper->is_closing || (keeper->dead && keeper->failures == 0);
}

static int64_t wake_ms(const struct keeper *keeper)
{
    int64_t due = keeper->upkeep_ms < keeper->measure_ms ? keeper->upkeep_ms : keeper->measure_ms;
    if (keeper->dead && due > keeper_now_ms(keeper) + CONFIRM_MS)
        due = keeper_now_ms(keeper) + CONFIRM_MS;
    return due > keeper->try_ms ? due : keeper->try_ms;
}

static bool await(struct keeper *keeper)
{
    int64_t due = wake_ms(keeper);
    const struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
    pthread_mutex_lock(&keeper->mutex);
    int result = 0;
    while (!keeper->told && !keeper->tasks && !keeper->is_closing && result == 0)
        result = pthread_cond_timedwait(&keeper->news, &keeper->mutex, &until);
    bool goes_on = take_told(keeper);
    pthread_mutex_unlock(&keeper->mutex);
    return goes_on;
}

static void work(struct keeper *keeper)
{
    if (keeper_now_ms(keeper) < keeper->try_ms || open_store(keeper) < 0)
        return;
    keeper_return_dead(keeper);
    if (keeper->failures == 0)
        keeper_return_late(keeper);
    if (keeper->failures == 0 || keeper_now_ms(keeper) >= keeper->try_ms) {
        if (keeper_now_ms(keeper) >= keeper->upkeep_ms)
            do_upkeep(keeper);
        if (keeper->failures == 0 && keeper_now_ms(keeper) >= keeper->measure_ms)
            keeper_measure(keeper);
    }
}

static void *run(void *data)
{
    struct keeper *keeper = data;
    do {
        work(keeper);
        run_tasks(keeper);
    } while (await(keeper));
    run_tasks(keeper);
    if (keeper->dead)
        log_write(LOG_WARN, "connection %s: leases of dead workers come back when they run out",
                  keeper->connection->name);
    queue_connection_close(&keeper->store);
    return NULL;
}

static int start_thread(struct keeper *keeper)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&keeper->mutex, NULL);
    pthread_cond_init(&keeper->news, &attributes);
    pthread_condattr_destroy(&attributes);
    /* signals are the main thread's */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&keeper->thread, NULL, run, keeper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

struct keeper *keeper_start(const struct settings *settings,
                            const struct connection_settings *connection, const struct clock *clock,
                            struct mouth *mouth, struct err *err)
{
    struct keeper *keeper = mem_new(1, sizeof *keeper);
    keeper->settings = settings;
    keeper->connection = connection;
    keeper->clock = clock;
    keeper->mouth = mouth;
    keeper->tasks_end = &keeper->tasks;
    ledger_init(&keeper->ledger, settings);
    int cause = start_thread(keeper);
    if (cause == 0)
        return keeper;
    err_errno(err, cause, "cannot start a thread for the connection %s", connection->name);
    ledger_finish(&keeper->ledger);
    free(keeper);
    return NULL;
}

void keeper_return(struct keeper *keeper, const char *owner, const struct keeper_begun *begun,
                   size_t count)
{
    struct dead *dead = mem_new(1, sizeof *dead + count * sizeof begun[0]);
    snprintf(dead->owner, sizeof dead->owner, "%s", owner);
    if (count > 0)
        memcpy(dead->begun, begun, count * sizeof begun[0]);
    dead->count = count;
    pthread_mutex_lock(&keeper->mutex);
    dead->next = keeper->told;
    keeper->told = dead;
    pthread_cond_signal(&keeper->news);
    pthread_mutex_unlock(&keeper->mutex);
}

void keeper_give(struct keeper *keeper, struct keeper_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&keeper->mutex);
    *keeper->tasks_end = task;
    keeper->tasks_end = &task->next;
    pthread_cond_signal(&keeper->news);
    pthread_mutex_unlock(&keeper->mutex);
}

void keeper_close(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->mutex);
    keeper->is_closing = true;
    pthread_cond_signal(&keeper->news);
    pthread_mutex_unlock(&keeper->mutex);
}

void keeper_join(struct keeper *keeper)
{
    pthread_join(keeper->thread, NULL);
    keeper_forget_dead(keeper);
    ledger_finish(&keeper->ledger);
    pthread_cond_destroy(&keeper->news);
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}

const char *keeper_connection(const struct keeper *keeper)
{
    return keeper->connection->name;
}
