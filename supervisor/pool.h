/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/channel.h"
#include "common/settings.h"
#include "supervisor/process.h"
#include "supervisor/returns.h"

/*
 * The workers of one queue: as many as are wanted. A worker that has been told to stop leaves the
 * pool when it has; meanwhile another one may be there in its place.
 */
#define WORKER_NAME_SIZE (100 + 1 + OWNER_SIZE)

struct pool;

struct worker {
    struct process process;
    struct pool *pool;
    struct worker *next;
    char id[OWNER_SIZE];              /* new at every start */
    char name[WORKER_NAME_SIZE];      /* QUEUE:ID */
    char connection[CONNECTION_SIZE]; /* where its leases are */
    struct heartbeat heartbeat;
    int64_t launched_ms;   /* monotonic */
    bool is_boot_known;    /* of this start */
    int64_t heard_us;      /* monotonic, of the heartbeat */
    int64_t heard_wall_ms; /* 0: none yet */
    double cpu_percent;    /* between the last two heartbeats */
};

/* What the workers of a pool have done since it was made. */
struct pool_counts {
    uint64_t ended;   /* attempts */
    uint64_t failed;  /* of those, the ones that did not succeed */
    uint64_t busy_us; /* handler time spent in jobs */
    uint64_t run_us, wait_us;
    uint64_t run_times[RUN_TIMES]; /* of attempts that ended (common/channel.h) */
    uint64_t wait_times[WAIT_TIMES];
};

struct pool {
    struct host *host;
    struct returns *returns;
    struct pool *next; /* the owner's */
    char *queue;
    int64_t wanted;
    bool is_sized; /* it has been told how many */
    struct health_limits limits;
    uint32_t board_slots;
    char connection[CONNECTION_SIZE]; /* of workers that are started from now on */
    struct worker *workers;           /* the newest first */
    struct pool_counts counts;
    int64_t boot_ms; /* how long the last start took, until the worker was ready; 0: none yet */
    enum pool_pause { POOL_PAUSE_UNKNOWN, POOL_GOES_ON, POOL_PAUSED } pause;
    int64_t stalled_ms; /* monotonic: when one was killed for its silence last; 0: never */
    unsigned stalled;   /* how many, since somebody set it to 0 */
    bool has_metrics;
    struct queue_metrics metrics;
    int64_t measured_ms; /* when they came; monotonic */
    uint64_t revision;   /* of the host, when figures or the list of workers changed last */
};

/* An empty pool for a queue. */
struct pool *pool_create(struct host *host, struct returns *returns, const char *queue);

/* A worker that another master has started, at the end of the list: its own things are to be set, and
 * process_resume called. retires: it has been told to leave when its jobs are done. */
struct worker *pool_resume_worker(struct pool *pool, bool retires);

/* Only when its workers are gone (pool_is_empty). */
void pool_destroy(struct pool *pool);

/* Takes limits from the settings; workers that are there keep what is theirs. */
void pool_configure(struct pool *pool, const struct settings *settings,
                    const struct queue_settings *queue);

/* Buries workers that have stopped; starts and stops workers until there are as many as wanted.
 * Those that do nothing are stopped first, and one that runs jobs finishes them, however long they
 * take. Cheap when there is nothing to do. */
void pool_tend(struct pool *pool);

/* Stops all workers, also those that are leaving already, within the stop timeout. */
void pool_stop(struct pool *pool);

/* Lets all present workers finish and leave; pool_tend puts new ones in their place at once. */
void pool_replace(struct pool *pool);

/* Takes new figures of its queue, and tells the workers where it is paused or goes on. */
void pool_measured(struct pool *pool, const struct queue_metrics *metrics);

/* Tells something to all workers, or gives an event to all. */
void pool_tell(struct pool *pool, enum record_type type);
void pool_handle(struct pool *pool, enum process_event event);

/* True where a worker is meant to stay: not stopping, not stopped. */
bool worker_stays(const struct worker *worker);

/* How many workers are meant to stay, and how many of them run. */
int64_t pool_count(const struct pool *pool);
int64_t pool_running(const struct pool *pool);
bool pool_is_empty(const struct pool *pool);

/* Handlers that run a job now, of workers that are meant to stay. */
int64_t pool_busy(const struct pool *pool);

#endif
