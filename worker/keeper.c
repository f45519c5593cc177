/* SPDX-License-Identifier: MIT */
#include "worker/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/mem.h"
#include "drivers/drivers.h"
#include "queue/queue.h"
#include "worker/ledger.h"

#define MEASURE_SHARE 20 /* a twentieth of the time at most */
#define PAUSE_MS      100
#define PAUSE_MAX_MS  2000
#define CONFIRM_MS    50 /* the master's pipe was full */
#define UPKEEP_MIN_MS 20
#define LATER_MS      1000  /* after that it is looked for late leases of a dead worker, */
#define LATER_FACTOR  4     /* again after so much longer, */
#define LATER_MAX_MS  16000 /* and no more after this */

/* A dead worker. */
struct dead {
    struct dead *next;
    char owner[OWNER_SIZE];
    bool is_returned; /* and not confirmed */
    uint64_t returned;
    int64_t pause_ms, due_ms; /* of the next look for late ones */
    size_t count;
    struct keeper_begun begun[];
};

struct keeper {
    const struct settings *settings;
    const struct connection_settings *connection;
    const struct clock *clock;
    struct mouth *mouth;
    pthread_t thread;
    pthread_mutex_t mutex; /* over told, tasks and is_closing */
    pthread_cond_t news;
    struct dead *told; /* the newest first */
    struct keeper_task *tasks, **tasks_end;
    bool is_closing;
    /* of the thread alone */
    struct queue_connection store;
    const struct driver *driver;
    struct dead *dead;
    struct dead *later; /* returned and confirmed */
    unsigned failures;
    bool is_state_told; /* to the master */
    bool is_write_failing;
    struct err failure; /* the last one */
    int64_t try_ms;     /* when the store may be tried */
    int64_t upkeep_ms;  /* when the next upkeep is due */
    int64_t measure_ms; /* when the next measurement is */
    struct ledger ledger;
};

int mouth_send(struct mouth *mouth, struct record *record)
{
    pthread_mutex_lock(&mouth->mutex);
    int result = channel_send(mouth->channel, record);
    pthread_mutex_unlock(&mouth->mutex);
    return result;
}

int64_t keeper_pause_ms(int64_t took_ms, int64_t period_ms)
{
    int64_t pause = took_ms * (MEASURE_SHARE - 1);
    return pause > period_ms ? pause : period_ms;
}

static int64_t now_ms(const struct keeper *keeper)
{
    return clock_monotonic_ms(keeper->clock);
}

/* The store */

/* With each failure, in case one is lost. */
static void tell_state(struct keeper *keeper)
{
    struct record record = {.type = RECORD_STORE};
    snprintf(record.body.store.connection, CONNECTION_SIZE, "%s", keeper->connection->name);
    record.body.store.is_away = keeper->failures > 0 || keeper->is_write_failing;
    keeper->is_state_told = mouth_send(keeper->mouth, &record) == 0;
}

static void fail(struct keeper *keeper, const struct err *err)
{
    static const struct backoff_policy policy = {.delay_ms = PAUSE_MS,
                                                 .delay_max_ms = PAUSE_MAX_MS};
    bool is_new = keeper->failures++ == 0;
    tell_state(keeper);
    keeper->failure = *err;
    log_write(is_new ? LOG_WARN : LOG_DEBUG, "connection %s: the store cannot be used: %s",
              keeper->connection->name, err->text);
    keeper->try_ms = now_ms(keeper) + backoff_pause(&policy, keeper->failures, false, arc4random());
}

static void succeed(struct keeper *keeper)
{
    if (keeper->failures > 0)
        log_write(LOG_WARN, "connection %s: the store is back", keeper->connection->name);
    bool is_new = keeper->failures > 0 || !keeper->is_state_told;
    keeper->failures = 0;
    if (is_new)
        tell_state(keeper);
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
    fail(keeper, &err);
    return -1;
}

/* Dead workers */

static int return_leases(struct keeper *keeper, struct dead *dead)
{
    struct err err = ERR_INIT;
    struct lease *begun = mem_new(dead->count, sizeof *begun);
    for (size_t i = 0; i < dead->count; i++)
        begun[i] = (struct lease){.uuid = dead->begun[i].uuid, .attempt = dead->begun[i].attempt};
    int result = keeper->driver->return_owner(keeper->store.store, dead->owner, begun, dead->count,
                                              &dead->returned, &err);
    free(begun);
    if (result < 0) {
        fail(keeper, &err);
        return -1;
    }
    succeed(keeper);
    dead->is_returned = true;
    return 0;
}

static int confirm(struct keeper *keeper, const struct dead *dead)
{
    struct record record = {.type = RECORD_RETURNED};
    memcpy(record.body.returned.owner, dead->owner, sizeof dead->owner);
    record.body.returned.count = dead->returned;
    return mouth_send(keeper->mouth, &record);
}

static void look_later(struct keeper *keeper, struct dead *dead, int64_t pause_ms)
{
    dead->pause_ms = pause_ms;
    dead->due_ms = now_ms(keeper) + pause_ms;
    dead->next = keeper->later;
    keeper->later = dead;
}

/* A server may have had a call of the worker's when it died, and have reserved for it after its
 * leases were returned. */
static void return_late(struct keeper *keeper)
{
    struct dead **link = &keeper->later;
    while (*link) {
        struct dead *dead = *link;
        if (now_ms(keeper) < dead->due_ms) {
            link = &dead->next;
            continue;
        }
        if (return_leases(keeper, dead) < 0)
            return;
        if (dead->returned > 0)
            log_write(LOG_INFO, "returned late: %llu leases of %s",
                      (unsigned long long)dead->returned, dead->owner);
        *link = dead->next;
        if (dead->pause_ms < LATER_MAX_MS)
            look_later(keeper, dead, dead->pause_ms * LATER_FACTOR);
        else
            free(dead);
    }
}

/* Goes on with the next one when the store has taken this one. */
static void return_dead(struct keeper *keeper)
{
    struct dead **link = &keeper->dead;
    while (*link) {
        struct dead *dead = *link;
        if (!dead->is_returned && return_leases(keeper, dead) < 0)
            return;
        if (confirm(keeper, dead) < 0 && errno == EAGAIN) {
            link = &dead->next;
            continue;
        }
        *link = dead->next;
        look_later(keeper, dead, LATER_MS);
    }
}

/* What is done now and then */

static void do_upkeep(struct keeper *keeper)
{
    struct upkeep upkeep = {0};
    struct err err = ERR_INIT;
    if (keeper->driver->upkeep(keeper->store.store, &upkeep, &err) < 0) {
        fail(keeper, &err);
        return;
    }
    succeed(keeper);
    if (upkeep.expired > 0)
        log_write(LOG_WARN, "connection %s: %llu leases had run out and were returned",
                  keeper->connection->name, (unsigned long long)upkeep.expired);
    int64_t pause = upkeep.next_ms < KEEPER_PERIOD_MS ? upkeep.next_ms : KEEPER_PERIOD_MS;
    keeper->upkeep_ms = now_ms(keeper) + (pause > UPKEEP_MIN_MS ? pause : UPKEEP_MIN_MS);
}

static int note_due(void *context, const struct job_view *view)
{
    int64_t *at_ms = context;
    *at_ms = view->job.available_at_ms;
    return 1;
}

/* When its first delayed job is due: asked only where no worker may be there to know it. */
static int64_t first_due_ms(struct keeper *keeper, const struct queue_settings *queue,
                            const struct queue_stats *stats)
{
    static const enum job_state delayed = JOB_DELAYED;
    const struct job_filter filter = {.queue = queue->name, .state = &delayed, .limit = 1};
    struct err err = ERR_INIT;
    int64_t at_ms = 0;
    if (stats->delayed == 0 || queue->scaling.min_workers > 0 ||
        !settings_is_scaled(keeper->settings, queue) ||
        keeper->driver->job_list(keeper->store.store, &filter, note_due, &at_ms, &err) < 0 ||
        at_ms == 0)
        return -1;
    int64_t left_ms = at_ms - clock_wall_ms(keeper->clock);
    return left_ms > 0 ? left_ms : 0;
}

static int measure_queue(struct keeper *keeper, size_t index)
{
    struct queue_stats stats;
    struct err err = ERR_INIT;
    if (keeper->driver->stats(keeper->store.store, keeper->settings->queues[index].name, &stats,
                              &err) < 0) {
        fail(keeper, &err);
        return -1;
    }
    struct record record = {.type = RECORD_METRICS};
    record.body.metrics = (struct queue_metrics){
        .queue = (uint32_t)index,
        .settings_generation = keeper->settings->generation,
        .ready = stats.pending,
        .reserved = stats.reserved,
        .delayed = stats.delayed,
        .failed = stats.failed,
        .oldest_ms = stats.oldest_ms,
        .due_ms = first_due_ms(keeper, &keeper->settings->queues[index], &stats),
        .is_paused = keeper->ledger.paused[index],
        .is_leader = keeper->ledger.is_leader,
        .window_ended = keeper->ledger.windows[index].ended,
        .window_failed = keeper->ledger.windows[index].failed,
    };
    mouth_send(keeper->mouth, &record);
    ledger_note(&keeper->ledger, index, stats.pending);
    return 0;
}

static bool is_ours(const struct keeper *keeper, const struct queue_settings *queue)
{
    return settings_connection_of(keeper->settings, queue->name) == keeper->connection;
}

/* Who decides more often wants fresh figures more often. */
static int64_t measure_period_ms(const struct keeper *keeper)
{
    int64_t interval = keeper->settings->auto_scaling.interval;
    return interval < KEEPER_PERIOD_MS ? interval : KEEPER_PERIOD_MS;
}

/* A store that can be read and not written is away for those who have something to store. */
static void keep_books(struct keeper *keeper)
{
    struct err err = ERR_INIT;
    int result = ledger_step(&keeper->ledger, &keeper->store, &err);
    if (result < 0 && !keeper->is_write_failing)
        log_write(LOG_WARN, "connection %s: the figures cannot be stored: %s",
                  keeper->connection->name, err.text);
    if (result == 0 || (result < 0) == keeper->is_write_failing)
        return;
    keeper->is_write_failing = result < 0;
    tell_state(keeper);
}

static void measure(struct keeper *keeper)
{
    int64_t began_ms = now_ms(keeper);
    struct err err = ERR_INIT;
    if (ledger_look_for_pauses(&keeper->ledger, &keeper->store, &err) < 0) {
        fail(keeper, &err);
        return;
    }
    for (size_t i = 0; i < keeper->settings->queue_count; i++)
        if (is_ours(keeper, &keeper->settings->queues[i]) && measure_queue(keeper, i) < 0)
            return;
    int64_t now = now_ms(keeper);
    keeper->measure_ms = now + keeper_pause_ms(now - began_ms, measure_period_ms(keeper));
    keep_books(keeper);
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
    if (keeper->dead && due > now_ms(keeper) + CONFIRM_MS)
        due = now_ms(keeper) + CONFIRM_MS;
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
    if (now_ms(keeper) < keeper->try_ms || open_store(keeper) < 0)
        return;
    return_dead(keeper);
    if (keeper->failures == 0)
        return_late(keeper);
    if (keeper->failures == 0 || now_ms(keeper) >= keeper->try_ms) {
        if (now_ms(keeper) >= keeper->upkeep_ms)
            do_upkeep(keeper);
        if (keeper->failures == 0 && now_ms(keeper) >= keeper->measure_ms)
            measure(keeper);
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

static void free_all(struct dead *dead)
{
    while (dead) {
        struct dead *next = dead->next;
        free(dead);
        dead = next;
    }
}

void keeper_join(struct keeper *keeper)
{
    pthread_join(keeper->thread, NULL);
    free_all(keeper->dead);
    free_all(keeper->later);
    ledger_finish(&keeper->ledger);
    pthread_cond_destroy(&keeper->news);
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}

const char *keeper_connection(const struct keeper *keeper)
{
    return keeper->connection->name;
}
