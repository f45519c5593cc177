/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/context.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "common/fd.h"
#include "common/mem.h"
#include "queue/job_class.h"

#define PART_BYTES    (16u << 20) /* of lines that are stored in one call */
#define SKIPPED_SHOWN 10          /* bad lines that are reported one by one */

static const struct cli_option bulk_options[] = {
    QUEUE_OPTION,
    CONNECTION_OPTION,
    BATCH_OPTION,
    {.name = "uuids",
     .kind = OPTION_FLAG,
     .help = "print the uuids of the jobs, in the order of the lines"},
    {.name = "skip-bad",
     .kind = OPTION_FLAG,
     .help = "go on behind a bad line, and say how many there were"},
    OPTIONS_END,
};

/* One run over a file or a pipe. Jobs are gathered, and stored when there are enough. */
struct bulk {
    struct context *context;
    const char *name; /* of the file, for messages */
    int fd;
    uint64_t size; /* of a regular file; 0 for a pipe */
    bool skip_bad;
    bool print_uuids;
    bool dry; /* the first pass over a file: look at every line, store nothing */

    struct lines lines;
    struct arena arena; /* of the jobs' strings */
    struct job *jobs;
    uint64_t *numbers; /* the jobs' lines */
    enum push_result *results;
    size_t count;
    size_t capacity;
    size_t part; /* jobs that are stored in one call */
    size_t bytes;

    uint64_t stored; /* or there before; duplicates are among them */
    uint64_t duplicates;
    uint64_t skipped;
    struct progress progress;
};

/* --- storing --- */

/* A duplicate has no uuid in the store; its line is kept, so that the others stay in order. */
static void print_uuid(const struct bulk *bulk, size_t i, struct buf *out)
{
    bool is_stored = bulk->results[i] != PUSH_DUPLICATE;
    const char *uuid = bulk->jobs[i].uuid;
    if (!bulk->context->json) {
        buf_printf(out, "%s\n", is_stored ? uuid : "-");
        return;
    }
    buf_text_append(out, bulk->stored + i > 0 ? "," : "");
    if (is_stored)
        json_string_append(out, uuid, strlen(uuid));
    else
        buf_text_append(out, "null");
}

static void print_uuids(struct bulk *bulk, size_t count)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++)
        print_uuid(bulk, i, &out);
    fwrite(buf_text(&out), 1, out.length, stdout);
    buf_finish(&out);
}

static int store_part(struct bulk *bulk, struct err *err)
{
    size_t stored = 0;
    int result = bulk->count == 0 ? 0
                                  : queue_bulk(&bulk->context->connection, bulk->jobs, bulk->count,
                                               &bulk->arena, bulk->results, &stored, err);
    if (result == 0)
        stored = bulk->count;
    if (bulk->print_uuids)
        print_uuids(bulk, stored);
    bulk->stored += stored;
    for (size_t i = 0; i < stored; i++)
        bulk->duplicates += bulk->results[i] == PUSH_DUPLICATE;
    if (result < 0)
        err_prefix(err, "%s: %" PRIu64 " jobs are stored, go on from line %" PRIu64, bulk->name,
                   bulk->stored, bulk->numbers[stored]);
    progress_update(&bulk->progress, bulk->stored, 0);
    bulk->count = 0;
    bulk->bytes = 0;
    arena_reset(&bulk->arena);
    return result;
}

/* Jobs of one batch are stored together (queue_bulk). */
static bool is_full(const struct bulk *bulk)
{
    if (bulk->count == 0)
        return false;
    bool is_of_batch = bulk->jobs[bulk->count - 1].batch_uuid != NULL;
    return bulk->bytes >= PART_BYTES ||
           bulk->count >= (is_of_batch ? QUEUE_TOGETHER_MAX : bulk->part);
}

static void make_room(struct bulk *bulk)
{
    if (bulk->count < bulk->capacity)
        return;
    bulk->capacity = bulk->capacity ? 2 * bulk->capacity : bulk->part;
    bulk->jobs = mem_resize(bulk->jobs, bulk->capacity, sizeof *bulk->jobs);
    bulk->numbers = mem_resize(bulk->numbers, bulk->capacity, sizeof *bulk->numbers);
    bulk->results = mem_resize(bulk->results, bulk->capacity, sizeof *bulk->results);
}

/* --- lines --- */

static int read_job(struct bulk *bulk, const char *line, size_t length, struct job *job,
                    struct err *err)
{
    const struct job_defaults defaults = {.said_queue =
                                              options_text(&bulk->context->options, "queue", NULL),
                                          .queue = context_queue(bulk->context),
                                          .settings = bulk->context->settings};
    if (job_read(line, length, &defaults, &bulk->arena, job, err) < 0)
        return -1;
    if (!job->batch_uuid)
        job->batch_uuid = options_text(&bulk->context->options, "batch", NULL);
    if (job_check(job, err) < 0)
        return -1;
    return context_check_queue(bulk->context, job->queue, err);
}

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\r") == length;
}

static int take_line(struct bulk *bulk, const char *line, size_t length, struct err *err)
{
    make_room(bulk);
    struct job *job = &bulk->jobs[bulk->count];
    memset(job, 0, sizeof *job);
    if (read_job(bulk, line, length, job, err) < 0)
        return -1;
    if (bulk->dry) {
        arena_reset(&bulk->arena);
        progress_update(&bulk->progress, bulk->lines.number, 0);
        return 0;
    }
    bulk->numbers[bulk->count++] = bulk->lines.number;
    bulk->bytes += length;
    return 0;
}

/* A bad line: noted where it may be skipped; otherwise what came before it is stored, and err says
 * where to go on. */
static int bad_line(struct bulk *bulk, const struct err *what, struct err *err)
{
    const char *name = bulk->name;
    uint64_t number = bulk->lines.number;
    if (bulk->skip_bad) {
        if (bulk->skipped++ < SKIPPED_SHOWN)
            output_note("%s:%" PRIu64 ": skipped: %s", name, number, what->text);
        return 0;
    }
    if (bulk->dry)
        return err_set(err, what->code, "%s:%" PRIu64 ": %s; nothing was stored", name, number,
                       what->text);
    if (store_part(bulk, err) < 0)
        return -1;
    return err_set(err, what->code,
                   "%s:%" PRIu64 ": %s; %" PRIu64 " jobs are stored, go on from line %" PRIu64,
                   name, number, what->text, bulk->stored, number);
}

/* Returns 1 while there are lines, 0 at the end, -1 with err. */
static int step(struct bulk *bulk, struct err *err)
{
    struct err what = ERR_INIT;
    char *line;
    size_t length;
    switch (lines_next(&bulk->lines, &line, &length, err)) {
    case LINES_END:
        return 0;
    case LINES_ERROR:
        return err_prefix(err, "%s", bulk->name);
    case LINES_TOO_LONG:
        err_set(&what, ERR_LIMIT, "the line is longer than %u bytes", JSON_TEXT_MAX);
        break;
    case LINES_LINE:
        if (is_blank(line, length) || take_line(bulk, line, length, &what) == 0)
            break;
    }
    if (what.code != ERR_NONE && bad_line(bulk, &what, err) < 0)
        return -1;
    if (is_full(bulk))
        return store_part(bulk, err) < 0 ? -1 : 1;
    return 1;
}

static int pass(struct bulk *bulk, bool dry, struct err *err)
{
    bulk->dry = dry;
    progress_init(&bulk->progress, dry ? "lines checked" : "jobs stored", bulk->context->json);
    lines_init(&bulk->lines, bulk->fd, JSON_TEXT_MAX);
    int result;
    do
        result = step(bulk, err);
    while (result > 0);
    if (result == 0 && !dry)
        result = store_part(bulk, err);
    progress_end(&bulk->progress);
    lines_finish(&bulk->lines);
    return result;
}

/* --- the command --- */

/* Opens FILE, or takes standard input, and finds out whether it can be read twice. */
static int open_input(struct bulk *bulk, const char *path, struct err *err)
{
    struct stat info;
    bulk->fd = lines_open(path, &bulk->name, err);
    if (bulk->fd >= 0 && fstat(bulk->fd, &info) == 0 && S_ISREG(info.st_mode))
        bulk->size = (uint64_t)info.st_size;
    return bulk->fd < 0 ? -1 : 0;
}

/* A file is looked through first, so that a bad line in it stores nothing. */
static int run_passes(struct bulk *bulk, struct err *err)
{
    off_t start = bulk->size > 0 ? lseek(bulk->fd, 0, SEEK_CUR) : -1;
    if (start >= 0 && !bulk->skip_bad) {
        if (pass(bulk, true, err) < 0)
            return -1;
        if (lseek(bulk->fd, start, SEEK_SET) < 0)
            return err_errno(err, errno, "%s", bulk->name);
    }
    return pass(bulk, false, err);
}

static void answer_text(struct answer *answer, const struct bulk *bulk)
{
    struct buf line;
    buf_init(&line, 256);
    buf_printf(&line, "%" PRIu64 " jobs stored", bulk->stored - bulk->duplicates);
    if (bulk->duplicates > 0)
        buf_printf(&line, ", %" PRIu64 " duplicates of a unique key left out", bulk->duplicates);
    if (bulk->skipped > 0)
        buf_printf(&line, ", %" PRIu64 " bad lines skipped", bulk->skipped);
    answer_line(answer, "%s", buf_text(&line));
    buf_finish(&line);
}

static void answer(struct bulk *bulk, int result)
{
    struct context *context = bulk->context;
    uint64_t stored = bulk->stored - bulk->duplicates;
    if (bulk->print_uuids && context->json)
        printf("],\"stored\":%" PRIu64 ",\"duplicates\":%" PRIu64 ",\"skipped\":%" PRIu64 "}\n",
               stored, bulk->duplicates, bulk->skipped);
    if (bulk->print_uuids)
        return;
    fields_integer(&context->answer.values, "stored", (int64_t)stored);
    fields_integer(&context->answer.values, "duplicates", (int64_t)bulk->duplicates);
    fields_integer(&context->answer.values, "skipped", (int64_t)bulk->skipped);
    if (result == 0)
        answer_text(&context->answer, bulk);
}

static int run_input(struct bulk *bulk, struct err *err)
{
    bulk->part = (size_t)bulk->context->connection.settings->batch_size;
    if (bulk->print_uuids && bulk->context->json)
        fputs("{\"uuids\":[", stdout);
    int result = run_passes(bulk, err);
    answer(bulk, result);
    free(bulk->jobs);
    free(bulk->numbers);
    free(bulk->results);
    arena_finish(&bulk->arena);
    return result;
}

static int run_bulk(struct context *context, struct err *err)
{
    struct bulk bulk = {
        .context = context,
        .fd = -1,
        .skip_bad = options_given(&context->options, "skip-bad"),
        .print_uuids = options_given(&context->options, "uuids"),
    };
    int result = open_input(&bulk, context->options.arguments[0], err);
    if (result == 0)
        result = context_open(context, context_queue(context), err) ? run_input(&bulk, err) : -1;
    if (bulk.fd > STDERR_FILENO)
        fd_close(&bulk.fd);
    return result;
}

const struct cli_command command_bulk = {
    .name = "queue:bulk",
    .group = "jobs",
    .usage = "[FILE | -] [--queue=NAME] [--connection=NAME] [--batch=UUID] [--uuids] [--skip-bad]",
    .summary = "Pushes many jobs from JSON lines",
    .details = "Each line is an object: {\"job\": …, \"data\": …} and, where wanted, queue, delay, "
               "priority, "
               "max_attempts,\ntimeout, uuid, unique_key. A file is checked whole before anything "
               "is stored. "
               "From a pipe, "
               "jobs are stored\nas they come; at a bad line the command stops and says how many "
               "are stored "
               "and where to go on.",
    .options = bulk_options,
    .examples = (const char *const[]){"queue:bulk jobs.jsonl --queue=notifications",
                                      "queue:bulk - --uuids < jobs.jsonl", NULL},
    .max_arguments = 1,
    .run = run_bulk,
};
