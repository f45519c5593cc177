/* SPDX-License-Identifier: MIT */
#include "cli/batch_jobs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/lines.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/uuid.h"

void batch_jobs_init(struct batch_jobs *batch, const char *batch_uuid, const char *said_queue,
                     const char *queue)
{
    *batch = (struct batch_jobs){.batch_uuid = batch_uuid,
                                 .defaults = {.said_queue = said_queue, .queue = queue}};
}

void batch_jobs_finish(struct batch_jobs *batch)
{
    free(batch->jobs);
    arena_finish(&batch->arena);
}

/* --- jobs --- */

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\r") == length;
}

static int read_job(struct batch_jobs *batch, const struct context *context, const char *line,
                    size_t length, struct job *job, struct err *err)
{
    struct job_defaults defaults = batch->defaults;
    defaults.settings = context->settings;
    if (job_read(line, length, &defaults, &batch->arena, job, err) < 0)
        return -1;
    if (job->batch_uuid && strcmp(job->batch_uuid, batch->batch_uuid) != 0)
        return err_set(err, ERR_INVALID, "the job says that it is of batch %s", job->batch_uuid);
    job->batch_uuid = batch->batch_uuid;
    if (job_check(job, err) < 0)
        return -1;
    return context_check_queue(context, job->queue, err);
}

static int take_line(struct batch_jobs *batch, const struct context *context, const char *line,
                     size_t length, struct err *err)
{
    if (is_blank(line, length))
        return 0;
    if (batch->count == QUEUE_TOGETHER_MAX)
        return err_set(err, ERR_LIMIT,
                       "a batch is made with at most %d jobs; let one of them add the others",
                       QUEUE_TOGETHER_MAX);
    if ((batch->count & (batch->count - 1)) == 0)
        batch->jobs =
            mem_resize(batch->jobs, batch->count ? 2 * batch->count : 1, sizeof *batch->jobs);
    return read_job(batch, context, line, length, &batch->jobs[batch->count++], err);
}

/* Returns 1 while there are lines, 0 at the end, -1 with err. */
static int step(struct batch_jobs *batch, const struct context *context, struct lines *lines,
                struct err *err)
{
    char *line;
    size_t length;
    switch (lines_next(lines, &line, &length, err)) {
    case LINES_END:
        return 0;
    case LINES_ERROR:
        return -1;
    case LINES_TOO_LONG:
        return err_set(err, ERR_LIMIT, "the line is longer than %u bytes", JSON_TEXT_MAX);
    case LINES_LINE:
        break;
    }
    if (lines->offset + length > BATCH_JOBS_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the jobs that a batch is made with are at most %u bytes",
                       BATCH_JOBS_BYTES_MAX);
    return take_line(batch, context, line, length, err) < 0 ? -1 : 1;
}

int batch_jobs_read(struct batch_jobs *batch, const struct context *context, const char *path,
                    struct err *err)
{
    struct lines lines;
    const char *name;
    int fd = lines_open(path, &name, err);
    if (fd < 0)
        return -1;
    lines_init(&lines, fd, JSON_TEXT_MAX);
    int result;
    do
        result = step(batch, context, &lines, err);
    while (result > 0);
    if (result < 0)
        err_prefix(err, "nothing was stored: %s:%" PRIu64, name, lines.number);
    lines_finish(&lines);
    if (fd != STDIN_FILENO)
        fd_close(&fd);
    return result;
}

/* --- callbacks --- */

static struct json_slice data_of_callback(struct batch_jobs *batch)
{
    struct buf text;
    buf_init(&text, 16 * UUID_TEXT_SIZE);
    buf_text_append(&text, "{\"batch_uuid\":");
    json_string_append(&text, batch->batch_uuid, strlen(batch->batch_uuid));
    buf_text_append(&text, "}");
    size_t length = text.length;
    const char *data = arena_strndup(&batch->arena, buf_text(&text), length);
    buf_finish(&text);
    return (struct json_slice){.text = data, .length = length, .kind = JSON_OBJECT};
}

static int read_callback(struct batch_jobs *batch, const struct context *context, const char *text,
                         struct job *job, struct err *err)
{
    struct job_defaults defaults = batch->defaults;
    defaults.settings = context->settings;
    defaults.data = data_of_callback(batch);
    if (*text == '{')
        return job_read(text, strlen(text), &defaults, &batch->arena, job, err);
    struct buf made;
    buf_init(&made, JSON_TEXT_MAX);
    buf_text_append(&made, "{\"job\":");
    json_string_append(&made, text, strlen(text));
    buf_text_append(&made, "}");
    int result = job_read(buf_text(&made), made.length, &defaults, &batch->arena, job, err);
    buf_finish(&made);
    return result;
}

int batch_jobs_callback(struct batch_jobs *batch, const struct context *context, const char *text,
                        struct job *job, struct err *err)
{
    if (read_callback(batch, context, text, job, err) < 0)
        return -1;
    if (!job->uuid) {
        char *uuid = arena_alloc(&batch->arena, UUID_SIZE);
        uuid_make(uuid, clock_wall_ms(&clock_system));
        job->uuid = uuid;
    }
    if (job_check(job, err) < 0)
        return -1;
    return context_check_queue(context, job->queue, err);
}
