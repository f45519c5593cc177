/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PROTOCOL_H
#define WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/mem.h"
#include "queue/batch.h"
#include "queue/job.h"

/*
 * The handler protocol, version 1 (docs/protocol.md): one JSON object a line, at most JSON_TEXT_MAX
 * bytes, on descriptor 3 to the handler and 4 from it. This is its codec: bytes to values and back,
 * without I/O.
 */
#define PROTOCOL_VERSION         1
#define PROTOCOL_FD_TO_HANDLER   3
#define PROTOCOL_FD_FROM_HANDLER 4
#define PROTOCOL_CONCURRENCY_MAX 256
#define PROTOCOL_WINDOW_MAX      256

enum frame_type {
    FRAME_HELLO,    /* version, [name, concurrency, window, jobs, failed] */
    FRAME_DONE,     /* uuid */
    FRAME_RELEASE,  /* uuid, [delay] */
    FRAME_FAIL,     /* uuid, exception, [retry, delay] */
    FRAME_PROGRESS, /* uuid, progress 0-100, [message] */
    FRAME_LOG,      /* [uuid, level], message */
    FRAME_PUSH,     /* uuid of the running job, push: an object as in `muster queue:bulk` */
    FRAME_BATCH, /* uuid of the running job, [batch_uuid]: how far is the batch? */
    FRAME_PONG,
    FRAME_LEAVING, /* it begins nothing more, answers what runs, and ends */
};

/* A class that a handler says it runs, with the limits that it declares for it. */
struct protocol_class {
    const char *name;     /* "*": every class that is not named */
    int64_t timeout_ms;   /* 0: none. PROTOCOL_UNSET here and below: what the queue says */
    int64_t max_attempts; /* 0: no limit */
    int64_t backoff;      /* enum backoff_kind */
    int64_t backoff_delay_ms;
    int64_t backoff_max_ms;
};

#define PROTOCOL_UNSET       (-1)
#define PROTOCOL_CLASSES_MAX 1000

/* One frame from a handler. Strings are in the arena that it was read with. */
struct frame {
    enum frame_type type;
    const char *uuid; /* NULL where the frame names no job */
    int version;      /* HELLO */
    const char *name; /* HELLO, or NULL */
    int concurrency;  /* HELLO: jobs it runs at once, 1 to PROTOCOL_CONCURRENCY_MAX */
    int window;       /* HELLO: jobs it may hold beside those, 0 to PROTOCOL_WINDOW_MAX */
    const struct protocol_class *classes; /* HELLO; NULL: it runs whatever comes */
    size_t class_count;
    bool tells_failed;      /* HELLO: it wants to be told of jobs that have failed for good */
    int64_t delay_ms;       /* RELEASE, FAIL: until the next attempt; PROTOCOL_UNSET: the backoff */
    const char *exception;  /* FAIL */
    bool retry;             /* FAIL: false means never again */
    double progress;        /* PROGRESS */
    const char *level;      /* LOG, or NULL */
    const char *message;    /* LOG, PROGRESS, or NULL */
    struct json_slice push; /* PUSH: the object; points into the line */
    const char *batch_uuid; /* BATCH, or NULL: that of the job */
};

/* Reads one line (without its newline). Members that a frame does not have are passed over. Returns
 * 0, or -1 with err saying what is wrong with it. */
int protocol_decode(const char *line, size_t length, struct arena *arena, struct frame *frame,
                    struct err *err);

/* Append a frame to the handler, with its newline. Return 0, or -1 past the buffer's cap, and then
 * nothing has been appended. A job's own limits are left to the caller: 0 is none. */
int protocol_encode_job(const struct job *job, int64_t timeout_ms, int max_attempts,
                        struct buf *out);

/* The same job, which has failed for good: why, in a word and as text. */
int protocol_encode_failed(const struct job *job, const char *cause, const char *exception,
                           struct buf *out);
int protocol_encode_cancel(const char *uuid, struct buf *out);

/* The answer to FRAME_BATCH of the job uuid: how far a batch is, or why that cannot be told. */
int protocol_encode_batch(const char *uuid, const struct batch *batch, struct buf *out);
int protocol_encode_batch_error(const char *uuid, const char *error, struct buf *out);

/* Asks it to begin nothing more and leave; asks it for a sign of life. */
int protocol_encode_drain(struct buf *out);
int protocol_encode_ping(struct buf *out);

#endif
