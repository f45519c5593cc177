/* SPDX-License-Identifier: MIT */
/*
 * A client of a store, as a program of its own whose time is taken (stores.py):
 *
 *     store-bench CONFIGURATION COMMAND QUEUE [WORD…]
 *
 * push COUNT BATCH: pushes jobs of 100 bytes; prints seconds.
 *
 * turns ROUNDS BATCH: reserves BATCH jobs, and ends those of the call before; prints the median
 * microseconds of a call. As many are pushed in between, untimed.
 *
 * watch COUNT: from the first of so many jobs that is taken to the last that has ended; prints jobs
 * and seconds.
 *
 * owners SECONDS OWNER…: waits until one of them holds a job and says so; then, from a line on
 * standard input on, until none of them does, each at most so long; prints milliseconds.
 *
 * purge
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/settings.h"
#include "drivers/drivers.h"
#include "queue/queue.h"

#define POLL_US        2000
#define POLL_FIRST_US  200000
#define POLL_MOST_US   900000
#define OWNERS_POLL_US 1000
#define UPKEEP_US      500000
#define DATA_SIZE      100
#define OWNER          "store-bench"
#define LEASE_MS       600000
#define BULK           1000

struct bench {
    struct queue_connection connection;
    const char *queue;
    char data[DATA_SIZE + 1];
    int64_t upkeep_us; /* the last one */
};

static int64_t now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

static void pause_us(int64_t us)
{
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

/* What the maintenance process would do meanwhile. */
static int keep_up(struct bench *bench, struct err *err)
{
    struct upkeep upkeep = {0};
    if (now_us() - bench->upkeep_us < UPKEEP_US)
        return 0;
    bench->upkeep_us = now_us();
    return bench->connection.driver->upkeep(bench->connection.store, &upkeep, err);
}

/* --- push --- */

static struct job make_job(const struct bench *bench)
{
    return (struct job){.queue = bench->queue,
                        .name = "Noop",
                        .data = {.text = bench->data, .length = DATA_SIZE, .kind = JSON_STRING}};
}

static int push_batch(struct bench *bench, struct job *jobs, size_t count, struct err *err)
{
    struct arena arena = {0};
    size_t stored;
    for (size_t i = 0; i < count; i++)
        jobs[i] = make_job(bench);
    int result = queue_bulk(&bench->connection, jobs, count, &arena, NULL, &stored, err);
    arena_finish(&arena);
    return result;
}

static int push_all(struct bench *bench, size_t count, size_t batch, struct err *err)
{
    struct job *jobs = mem_new(batch, sizeof *jobs);
    int result = 0;
    for (size_t left = count; left > 0 && result == 0;) {
        size_t now = left < batch ? left : batch;
        result = push_batch(bench, jobs, now, err);
        if (result == 0)
            result = keep_up(bench, err);
        left -= now;
    }
    free(jobs);
    return result;
}

static int do_push(struct bench *bench, char **words, struct err *err)
{
    int64_t before = now_us();
    if (push_all(bench, strtoul(words[0], NULL, 10), strtoul(words[1], NULL, 10), err) < 0)
        return -1;
    printf("%.6f\n", (double)(now_us() - before) / 1e6);
    return 0;
}

/* --- turns --- */

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

static struct outcome *done_with(const struct reservation *reservation, struct outcome *outcomes)
{
    for (size_t i = 0; i < reservation->count; i++) {
        const struct job *job = &reservation->jobs[i];
        outcomes[i] =
            (struct outcome){.kind = OUTCOME_DONE, .lease = {job->id, job->uuid, job->attempts}};
    }
    return outcomes;
}

/* Two reservations take turns: the outcomes of one call speak of the jobs of the other. */
static int turn(struct bench *bench, struct reservation *ended, struct reservation *next,
                size_t batch, int64_t *us, struct err *err)
{
    const struct reserve_request request = {
        .queue = bench->queue, .owner = OWNER, .count = batch, .lease_ms = LEASE_MS};
    struct outcome *outcomes = mem_new(batch, sizeof *outcomes);
    int64_t before = now_us();
    int result = bench->connection.driver->turn(
        bench->connection.store, OWNER, done_with(ended, outcomes), ended->count,
        batch > 0 ? &request : NULL, batch > 0 ? next : NULL, err);
    *us = now_us() - before;
    free(outcomes);
    return result;
}

static int run_turns(struct bench *bench, size_t rounds, size_t batch, int64_t *times,
                     struct err *err)
{
    struct reservation reservations[2] = {0};
    int result = 0;
    for (size_t i = 0; i < rounds && result == 0; i++) {
        struct reservation *ended = &reservations[i % 2], *next = &reservations[(i + 1) % 2];
        result = turn(bench, ended, next, batch, &times[i], err);
        if (result == 0)
            result = push_all(bench, next->count, BULK, err);
    }
    for (size_t i = 0; i < 2; i++)
        arena_finish(&reservations[i].arena);
    return result;
}

static int do_turns(struct bench *bench, char **words, struct err *err)
{
    size_t rounds = strtoul(words[0], NULL, 10), batch = strtoul(words[1], NULL, 10);
    int64_t *times = mem_new(rounds, sizeof *times);
    uint64_t returned;
    int result = run_turns(bench, rounds, batch, times, err);
    qsort(times, rounds, sizeof *times, compare);
    if (result == 0)
        printf("%" PRId64 "\n", times[rounds / 2]);
    free(times);
    if (result == 0) /* those of the last call */
        result = bench->connection.driver->return_owner(bench->connection.store, OWNER, NULL, 0,
                                                        &returned, err);
    return result;
}

/* --- watching --- */

static int look(struct bench *bench, struct queue_stats *stats, struct err *err)
{
    return bench->connection.driver->stats(bench->connection.store, bench->queue, stats, err);
}

/* *us gets the time of the last look at which no job was taken. */
static int watch_begin(struct bench *bench, int64_t *us, struct err *err)
{
    struct queue_stats stats;
    int64_t looked_us = now_us();
    puts("watching");
    fflush(stdout);
    do {
        *us = looked_us;
        pause_us(POLL_US);
        looked_us = now_us();
        if (look(bench, &stats, err) < 0)
            return -1;
    } while (stats.reserved == 0 && stats.pending > 0);
    return 0;
}

/* Counting many jobs is work for the store, which is not to be measured: the next look is when half
 * of what is left will have been done. */
static int64_t until_half_us(size_t done, size_t left, int64_t took_us)
{
    if (done == 0)
        return POLL_FIRST_US;
    double half_us = (double)left / 2 / (double)done * (double)took_us;
    return half_us < POLL_US ? POLL_US : half_us > POLL_MOST_US ? POLL_MOST_US : (int64_t)half_us;
}

static int do_watch(struct bench *bench, char **words, struct err *err)
{
    size_t count = strtoul(words[0], NULL, 10);
    int64_t begun_us;
    if (watch_begin(bench, &begun_us, err) < 0)
        return -1;
    for (size_t left = count; left > 0;) {
        struct queue_stats stats;
        pause_us(until_half_us(count - left, left, now_us() - begun_us));
        if (look(bench, &stats, err) < 0)
            return -1;
        left = stats.pending + stats.reserved + stats.delayed;
        left = left < count ? left : count; /* a store may estimate */
    }
    printf("%zu %.6f\n", count, (double)(now_us() - begun_us) / 1e6);
    return 0;
}

struct owners {
    char **names;
    bool holds_any;
};

static int look_at(void *context, const struct job_view *view)
{
    struct owners *owners = context;
    for (char **name = owners->names; view->job.reserved_by && *name; name++)
        owners->holds_any = owners->holds_any || strcmp(view->job.reserved_by, *name) == 0;
    return owners->holds_any;
}

static int look_for(struct bench *bench, struct owners *owners, struct err *err)
{
    const enum job_state state = JOB_RESERVED;
    const struct job_filter filter = {.queue = bench->queue, .state = &state, .limit = 10000};
    struct err cause = ERR_INIT; /* a listing that look_at has ended leaves none */
    owners->holds_any = false;
    if (bench->connection.driver->job_list(bench->connection.store, &filter, look_at, owners,
                                           &cause) == 0 ||
        cause.code == ERR_NONE)
        return 0;
    return err_set(err, cause.code, "%s", cause.text);
}

static int poll_owners(struct bench *bench, struct owners *owners, bool wanted, int64_t limit_us,
                       struct err *err)
{
    do {
        if (look_for(bench, owners, err) < 0)
            return -1;
        if (owners->holds_any == wanted)
            return 0;
        pause_us(OWNERS_POLL_US);
    } while (now_us() < limit_us);
    return err_set(err, ERR_LIMIT, "it takes too long");
}

static int do_owners(struct bench *bench, char **words, struct err *err)
{
    struct owners owners = {.names = words + 1};
    int64_t patience_us = atol(words[0]) * 1000000;
    if (poll_owners(bench, &owners, true, now_us() + patience_us, err) < 0)
        return -1;
    puts("watching");
    fflush(stdout);
    getchar();
    int64_t before = now_us();
    if (poll_owners(bench, &owners, false, before + patience_us, err) < 0)
        return -1;
    printf("%.3f\n", (double)(now_us() - before) / 1e3);
    return 0;
}

static int do_purge(struct bench *bench, char **words, struct err *err)
{
    (void)words;
    uint64_t removed;
    return bench->connection.driver->purge(bench->connection.store, bench->queue, &removed, err);
}

/* --- the program --- */

static const struct {
    const char *name;
    int words; /* at least, behind the queue */
    int (*run)(struct bench *bench, char **words, struct err *err);
} commands[] = {
    {"push", 2, do_push},     {"turns", 2, do_turns}, {"watch", 1, do_watch},
    {"owners", 1, do_owners}, {"purge", 0, do_purge},
};

static int run(struct bench *bench, int argc, char **argv, struct err *err)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, argv[2]) == 0 && argc >= 4 + commands[i].words)
            return commands[i].run(bench, argv + 4, err);
    return err_set(err, ERR_INVALID, "no such command, or too few words");
}

static int open_connection(struct bench *bench, const struct settings *settings, struct err *err)
{
    const struct connection_settings *where = settings_connection_of(settings, bench->queue);
    const struct driver *driver = drivers_find(where, err);
    return driver ? queue_connection_open(&bench->connection, driver, where, &clock_system, err)
                  : -1;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct bench bench = {.queue = argc > 3 ? argv[3] : ""};
    memset(bench.data, 'x', DATA_SIZE);
    bench.data[0] = bench.data[DATA_SIZE - 1] = '"';
    struct settings *settings = argc > 3 ? settings_load(argv[1], &err) : NULL;
    int result = -1;
    if (settings && open_connection(&bench, settings, &err) == 0)
        result = run(&bench, argc, argv, &err);
    queue_connection_close(&bench.connection);
    settings_destroy(settings);
    if (result < 0)
        fprintf(stderr, "store-bench: %s\n", err.text);
    return result < 0;
}
