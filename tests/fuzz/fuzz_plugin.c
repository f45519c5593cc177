/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "worker/plugin/host.h"
#include "worker/protocol.h"

/* Whatever a worker sends to the plugin host, in whatever pieces: each job is answered once, and a
 * worker understands all that the host says. The jobs call all that plugins may call. */

#define PIPE_SIZE  (1 << 20) /* all of an input is there before the host begins */
#define PIECES_MAX 200       /* fewer than such a pipe holds */

static size_t runs; /* of the input's jobs */

/* What has been made from a job's text has that job's class. */
static void check_text(const struct muster_job *job)
{
    char *text = muster_job_to_json(job), *error = NULL;
    struct muster_job *again = muster_job_from_json(text, &error);
    FUZZ_ASSERT(!again == !!error);
    FUZZ_ASSERT(!again || strcmp(muster_job_class(again), muster_job_class(job)) == 0);
    muster_job_destroy(again);
    free(error);
    free(text);
}

static void ask(struct muster_job *job)
{
    struct muster_batch batch;
    const char *of = muster_job_text(job, "of", NULL);
    if (muster_job_flag(job, "ask", false) && muster_job_batch_progress(job, of, &batch) == 0)
        muster_job_log(job, "info", "%.1f %%", batch.progress_percentage);
}

static int handle(struct muster_job *job)
{
    const char *text = muster_job_text(job, "text", NULL);
    const char *pushed = muster_job_member(job, "push");
    runs++;
    check_text(job);
    ask(job);
    muster_job_progress(job, muster_job_number(job, "number", 0), text);
    if (text)
        muster_job_log(job, text, "%s", text);
    if (pushed && muster_job_push_json(job, pushed) < 0)
        return -1;
    if (pushed && muster_job_push(job, "Next", pushed, text, 10) < 0)
        return -1;
    if (muster_job_flag(job, "leave", false))
        return muster_job_is_cancelled(job) ? 0 : muster_job_give_up(job, "%s", text ? text : "-");
    if (muster_job_flag(job, "release", false))
        return muster_job_release(job, muster_job_integer(job, "delay", MUSTER_BACKOFF));
    return (int)muster_job_integer(job, "result", 0);
}

static void failed(struct muster_job *job, const char *exception)
{
    runs++;
    muster_job_log(job, "error", "%s", exception);
}

static bool should_retry(struct muster_job *job)
{
    return muster_job_flag(job, "retry", true);
}

static int64_t backoff(struct muster_job *job)
{
    return muster_job_integer(job, "delay", MUSTER_BACKOFF);
}

static const struct muster_job_class classes[] = {
    {.name = "Plain", .handle = handle, .failed = failed, .max_attempts = 3, .timeout_ms = 1500},
    {"*", handle, failed, should_retry, backoff, MUSTER_UNLIMITED, MUSTER_UNLIMITED},
};
static const struct muster_job_plugin plugin = {
    .name = "fuzz", .version = "1", .classes = classes, .class_count = 2};

/* The reading end of a pipe with all that the worker sends: a read gets one piece. */
static int send_pieces(const uint8_t *bytes, size_t size)
{
    int ends[2];
    size_t piece = size / PIECES_MAX + 1 + (size > 0 ? bytes[size - 1] : 0);
    FUZZ_ASSERT(pipe2(ends, O_CLOEXEC | O_DIRECT) == 0);
    FUZZ_ASSERT(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE) >= 0);
    for (size_t at = 0; at < size; at += piece)
        FUZZ_ASSERT(fd_write_all(ends[1], bytes + at, size - at < piece ? size - at : piece) == 0);
    close(ends[1]);
    return ends[0];
}

/* A worker reads each line. Returns how many jobs they answer. */
static size_t check_said(const char *said, size_t length)
{
    size_t answers = 0;
    struct arena arena = {0};
    for (const char *end; length > 0; length -= (size_t)(end + 1 - said), said = end + 1) {
        struct err err = ERR_INIT;
        struct frame frame;
        end = memchr(said, '\n', length);
        FUZZ_ASSERT(end);
        if (protocol_decode(said, (size_t)(end - said), &arena, &frame, &err) < 0)
            fprintf(stderr, "%.*s: %s\n", (int)(end - said), said, err.text);
        FUZZ_ASSERT(err.code == ERR_NONE);
        answers +=
            frame.type == FRAME_DONE || frame.type == FRAME_RELEASE || frame.type == FRAME_FAIL;
        arena_reset(&arena);
    }
    arena_finish(&arena);
    return answers;
}

static void check_memory_file(int fd)
{
    off_t length = lseek(fd, 0, SEEK_END);
    char *said = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0);
    FUZZ_ASSERT(length > 0 && said != MAP_FAILED);
    FUZZ_ASSERT(check_said(said, (size_t)length) == runs);
    munmap(said, (size_t)length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    struct host host;
    int in = send_pieces(bytes, size), out = memfd_create("said", MFD_CLOEXEC);
    runs = 0;
    FUZZ_ASSERT(host_start(&host, &plugin, in, out, &err) == 0);
    int result = host_serve(&host, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    host_finish(&host);
    check_memory_file(out);
    close(in);
    close(out);
    return 0;
}
