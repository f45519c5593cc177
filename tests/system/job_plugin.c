/* SPDX-License-Identifier: MIT */
/* Jobs for test_worker_plugin.py: each does what its data say, and notes it in the file $HISTORY.
 */
#include <muster/job.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *argument = "-";

static FILE *history(void)
{
    static FILE *file;
    if (!file) {
        file = fopen(getenv("HISTORY"), "a");
        setvbuf(file, NULL, _IOLBF, 0);
    }
    return file;
}

static int start(int argc, char **argv)
{
    if (argc > 1)
        argument = argv[1];
    return 0;
}

static void stop(void)
{
    fprintf(history(), "stopped=1\n");
}

static void show_data(struct muster_job *job)
{
    char text[100];
    snprintf(text, sizeof text, "%s", muster_job_text(job, "text", "-"));
    if (strchr(text, '\n'))
        *strchr(text, '\n') = '|';
    fprintf(history(), "text=%s\ninteger=%" PRId64 "\nnumber=%g\nflag=%d\nlist=%s\n", text,
            muster_job_integer(job, "integer", 0), muster_job_number(job, "number", 0),
            muster_job_flag(job, "flag", false), muster_job_member(job, "list"));
    fprintf(history(), "missing=%s %" PRId64 " %g %d\n", muster_job_text(job, "none", "fallback"),
            muster_job_integer(job, "text", 7), muster_job_number(job, "flag", .5),
            muster_job_flag(job, "text", true));
}

static int show(struct muster_job *job)
{
    const char *batch = muster_job_batch(job);
    fprintf(history(), "uuid=%s\nclass=%s\nqueue=%s\nbatch=%s\nattempts=%d\nmax_attempts=%d\n",
            muster_job_uuid(job), muster_job_class(job), muster_job_queue(job), batch ? batch : "-",
            muster_job_attempts(job), muster_job_max_attempts(job));
    fprintf(history(),
            "timeout_ms=%" PRId64 "\npriority=%d\npushed_at_ms=%" PRId64 "\nargument=%s\n",
            muster_job_timeout_ms(job), muster_job_priority(job), muster_job_pushed_at_ms(job),
            argument);
    show_data(job);
    char *json = muster_job_to_json(job), *error = NULL;
    struct muster_job *again = muster_job_from_json(json, &error);
    fprintf(history(), "json=%s\nagain=%s\n", json, again ? muster_job_class(again) : error);
    muster_job_destroy(again);
    free(json);
    free(error);
    return 0;
}

static int push(struct muster_job *job)
{
    muster_job_progress(job, 50, "half");
    if (muster_job_push(job, "Do", "{\"do\":\"pushed\"}", NULL, 10) < 0)
        return -1;
    return muster_job_push_json(job, "{\"job\":\"Do\",\"data\":{\"do\":\"pushed\"}}");
}

static int ask(struct muster_job *job)
{
    struct muster_batch batch;
    for (int i = 0; i < 2; i++) {
        if (muster_job_batch_progress(job, muster_job_text(job, "of", NULL), &batch) < 0)
            return -1;
        fprintf(history(), "batch%d=%d of %d, %.1f %% %d\n", i, (int)batch.pending,
                (int)batch.total, batch.progress_percentage, batch.has_finished);
    }
    return 0;
}

static int note(struct muster_job *job, const char *what)
{
    fprintf(history(), "%s=%s\n", what, muster_job_uuid(job));
    return 0;
}

static int fail(struct muster_job *job)
{
    return muster_job_fail(job, "it failed at attempt %d", muster_job_attempts(job));
}

static int give_up(struct muster_job *job)
{
    return muster_job_give_up(job, "never again");
}

static int number(struct muster_job *job)
{
    (void)job;
    return 42;
}

static int no_retry(struct muster_job *job)
{
    return muster_job_fail(job, "no_retry");
}

static int push_wrong(struct muster_job *job)
{
    return muster_job_push_json(job, "{\"jib\":1}");
}

static int release(struct muster_job *job)
{
    if (muster_job_attempts(job) > 1)
        return 0;
    note(job, "released");
    return muster_job_release(job, 10);
}

static int retry_soon(struct muster_job *job)
{
    return muster_job_attempts(job) > 1 ? note(job, "retried") : muster_job_fail(job, "again");
}

static int crash(struct muster_job *job)
{
    (void)job;
    return raise(SIGSEGV);
}

static int leave(struct muster_job *job)
{
    (void)job;
    _exit(3);
}

static int hang(struct muster_job *job)
{
    while (!muster_job_is_cancelled(job))
        usleep(10000);
    return 0;
}

static int wait_second(struct muster_job *job)
{
    (void)job;
    sleep(1);
    return 0;
}

static int done(struct muster_job *job)
{
    (void)job;
    return 0;
}

static int pushed(struct muster_job *job)
{
    return note(job, "pushed");
}

static int noted(struct muster_job *job)
{
    return note(job, "noted");
}

static const struct {
    const char *name;
    int (*run)(struct muster_job *job);
} verbs[] = {
    {"show", show},
    {"ask", ask},
    {"push", push},
    {"pushed", pushed},
    {"note", noted},
    {"fail", fail},
    {"give_up", give_up},
    {"number", number},
    {"no_retry", no_retry},
    {"push_wrong", push_wrong},
    {"release", release},
    {"retry_soon", retry_soon},
    {"crash", crash},
    {"exit", leave},
    {"hang", hang},
    {"second", wait_second},
    {"done", done},
};

static int handle(struct muster_job *job)
{
    const char *verb = muster_job_text(job, "do", "done");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, verb) == 0)
            return verbs[i].run(job);
    return muster_job_give_up(job, "no verb %s", verb);
}

static void failed(struct muster_job *job, const char *exception)
{
    fprintf(history(), "failed=%s %s\n", muster_job_uuid(job), exception);
}

static bool should_retry(struct muster_job *job)
{
    return strcmp(muster_job_text(job, "do", ""), "no_retry") != 0;
}

static int64_t backoff(struct muster_job *job)
{
    return strcmp(muster_job_text(job, "do", ""), "retry_soon") == 0 ? 10 : 0;
}

static const struct muster_job_class classes[] = {{.name = "Do",
                                                   .handle = handle,
                                                   .failed = failed,
                                                   .should_retry = should_retry,
                                                   .backoff = backoff}};

MUSTER_JOB_PLUGIN_WITH("tested", "1.0", classes, start, stop);
