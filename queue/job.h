/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/mem.h"

/*
 * A job, as it is pushed and as it comes back from a store. The strings belong to whoever made the
 * job: to the caller of a push, to the arena of a reservation or a listing.
 */
#define JOB_NAME_MAX     255         /* bytes of a job's class name */
#define JOB_DATA_MAX     (15u << 20) /* bytes of data: a frame with it fits in JSON_TEXT_MAX */
#define JOB_PRIORITY_MAX 1000        /* priorities are -1000 to 1000, higher first */
#define JOB_ATTEMPTS_MAX 100000
#define JOB_TIMEOUT_MAX  (7 * 86400)        /* seconds */
#define JOB_DELAY_MAX    (10 * 366 * 86400) /* seconds */
#define JOB_KEY_MAX      255                /* bytes of a unique key */
#define JOB_CHAIN_MAX    1000               /* jobs in a chain */
#define JOB_TRACE_MAX    255                /* bytes of a traceparent */

/* How long a job's unique key keeps others of the same key out. The lock is part of the job's own
 * record: when the job has ended, or has failed, there is none. */
enum unique_until {
    UNIQUE_NONE,
    UNIQUE_DONE,    /* while the job lives */
    UNIQUE_STARTED, /* until its first attempt is reserved */
    UNIQUE_TIME,    /* for unique_ms after the push, while the job lives */
};

struct worker_options; /* common/settings.h */

struct job {
    int64_t id; /* the store's own number; 0 before it is stored */
    const char *uuid;
    const char *queue;
    const char *name;       /* the class: the guide's `job` */
    struct json_slice data; /* opaque: the bytes that were pushed; on one line */
    const char *batch_uuid; /* NULL where the job is in none */
    int priority;
    int attempts;            /* begun so far; from a reservation, this one included */
    int max_attempts;        /* 0: what the queue says */
    int64_t timeout_ms;      /* 0: what the queue says */
    int64_t delay_ms;        /* of a push: due so long after now, by the store's clock */
    int64_t available_at_ms; /* when it is or was due; wall clock of the store */
    int64_t created_at_ms;
    int64_t reserved_at_ms;  /* 0 where it is not reserved */
    const char *reserved_by; /* NULL where it is not reserved */
    const char *unique_key;  /* NULL where it has none; unique in the whole store */
    enum unique_until unique_until;
    int64_t unique_ms;
    struct json_slice
        chain; /* array of jobs as job_from_json reads them, pushed one after the other as each
                * is done; text NULL where there is none. Part of the payload alone */
    const char *traceparent; /* W3C trace context, or NULL. Part of the payload alone */
    const char *damage;      /* of a reservation: why the stored payload cannot be read (there is no
                              * data then, and the job is to be failed); NULL where it can */
};

/* The payload as the guide writes it: an object with uuid, displayName, job, data, maxAttempts,
 * timeout (seconds), priority, pushedAt (seconds), [batchUuid, uniqueKey, uniqueUntil, uniqueFor
 * (seconds), chain, traceparent]. data goes in as it is. Appends to out; *data_at (or NULL) gets
 * where in what was appended data begins, so that a store can find it again without reading JSON.
 * Returns 0, or -1 with err past the cap. */
int job_payload_encode(const struct job *job, struct buf *out, size_t *data_at, struct err *err);

/* Reads a payload back: sets uuid, name, data, priority, max_attempts, timeout_ms, batch_uuid, the
 * unique members, chain and traceparent from it, and leaves the rest. data and chain point into
 * text, the other strings are in the arena. Members that are not known (other programs have their
 * own) are passed over. Returns 0, or -1 with err for what is not a payload. */
int job_payload_decode(const char *text, size_t length, struct arena *arena, struct job *job,
                       struct err *err);

/* Checks a job before a push: names, ranges, data that is one JSON value. Line breaks in data and
 * chain become spaces in place (nothing is written where there are none). A key without
 * unique_until is UNIQUE_DONE. Returns 0, or -1 with err. */
int job_check(struct job *job, struct err *err);

/* The part of it that is about the data, which the defaults of a class look into. */
int job_check_data(struct job *job, struct err *err);

/* Reads one job from an object with the guide's names: job, data, [uuid, queue, delay, priority,
 * max_attempts | maxAttempts, timeout, batch_uuid | batchUuid, unique_key | uniqueKey, unique_until
 * | uniqueUntil ("done", "started"), unique_for | uniqueFor (seconds), chain, traceparent]; delay
 * and timeout in seconds, fractions allowed; an unknown member is refused by name. data.priority
 * counts where priority is not given. The queue is fallback_queue where the text names none. All
 * strings are in the arena, data included (line breaks joined). Returns 0, or -1 with err. */
int job_from_json(const char *text, size_t length, const char *fallback_queue, struct arena *arena,
                  struct job *job, struct err *err);

/* The opposite: appends the object that job_from_json reads as this same job (for the callbacks of
 * a batch, which lie complete in its record). Returns 0, or -1 with err past the cap. */
int job_to_json(const struct job *job, struct buf *out, struct err *err);

/* The pause before the next attempt, after `attempts` have begun: none 0; fixed d; linear d × n;
 * exponential d × 2^n, as in the guide; at most backoff_max; then shortened by up to backoff_jitter percent, by
 * random in [0, 1). Pure. */
int64_t job_backoff_ms(const struct worker_options *options, int attempts, double random);

#endif
