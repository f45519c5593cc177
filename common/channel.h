/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CHANNEL_H
#define COMMON_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/uuid.h"

/*
 * What the master and its children say to each other: records of one fixed size over a pair of pipes, one
 * write each (at most PIPE_BUF, so a record is never torn by another). A record counts only when its pid and
 * its generation match the child that it is expected from (after dovecot's master); the generation is new at
 * every spawn. End of file on the child's reading end means that the master is gone.
 */
#define CHANNEL_MAGIC       0x4d535452u
#define CHANNEL_RECORD_SIZE 256
#define OWNER_SIZE          40 /* a worker's id with its NUL */
#define CONNECTION_SIZE     101 /* a connection's name with its NUL */
#define RUN_TIMES           24  /* bucket i counts attempts that ran for less than 2^i ms */
#define WAIT_TIMES          14  /* bucket i counts attempts that waited for less than 4^i ms */

enum record_type {
    /* child to master */
    RECORD_READY = 1, /* the child has started up and works */
    RECORD_HEARTBEAT, /* a worker is alive; body.heartbeat */
    RECORD_METRICS,   /* maintenance: the figures of one queue; body.metrics */
    RECORD_STORE,     /* maintenance: a store is away or there; body.store */
    RECORD_RETURNED,  /* maintenance: a dead worker's leases are back; body.returned */
    /* master to child */
    RECORD_DRAIN,        /* finish what runs, reserve nothing more, exit */
    RECORD_RETIRE,       /* the same, but however long what runs takes */
    RECORD_REOPEN_LOGS,
    RECORD_BEGUN,        /* maintenance: this job had begun when its worker died; body.begun */
    RECORD_RETURN_OWNER, /* maintenance: give back all leases of this dead worker; body.dead */
    RECORD_PAUSE,        /* reserve nothing until the next: the queue is paused here */
    RECORD_RESUME,
};

enum worker_status {
    WORKER_IDLE,
    WORKER_BUSY,
    WORKER_DRAINING,
    WORKER_STORE_AWAY,
    WORKER_NO_HANDLER, /* no handler can be started: it reserves nothing */
};

struct heartbeat {
    uint32_t status;      /* enum worker_status */
    uint32_t busy;        /* handlers that run a job now */
    uint32_t concurrency; /* handlers there can be */
    uint32_t waiting;     /* jobs reserved and not begun */
    uint64_t processed;   /* attempts that ended, since the start */
    uint64_t failed;      /* of those, the ones that did not succeed */
    uint64_t busy_us;     /* handler time spent in jobs, since the start */
    uint64_t memory;      /* bytes resident: the worker and its handlers' trees */
    uint64_t largest;     /* of the largest of them */
    uint64_t cpu_us;      /* processor time of the worker and its handlers, since the start */
    uint64_t run_us, wait_us; /* of the attempts that ended, since the start */
    uint32_t run_times[RUN_TIMES]; /* attempts that ended, by how long they ran, since the start */
    uint32_t wait_times[WAIT_TIMES]; /* and by how long they had waited before */
};

/* The bucket of a run time; the last one takes all that are longer. */
static inline int run_time_bucket(int64_t us)
{
    int bucket = 0;
    for (int64_t ms = us / 1000; ms > 0 && bucket < RUN_TIMES - 1; ms /= 2)
        bucket++;
    return bucket;
}

/* The same of a wait. */
static inline int wait_time_bucket(int64_t us)
{
    int bucket = 0;
    for (int64_t ms = us / 1000; ms > 0 && bucket < WAIT_TIMES - 1; ms /= 4)
        bucket++;
    return bucket;
}

struct queue_metrics {
    uint32_t queue; /* index in the settings' queues */
    uint32_t settings_generation;
    uint32_t is_paused; /* on this host */
    uint32_t is_leader; /* this host tells of what all hosts at the store see alike */
    uint64_t window_ended, window_failed; /* jobs within alert_window, on all hosts */
    uint64_t ready, reserved, delayed, failed;
    int64_t oldest_ms; /* age of the oldest ready job; -1 where there is none */
    int64_t due_ms;    /* until the first delayed job is due; -1: none, or nobody needs to know */
};

struct record {
    uint32_t magic;
    uint32_t type; /* enum record_type */
    int32_t pid;   /* of the child, in both directions */
    uint32_t generation;
    union {
        struct heartbeat heartbeat;
        struct queue_metrics metrics;
        struct {
            char connection[CONNECTION_SIZE];
            uint32_t is_away;
        } store;
        struct {
            char owner[OWNER_SIZE];
            uint64_t count;
        } returned;
        struct {
            char uuid[UUID_TEXT_SIZE];
            int32_t attempt;
        } begun;
        struct {
            char owner[OWNER_SIZE];
            char connection[CONNECTION_SIZE]; /* where its leases are */
        } dead;
        char bytes[CHANNEL_RECORD_SIZE - 16];
    } body;
};

_Static_assert(sizeof(struct record) == CHANNEL_RECORD_SIZE, "a record has a fixed size");

/* One end of a channel: in the child, or the master's end towards one child. */
struct channel {
    int in;  /* non-blocking, -1 when closed. Owned */
    int out; /* non-blocking, -1 when closed. Owned */
    pid_t pid;
    uint32_t generation;
    uint64_t dropped; /* records that the other side was too slow to take */
};

/* Fills in magic, pid and generation and writes the record. Never blocks: returns 0, or -1 when the pipe
 * was full (counted in dropped) or closed. */
int channel_send(struct channel *channel, struct record *record);

enum channel_result { CHANNEL_RECORD, CHANNEL_EMPTY, CHANNEL_CLOSED };

/* Reads at most one record. Torn, foreign and outdated ones are passed over. */
enum channel_result channel_receive(struct channel *channel, struct record *record);

/* Closes both descriptors where they are open, and sets them to -1. */
void channel_close(struct channel *channel);

#endif
